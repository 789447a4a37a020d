#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: dpdk.sh TRANSPORT
#
# DPDK's own test of DMA engines, with Debian's dpdk-test, on an ioat device,
# whose driver maps the BAR.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

needs_mmap "$@"
mkdir -m 777 "$work/files"

# Memory of its own, no huge pages; no more than an ordinary user may lock.
# run TRANSPORT
run()
{
	# shellcheck disable=SC2016 # expanded by that shell
	start "$1" --pci=ioat-1 -- sh -c '
		RUNTIME_DIRECTORY=$2 DPDK_TEST=dmadev_autotest \
			exec timeout 300 dpdk-test --no-huge -m 7 \
			--iova-mode va --no-telemetry -l "$1" \
			-a "$VFIOD_DEVICE"
	' sh "$(taskset -pc $$ | sed 's/.*: *//; s/[-,].*//')" \
		"$work/files" >"$work/out" 2>&1
	finish
}

# First it tests a device of its own, which is a thread that it gives 50 ms each
# time. On a busy machine that can be too little, and ioat is not tested.
tries=0
until run "$1"; do
	tries=$((tries + 1))
	[ "$tries" -lt 5 ] &&
		grep -q 'Error performing API tests' "$work/out" && continue
	tr '\r' '\n' <"$work/out" | grep -v '^Ops submitted' >&2
	fail "dpdk-test over $1"
done

# What it left out would not be an error to it.
has()
{
	tr '\r' '\n' <"$work/out" | grep -q "$1" || {
		cat "$work/out" >&2
		fail "dpdk-test does not say: $1"
	}
}
has '^### Test dmadev instance 0 \[....:..:..\..\]'
for tests in copy "burst capacity" "error handling" fill; do
	has "^DMA Dev 0: Running $tests Tests"
done
has '^Test OK'
echo "dpdk-test: dmadev_autotest passes on ioat (over $1)"
