# shellcheck shell=bash
# Sourced by the other scripts: strict mode, the paths of a clone and its local data, and plain messages.
set -euo pipefail
shopt -s inherit_errexit

# shellcheck disable=SC2034 # for the scripts that source this
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC2034
scripts=$repository/Sources/Scripts
# Everything that is made on this machine lies here; git ignores it.
# shellcheck disable=SC2034
data=${STATOR_DATA:-$repository/.stator}

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
die() {
    warn "error: $*"
    exit 1
}

# The folder with the built executables; STATOR_BIN points at others.
binaries() {
    if [[ -n ${STATOR_BIN:-} ]]; then
        say "$STATOR_BIN"
    else
        swift build --package-path "$repository" --configuration "${CONFIGURATION:-debug}" --show-bin-path
    fi
}
