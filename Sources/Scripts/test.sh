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
ended=$(grep -cE 'Test run with [0-9]+ tests?' "$log" || true)
# "Test run with …" is the whole; every other line of these is one test.
count() { grep -E "^. Test .*$1" "$log" | grep -cv '^. Test run ' || true; }
passed=$(count 'passed after')
failed=$(count 'failed after')
skipped=$(count 'skipped')
((ended > 0)) || warn "the test run did not come to its end; its log is $log"
say "lint, build and tests took $((SECONDS - began)) s; the tests' log is $log"
say "tests: $passed passed, $failed failed, $skipped skipped"
((ended > 0)) || exit 1
exit "$status"
