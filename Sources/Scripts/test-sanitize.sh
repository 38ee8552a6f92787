#!/usr/bin/env bash
# test-sanitize.sh [thread | address]…: the runtime's unit tests under the sanitizers, each in a build folder of its own.
#
# The thread sanitizer takes any race for a failure, the address sanitizer any bad access and any leak.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$repository"

suites='^(StatorWire|StatorReactor|StatorTLS|StatorObjects|StatorRPC)Tests\.'
declare -A folders=([thread]=tsan [address]=asan)
# A crash's backtrace can hang for minutes.
export SWIFT_BACKTRACE=enable=no
# What is not ours to mend is named, with the reason, in the files beside this one.
export TSAN_OPTIONS=second_deadlock_stack=1:history_size=4:suppressions=$scripts/sanitizer/races.supp
# A leak in a C library has no frame of ours: fast_unwind_on_malloc=0 shows them, too slowly for tests with deadlines.
export ASAN_OPTIONS=detect_leaks=1
export LSAN_OPTIONS=suppressions=$scripts/sanitizer/leaks.supp:print_suppressions=0
# It tries each bit of each golden transcript on one thread alone, which takes minutes here.
skipped='no byte of a transcript can be changed'

# sanitize KIND: builds and runs; false when a test fails or the sanitizer reports something.
sanitize() {
    local kind=$1 scratch=$repository/.build/${folders[$1]} log=$data/logs/test-$1.log status=0 total reports
    mkdir -p "$data/logs" "$data/tmp"
    say "building for the $kind sanitizer"
    TMPDIR=$data/tmp swift build --build-tests --sanitize="$kind" --scratch-path "$scratch" \
        >"$data/logs/build-$kind.log" 2>&1 || {
        grep 'error:' "$data/logs/build-$kind.log" | awk '!seen[$0]++' | head -n 20 >&2 || true
        die "the build failed; its log is $data/logs/build-$kind.log"
    }
    set +o errexit
    swift test --sanitize="$kind" --scratch-path "$scratch" --skip-build --disable-xctest --no-parallel \
        --filter "$suites" --skip "$skipped" 2>&1 | tee "$log" | grep --line-buffered -E '✘|error:|^SUMMARY: |Fatal'
    status=${PIPESTATUS[0]}
    set -o errexit
    total=$(sed -nE 's/^[^ ]+ Test run with ([0-9]+) tests? .*/\1/p' "$log" | tail -n 1)
    reports=$(grep -cE '^SUMMARY: ' "$log" || true)
    say "$kind sanitizer: ${total:-0} tests, $reports reports; the log is $log"
    [[ -n $total ]] && ((status == 0 && reports == 0))
}

kinds=("$@")
((${#kinds[@]})) || kinds=(thread address)
failed=()
for kind in "${kinds[@]}"; do
    [[ -v folders[$kind] ]] || die "there is no sanitizer '$kind', only: thread address"
    sanitize "$kind" || failed+=("$kind")
done
((${#failed[@]} == 0)) || die "not clean: ${failed[*]}"
