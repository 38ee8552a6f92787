#!/usr/bin/env bash
# Generates the code of Protos/: generate.sh STATOR PLUGIN, Stator's clone and its protoc-gen-stator.
set -euo pipefail

stator=$1 plugin=$2
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p Sources/CTally Sources/TallyMessages Python

generate() {
    protoc --proto_path=Protos --proto_path="$stator/Protos" --plugin=protoc-gen-stator="$plugin" "$@"
}
generate --stator_out=Sources/CTally --stator_opt=mode=c,c_module=CTally tally/v1/tally.proto
generate --stator_out=Sources/TallyMessages --stator_opt=c_module=CTally,manifest=TallyManifest tally/v1/tally.proto
generate --python_out=Python --stator_out=Python --stator_opt=mode=python tally/v1/tally.proto stator/v1/options.proto
