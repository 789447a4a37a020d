#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: [DEVICE=TYPE] record.sh TRANSPORT DIR [OPTION...]
#
# Runs vfio-conform, with its OPTIONs, on two devices (mtty-2, and then on four
# probe-1; an @ in DEVICE is 1 for the first, 2 for the second) of vfiod over
# fuse, fuse-user, fuse-ptrace or cuse (see tests/client/lib.sh). Its records go
# to DIR/AREA.txt. Without /dev/cuse, cuse takes a virtual machine, and so does
# what is mapped over fuse, on a kernel that cannot do that.

# shellcheck source-path=SCRIPTDIR/../client source=../client/lib.sh
. "$(dirname "$0")/../client/lib.sh"

transport=$1
dir=$(realpath -m "$2")
device=${DEVICE:-mtty-2}
shift 2
mkdir -p "$dir"
mkdir -m 777 "$work/records"

vm_module=
[ "$transport" != cuse ] || [ -e /dev/cuse ] || vm_module=cuse
[ "$transport-${device%-*}" != fuse-mdpy ] || can_mmap || vm_module=fuse
if [ -n "$vm_module" ]; then
	exec "$top/tests/vm/run.sh" --module "$vm_module" --timeout 900 \
		--rw "$dir" --env BUILD="$BUILD" --env DEVICE="$device" -- \
		"$(realpath "$0")" "$transport" "$dir" "$@"
fi

# record MDEV... -- OPTION...
record()
{
	local mdevs=()

	while [ "$1" != -- ]; do
		mdevs+=("$1")
		shift
	done
	shift
	start "$transport" "${mdevs[@]}" -- sh -c "$with_devices" sh \
		"$programs/vfio-conform" --out "$work/records" "$@"
	finish
}

record "${device/@/1}" "${device/@/2}" -- "$@"
[ "$device" != mtty-2 ] || record probe-1 probe-1 probe-1 probe-1 -- "$@"
cp "$work"/records/* "$dir/"
