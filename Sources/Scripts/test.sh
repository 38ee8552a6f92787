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
status=0
# One test after the other: many of them run servers, daemons and guests, and two cores carry one of those well.
# A crash's backtrace can hang for minutes; without one, the last test in the log is the one that crashed.
SWIFT_BACKTRACE=enable=no swift test --configuration "${CONFIGURATION:-debug}" --skip-build --disable-xctest \
    --no-parallel "$@" > >(tee "$log" | grep --line-buffered -E '✘|↳|error:|^✔ Suite|Fatal|crash') 2>&1 || status=1
wait "$!" || true
ended=$(grep -cE 'Test run with [0-9]+ tests?' "$log" || true)
passed=$(grep -cE '^✔ Test .*passed after' "$log" || true)
failed=$(grep -cE '^✘ Test .*failed after' "$log" || true)
skipped=$(grep -cE '^➜ Test .*skipped' "$log" || true)
((ended > 0)) || warn "the test run did not come to its end; its log is $log"
say "$passed tests passed, $failed failed, $skipped skipped, in $((SECONDS - began)) s with lint and build"
((ended > 0)) || exit 1
exit "$status"
