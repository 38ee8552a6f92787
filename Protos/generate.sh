#!/usr/bin/env bash
# Generates the C and Swift code of the contract: generate.sh [OUTPUT_ROOT]
#
# Writes Sources/CComputeMessages and Sources/ComputeMessages/Generated under OUTPUT_ROOT, by default the repository.
# STATOR_PLUGIN names a built protoc-gen-stator; without it one is built. A contract that the frozen releases in
# Protos/releases could not work with is refused, and what was generated before stays.
set -euo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/protoc.sh"
output=${1:-$repository_root}
protos=$repository_root/Protos

c=Sources/CComputeMessages
swift=Sources/ComputeMessages/Generated
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
mkdir -p "$fresh/$c" "$fresh/$swift"
stator_protoc "$protos" "$fresh/$swift" \
    "c_module=CComputeMessages,manifest=ComputeManifest,releases=$protos/releases"
stator_protoc "$protos" "$fresh/$c" mode=c,c_module=CComputeMessages

for folder in "$c" "$swift"; do
    rm -rf "${output:?}/$folder"
    mkdir -p "$(dirname "$output/$folder")"
    cp -r "$fresh/$folder" "$output/$folder"
done
