#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: oracle.sh [--oracle-kernel 6.12|6.1] [--only GLOB] [--out DIR]
#
# Runs vfio-conform on the kernel's own VFIO, in a VM with Debian's stock
# kernel, and writes what it answered to golden/linux-KERNEL/AREA.txt (devices
# of the kernel's mtty, and our probes), golden/linux-KERNEL-iommu/AREA.txt (PCI
# devices behind an IOMMU) and golden/linux-6.12-noiommu/AREA.txt (PCI devices without; its kernel
# module vfio is not Debian's, but built from the same source), and the records of
# random walks to walks.tar.xz. All is done twice in the VM, and must be the same.
# With --only, or --out, nothing in golden/ changes: the records go to DIR, or to
# stdout.

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
mkdir -p "$work"/{emulated,iommu,noiommu}/{1,2}

# Forty walks, evenly over their areas.
areas=$("$BUILD/tests/vfio-conform" --list | grep -c '^--walk')
seeds=1-$(((40 + areas - 1) / areas))
[ "$only" = '*' ] || seeds=1-0

# job KIND... : for each the cases twice, one difference is an error.
job()
{
	cat <<JOB
set -eu
for kind in $*; do
	only='$only'
	[ \$kind != noiommu ] || [ '$only' != '*' ] || only='[cgln]*'
	"$here/oracle-vm.sh" \$kind "$VFIOD_VM_CACHE/samples" sh -c '
		dir=\$1 only=\$2
		shift 2
		for i in 1 2; do
			"$BUILD/tests/vfio-conform" --only "\$only" \
				--out "\$dir/\$i" "\$@"
			[ $seeds = 1-0 ] || [ "\$dir" != "$work/emulated" ] ||
			"$BUILD/tests/vfio-conform" --walk $seeds --steps 5000 \
				--out "\$dir/\$i" "\$@"
		done' sh "$work/\${kind/probe/emulated}" "\$only"
done
JOB
}

# in_vm JOB ARG...: with two devices of QEMU's.
in_vm()
{
	local job=$1

	shift
	"$top/tests/vm/run.sh" --timeout 900 --rw "$work" \
		--module virtio_pci --module virtio_console "$@" \
		--qemu -machine --qemu q35 \
		--qemu -device --qemu edu --qemu -device --qemu edu \
		-- bash "$job"
}

# In 6.1 the VM's own devices need modules too.
kinds=(emulated iommu)
# Probes are emulated devices too: their records go with the others.
[ "$kernel" != 6.12 ] || kinds+=(probe)
job "${kinds[@]}" >"$work/job"
in_vm "$work/job" --module vfio --module vfio_iommu_type1 --module mdev \
	--qemu -device --qemu intel-iommu
if [ "$kernel" = 6.12 ]; then
	job noiommu >"$work/job-noiommu"
	in_vm "$work/job-noiommu"
fi

header()
{
	echo "# vfio-conform on Linux $(cat "$VFIOD_VM_CACHE/release")" \
		"(Debian $(cat "$VFIOD_VM_CACHE/samples/version"))"
	echo
}

keep_walks()
{
	local names=("$1/1"/walk-*.txt)

	[ -e "${names[0]}" ] || return 0
	names=("${names[@]##*/}")
	tar -cJf "$2/walks.tar.xz" --owner=0 --group=0 --mode=644 --mtime=@0 \
		-C "$1/1" "${names[@]}"
	rm "$1"/?/walk-*.txt
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
}

if [ "$only" != '*' ] && [ -z "$out" ]; then
	cat "$work"/emulated/1/*.txt
	exit
fi
out=${out:-$here/golden}
rm -rf "$out/linux-$kernel" "$out/linux-$kernel"-*
keep emulated "$out/linux-$kernel"
keep iommu "$out/linux-$kernel-iommu"
[ "$kernel" != 6.12 ] || keep noiommu "$out/linux-$kernel-noiommu"
