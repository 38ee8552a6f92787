#!/usr/bin/env bash
# golden.sh [--check]: writes Protos/fingerprints.txt anew, or tells whether it is what would be written.
# A change that a frozen release could not work with is refused: a released object's form changes with its version only.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
source "$repository/Protos/protoc.sh"

protos=$repository/Protos
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
stator_protoc "$protos" "$fresh" "mode=fingerprints,releases=$protos/releases"

if [[ ${1:-} != --check ]]; then
    cp "$fresh/fingerprints.txt" "$protos/fingerprints.txt"
    say "wrote Protos/fingerprints.txt: $(wc -l <"$protos/fingerprints.txt") objects and methods"
    exit
fi

diff -u "$protos/fingerprints.txt" "$fresh/fingerprints.txt" || {
    warn "Protos/fingerprints.txt is stale. If the change is meant: a field or a value that is new says since which"
    warn "version it exists, its object gets that version, and 'make golden' writes the file; commit it with the change."
    exit 1
}
# What is frozen stays as it is: it says what processes of that release do.
for folder in "$protos"/releases/*/; do
    [[ -d $folder ]] || continue
    stator_protoc "${folder%/}" "$fresh" mode=fingerprints
    diff -u "$folder/fingerprints.txt" "$fresh/fingerprints.txt" || {
        warn "$folder was changed after it was frozen; take it back from the release's commit."
        exit 1
    }
done
