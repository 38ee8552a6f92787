#!/usr/bin/env bash
# fuzz.sh [TARGET…]: attacks each target, or the named ones, with generated input.
# fuzz.sh --short: the corpora and some ten thousand executions for each target; for every run of the tests.
# fuzz.sh --input TARGET FILE: one input again, such as the one that a crash left behind.
# fuzz.sh --merge [TARGET…]: takes over into the corpora what long runs found and adds coverage.
#
# STATOR_FUZZ_RUNS: executions of each target in a long run; STATOR_FUZZ_SECONDS: its time instead.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

package=$repository/Tests/Fuzz
corpora=$package/Corpora
# What long runs find lies outside of the repository; a later run goes on from it.
found=$data/fuzz
scratch=${STATOR_FUZZ_SCRATCH:-$repository/.build/fuzz}
program=$scratch/release/FuzzTargets
mapfile -t all_targets < <(cd "$corpora" && printf '%s\n' *)

# The sanitizer and its reports: crash backtraces of Swift's own can hang, and the quarantine need not be large,
# since each run is small.
export SWIFT_BACKTRACE=enable=no
export ASAN_OPTIONS=quarantine_size_mb=16:malloc_context_size=6:detect_stack_use_after_return=0
# A run that takes this many seconds hangs.
input_seconds_max=10
memory_mib_max=1024
input_length_max=2048
# Inputs of this target are told apart by the edges that they reach, not by how often: else the fuzzer keeps ever longer
# programs that only repeat themselves, and makes a fifth of the executions in its time.
declare -A guidance=([connection]=-use_counters=0)

build() {
    mkdir -p "$data/logs" "$data/tmp"
    local log=$data/logs/fuzz-build.log
    TMPDIR=$data/tmp swift build --package-path "$package" --scratch-path "$scratch" --configuration release \
        >"$log" 2>&1 || {
        grep 'error:' "$log" | awk '!seen[$0]++' | head -n 20 >&2 || tail -n 20 "$log" >&2
        die "the fuzz targets do not build; the log is $log"
    }
}

# fuzz TARGET ARGUMENT…: runs libFuzzer in the folder of what is found.
fuzz() {
    local target=$1
    shift
    mkdir -p "$found/$target" "$found/crashes"
    STATOR_FUZZ_TARGET=$target "$program" -timeout="$input_seconds_max" -rss_limit_mb="$memory_mib_max" \
        -max_len="$input_length_max" -entropic_scale_per_exec_time=1 ${guidance[$target]:+"${guidance[$target]}"} \
        -artifact_prefix="$found/crashes/$target-" "$@" "$corpora/$target"
}

# Of libFuzzer's lines: one sentence now and then, with executions, their rate, edges reached and inputs kept.
progress() {
    awk -v target="$1" '
        function value(name, i) { for (i = 1; i < NF; i++) if ($i == name) return $(i + 1); return 0 }
        /^#[0-9]+[ \t]+(pulse|DONE)/ {
            printf "%s: %d executions, %d/s, %d edges, %d inputs\n", target, substr($1, 2), value("exec/s:"),
                value("cov:"), value("corp:")
            fflush()
        }'
}

# attack TARGET ARGUMENT…: a run of libFuzzer; on a crash the input and how to repeat it, and no more targets.
attack() {
    local target=$1 log=$data/logs/fuzz-$1.log status=0 input
    fuzz "$@" 2>&1 | tee "$log" | progress "$target" || status=$?
    ((status == 0)) && return
    grep -m 1 -E 'Fatal error|ERROR: |Assertion' "$log" >&2 || true
    grep -E '^ +#[0-9]+ .*(Stator|Compute|FuzzTargets|protobuf)' "$log" | head -n 12 >&2 || true
    input=$(sed -nE 's/.*Test unit written to (.*)/\1/p' "$log" | tail -n 1)
    [[ -n $input ]] || die "the run of '$target' failed; its log is $log"
    warn "the input that breaks '$target' is $input"
    die "repeat it with: make fuzz TARGET=$target INPUT=$input"
}

long() {
    local target limits=("-runs=${STATOR_FUZZ_RUNS:-10000000}")
    [[ -z ${STATOR_FUZZ_SECONDS:-} ]] || limits=("-max_total_time=$STATOR_FUZZ_SECONDS")
    for target in "$@"; do
        attack "$target" "${limits[@]}" -print_final_stats=1 "$found/$target"
        say "$target: $(awk '/^stat::number_of_executed_units/ { n = $2 } /^Done .* second/ { s = $5 }
            END { printf "%d executions in %d s, %d/s, no crash, leak or hang", n, s, n / (s ? s : 1) }' \
            "$data/logs/fuzz-$target.log")"
    done
}

# The same inputs each time, so that a test that fails does so again: nothing that is found is kept.
short() {
    local target kept
    for target in "${all_targets[@]}"; do
        # libFuzzer writes what it finds into the first folder that it is given.
        kept=$(mktemp -d)
        attack "$target" -seed=1 -runs=20000 -max_total_time=8 "$kept" >/dev/null
        rm -rf "$kept"
    done
    say "fuzz: ${#all_targets[@]} targets withstood their corpora and up to 20,000 new inputs each"
}

# By edges alone, not by how often each was taken, so that the corpora stay small.
merge() {
    local target merged
    for target in "$@"; do
        merged=$(mktemp -d)
        fuzz "$target" -set_cover_merge=1 -use_counters=0 "$merged" "$found/$target" >"$data/logs/fuzz-$target.log" 2>&1 \
            || die "the merge of '$target' failed; its log is $data/logs/fuzz-$target.log"
        # Seeds with names were written by hand and stay.
        find "$corpora/$target" -type f -regextype posix-extended -regex '.*/[0-9a-f]{40}' -delete
        find "$merged" -type f -size +0 -exec cp -n {} "$corpora/$target/" \;
        rm -rf "$merged"
        say "$target: $(find "$corpora/$target" -type f | wc -l) inputs"
    done
}

mode=--long
[[ ${1:-} != --* ]] || { mode=$1; shift; }
targets=("$@")
((${#targets[@]})) || targets=("${all_targets[@]}")
for target in "${targets[@]}"; do
    [[ $mode == --input || -d $corpora/$target ]] || die "there is no target '$target', only: ${all_targets[*]}"
done
build
case $mode in
    --long) long "${targets[@]}" ;;
    --short) short ;;
    --input) STATOR_FUZZ_TARGET=$1 "$program" -timeout="$input_seconds_max" "$2" ;;
    --merge) merge "${targets[@]}" ;;
    *) die "usage: fuzz.sh [--short | --input TARGET FILE | --merge] [TARGET…]" ;;
esac
