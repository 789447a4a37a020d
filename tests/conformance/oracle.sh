#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: oracle.sh [--oracle-kernel 6.12|6.1] [--only GLOB] [--out DIR]
#
# Runs vfio-conform on the kernel's own VFIO, in a VM with Debian's stock
# kernel, and writes what it answered to golden/linux-KERNEL/AREA.txt (devices
# of the kernel's mtty, and our probes) and golden/linux-KERNEL-KIND/AREA.txt:
# iommu (PCI devices on the root bus, behind an IOMMU), mdpy (its own cases and
# its tables), mbochs (the tables), and of 6.12 shared (two PCI devices on a
# bus, in one group), port (each on a bus of its own) and noiommu (PCI devices
# without an IOMMU; the kernel module vfio is not Debian's then, but built from
# the same source); and the records of random walks to walks.tar.xz. Of other
# kernels than 6.12 there are only the cases, in a cases.tar.xz. All is done
# twice in the VM, with new devices, and must be the same. With --only, or
# --out, nothing in golden/ changes: the records go to DIR, or to stdout.

set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
BUILD=$(realpath -m "${BUILD:-$top/build}")
kernel=6.12
only='*'
out=

while [ $# -gt 0 ]; do
	case $1 in
	--oracle-kernel) kernel=$2 ;;
	--only) only=$2 ;;
	--out) out=$2 ;;
	*)
		sed -n 's/^# Usage: /usage: /p' "$0" >&2
		exit 2
		;;
	esac
	shift 2
done

export VFIOD_VM_KERNEL=$kernel
export VFIOD_VM_CACHE=${VFIOD_VM_CACHE:-$BUILD/vm}
[ "$kernel" = 6.12 ] || VFIOD_VM_CACHE=$BUILD/vm-$kernel
"$top/tests/vm/fetch.sh"
"$here/modules.sh" "$VFIOD_VM_CACHE" "$kernel"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

walks=
[ "$only" != '*' ] || [ "$kernel" != 6.12 ] || walks='--walk 1-5 --steps 5000'

# An older mtty ruins the kernel's memory when it is used as a device: its
# tables, and all that is asked of container and group.
globs=("$only")
[ "$kernel" = 6.12 ] || [ "$only" != '*' ] ||
	globs=('container/*' 'group/*' 'life/*' 'type1/*' 'race/[!s]*'
		'device/*info/*')

# begin_job FILE: in the VM, record KIND OPTION..., twice, with new devices.
# Probes are emulated devices too: their records go with the others.
begin_job()
{
	cat >"$1" <<JOB
set -eu
record()
{
	kind=\$1
	dir=$work/\${kind/probe/emulated}
	shift
	for i in 1 2; do
		mkdir -p "\$dir/\$i"
		"$here/oracle-vm.sh" "\$kind" "$VFIOD_VM_CACHE/samples" \
			"$BUILD/tests/vfio-conform" --out "\$dir/\$i" "\$@"
	done
}
JOB
}

# add_to_job FILE KIND OPTION...
add_to_job()
{
	{
		printf 'record'
		printf ' %q' "${@:2}"
		echo
	} >>"$1"
}

# in_vm JOB ARG...: with two devices of QEMU's, on these buses.
buses=(pcie.0 pcie.0)
in_vm()
{
	local job=$1

	shift
	"$top/tests/vm/run.sh" --timeout 900 --rw "$work" \
		--module virtio_pci --module virtio_console "$@" \
		--qemu -machine --qemu q35 \
		--qemu -device --qemu "edu,bus=${buses[0]}" \
		--qemu -device --qemu "edu,bus=${buses[1]}" \
		-- bash "$job"
}

kinds=(emulated iommu)
begin_job "$work/job"
for glob in "${globs[@]}"; do
	add_to_job "$work/job" emulated --only "$glob"
