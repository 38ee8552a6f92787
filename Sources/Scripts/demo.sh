#!/usr/bin/env bash
# Runs a whole cluster with fresh data, shows in some steps what it promises, and stops it; fails with the first promise
# that isn't kept. It doesn't touch the cluster of 'make up'.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cluster=$data/demo
# shellcheck source=Sources/Scripts/cluster/daemons.sh
source "$scripts/cluster/daemons.sh"

step=0
# proved SENTENCE: a step of the story that held.
proved() {
    step=$((step + 1))
    printf '%2d. %s\n' "$step" "$1"
}
indented() { sed 's/^/      /'; }

finish() {
    local status=$?
    trap '' INT TERM
    cluster_stop
    if ((status != 0)); then
        warn "the demo stopped after step $step; the daemons' logs are in $cluster/logs"
        exit "$status"
    fi
    no_guests || die "guests are left over"
    postgres_remove
    rm -rf "$cluster/hosts"
    rm -f "$cluster/run/demo.pid"
    proved "everything is stopped: no guest, daemon or database is left ($SECONDS s in all)"
}

begin() {
    ! process_id demo >/dev/null || die "another demo runs from this clone; wait for its end"
    mkdir -p "$cluster/run"
    trap finish EXIT
    trap 'exit 130' INT TERM
    remember_process demo $$
    # What a killed demo may have left.
    cluster_stop
    postgres_remove
    rm -rf "$cluster/hosts"
    cluster_build
    SECONDS=0
    cluster_start
    proved "two conductors, the API and two hosts serve over mutual TLS; PostgreSQL has a unix socket and no port"
}

# value COMMAND… FILTER: what jq's FILTER finds in the output of `stator COMMAND… --format json`; empty for null.
value() { stator "${@:1:$#-1}" --format json 2>/dev/null | jq -r "${!#} // empty"; }

create_two() {
    local name began=$SECONDS
    for name in web1 web2; do
        stator server create "$name" --flavor tiny --image tiny-linux >/dev/null
    done
    for name in web1 web2; do
        wait_until 60 server_is "$name" active || die "$name is $(value server show "$name" .instance.vm_state)"
    done
    proved "the servers web1 and web2 were created and are active after $((SECONDS - began)) s"
}

server_is() { [[ $(value server show "$1" .instance.vm_state) == "$2" ]]; }

id_of() { value server show "$1" .instance.uuid; }

show_consoles() {
    local name
    for name in web1 web2; do
        wait_until 60 console_has "$name" "stator guest $(id_of "$name") is up" || die "the guest of $name did not boot"
    done
    proved "both guests booted; their own serial output, a line of the kernel's and a line from userspace with the id:"
    for name in web1 web2; do
        stator server console "$name" | grep -oE 'Linux version [^ ]+|stator guest .* is up' | sed "s/^/      $name: /"
    done
}

console_has() { prints "$2" stator server console "$1" 2>/dev/null; }

# prints TEXT COMMAND…: the command succeeds and its output has the text.
prints() {
    local output
    output=$("${@:2}") && [[ $output == *"$1"* ]]
}

show_placement() {
    proved "the servers, and which host has which:"
    stator server list | indented
    stator host list | indented
}

prove_no_libpq() {
    local name pid
    for name in host1 host2 api1; do
        pid=$(process_id "$name")
        ! grep -q libpq "/proc/$pid/maps" || die "$name has libpq in its memory"
    done
    ! prints libpq ldd "$bin/stator-compute" || die "stator-compute is linked with libpq"
    prints libpq ldd "$bin/stator-conductor" || die "stator-conductor has no libpq, so this check finds nothing"
    proved "libpq is in no host's and in no API's memory, and stator-compute is not linked with it; the conductor is"
}

