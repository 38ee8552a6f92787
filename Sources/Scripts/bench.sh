#!/usr/bin/env bash
# bench.sh [OPTION OF stator-bench run…]: Stator's calls beside a plain C program's and gRPC's, in release builds.
# The programs, their certificates and the result, rpc.json, are in .build/bench.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$repository"

folder=$repository/.build/bench
peers=$repository/Sources/stator-bench/Peers
mkdir -p "$folder/grpc" "$data/logs"

# newer TARGET FOLDER…: whether something in the folders is newer than the target, or the target is not there.
newer() {
    local target=$1
    shift
    [[ ! -e $target || -n $(find "$@" -type f -newer "$target" -print -quit) ]]
}

build_plain_c() {
    local messages=Sources/CComputeMessages
    newer "$folder/plain-c" "$peers/PlainC" $messages || return 0
    # shellcheck disable=SC2046 # several words are what pkg-config says
    cc -O2 -Wall -Wextra -o "$folder/plain-c" "$peers"/PlainC/*.c \
        $messages/stator/v1/{compute,objects,states}.pb-c.c -I$messages/include \
        $(pkg-config --cflags --libs openssl libprotobuf-c)
}

build_grpc() {
    newer "$folder/grpc-cpp" "$peers" Protos || return 0
    local generate=(protoc --proto_path=Protos --proto_path="$peers/GRPC")
    "${generate[@]}" --cpp_out="$folder/grpc" stator/v1/{options,states,objects,compute}.proto echo.proto
    "${generate[@]}" --grpc_out="$folder/grpc" --plugin=protoc-gen-grpc="$(command -v grpc_cpp_plugin)" echo.proto
    cc -O2 -c -o "$folder/grpc/measurement.o" "$peers/PlainC/measurement.c"
    # shellcheck disable=SC2046
    c++ -O2 -std=c++17 -Wall -Wextra -o "$folder/grpc-cpp" "$peers"/GRPC/*.cc \
        "$folder"/grpc/*.cc "$folder"/grpc/stator/v1/*.cc "$folder/grpc/measurement.o" -I"$folder/grpc" \
        $(pkg-config --cflags --libs grpc++ protobuf)
}

say "building"
CONFIGURATION=release "$scripts/build.sh" "$data/logs/build-bench.log" --product stator-bench \
    --static-swift-stdlib
build_plain_c
options=(--folder "$folder" --plain-c "$folder/plain-c")
if pkg-config --exists grpc++ && command -v grpc_cpp_plugin >/dev/null; then
    build_grpc
    options+=(--grpc-cpp "$folder/grpc-cpp")
else
    warn "gRPC is left out; to have it too: apt-get install libgrpc++-dev protobuf-compiler-grpc"
fi
STATOR_DEPLOYMENT=bench certs/make-certificates.sh "$folder/certs" conductor/bench compute/bench
exec "$(CONFIGURATION=release binaries)/stator-bench" run "${options[@]}" "$@"