done
[ "$kernel" != 6.12 ] || add_to_job "$work/job" probe --only "$only"
for kind in emulated probe; do
	# shellcheck disable=SC2086 # several words
	[ -z "$walks" ] || add_to_job "$work/job" "$kind" $walks
done
add_to_job "$work/job" iommu --only "$only"
if [ "$only" = '*' ]; then
	kinds+=(mdpy mbochs)
	add_to_job "$work/job" mdpy --only '@(mdpy|device/*info)/*'
	add_to_job "$work/job" mbochs --only 'device/*info/*'
fi
# In 6.1 the VM's own devices need modules too.
in_vm "$work/job" --module vfio --module vfio_iommu_type1 --module mdev \
	--qemu -device --qemu intel-iommu

if [ "$kernel" = 6.12 ]; then
	kinds+=(shared)
	begin_job "$work/job-shared"
	add_to_job "$work/job-shared" shared --only 'pci/group/*'
	buses=(bridge bridge)
	in_vm "$work/job-shared" \
		--module vfio --module vfio_iommu_type1 \
		--qemu -device --qemu intel-iommu \
		--qemu -device --qemu pcie-root-port,id=root \
		--qemu -device --qemu pcie-pci-bridge,id=bridge,bus=root

	kinds+=(port)
	begin_job "$work/job-port"
	add_to_job "$work/job-port" port --only 'pci/alone/*'
	buses=(one two)
	in_vm "$work/job-port" \
		--module vfio --module vfio_iommu_type1 \
		--qemu -device --qemu intel-iommu \
		--qemu -device --qemu pcie-root-port,id=one,chassis=1 \
		--qemu -device --qemu pcie-root-port,id=two,chassis=2
	buses=(pcie.0 pcie.0)

	[ "$only" != '*' ] || globs=('[cgln]*')
	kinds+=(noiommu)
	begin_job "$work/job-noiommu"
	add_to_job "$work/job-noiommu" noiommu --only "${globs[0]}"
	in_vm "$work/job-noiommu"
fi

header()
{
	echo "# vfio-conform on Linux $(cat "$VFIOD_VM_CACHE/release")" \
		"(Debian $(cat "$VFIOD_VM_CACHE/samples/version"))"
	echo
}

# pack ARCHIVE DIR FILE...: the same files make the same archive.
pack()
{
	tar -cJf "$1" --owner=0 --group=0 --mode=644 --mtime=@0 -C "${@:2}"
}

keep_walks()
{
	local names=("$1/1"/walk-*.txt)

	[ -e "${names[0]}" ] || return 0
	pack "$2/walks.tar.xz" "$1/1" "${names[@]##*/}"
	rm "$1"/?/walk-*.txt
}

# Kept to be looked at, not to be compared with vfiod.
keep_packed()
{
	local names=("$1"/*.txt)

	[ "$kernel" != 6.12 ] && [ -e "${names[0]}" ] || return 0
	pack "$1/cases.tar.xz" "$1" "${names[@]##*/}"
	rm "$1"/*.txt
}

# keep KIND DIR: the records of one kind, into DIR.
keep()
{
	local file

	diff -ru "$work/$1/1" "$work/$1/2" || {
		echo "oracle.sh: two runs differ: the case is at fault" >&2
		exit 1
	}
	mkdir -p "$2"
	keep_walks "$work/$1" "$2"
	for file in "$work/$1/1"/*.txt; do
		[ -e "$file" ] || continue # none of these was asked for
		{ header; cat "$file"; } >"$2/${file##*/}"
	done
	keep_packed "$2"
}

if [ "$only" != '*' ] && [ -z "$out" ]; then
	cat "$work"/emulated/1/*.txt
	exit
fi
out=${out:-$here/golden}
for kind in "${kinds[@]}"; do
	dir=$out/linux-$kernel
	[ "$kind" = emulated ] || dir+=-$kind
	rm -rf "$dir"
	keep "$kind" "$dir"
done
