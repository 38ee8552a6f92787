#!/usr/bin/env bash
# Generates the C and Swift code of the contract: generate.sh [OUTPUT_ROOT]
#
# Writes Sources/CComputeMessages and Sources/ComputeMessages/Generated under OUTPUT_ROOT, by default the repository.
# STATOR_PLUGIN names a built protoc-gen-stator; without it one is built.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
output=${1:-$root}
plugin=${STATOR_PLUGIN:-}
if [[ -z $plugin ]]; then
    swift build --package-path "$root" --product protoc-gen-stator >&2
    plugin=$(swift build --package-path "$root" --show-bin-path)/protoc-gen-stator
fi

# Options are read by the plugin; they are no messages of the contract.
mapfile -t protos < <(cd "$root/Protos" && find stator -name '*.proto' ! -name options.proto | LC_ALL=C sort)
c=$output/Sources/CComputeMessages
swift=$output/Sources/ComputeMessages/Generated
rm -rf "${c:?}" "${swift:?}"
mkdir -p "$c" "$swift"

generate() {
    protoc --proto_path="$root/Protos" --plugin=protoc-gen-stator="$plugin" "$@" "${protos[@]}"
}
generate --stator_out="$c" --stator_opt=mode=c,c_module=CComputeMessages
generate --stator_out="$swift" --stator_opt=c_module=CComputeMessages,manifest=ComputeManifest
