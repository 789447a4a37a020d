#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: oracle-vm.sh KIND SAMPLES COMMAND...
#
# In the oracle's VM: COMMAND gets, as its last arguments, the container, and
# group and device name of two devices. KIND: emulated (mtty-2), mdpy, mbochs;
# iommu, PCI devices of QEMU, bound to vfio-pci, behind its IOMMU; shared, the
# same where both are in one group; port, where each has a bus; noiommu, in a VM that has none and has not
# loaded vfio; or probe, four of them (tests/oracle/kmod). Mediated devices are
# new ones each time.

set -eu

kind=$1
samples=$2
shift 2
devices=()

insert()
{
	# The VM's busybox has insmod, the host may have none.
	/run/vm/busybox insmod "$samples/$1.ko" "${@:2}"
}

mdev()
{
	local group uuid=$2 device=/sys/bus/mdev/devices/$2

	[ ! -e "$device" ] || echo 1 >"$device/remove"
	echo "$uuid" >"/sys/class/mdev_bus/${1%-*}/mdev_supported_types/$1/create"
	group=$(readlink "$device/iommu_group")
	devices+=("/dev/vfio/${group##*/}" "$uuid")
}

# two TYPE: MODULE-NAME.
two()
{
	[ -e "/sys/class/mdev_bus/${1%-*}" ] || insert "${1%-*}"
	mdev "$1" 83b8f4f2-509f-382f-3c1e-e6bfe0fa1001
	mdev "$1" 83b8f4f2-509f-382f-3c1e-e6bfe0fa1002
}

emulated() { two mtty-2; }
mdpy() { two mdpy-vga; }
mbochs() { two mbochs-small; }

# Their numbers, 0 to 3, are in the order in which they are made.
probe()
{
	local i

	[ -e /sys/class/mdev_bus/probe ] || insert vfiod_probe
	for i in 1 2 3 4; do
		mdev probe-1 "83b8f4f2-509f-382f-3c1e-e6bfe0fa200$i"
	done
}

# edus PREFIX: QEMU's edu devices, in groups /dev/vfio/PREFIXn. Their ids are
# 1234:11e8.
edus()
{
	local dir name group

	modprobe vfio-pci
	for dir in /sys/bus/pci/devices/*; do
		[ "$(cat "$dir/vendor" "$dir/device" | tr '\n' ' ')" = \
			"0x1234 0x11e8 " ] || continue
		name=${dir##*/}
		echo vfio-pci >"$dir/driver_override"
		echo "$name" >/sys/bus/pci/drivers_probe
		group=$(readlink "$dir/iommu_group")
		devices+=("/dev/vfio/$1${group##*/}" "$name")
	done
	[ ${#devices[@]} = 4 ] || {
		echo "oracle-vm.sh: no two PCI devices for $kind" >&2
		exit 1
	}
}

iommu()
{
	edus ''
}

shared()
{
	edus ''
}

port()
{
	edus ''
}

noiommu()
{
	[ -e /sys/module/vfio ] || insert vfio enable_unsafe_noiommu_mode=1
	modprobe vfio_iommu_type1
	edus noiommu-
}

"$kind"
exec "$@" /dev/vfio/vfio "${devices[@]}"
