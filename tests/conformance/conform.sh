#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: conform.sh [--only GLOB | --seeds N | --kind KIND] [TRANSPORT...]
#
# Records under vfiod, over each TRANSPORT (fuse, fuse-user, cuse), and
# compares with golden/linux-6.12: the cases, and the walks that the oracle has
# recorded, those of the first N seeds (0: none) with --seeds. With --kind the
# devices are in groups of that kind (iommu, on the root bus of a PCI domain that
# no machine has; shared, both on a bus and in one group; port, each on a bus of
# its own; noiommu), or they are mdpy; the golden files are
# golden/linux-6.12-KIND; of noiommu the cases are those not about devices, of
# mdpy its own and the INFO tables.

set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
records=$(realpath -m "${BUILD:-$top/build}")/conform
only='*'
seeds=
status=0
golden=$here/golden/linux-6.12
known=$here/known-differences.txt

case ${1:-} in
--only)
	only=$2 seeds=0
	shift 2
	;;
--seeds)
	seeds=$2
	shift 2
	;;
--kind)
	seeds=0
	case $2 in
	iommu) DEVICE=--pci=edu-1,addr=7013:00:0@.0 only='[cdglprt]*' ;;
	shared) DEVICE=--pci=edu-1,group=9000 only='pci/group/*' ;;
	port) DEVICE=--pci=edu-1 only='pci/alone/*' ;;
	noiommu) DEVICE=mtty-2,noiommu=on only='[cgln]*' ;;
	mdpy) DEVICE=mdpy-vga only='@(mdpy|device/*info)/*' ;;
	*)
		echo "conform.sh: no such kind: $2" >&2
		exit 2
		;;
	esac
	export DEVICE
	golden+=-$2
	known=$(mktemp)
	trap 'rm -f "$known"' EXIT
	cat "$here/known-differences.txt" "$here/known-kinds.txt" >"$known"
	shift 2
	;;
esac
[ $# -gt 0 ] || set -- fuse fuse-user cuse
[ -n "$seeds" ] || seeds=$(tar -tJf "$golden/walks.tar.xz" |
	sed 's/.*-\([0-9]*\)\.txt$/\1/' | sort -n | tail -n 1)

for transport; do
	dir=$records/$(basename "$golden")/$transport
	rm -rf "${dir:?}"
	"$here/record.sh" "$transport" "$dir" --only "$only"
	[ "$seeds" = 0 ] ||
		"$here/record.sh" "$transport" "$dir" \
			--walk "1-$seeds" --steps 5000
	KNOWN=$known "$here/compare.sh" --only "$only" --seeds "$seeds" \
		"$dir" "$transport" "$golden" || status=1
	echo
done
exit "$status"
