#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: qemu_nvme.sh TRANSPORT
#
# Debian's qemu-io and qemu-img on an NVMe disk of 1 GiB, by QEMU's own driver
# for NVMe behind VFIO: patterns written and read again, an image converted to
# it and back, and compared. The driver maps BAR 0.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# Under vfiod: a disk, and a directory to work in.
session()
{
	local disk=nvme://$1/1 i orders=()

	cd "$2" || exit
	# All of it, each 64 MiB with a pattern of its own; then odd places.
	for i in {0..15}; do
		orders+=(-c "write -P $((i + 1)) $((i * 64))M 64M")
	done
	orders+=(-c "write -P 0xaa 4096 512" -c "write -P 0xbb 1048064 1536"
		-c "write -z 200M 3M" -c "discard 300M 1M" -c "flush")
	qemu-io -f raw "${orders[@]}" "$disk"
	orders=(-c "read -P 0xaa 4096 512" -c "read -P 0xbb 1048064 1536"
		-c "read -P 1 0 4096" -c "read -P 1 4608 1043456"
		-c "read -P 0 200M 3M" -c "read -P 4 203M 53M")
	for i in {5..15}; do
		orders+=(-c "read -P $((i + 1)) $((i * 64))M 64M")
	done
	qemu-io -f raw "${orders[@]}" "$disk"
	qemu-img create -q -f qcow2 image 1G
	qemu-io -f qcow2 -c "write -P 0x11 0 1M" -c "write -P 0x22 77777k 33M" \
		-c "write -P 0x33 512M 128k" -c "write -P 0x44 1023M 1M" image
	qemu-img convert -n -f qcow2 -O raw image "$disk"
	qemu-img compare -f qcow2 -F raw image "$disk"
	qemu-img convert -f raw -O qcow2 "$disk" back
	qemu-img compare -f qcow2 -F qcow2 image back
	qemu-io -f raw -c "write -P 0x55 999M 512" "$disk"
	# It must be able to tell, too.
	if qemu-img compare -f qcow2 -F raw image "$disk"; then
		echo "the disk was changed, and compares equal"
		exit 1
	fi
}

needs_mmap "$@"
mkdir -m 777 "$work/files"
# shellcheck disable=SC2016 # expanded by that shell
start "$1" --pci=nvme-1,size=1g -- bash -ec "$(declare -f session)"'
	session "$VFIOD_DEVICE" "$1"' bash "$work/files" >"$work/out" 2>&1
finish || {
	cat "$work/out" >&2
	fail "qemu-io or qemu-img over $1"
}
# What qemu-io reads wrong is only said.
! grep -iE 'verification failed|error|cannot|failed' "$work/out" ||
	fail "qemu-io or qemu-img over $1"
[ "$(grep -c '^read ' "$work/out")" = 17 ] || fail "reads are missing"
echo "qemu-io, qemu-img: patterns, conversions and comparisons on 1 GiB" \
	"(over $1)"