# Everything runs on one machine here, so this cannot show a firewall; it shows what the processes hold.
prove_no_route() {
    local name pid peers socket clients
    socket=$(readlink -f "$cluster/postgres")/.s.PGSQL.5432
    # A line for each end of a connection; the server's has its path, and the number of the other end last.
    clients=$(ss --no-header --unix | grep -F -- " $socket " | grep -oE '\* [0-9]+ *$' | grep -oE '[1-9][0-9]*')
    grep -qxF -f <(socket_inodes conductor1) <<<"$clients" \
        || die "the connections of conductor1 are not seen, so this check finds nothing"
    for name in host1 host2; do
        pid=$(process_id "$name")
        ! grep -qxF -f <(socket_inodes "$name") <<<"$clients" || die "$name has a connection to PostgreSQL"
        ! grep -qaE 'dbname|PGHOST' "/proc/$pid/cmdline" "/proc/$pid/environ" || die "$name was told of the database"
        peers=$(ss --no-header --tcp --numeric --processes | grep -F "pid=$pid," | awk '{ print $5 }' | sort -u)
        [[ -n $peers ]] || die "$name has no connection"
        ! grep -vxE "127.0.0.1:(${ports[conductor1]}|${ports[conductor2]})" <<<"$peers" || die "$name talks to others"
    done
    ! prints "pid=$(process_id postgres)," ss --no-header --listening --tcp --processes \
        || die "PostgreSQL listens on a port"
    proved "the hosts talk to conductors only and have no connection to PostgreSQL, which listens on no port"
}

# The inodes of a daemon's sockets, one in a line.
socket_inodes() { find "/proc/$(process_id "$1")/fd" -lname 'socket:*' -printf '%l\n' | grep -oE '[0-9]+'; }

# The hosts are held for a moment, so that there is a moment in which the conductor works on the build.
prove_takeover() {
    local operation victim name
    for name in host1 host2; do kill -s STOP "$(process_id "$name")"; done
    operation=$(value server create web3 --flavor tiny --image tiny-linux .operation.uuid)
    wait_until 20 operation_is_directed "$operation" || die "no conductor works on the build of web3"
    victim=$(value operation show "$operation" .operation.conductor)
    kill -s KILL "$(process_id "$victim")"
    for name in host1 host2; do kill -s CONT "$(process_id "$name")"; done
    wait_until 60 operation_is "$operation" succeeded \
        || die "the build of web3 is $(value operation show "$operation" .operation.state)"
    wait_until 60 console_has web3 "stator guest $(id_of web3) is up" || die "the guest of web3 did not boot"
    (($(guests "$(id_of web3)" | wc -l) == 1)) || die "web3 does not have exactly one guest"
    proved "$victim was killed (-9) while it built web3, with the hosts held meanwhile; the other conductor finished it"
    start_daemon "$victim"
}

operation_is() { [[ $(value operation show "$1" .operation.state) == "$2" ]]; }

operation_is_directed() {
    [[ $(value operation show "$1" '.operation | select(.conductor) | .step') =~ ^(direct|await_report)$ ]]
}

prove_guest_outlives_agent() {
    local host before
    host=$(value server show web1 .instance.host)
    before=$(guests "$(id_of web1)")
    [[ -n $before ]] || die "web1 has no QEMU process"
    stop_process "$host" KILL
    [[ $(guests "$(id_of web1)") == "$before" ]] || die "the guest of web1 ended with its agent"
    start_daemon "$host"
    wait_until 30 hosts_are_up 2 || die "$host does not come back"
    [[ $(guests "$(id_of web1)") == "$before" ]] || die "the guest of web1 did not survive the start of its agent"
    server_is web1 active || die "web1 is $(value server show web1 .instance.vm_state)"
    proved "the agent of $host was killed (-9) and started again; web1 runs on in the same QEMU process, $before"
}

delete_all() {
    local name
    for name in web1 web2 web3; do stator server delete "$name" >/dev/null; done
    wait_until 60 no_servers || die "servers are left: $(value server list '.instances[].display_name')"
    no_guests || die "guests are left: $(guests "")"
    [[ $(value host list '[.hosts[] | .usage.vcpus // 0] | add') == 0 ]] || die "the hosts' resources are still claimed"
    proved "all servers are deleted: no QEMU process is left, and nothing is claimed on the hosts"
}

no_servers() { [[ $(value server list '.instances | length') == 0 ]]; }

begin
create_two
show_consoles
show_placement
prove_no_libpq
prove_no_route
prove_takeover
prove_guest_outlives_agent
delete_all
