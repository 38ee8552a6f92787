#!/usr/bin/env bash
# build.sh LOG [ARGUMENT OF swift build…]: builds; output goes to LOG, progress to the screen.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

(($# > 0)) || die "usage: build.sh LOG [ARGUMENT…]"
log=$1
shift
# The compiler shares a folder among its temporary files; where that is another user's, it writes beside the sources.
export TMPDIR=$data/tmp
mkdir -p "$TMPDIR"
swift build --package-path "$repository" --configuration "${CONFIGURATION:-debug}" "$@" 2>&1 | tee "$log" | awk '
    match($0, /^\[[0-9]+\/[0-9]+\]/) {
        split(substr($0, 2, RLENGTH - 2), count, "/")
        tenth = count[2] ? int(10 * count[1] / count[2]) : 0
        if (count[2] > 20 && tenth > shown) { shown = tenth; printf "  %d of %d\n", count[1], count[2]; fflush() }
    }' || {
    grep 'error:' "$log" | awk '!seen[$0]++' | head -n 20 >&2 || tail -n 20 "$log" >&2
    die "the build failed; its log is $log"
}
