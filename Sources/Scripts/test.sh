#!/usr/bin/env bash
# test.sh [ARGUMENT OF swift test…]: lint, a build of everything, every test, and a line of counts at the end.
# With arguments, for example --filter, no lint.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$repository"

mkdir -p "$data/logs"
began=$SECONDS
(($#)) || "$scripts/lint.sh"
"$scripts/build.sh" "$data/logs/build.log" --build-tests
"$scripts/build-guest-image.sh" "$data/images"

log=$data/logs/test.log
# One test after the other: many of them run servers, daemons and guests, and two cores carry one of those well.
# A crash's backtrace can hang for minutes; without one, the last test in the log is the one that crashed.
set +o errexit
SWIFT_BACKTRACE=enable=no swift test --configuration "${CONFIGURATION:-debug}" --skip-build --disable-xctest \
    --no-parallel "$@" 2>&1 | tee "$log" | grep --line-buffered -E '✘|↳|error:|^✔ Suite|Fatal|crash'
status=${PIPESTATUS[0]}
set -o errexit
# The corpora and some generated input; with arguments, only what those name is run.
(($#)) || "$scripts/fuzz.sh" --short || status=1
# The last line of a run tells how many tests there were; a test that was skipped has no line but its own.
total=$(sed -nE 's/^[^ ]+ Test run with ([0-9]+) tests? .*/\1/p' "$log" | tail -n 1)
count() { grep -E "$1 Test .*$2" "$log" | grep -cv 'Test run with ' || true; }
failed=$(count ✘ 'failed after [0-9]')
skipped=$(count ➜ 'skipped')
[[ -n $total ]] || warn "the test run did not come to its end; its log is $log"
say "lint, build and tests took $((SECONDS - began)) s; the tests' log is $log"
say "tests: $((${total:-0} - failed - skipped)) passed, $failed failed, $skipped skipped"
[[ -n $total ]] || exit 1
exit "$status"
