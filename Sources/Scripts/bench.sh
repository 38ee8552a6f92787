#!/usr/bin/env bash
# bench.sh [OPTION OF stator-bench run…]: Stator's calls beside a plain C program's and gRPC's, and its objects beside
# protobuf-c's, swift-protobuf's and oslo.versionedobjects', in release builds.
# The programs, their certificates and the results, rpc.json and objects.json, are in .build/bench.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$repository"

folder=$repository/.build/bench
peers=$repository/Sources/stator-bench/Peers
asked=" ${*//=/ } "
mkdir -p "$folder/grpc" "$data/logs" "$data/tmp"

# wants PART…: whether one of these parts is to be measured; without --only all are.
wants() {
    local part
    [[ $asked == *" --only "* ]] || return 0
    for part in "$@"; do
        [[ $asked != *" --only $part "* ]] || return 0
    done
    return 1
}

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
    newer "$folder/grpc-cpp" "$peers/GRPC" "$peers/PlainC" Protos || return 0
    local generate=(protoc --proto_path=Protos --proto_path="$peers/GRPC")
    "${generate[@]}" --cpp_out="$folder/grpc" stator/v1/{options,states,objects,compute}.proto echo.proto
    "${generate[@]}" --grpc_out="$folder/grpc" --plugin=protoc-gen-grpc="$(command -v grpc_cpp_plugin)" echo.proto
    cc -O2 -c -o "$folder/grpc/measurement.o" "$peers/PlainC/measurement.c"
    # shellcheck disable=SC2046
    c++ -O2 -std=c++17 -Wall -Wextra -o "$folder/grpc-cpp" "$peers"/GRPC/*.cc \
        "$folder"/grpc/*.cc "$folder"/grpc/stator/v1/*.cc "$folder/grpc/measurement.o" -I"$folder/grpc" \
        $(pkg-config --cflags --libs grpc++ protobuf)
}

# In a package of its own, with code generated here: the repository has no copy of it, and Stator does not link it.
# The builds go into the log.
build_swift_protobuf() {
    local program=$folder/swift-protobuf-peer/.build/release/SwiftProtobufPeer package=$folder/swift-protobuf-peer
    newer "$program" "$peers/SwiftProtobuf" Protos/stator || return 0
    local build=(swift build --package-path "$package" --configuration release --static-swift-stdlib --product)
    rm -rf "${package:?}/Sources"
    mkdir -p "$package"
    cp -R "$peers/SwiftProtobuf/." "$package"
    TMPDIR=$data/tmp "${build[@]}" protoc-gen-swift || return
    protoc --proto_path=Protos --plugin=protoc-gen-swift="$package/.build/release/protoc-gen-swift" \
        --swift_opt=UseAccessLevelOnImports=true --swift_out="$package/Sources/SwiftProtobufPeer" \
        stator/v1/{states,objects}.proto || return
    TMPDIR=$data/tmp "${build[@]}" SwiftProtobufPeer || return
    touch "$program"
}

# Output goes into the log.
install_oslo() {
    "$folder/venv/bin/python" -c 'import oslo_versionedobjects' || {
        rm -rf "${folder:?}/venv"
        python3 -m venv "$folder/venv" \
            && "$folder/venv/bin/pip" install --timeout 20 --retries 1 oslo.versionedobjects
    }
}

say "building"
CONFIGURATION=release "$scripts/build.sh" "$data/logs/build-bench.log" --product stator-bench \
    --static-swift-stdlib
build_plain_c
options=(--folder "$folder" --plain-c "$folder/plain-c")
if wants calls idle handshakes; then
    if pkg-config --exists grpc++ && command -v grpc_cpp_plugin >/dev/null; then
        build_grpc
        options+=(--grpc-cpp "$folder/grpc-cpp")
    else
        warn "gRPC is left out; to have it too: apt-get install libgrpc++-dev protobuf-compiler-grpc"
    fi
    STATOR_DEPLOYMENT=bench certs/make-certificates.sh "$folder/certs" conductor/bench compute/bench
fi
if wants objects; then
    if build_swift_protobuf &>"$data/logs/build-bench-swift-protobuf.log"; then
        options+=(--swift-protobuf "$folder/swift-protobuf-peer/.build/release/SwiftProtobufPeer")
    else
        warn "swift-protobuf is left out: it did not build; see $data/logs/build-bench-swift-protobuf.log"
    fi
    if install_oslo &>"$data/logs/bench-oslo.log"; then
        options+=(--oslo-python "$folder/venv/bin/python" --oslo-peer "$peers/Oslo/peer.py")
    else
        warn "oslo.versionedobjects is left out: PyPI was not to be had; see $data/logs/bench-oslo.log"
    fi
fi
exec "$(CONFIGURATION=release binaries)/stator-bench" run "${options[@]}" "$@"
