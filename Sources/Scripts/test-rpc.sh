#!/usr/bin/env bash
# test-rpc.sh [SUITE…]: the tests of whole processes at full size, optimised; prints what was measured.
#
# STATOR_RPC_ROUNDS: restarts and kills. STATOR_RPC_CERTIFICATES: replacements. STATOR_RPC_SLOW_MILLISECONDS: each
# measurement beside a slow reader. STATOR_RPC_HOSTILE_PEERS and _ROUNDS: how many at once, and how often;
# STATOR_RPC_HOSTILE=WORDS: only kinds that have them in their names. STATOR_RPC_SILENT: connections that say nothing.
# STATOR_RPC_CONNECTIONS, STATOR_RPC_HOLD_MILLISECONDS, STATOR_RPC_LEASE_MILLISECONDS: idle connections, for how long
# they are held, and how often each renews its lease.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$repository"

suites=("$@")
((${#suites[@]})) || suites=(Restart CertificateReplacement SlowReader HostilePeer Admission ManyConnections)
mkdir -p "$data/logs"
CONFIGURATION=release "$scripts/build.sh" "$data/logs/build.log" --build-tests
status=0
for suite in "${suites[@]}"; do
    log=$data/logs/test-rpc-$suite.log
    STATOR_RPC_FULL=1 SWIFT_BACKTRACE=enable=no swift test --configuration release --skip-build --disable-xctest \
        --no-parallel --filter "RPCSystemTests.${suite}Tests" 2>&1 | tee "$log" \
        | grep --line-buffered -E '^rpc:|✘|↳ [^TL]|error:|Fatal' || status=1
    grep -qE 'Test run with [1-9][0-9]* tests? .* passed' "$log" || status=1
done
((status == 0)) || die "test-rpc: not all promises were kept; the logs are $data/logs/test-rpc-*.log"
say "test-rpc: all promises were kept"
