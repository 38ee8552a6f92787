# shellcheck shell=bash
# Sourced: processes that a cluster starts and ends. Each is known by a name; its pid file also holds the time at
# which it began, so that a pid that the system has given to another process since is never signalled.

: "${cluster:?is the folder of the cluster}"

# start_time PID: the kernel's start time of a process that lives; fails for one that is gone or a zombie.
start_time() {
    local stat fields
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    read -ra fields <<<"${stat##*) }"
    [[ ${fields[0]} != Z ]] || return 1
    say "${fields[19]}"
}

# start_process NAME COMMAND…: in a session of its own, so that Ctrl-C reaches us and not it.
start_process() {
    local name=$1
    shift
    mkdir -p "$cluster/run" "$cluster/logs"
    # It is there before anyone looks into it.
    touch "$cluster/logs/$name.log"
    setsid "$@" </dev/null >>"$cluster/logs/$name.log" 2>&1 &
    remember_process "$name" $!
    # Its end is looked for, not announced.
    disown
}

remember_process() {
    local started
    started=$(start_time "$2") || die "$1 ended at once; its log is $cluster/logs/$1.log"
    say "$2 $started" >"$cluster/run/$1.pid"
}

# process_id NAME: prints the pid of a process that we started and that lives.
process_id() {
    local pid started
    { read -r pid started <"$cluster/run/$1.pid"; } 2>/dev/null || return 1
    [[ $(start_time "$pid") == "$started" ]] || return 1
    say "$pid"
}

# stop_process NAME [SIGNAL [SECONDS]]: asks it to end, and kills it when it does not within that time.
stop_process() {
    local name=$1 signal=${2:-TERM} seconds=${3:-15} pid
    if pid=$(process_id "$name"); then
        kill -s "$signal" "$pid" 2>/dev/null || true
        if ! wait_until "$seconds" process_ended "$name"; then
            warn "$name did not end within $seconds s; killing it"
            kill -s KILL "$pid" 2>/dev/null || true
            wait_until 5 process_ended "$name" || warn "$name cannot be killed"
        fi
    fi
    rm -f "$cluster/run/$name.pid"
}

process_ended() { ! process_id "$1" >/dev/null; }

# wait_until SECONDS COMMAND…: tries ten times a second; fails when the time is over.
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS <= end)) || return 1
        sleep 0.1
    done
}

# guests TEXT: pids of the QEMU processes of this cluster's hosts whose command line names TEXT; all when it is empty.
guests() {
    local file pid program
    while IFS= read -r file; do
        pid=${file//[!0-9]/}
        # It may have ended since it was found.
        { read -r program <"/proc/$pid/comm"; } 2>/dev/null || continue
        [[ $program == qemu-system* ]] || continue
        if grep --quiet --no-messages --fixed-strings -- "$1" "$file"; then say "$pid"; fi
    done < <(grep --files-with-matches --no-messages --fixed-strings -- "$cluster/hosts/" /proc/[0-9]*/cmdline)
}

no_guests() { [[ -z $(guests "") ]]; }

# stop_guests: with their agents gone nobody else ends them.
stop_guests() {
    local signal
    for signal in TERM KILL; do
        guests "" | xargs --no-run-if-empty kill -s "$signal" 2>/dev/null || true
        wait_until 5 no_guests && return 0
    done
    warn "guests are left: $(guests "" | tr '\n' ' ')"
}

# free_port FIRST: the first port from there on that nobody listens at.
free_port() {
    local port=$1
    while [[ -n $(ss --no-header --listening --tcp --numeric "sport = :$port") ]]; do port=$((port + 1)); done
    say "$port"
}
