#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: mdpy.sh TRANSPORT
#
# The client of the mdpy plugin; and, where clients can map it, QEMU, whose idea
# of what is on the display has to be the gradient.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

start "$1" mdpy-vga mdpy-xga mdpy-hd -- "$programs/mdpy"
finish || fail "mdpy over $1"

[ "$1" != cuse ] || exit 0
needs_mmap "$@"
mkdir -m 777 "$work/files"

# A picture of WIDTHxHEIGHT, as a PPM file.
gradient()
{
	awk -v width="$1" -v height="$2" 'BEGIN {
		printf "P6\n%d %d\n255\n", width, height
		for (y = 0; y < height; y++)
			for (x = 0; x < 3 * width; x++)
				printf "%c", int(y * 255 / height)
	}'
}

printf '%s\n' "screendump $work/files/picture" quit >"$work/commands"
# shellcheck disable=SC2016 # expanded by that shell
start "$1" mdpy-vga -- sh -c 'exec timeout 100 qemu-system-x86_64 \
	-accel tcg -m 64 -display none -vga none -serial none \
	-monitor stdio \
	-device "vfio-pci,sysfsdev=$VFIOD_SYSFSDEV,display=on"' \
	<"$work/commands" >"$work/out" 2>&1
finish || {
	cat "$work/out" >&2
	fail "QEMU with an mdpy"
}
LC_ALL=C gradient 640 480 | cmp - "$work/files/picture" ||
	fail "QEMU shows something else than the gradient"
echo "qemu: the display of mdpy-vga (over $1)"
