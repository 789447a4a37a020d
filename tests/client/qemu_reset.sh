#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: qemu_reset.sh TRANSPORT
#
# How QEMU resets the functions that it is given when its machine is: two on a
# bus by a hot reset, one that is alone there by itself. It says nothing unless
# it cannot.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# resets COUNT CALL OPTION: QEMU with COUNT functions that OPTION makes does
# this CALL.
resets()
{
	local devices=() i

	for ((i = 0; i < $1; i++)); do
		devices+=("$3")
	done
	# Paused: of the machine there is only the first reset. All its memory
	# is less than what an ordinary user may lock.
	# shellcheck disable=SC2016 # expanded by that shell
	start "$transport" --verbose "${devices[@]}" -- sh -c '
		for device in "$VFIOD_DEVICE" "$VFIOD_DEVICE_2"; do
			set -- "$@" ${device:+-device "vfio-pci,host=$device"}
		done
		exec timeout 100 qemu-system-x86_64 -accel tcg -m 4 -S \
			-display none -vga none -serial none -monitor stdio \
			"$@"' sh <<<quit >"$work/out" 2>&1
	finish || {
		cat "$work/out" >&2
		fail "QEMU with $1 functions"
	}
	if grep -i 'vfio.*reset' "$work/out" | grep -qv account ||
		! grep -q "account: $2 1\$" "$work/out"; then
		cat "$work/out" >&2
		fail "QEMU with $1 functions does no $2"
	fi
	echo "qemu: functions: $1, reset by $2 (over $transport)"
}

transport=$1
resets 1 VFIO_DEVICE_RESET --pci=edu-1
resets 2 VFIO_DEVICE_PCI_HOT_RESET --pci=edu-1,group=9000
