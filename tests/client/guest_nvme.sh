#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: guest_nvme.sh TRANSPORT [no-mmap]
#
# A guest of Debian's QEMU, with Debian's stock kernel, has the NVMe controller
# by -device vfio-pci: its own driver makes a file system on it, fills it,
# reboots and verifies. With no-mmap, QEMU is told not to map the BAR. For an
# ordinary user, who may not lock a guest's memory, it is a mediated device.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

"$top/tests/vm/fetch.sh"
cache=${VFIOD_VM_CACHE:-$top/build/vm}
moddir=$cache/lib/modules/$(cat "$cache/release")
option=${2:+,x-no-mmap=on}
device=--pci=nvme-1,size=128m
[ "$1" != fuse-user ] || device=nvme-1,size=128m

# In the order in which they are loaded.
module_files()
{
	local name

	for name in nvme crc32c_generic ext4; do
		# What it needs stands behind it there, the first last.
		sed -n "s|^\(.*/$name\.ko[^ :]*\):|\1|p" \
			"$moddir/modules.dep" | tr ' ' '\n' | tac
	done
}

make_initramfs()
{
	local file name root=$work/root

	mkdir -p "$root/bin" "$root/modules"
	cp "$(command -v busybox)" "$root/bin/busybox"
	install -m 755 "$here/guest_nvme_init.sh" "$root/init"
	for file in $(module_files); do
		name=$(basename "${file%.xz}")
		xz -dcf "$moddir/$file" >"$root/modules/$name"
		echo "$name" >>"$root/modules/order"
	done
	(cd "$root" && find . | cpio -o -H newc --quiet) >"$work/initramfs"
}

# guest KEY: the values of the guest's reports KEY, a line each.
guest()
{
	tr -d '\r' <"$work/out" | sed -n "s/^@$1 //p"
}

expect()
{
	[ "$(guest "$1")" = "$2" ] || {
		cat "$work/out" >&2
		fail "the guest's $1 is '$(guest "$1")', not '$2'"
	}
}

make_initramfs
# shellcheck disable=SC2016 # expanded by that shell
start "$1" "$device" -- sh -c '
	exec timeout 240 qemu-system-x86_64 -nodefaults -no-user-config \
		-display none -accel tcg -cpu max -smp 2 -m 256 \
		-kernel "$1/vmlinuz" -initrd "$2/initramfs" \
		-append "console=ttyS0 quiet loglevel=1 panic=-1 reboot=t" \
		-serial stdio -device "vfio-pci,sysfsdev=$VFIOD_SYSFSDEV$3"
' sh "$(realpath "$cache")" "$work" "$option" </dev/null >"$work/out" 2>&1
finish || {
	cat "$work/out" >&2
	fail "QEMU over $1"
}
expect boot $'1\n2'
expect made yes
expect verified yes
expect checked "$(guest files)"
expect driver $'nvme\nnvme'
expect sectors $'262144\n262144'
[ "$(guest interrupts | head -n 1)" -gt 0 ] || fail "no interrupt counted"
echo "a guest's file system on NVMe: $(guest checked) files verified after a" \
	"reboot (over $1${2:+, $2})"
