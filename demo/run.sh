#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: demo/run.sh
#
# Boots a stock Debian kernel in Debian's own QEMU with a PCI serial card that
# vfiod serves, and shows what the guest and vfiod saw. Needs build/vfiod and
# build/mdevs/mtty.so. Exit status 0 if all that is to be seen was seen, else 1.

set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
cache=${VFIOD_VM_CACHE:-$top/build/vm}
failures=0

fail()
{
	echo "FAIL: $*"
	failures=$((failures + 1))
}

section()
{
	printf '\n== %s\n' "$*"
}

# The values of the guest's reports KEY, a line each.
guest()
{
	sed -n "s/^@$1 //p" "$work/guest"
}

# Checks that what a section shows, in $work/shown, has a line like PATTERN.
expect()
{
	grep -qE -- "$1" "$work/shown" || fail "not seen: $2"
}

# Shows what comes in.
show()
{
	tee "$work/shown" | sed 's/^/  /'
}

make_initramfs()
{
	mkdir -p "$work/root/bin"
	cp "$(command -v busybox)" "$work/root/bin/busybox"
	install -m 755 "$top/demo/guest-init.sh" "$work/root/init"
	(cd "$work/root" && find . | cpio -o -H newc --quiet) \
		>"$work/initramfs"
}

boot()
{
	local status=0

	echo "vfiod run -v --mdev mtty-2 -- qemu-system-x86_64 …" \
		"-device vfio-pci,sysfsdev=\$VFIOD_SYSFSDEV"
	timeout --foreground -k 5 120 "$top/build/vfiod" run -v \
		--mdev mtty-2 -- "$top/demo/qemu.sh" "$cache/vmlinuz" \
		"$work/initramfs" \
		</dev/null >"$work/console" 2>"$work/log" || status=$?
	tr -d '\r' <"$work/console" >"$work/guest"
	[ "$status" -eq 0 ] && grep -q '^@end' "$work/guest" && return
	fail "the guest did not run to its end; vfiod run gave status $status"
	tail -n 20 "$work/guest" "$work/log"
}

# The card's facts as lspci -v would put them.
lspci_view()
{
	local class bar start size

	class=$(guest class)
	printf '%s Serial controller [%s]: %s:%s (rev %s) (prog-if %s)\n' \
		"$(guest card)" "${class:2:4}" "$(guest vendor)" \
		"$(guest device)" "$(guest revision)" "${class:6:2}"
	printf '    Subsystem: %s:%s\n' "$(guest subsystem_vendor)" \
		"$(guest subsystem_device)"
	printf '    Interrupt: IRQ %s\n' "$(guest irq)"
	guest bar | while read -r bar start size; do
		printf '    Region %s: I/O ports at %x [size=%s]\n' \
			"$bar" "$start" "$size"
	done
	printf '    Kernel driver in use: %s\n' "$(guest driver)"
}

show_card()
{
	section "A stock Linux guest, $(guest kernel), finds a PCI card"
	lspci_view | sed 's/\<0x//g' | show
	expect '\[0700\]: 4348:3253 .*\(prog-if 02\)' \
		'a 16550 serial controller 4348:3253'
	expect 'Subsystem: 4348:3253' 'its subsystem'
	expect 'Interrupt: IRQ [1-9]' 'its interrupt'
	expect 'Region 0: I/O ports at [1-9a-f].*=8\]' 'the first port'
	expect 'Region 1: I/O ports at [1-9a-f].*=8\]' 'the second port'
	expect 'in use: serial' 'the serial driver bound to it'
}

show_log()
{
	local port

	section "Its own serial driver takes the card (its dmesg)"
	guest log | show
	for port in $(guest port); do
		expect "$port at I/O.*\(irq = $(guest irq),.* is a 16550A" \
			"$port, a 16550A with the card's IRQ"
	done
	[ "$(guest port | wc -l)" -eq 2 ] || fail "not seen: two ports"
}

show_port()
{
	local port=$1 irq before after

	section "It writes to $port; the card's UART sends the text back"
	echo "  wrote: $(guest "wrote $port")"
	echo "  read:  $(guest "read $port")"
	[ "$(guest "read $port")" = "$(guest "wrote $port")" ] ||
		fail "$port: what was read is not what was written"
	read -r irq before after <<<"$(guest "interrupts $port")"
	echo "  interrupts on IRQ $irq: $before before, $after after"
	[ "${after:-0}" -gt "${before:-0}" ] || fail "$port: no interrupt counted"
}

show_account()
{
	section "What vfiod counted"
	sed -n 's/^vfiod: account: //p' "$work/log" | show
	expect '^VFIO_IOMMU_MAP_DMA:? +[1-9]' 'ioctls VFIO_IOMMU_MAP_DMA'
	expect '^VFIO_DEVICE_SET_IRQS:? +[1-9]' 'ioctls VFIO_DEVICE_SET_IRQS'
	expect '\<maps:? +[1-9].*\<unmaps:? +[0-9]' 'DMA maps and unmaps'
	expect '\<interrupts:? +[1-9]' 'interrupts delivered'
}

show_verdict()
{
	section Verdict
	if [ "$failures" -ne 0 ]; then
		echo "FAIL: $failures of the things to be seen are missing"
		exit 1
	fi
	echo "An unmodified QEMU booted a stock kernel on a device that vfiod" \
		"served, in $SECONDS s."
}

"$top/tests/vm/fetch.sh"
SECONDS=0
work=$(mktemp -d "${TMPDIR:-/tmp}/vfiod-demo.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
make_initramfs
boot
show_card
show_log
for port in $(guest port); do
	show_port "$port"
done
show_account
show_verdict
