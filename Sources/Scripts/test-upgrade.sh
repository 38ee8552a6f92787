#!/usr/bin/env bash
# test-upgrade.sh: rolling upgrades with real programs of the previous release and of this one, under load.
#
# FULL=1: all 120 orders of the five services; ORDERS=n: so many (10). SEED=n: which, and what the load does.
# SCENARIOS=no or only: without, or nothing but, the scenarios that need no particular order.
# COMMIT=…: builds the previous release from there instead of from the recorded commit; with STATOR_UPGRADE_SAME=1 it is
# the release of the work tree, to try these tests themselves.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$repository"

mkdir -p "$data/logs"
previous=$("$scripts/previous-release.sh" ${COMMIT:+"$COMMIT"} | tail -n 1)
# The two compile the same way: debug unless CONFIGURATION says otherwise.
"$scripts/build.sh" "$data/logs/build.log" --build-tests
"$scripts/build-guest-image.sh" "$data/images"

orders=${ORDERS:-10}
[[ -z ${FULL:-} ]] || orders=120
[[ $orders =~ ^[0-9]+$ ]] || die "ORDERS takes a number"
case ${SCENARIOS:-yes} in
    yes) filter='UpgradeSystemTests' ;;
    no) filter='UpgradeSystemTests.RollingUpgradeTests' ;;
    only) filter='UpgradeSystemTests.UpgradeScenario' ;;
    *) die "SCENARIOS takes yes, no or only" ;;
esac

log=$data/logs/test-upgrade.log
began=$SECONDS
status=0
STATOR_UPGRADE_PREVIOUS=$previous STATOR_UPGRADE_ORDERS=$orders STATOR_UPGRADE_SEED=${SEED:-4} \
    SWIFT_BACKTRACE=enable=no swift test --configuration "${CONFIGURATION:-debug}" --skip-build --disable-xctest \
    --no-parallel --filter "$filter" 2>&1 | tee "$log" \
    | grep --line-buffered -E '^upgrade:|✘|↳|error:|^✔ Test .* passed|Fatal' || status=1
grep -qE 'Test run with [1-9][0-9]* tests? .* passed' "$log" || status=1
((status == 0)) || die "test-upgrade: not all promises were kept; the log is $log"
say "test-upgrade: all promises were kept, in $((SECONDS - began)) s"
