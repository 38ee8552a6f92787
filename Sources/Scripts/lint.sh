#!/usr/bin/env bash
# Every check that needs no built test: format, import access, generated code, dead files, scripts.
# The layers' import rules and the limits on files are Tests/RepositoryTests.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$repository"

failures=0
# check SENTENCE COMMAND…: runs the command; its output and the sentence are shown when it fails.
check() {
    local sentence=$1 output
    shift
    output=$("$@" 2>&1) || {
        failures=$((failures + 1))
        warn "lint: $sentence"
        warn "$output"
    }
}

format() { "$scripts/swift-files.sh" | xargs -0 swift format lint --strict --parallel; }

# In Tests a plain import is internal, as it is everywhere; in Sources it hides a decision.
import_access() {
    ! find Sources -name '*.swift' -not -path '*/Generated/*' -print0 \
        | xargs -0 grep -nHE '^(@[A-Za-z_()]+ )*import '
}

generated_code() {
    local fresh status=0 folder
    fresh=$(mktemp -d)
    if Protos/generate.sh "$fresh"; then
        for folder in Sources/CComputeMessages Sources/ComputeMessages/Generated; do
            diff --recursive --brief "$fresh/$folder" "$folder" || status=1
        done
    else
        status=1
    fi
    rm -rf "$fresh"
    return $status
}

fingerprints() { "$scripts/golden.sh" --check; }

# A script that nothing names is dead, and so is a file without content.
dead_files() {
    local status=0 file
    while IFS= read -r file; do
        grep -rqF --include='*' -- "$(basename "$file")" Makefile README.md .ci Sources/Scripts Protos certs Tests \
            || { say "nothing uses $file"; status=1; }
    done < <(find Sources/Scripts Protos certs -name '*.sh' -o -path 'Sources/Scripts/guest/*' -type f)
    find Sources Tests Protos certs \( -type f -o -type d \) -empty -print | grep . && status=1
    return $status
}

scripts_parse() {
    local file status=0
    while IFS= read -r file; do bash -n "$file" || status=1; done < <(shell_files)
    return $status
}

shell_files() { grep -rlE '^#!/usr/bin/env bash|^# shellcheck shell=' .ci Sources/Scripts Protos certs; }

# Sourced files are read where they are sourced.
shell_style() {
    grep -rlE '^#!/usr/bin/env bash' .ci Sources/Scripts Protos certs \
        | xargs shellcheck --external-sources --check-sourced --source-path=SCRIPTDIR --source-path=.
}

check "swift format is not satisfied; 'make format' mends most of it" format
check "an import states its access level: internal import, package import or public import" import_access
check "generated code is stale; run 'make proto' and commit what it changes" generated_code
check "fingerprints of the contract are stale" fingerprints
check "dead files" dead_files
check "a script is not bash" scripts_parse
# Its package is big and needed for nothing else, so it is used only where it is installed.
if command -v shellcheck >/dev/null; then check "shellcheck objects" shell_style; fi

((failures == 0)) || die "lint: $failures checks failed"
say "lint: clean"
