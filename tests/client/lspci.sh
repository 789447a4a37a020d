#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: lspci.sh TRANSPORT
#
# How Debian's lspci describes vfiod's PCI functions, which it reads about in
# sysfs.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

devices=("--pci=edu-1,addr=0000:d0:03.0"
	"--pci=ioat-1,addr=0000:d1:00.0,group=77"
	"--pci=nvme-1,addr=0000:d2:00.0,size=1m"
	"--pci=ioat-1,addr=7f1d:00:04.0")

# lspci's words on what is at an address, without names of vendors.
describe()
{
	start "$transport" "${devices[@]}" -- lspci -D -n -vv -s "$1" \
		>"$work/out"
	finish || fail "lspci -s $1"
}

# describes ADDRESS LINE...: these are among them, in that order. A line begins
# as that of the output does, after tabs.
describes()
{
	local address=$1 line rest

	shift
	describe "$address"
	rest=$(sed 's/^\t*//' "$work/out")
	for line; do
		[[ $'\n'$rest == *$'\n'"$line"* ]] || {
			cat "$work/out" >&2
			fail "lspci -s $address does not say, in its place: $line"
		}
		rest=${rest#*"$line"}
	done
	echo "lspci: $address as it should be (over $transport)"
}

transport=$1
describes 0000:d0:03.0 \
	"0000:d0:03.0 00ff: 1234:11e8 (rev 10)" \
	"Subsystem: 1af4:1100" \
	"Control: I/O+ Mem+ BusMaster-" \
	"Status: Cap+" \
	"Interrupt: pin A routed to IRQ" \
	"IOMMU group: 0" \
	"Region 0: Memory at c0000000 (32-bit, non-prefetchable) [size=1M]" \
	"Capabilities: [40] MSI: Enable- Count=1/1 Maskable- 64bit+" \
	"Kernel driver in use: vfio-pci"
describes 0000:d1:00.0 \
	"0000:d1:00.0 0880: 8086:2021 (rev 04)" \
	"Subsystem: 8086:0000" \
	"IOMMU group: 77" \
	"Region 0: Memory at 380000000000 (64-bit, non-prefetchable) [size=16K]" \
	"Capabilities: [40] Power Management version 3" \
	"Status: D0 NoSoftRst+" \
	"Capabilities: [48] Express (v2) Endpoint, MSI 00" \
	"Capabilities: [84] MSI-X: Enable- Count=1 Masked-" \
	"Vector table: BAR=0 offset=00002000" \
	"PBA: BAR=0 offset=00003000" \
	"Kernel driver in use: vfio-pci"
describes 0000:d2:00.0 \
	"0000:d2:00.0 0108: 1234:4e56 (rev 01) (prog-if 02 [NVM Express])" \
	"Interrupt: pin A routed to IRQ" \
	"Region 0: Memory at 380000004000 (64-bit, non-prefetchable) [size=16K]" \
	"Region 4: Memory at c0100000 (32-bit, non-prefetchable) [size=4K]" \
	"Capabilities: [40] Power Management version 3" \
	"Capabilities: [48] Express (v2) Endpoint, MSI 00" \
	"Capabilities: [84] MSI-X: Enable- Count=64 Masked-" \
	"Vector table: BAR=4 offset=00000000" \
	"Kernel driver in use: vfio-pci"
describes 7f1d:00:04.0 \
	"Capabilities: [48] Express (v2) Root Complex Integrated Endpoint" \
	"Capabilities: [74] MSI-X: Enable- Count=1 Masked-"
