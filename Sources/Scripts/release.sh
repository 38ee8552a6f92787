#!/usr/bin/env bash
# release.sh [RELEASE]: freezes the contract as that release's in Protos/releases/RELEASE, for good.
# The release is that of Sources/ComputeObjects/Release.swift, and the changelog tells of it.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$repository"

constants=Sources/ComputeObjects/Release.swift
current=$(sed -nE 's/.*static let current = "([0-9]+\.[0-9]+)[^"]*".*/\1/p' "$constants")
service_version=$(sed -nE 's/.*static let serviceVersion: UInt32 = ([0-9]+).*/\1/p' "$constants")
[[ -n $current && -n $service_version ]] || die "$constants does not say the release and its service version"
release=${1:-$current}
[[ $release == "$current" ]] || die "$constants says release $current; change it there to freeze $release"

folder=Protos/releases/$release
[[ ! -e $folder ]] || die "release $release is frozen; what changes now belongs to the next: raise it in $constants"
grep -qE "^## \[?${release//./\\.}(\.[0-9]+)?\]?( |$)" CHANGELOG.md \
    || die "CHANGELOG.md has no heading for release $release; write '## [$release.0]' and what is new in it"

source Protos/protoc.sh
export STATOR_PLUGIN=$plugin
[[ -f Protos/fingerprints.txt ]] || die "there is no Protos/fingerprints.txt; 'make golden' writes it"
"$scripts/golden.sh" --check

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
stator_protoc Protos "$fresh" \
    "mode=release,release=$release,service_version=$service_version,releases=$repository/Protos/releases"
(cd Protos && find stator -name '*.proto' -exec cp --parents -t "$fresh" {} +)
mkdir -p Protos/releases
cp -r "$fresh" "$folder"
chmod 755 "$folder"
say "froze release $release, service version $service_version, in $folder; run 'make proto' and commit all of it"
