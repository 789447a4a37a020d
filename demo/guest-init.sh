#!/bin/busybox sh
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=dash
#
# The demo guest's only program. It looks at the serial card as any system
# would, through sysfs, the kernel's log and the tty, and reports on the
# console, one fact a line: "@KEY VALUE…". demo/run.sh makes text of them.

card_vendor=0x4348
card_device=0x3253

report()
{
	echo "@$*"
}

find_card()
{
	for d in /sys/bus/pci/devices/*; do
		[ "$(cat "$d/vendor")" = "$card_vendor" ] || continue
		[ "$(cat "$d/device")" = "$card_device" ] || continue
		echo "$d"
		return
	done
}

report_card()
{
	report card "$(basename "$1")"
	for fact in vendor device subsystem_vendor subsystem_device revision \
		class irq; do
		report "$fact" "$(cat "$1/$fact")"
	done
	[ ! -e "$1/driver" ] ||
		report driver "$(basename "$(readlink "$1/driver")")"
	bar=0
	# Lines of "start end flags"; the first six are the BARs.
	head -n 6 "$1/resource" | while read -r start end _; do
		[ "$end" = 0x0000000000000000 ] ||
			report bar "$bar" "$start" $((end - start + 1))
		bar=$((bar + 1))
	done
}

# The interrupts that /proc/interrupts counts for IRQ $1 on all processors.
interrupts()
{
	awk -v irq="$1:" '$1 == irq {
		for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++)
			n += $i
	} END { print n + 0 }' /proc/interrupts
}

# The card's UART gives back what is written to it; its FIFO takes 16 bytes.
talk()
{
	exec 3<>"/dev/$1"
	stty -F "/dev/$1" 115200 raw -echo -echoe -echok clocal
	before=$(interrupts "$3")
	report port "$1"
	report wrote "$1" "$2"
	echo "$2" >&3
	# shellcheck disable=SC3045 # busybox has it
	read -r -t 5 answer <&3
	report read "$1" "$answer"
	report interrupts "$1" "$3" "$before" "$(interrupts "$3")"
	exec 3>&-
}

main()
{
	mount -t proc proc /proc
	mount -t sysfs sys /sys
	mount -t devtmpfs dev /dev
	report kernel "$(uname -r)"
	card=$(find_card)
	[ -n "$card" ] || return
	report_card "$card"
	address=$(basename "$card")
	dmesg | grep "$address: tty.* is a " | sed 's/^\[[^]]*\] */@log /'
	n=0
	for tty in /sys/class/tty/ttyS*; do
		case $(readlink -f "$tty") in
		*/"$address"/*)
			n=$((n + 1))
			talk "$(basename "$tty")" "hello, port $n" \
				"$(cat "$card/irq")"
			;;
		esac
	done
}

/bin/busybox mkdir -p /proc /sys /dev
/bin/busybox --install -s /bin
export PATH=/bin
main
report end
reboot -f
