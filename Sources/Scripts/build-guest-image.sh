#!/usr/bin/env bash
# build-guest-image.sh DIRECTORY: makes the image "tiny-linux" in DIRECTORY/tiny-linux, unless it is there and current.
# A Debian cloud kernel with an initramfs of busybox and the guest/ folder beside this script; no root needed.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

(($# == 1)) || die "usage: build-guest-image.sh DIRECTORY"
name=tiny-linux
image=$1/$name
command_line="console=ttyS0 loglevel=6 panic=10"
# What the guest's devices need beside what the kernel has built in, in the order of loading.
modules=(
    virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk
    failover net_failover virtio_net qemu_fw_cfg evdev button
)

digest() { sha256sum | cut -d ' ' -f 1; }

umask 022
mkdir -p "$data/cache" "$1"
# One at a time: tests and a cluster may want it at once.
exec 9>"$data/cache/.lock"
flock 9
sources=$(cat "${BASH_SOURCE[0]}" "$scripts"/guest/* "$(command -v busybox)" | digest)
if [[ -f $image/image.json && $(cat "$image/.sources" 2>/dev/null) == "$sources" ]]; then
    exit 0
fi

# Debian's kernel package, unpacked and not installed: nothing of this machine's own boot changes.
unpack_kernel() {
    local package target
    package=$(apt-cache depends linux-image-cloud-amd64 | awk '$1 == "Depends:" { print $2; exit }')
    [[ -n $package ]] || die "apt knows no kernel package linux-image-cloud-amd64; run 'apt-get update' as root, once"
    target=$data/cache/$package
    if [[ ! -d $target ]]; then
        warn "fetching the guest's kernel, $package (27 MB)"
        local work
        work=$(mktemp -d "$data/cache/unpack.XXXXXX")
        (cd "$work" && apt-get -o APT::Sandbox::User="$(id -un)" --quiet --quiet download "$package") >&2 \
            || die "could not download $package: is this machine online, and apt's list current ('apt-get update')?"
        mkdir "$work/tree"
        dpkg-deb --extract "$work"/*.deb "$work/tree"
        mv "$work/tree" "$target"
        rm -rf "$work"
    fi
    say "$target"
}

# Writes the initramfs: the same bytes from the same sources.
write_initramfs() {
    local kernel=$1 output=$2 root module file
    root=$(mktemp -d "$data/cache/initramfs.XXXXXX")
    mkdir -p "$root"/{bin,dev,etc/acpi/PWRF,modules,proc,run,sys}
    cp "$(command -v busybox)" "$root/bin/busybox"
    local applet
    for applet in acpid awk cat grep hostname init insmod ls mount poweroff ps sh; do
        ln -s busybox "$root/bin/$applet"
    done
    install -m 755 "$scripts/guest/init" "$root/init"
    install -m 644 "$scripts/guest/inittab" "$root/etc/inittab"
    # busybox's acpid runs the file named for the event.
    install -m 755 "$scripts/guest/power-button" "$root/etc/acpi/PWRF/00000080"
    for module in "${modules[@]}"; do
        file=$(find "$kernel/lib/modules" -name "$module.ko" -print -quit)
        [[ -n $file ]] || die "$kernel has no module $module"
        install -m 644 "$file" "$root/modules/$module.ko"
        say "$module" >> "$root/modules/order"
    done
    chmod 644 "$root/modules/order"
    find "$root" -exec touch --no-dereference --date=@0 {} +
    (cd "$root" && find . -print0 | LC_ALL=C sort --zero-terminated \
        | cpio --quiet --null --create --format=newc --reproducible --owner=+0:+0) > "$output"
    rm -rf "$root"
}

# SHA-256 over "<key>\n<hex SHA-256>\n" for kernel, initrd and cmdline; stator-compute checks it.
checksum() {
    {
        printf 'kernel\n%s\n' "$(digest < "$1/vmlinuz")"
        printf 'initrd\n%s\n' "$(digest < "$1/initrd.img")"
        printf 'cmdline\n%s\n' "$(printf '%s' "$command_line" | digest)"
    } | digest
}

kernel=$(unpack_kernel)
new=$(mktemp -d "$1/.new.XXXXXX")
trap 'rm -rf "$new"' EXIT
chmod 755 "$new"
install -m 644 "$kernel"/boot/vmlinuz-* "$new/vmlinuz"
write_initramfs "$kernel" "$new/initrd.img"
sum=$(checksum "$new")
# An image never changes: another content is another image, so its id comes from the content.
cat > "$new/image.json" <<JSON
{
  "uuid": "${sum:0:8}-${sum:8:4}-4${sum:13:3}-8${sum:17:3}-${sum:20:12}",
  "name": "$name",
  "boot_method": "kernel",
  "min_memory_mb": 96,
  "min_root_gb": 0,
  "kernel": "vmlinuz",
  "initrd": "initrd.img",
  "cmdline": "$command_line",
  "checksum": "$sum"
}
JSON
say "$sources" > "$new/.sources"
rm -rf "$image"
mv "$new" "$image"
trap - EXIT
