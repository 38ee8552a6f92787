#!/usr/bin/env bash
# Installs the Debian packages that Stator needs and that are missing; says so, and does nothing when all are there.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

packages=(
    # to build: headers, protoc with its own protos, and its plugin for C
    libprotobuf-c-dev libpq-dev libprotobuf-dev libssl-dev pkg-config protobuf-c-compiler protobuf-compiler
    # to run: PostgreSQL, QEMU, the openssl command for certificates
    openssl postgresql qemu-system-x86 qemu-utils
    # for the client in Tests/PythonClient
    python3-protobuf
    # for the guest image, and for the scripts
    busybox-static cpio iproute2 jq
)

missing=()
for package in "${packages[@]}"; do
    status=$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null) || true
    [[ $status == installed ]] || missing+=("$package")
done
command -v swift >/dev/null || die "there is no 'swift' in PATH; install Swift 6.3 from swift.org"
# The guest's kernel is no package to install, but apt's lists have to know it.
needs_lists() {
    ! compgen -G "$data/cache/linux-image-*" >/dev/null \
        && [[ -z $(apt-cache search --names-only '^linux-image-cloud-amd64$') ]]
}
((${#missing[@]})) || needs_lists || exit 0

privileged=()
if ((EUID != 0)); then
    command -v sudo >/dev/null \
        || die "there is no sudo; as root, run: apt-get update${missing[*]:+ && apt-get install ${missing[*]}}"
    privileged=(sudo)
fi

say "installing with apt: ${missing[*]:-nothing, only bringing its lists up to date}"
# apt's own output is long; it is shown only when something goes wrong.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run() { "${privileged[@]}" env DEBIAN_FRONTEND=noninteractive "$@" >>"$log" 2>&1; }
if ! run apt-get --quiet update || ! run apt-get --yes --quiet --no-install-recommends install "${missing[@]}"; then
    tail -n 20 "$log" >&2
    die "apt failed: is this machine online, and is it Debian 12? It was to install: ${missing[*]}"
fi
