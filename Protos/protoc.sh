# shellcheck shell=bash
# Sourced by the scripts that run protoc with our plugin on the contract.
# STATOR_PLUGIN names a built protoc-gen-stator; without it one is built.

repository_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
plugin=${STATOR_PLUGIN:-}
if [[ -z $plugin ]]; then
    swift build --package-path "$repository_root" --product protoc-gen-stator >&2
    plugin=$(swift build --package-path "$repository_root" --show-bin-path)/protoc-gen-stator
fi

# stator_protoc FOLDER OUTPUT OPTIONS: writes what the plugin makes of the folder's protos. Options are read by the
# plugin; they are no messages of the contract.
stator_protoc() {
    local folder=$1 protos
    mapfile -t protos < <(cd "$folder" && find stator -name '*.proto' ! -name options.proto | LC_ALL=C sort)
    protoc --proto_path="$folder" --plugin=protoc-gen-stator="$plugin" --stator_out="$2" --stator_opt="$3" \
        "${protos[@]}"
}
