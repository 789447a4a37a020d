#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# bench.sh VFIOD BINDIR: what vfiod's calls cost beside those of a null FUSE
# server, first with client and servers on one CPU, then wherever the kernel
# puts them; then what an unmap costs that a device with many pinned pages is
# asked about, and one that many devices are; a device's copies of client memory;
# stores to a device's memory, and reads from an NVMe controller. BINDIR holds
# the programs "floor", "client", "vgpu", "unmap", "memory", "doorbell" and
# "nvme", ../plugins from there the plugins "keeper", "copies" and "bell". The
# wanted values are shown, not enforced.
set -eu

if [ $# -ne 2 ]; then
	echo "usage: bench.sh VFIOD BINDIR" >&2
	exit 2
fi

# A mount namespace of our own: whatever happens, no mount stays behind.
if [ -z "${VFIOD_BENCH_INSIDE:-}" ]; then
	export VFIOD_BENCH_INSIDE=1
	if [ "$(id -u)" = 0 ]; then
		exec unshare --mount "$0" "$@"
	fi
	exec unshare --user --map-root-user --mount "$0" "$@"
fi

vfiod=$1
bindir=$2
cpu=$(sed -n 's/^Cpus_allowed_list:[^0-9]*\([0-9]*\).*/\1/p' /proc/self/status)
floor=$(mktemp)
trap 'rm -f "$floor"' EXIT
trap 'exit 1' INT TERM

# The shell's pid becomes that of vfiod.
measure() {
	# shellcheck disable=SC2016
	"$@" "$bindir/floor" "$floor" sh -c '
		exec "$1" run --mdev mtty-2 --mdev mtty-2 --mdev mtty-2 \
			-- "$2/client" "$3" $$' sh "$vfiod" "$bindir" "$floor"
}

echo "Ratios: medians, to the floor's ioctl or pread in the same run; for"
echo "60000 live mappings, to the same call with one."
echo
echo "Client, vfiod and floor on CPU $cpu:"
measure taskset -c "$cpu"
echo
echo "On any CPU:"
measure env
echo
echo "A vGPU's cache of 0 or 10000 other pages, on CPU $cpu; ratios: medians:"
taskset -c "$cpu" "$vfiod" run --mdev vgpu-V5_8 --mdev vgpu-V5_8 \
	-- "$bindir/vgpu"
echo
echo "VFIO_IOMMU_UNMAP_DMA, with 1, 8 and 64 devices in the container; ratios to"
echo "that with nothing pinned. Client and vfiod on CPU $cpu:"
keepers=$(yes -- '--mdev keeper-page' | head -n 64)
# shellcheck disable=SC2086 # words are meant
taskset -c "$cpu" "$vfiod" run --plugin-dir "$bindir/../plugins" $keepers \
	-- "$bindir/unmap"
echo
echo "Copies of client memory by a device; speeds are parts of the base's."
echo "Client and vfiod on CPU $cpu:"
taskset -c "$cpu" "$vfiod" run --plugin-dir "$bindir/../plugins" \
	--mdev copies-timed -- "$bindir/memory"
second=$(taskset -pc $$ | sed 's/.*: //; s/[-,]/ /g' | cut -d' ' -f2)
echo
if [ "$second" = "$cpu" ]; then
	echo "Doorbells and NVMe are not measured: they need two CPUs."
else
	echo "Stores to a device's memory. vfiod on CPU $cpu, client on $second:"
	# shellcheck disable=SC2016 # expanded by that shell
	sh -c 'exec taskset -c "$1" "$2" run --plugin-dir "$3/../plugins" \
			--mdev bell-polled -- taskset -c "$4" "$3/doorbell" $$ "$1"' \
		sh "$cpu" "$vfiod" "$bindir" "$second"
	echo
	echo "NVMe, 4 KiB at random places of 64 MiB in memory; a ping is there"
	echo "and back. vfiod on CPU $cpu, client on $second:"
	taskset -c "$cpu" "$vfiod" run --pci nvme-1,size=64m \
		-- taskset -c "$second" "$bindir/nvme" "$cpu"
fi
echo
echo "The service on CUSE is not measured: where there is no /dev/cuse it"
echo "runs in an emulated machine, whose times say nothing."
