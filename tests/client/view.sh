#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: view.sh TRANSPORT
#
# What CMD of `vfiod run` finds around it: the devices in /dev/vfio and /sys,
# all else as it was; and that nothing of it is seen outside or stays behind.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

uuid=83b8f4f2-509f-382f-3c1e-e6bfe0fa1001

# parameter FILE MODE TEXT: a parameter of a module.
parameter()
{
	local file=/sys/module/${1%/*}/parameters/${1#*/}

	[ "$(stat -c '%a %F %s' "$file")" = "$2 regular file 4096" ] ||
		fail "$file: $(stat -c '%a %F %s' "$file")"
	[ "$(cat "$file"; echo .)" = "$3"$'\n.' ] ||
		fail "$file says $(cat "$file")"
}

# set_parameter FILE TEXT [ERROR]: in one write, which fails so.
set_parameter()
{
	local file=/sys/module/${1%/*}/parameters/${1#*/} said

	said=$(printf %s "$2" | LC_ALL=C dd of="$file" conv=notrunc \
		status=none 2>&1) || [ -n "${3:-}" ] || fail "$file=$2: $said"
	[[ $said == *"${3:-}" ]] || fail "$file=$2: $said, not $3"
}

# Run by CMD, as "view.sh TRANSPORT parameters Y|N": those of the modules, of
# which there are PCI functions with Y.
parameters()
{
	local noiommu=vfio/enable_unsafe_noiommu_mode

	parameter "$noiommu" 644 "$1"
	parameter vfio_iommu_type1/allow_unsafe_interrupts 644 N
	parameter vfio_iommu_type1/disable_hugepages 644 N
	parameter vfio_iommu_type1/dma_entry_limit 644 65535

	# They are facts: no write changes one.
	set_parameter "$noiommu" "$1"
	set_parameter "$noiommu" "$(tr YN 10 <<<"$1")"
	set_parameter "$noiommu" "$(tr YN NY <<<"$1")" "Operation not permitted"
	set_parameter "$noiommu" maybe "Invalid argument"
	parameter "$noiommu" 644 "$1"
	set_parameter vfio_iommu_type1/disable_hugepages off
	set_parameter vfio_iommu_type1/disable_hugepages On \
		"Operation not permitted"
	set_parameter vfio_iommu_type1/dma_entry_limit 0xffff
	set_parameter vfio_iommu_type1/dma_entry_limit 65534 \
		"Operation not permitted"
	set_parameter vfio_iommu_type1/dma_entry_limit 1x "Invalid argument"
	parameter vfio_iommu_type1/dma_entry_limit 644 65535

	[ "$1" = N ] && return
	parameter vfio_pci/disable_denylist 444 N
	parameter vfio_pci/disable_idle_d3 644 N
	parameter vfio_pci/disable_vga 444 N
	parameter vfio_pci/enable_sriov 644 N
	parameter vfio_pci/nointxmask 644 N
	set_parameter vfio_pci/disable_vga N "Permission denied"
}

# Run by CMD, as "view.sh TRANSPORT inside".
inside()
{
	local dev=/sys/bus/mdev/devices/$VFIOD_DEVICE n line

	n=$(basename "$VFIOD_GROUP")
	[ "$VFIOD_DEVICE" = "$uuid" ] || fail "the UUID is $VFIOD_DEVICE"
	[ "$VFIOD_SYSFSDEV" = "$dev" ] || fail "sysfsdev: $VFIOD_SYSFSDEV"
	[ "$(readlink -f "$dev/iommu_group")" = "/sys/kernel/iommu_groups/$n" ] ||
		fail "iommu_group: $(readlink -f "$dev/iommu_group")"
	[ "$(readlink -f "$dev/subsystem")" = /sys/bus/mdev ] ||
		fail "subsystem: $(readlink -f "$dev/subsystem")"
	[ "$(cat "$dev/mdev_type/name")" = "Dual port serial" ] ||
		fail "type: $(cat "$dev/mdev_type/name")"
	[ "$(cat "$dev/mdev_type/device_api")" = vfio-pci ] ||
		fail "device_api: $(cat "$dev/mdev_type/device_api")"
	[ -e "/sys/kernel/iommu_groups/$n/devices/$uuid/mdev_type" ] ||
		fail "the group has no link to its device"
	ls /sys/class/mdev_bus/*/mdev_supported_types/mtty-2 >/dev/null ||
		fail "no parent offers the type"
	[ "$(ls /dev/vfio)" = "$(printf '%s\n' "$n" vfio | sort)" ] ||
		fail "/dev/vfio holds $(ls /dev/vfio)"
	[ "$(id -u):$(id -g)" = "$WANT_ID" ] || fail "I am $(id)"
	[ "$(pwd -P)" = "$WANT_PWD" ] || fail "I am in $PWD"
	read -r line || fail "stdin is empty"
	[ "$line" = hello ] || fail "stdin says $line"
	echo x >/dev/null || fail "/dev/null cannot be written"
	[ -d /dev/shm ] || fail "/dev/shm is gone"
	diff <(ls /sys/class /sys/bus /sys/fs) "$WANT_SYS" | grep '^>' &&
		fail "/sys lost something"
	parameters N
	echo "view: ok inside"
}

# A CMD that is killed together with its vfiod.
kill_both()
{
	local mounts=$1

	# shellcheck disable=SC2016 # expanded by that shell
	start "$transport" mtty-2 -- sh -c 'echo $$ >"$1"; exec sleep 600' \
		sh "$work/pid"
	for _ in $(seq 100); do
		[ ! -s "$work/pid" ] || break
		sleep 0.1
	done
	kill -KILL "$daemon"
	kill -KILL "$(cat "$work/pid")"
	{ wait "$daemon" || true; } 2>/dev/null
	jobs_to_end=()
	[ "$(cat /proc/self/mounts)" = "$mounts" ] || fail "mounts stay behind"
}

transport=$1
if [ $# -gt 1 ]; then
	"${@:2}"
	exit
fi

mounts=$(cat /proc/self/mounts)
before=$(ls -d /dev/vfio /sys/bus/mdev 2>&1 || true)
ls /sys/class /sys/bus /sys/fs >"$work/sys"
: >"$work/pid"
chmod 666 "$work/pid"
WANT_ID=$(id -u):$(id -g)
[ "$transport" != fuse-user ] || [ "$(id -u)" != 0 ] || WANT_ID=$user:$user
export WANT_ID WANT_PWD=/usr WANT_SYS=$work/sys
cd /usr
start "$transport" "mtty-2,uuid=$uuid" -- \
	env BUILD="$BUILD" "$scripts/view.sh" "$transport" inside \
	< <(echo hello)
finish || fail "over $transport"
start "$transport" mtty-2,noiommu=on --pci=edu-1 -- \
	env BUILD="$BUILD" "$scripts/view.sh" "$transport" parameters Y
finish || fail "parameters over $transport"
[ "$(cat /proc/self/mounts)" = "$mounts" ] || fail "mounts are seen outside"
kill_both "$mounts"
[ "$(ls -d /dev/vfio /sys/bus/mdev 2>&1 || true)" = "$before" ] ||
	fail "something stays behind"
echo "view: ok (over $transport)"
