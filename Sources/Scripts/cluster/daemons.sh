# shellcheck shell=bash
# Sourced: a whole cluster of Stator's daemons over one PostgreSQL: two conductors, an API, two hosts.

: "${cluster:?is the folder of the cluster}"
# shellcheck source=Sources/Scripts/cluster/processes.sh
source "$scripts/cluster/processes.sh"
# shellcheck source=Sources/Scripts/cluster/postgres.sh
source "$scripts/cluster/postgres.sh"

certificates=$data/certs
images=$data/images
daemons=(conductor1 conductor2 api1 host1 host2)

# cluster_build: the executables, certificates and image that a cluster needs; quick when they are there.
cluster_build() {
    mkdir -p "$data" "$cluster/logs"
    if [[ -z ${STATOR_BIN:-} ]]; then
        say "building Stator (${CONFIGURATION:-debug}); the first time, this takes some minutes"
        "$scripts/build.sh" "$cluster/logs/build.log"
    fi
    bin=$(binaries)
    "$repository/certs/make-certificates.sh" "$certificates" >"$cluster/logs/certificates.log" 2>&1 \
        || die "the development certificates cannot be made; the log is $cluster/logs/certificates.log"
    "$scripts/build-guest-image.sh" "$images"
}

# start_daemon NAME: starts it, and waits until it says that it serves.
start_daemon() {
    local name=$1 log=$cluster/logs/$1.log before=0 class
    local conductors=(--conductor "127.0.0.1:${ports[conductor1]}" --conductor "127.0.0.1:${ports[conductor2]}")
    local command
    case $name in
        conductor*)
            class=conductor
            command=(
                "$bin/stator-conductor" serve --listen "127.0.0.1:${ports[$name]}"
                --database "$(postgres_connection)"
            )
            ;;
        api*)
            class=api
            command=("$bin/stator-api" serve --listen "127.0.0.1:${ports[$name]}" "${conductors[@]}")
            ;;
        host*)
            class=compute
            mkdir -p "$cluster/hosts/$name"
            command=(
                "$bin/stator-compute" serve "${conductors[@]}" --driver "${STATOR_DRIVER:-qemu}"
                --state-directory "$cluster/hosts/$name" --image-directory "$images"
                --vcpus 4 --memory-mb 2048 --disk-gb 20
            )
            ;;
    esac
    command+=(
        --certificate "$certificates/$class-$name.crt" --private-key "$certificates/$class-$name.key"
        --ca "$certificates/ca.crt"
    )
    [[ ! -f $log ]] || before=$(wc -c <"$log")
    start_process "$name" "${command[@]}"
    wait_until 30 daemon_settled "$name" "$before" || die "$name is not ready after 30 s; its log is $log"
    process_id "$name" >/dev/null || die "$name ended: $(tail -n 1 "$log"); its log is $log"
}

# daemon_settled NAME OFFSET: it has said since OFFSET in its log that it serves, or it has ended.
daemon_settled() {
    [[ $(tail -c "+$(($2 + 1))" "$cluster/logs/$1.log") == *" ready "* ]] || process_ended "$1"
}

# cluster_start: starts everything; returns when it all serves.
cluster_start() {
    local name
    declare -gA ports=()
    ports[api1]=$(free_port 7700)
    ports[conductor1]=$(free_port $((ports[api1] + 1)))
    ports[conductor2]=$(free_port $((ports[conductor1] + 1)))
    mkdir -p "$cluster/logs" "$cluster/run"
    rm -f "$cluster"/logs/{postgres,conductor,api,host}*.log
    postgres_start
    "$bin/stator-conductor" migrate --database "$(postgres_connection)" >>"$cluster/logs/migrate.log" 2>&1 \
        || die "the schema cannot be brought up to date; the log is $cluster/logs/migrate.log"
    for name in "${daemons[@]}"; do start_daemon "$name"; done
    write_environment
    # shellcheck disable=SC1091
    source "$cluster/env"
    wait_until 30 hosts_are_up 2 || die "the hosts do not register; their logs are $cluster/logs/host*.log"
    cluster_flavors
}

# hosts_are_up COUNT
hosts_are_up() {
    [[ $(stator host list --format json 2>/dev/null | jq '[.hosts[] | select(.up)] | length') == "$1" ]]
}

cluster_flavors() {
    local known
    known=$(stator flavor list --format json | jq -r '.flavors[].name')
    grep -qx tiny <<<"$known" || stator flavor create tiny --vcpus 1 --memory-mb 128 --root-gb 1 >/dev/null
    grep -qx small <<<"$known" || stator flavor create small --vcpus 1 --memory-mb 256 --root-gb 2 >/dev/null
}

# The lines for a shell that wants to talk to this cluster.
write_environment() {
    cat >"$cluster/env" <<LINES
export STATOR_API=127.0.0.1:${ports[api1]}
export STATOR_CERTIFICATE=$(printf '%q' "$certificates/operator-admin.crt")
export STATOR_PRIVATE_KEY=$(printf '%q' "$certificates/operator-admin.key")
export STATOR_CA=$(printf '%q' "$certificates/ca.crt")
export PATH=$(printf '%q' "$bin"):\$PATH
LINES
}

# cluster_stop: everything that was started, users before what they use; nothing of it is left.
cluster_stop() {
    local name
    # Together, so that they end at the same time; each is waited for below.
    for name in "${daemons[@]}"; do
        pid=$(process_id "$name") && kill -s CONT "$pid" && kill -s TERM "$pid"
    done 2>/dev/null || true
    for name in host1 host2; do stop_process "$name"; done
    stop_guests
    for name in api1 conductor1 conductor2; do stop_process "$name"; done
    postgres_stop
    rm -f "$cluster/env"
}
