#!/usr/bin/env bash
# Measures, on a cluster of its own with fake guests, what a user of the command line gets: every call is a process, a
# TLS handshake and a request through the API and a conductor. Wire and objects by themselves are not measured here.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cluster=$data/bench
export CONFIGURATION=${CONFIGURATION:-release} STATOR_DRIVER=fake
# shellcheck source=Sources/Scripts/cluster/daemons.sh
source "$scripts/cluster/daemons.sh"

rounds=${STATOR_BENCH_ROUNDS:-5}
calls=${STATOR_BENCH_CALLS:-40}

finish() {
    local status=$?
    trap '' INT TERM
    cluster_stop
    ((status == 0)) || warn "the logs of daemons and commands are in $cluster/logs"
    postgres_remove
    rm -rf "$cluster/hosts"
}

# row NAME WORKERS COMMAND…: a line of the table, from the median of the rounds.
row() {
    local name=$1 workers=$2 round begin times=()
    shift 2
    for ((round = 0; round < rounds; round++)); do
        begin=$(date +%s%N)
        seq "$calls" | xargs --max-procs="$workers" --replace "$@" >/dev/null 2>>"$cluster/logs/commands.log"
        times+=($(($(date +%s%N) - begin)))
    done
    printf '%s\n' "${times[@]}" | sort --numeric-sort | awk -v name="$name" -v workers="$workers" -v calls="$calls" '
        { time[NR] = $1 / 1e9 }
        END { median = time[int((NR + 1) / 2)]
              printf "%-34s %8d %10.1f %12.1f\n", name, workers, calls / median, 1000 * workers * median / calls }'
}

! process_id bench >/dev/null || die "another bench runs from this clone"
mkdir -p "$cluster/run"
trap finish EXIT
trap 'exit 130' INT TERM
remember_process bench $$
cluster_stop
postgres_remove
rm -rf "$cluster/hosts"
cluster_build
cluster_start
printf '%-34s %8s %10s %12s\n' "$rounds rounds of $calls calls, $CONFIGURATION" workers calls/s "ms per call"
row "stator --version (no call)" 1 stator --version
row "stator flavor list" 1 stator flavor list
row "stator flavor list" 4 stator flavor list
# shellcheck disable=SC2016 # the inner shell expands it
row "server create and delete, waited" 4 sh -c \
    'stator server create "$0" --flavor tiny --image tiny-linux --wait && stator server delete "$0" --wait' 'bench-{}'
