#!/usr/bin/env bash
# cluster.sh up | down: the development cluster of this clone, in the foreground until Ctrl-C; its data stays.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cluster=${STATOR_CLUSTER:-$data}
# shellcheck source=Sources/Scripts/cluster/daemons.sh
source "$scripts/cluster/daemons.sh"

up() {
    ! process_id cluster >/dev/null || die "this cluster is up already; 'make down' stops it"
    mkdir -p "$cluster/run"
    trap stop EXIT
    trap 'exit 0' INT TERM
    remember_process cluster $$
    # What an earlier cluster may have left when it was killed.
    cluster_stop
    cluster_build
    say "starting PostgreSQL, two conductors, the API and two hosts"
    cluster_start
    say "READY. In another terminal:"
    say ""
    say "  source $(printf '%q' "$(realpath --relative-base="$repository" "$cluster/env")")"
    sed 's/^/    # /' "$cluster/env"
    say "  stator server create web --flavor tiny --image tiny-linux --wait"
    say ""
    say "Ctrl-C stops it all."
    follow_logs &
    supervise
}

# What the daemons log from now on, each line after the daemon's name; ends with this script.
follow_logs() {
    tail --pid=$$ --lines=0 --follow=name "$cluster"/logs/{conductor,api,host}*.log 2>/dev/null | awk '
        /^==> .* <==$/ { count = split($2, part, "/"); name = part[count]; sub(/\.log$/, "", name); next }
        NF { printf "%-10s | %s\n", name, $0; fflush() }'
}

# Says when a daemon ends by itself.
supervise() {
    local name
    local -A gone=()
    while true; do
        for name in postgres "${daemons[@]}"; do
            if [[ -z ${gone[$name]:-} ]] && process_ended "$name"; then
                gone[$name]=yes
                warn "$name has ended; its log is $cluster/logs/$name.log"
            fi
        done
        sleep 1
    done
}

stop() {
    local status=$?
    trap '' INT TERM
    say "stopping the cluster"
    cluster_stop
    rm -f "$cluster/run/cluster.pid"
    exit $status
}

down() {
    [[ -d $cluster/run ]] || return 0
    stop_process cluster TERM 60
    cluster_stop
}

case ${1:-} in
    up) up ;;
    down) down ;;
    *) die "usage: cluster.sh up | down" ;;
esac
