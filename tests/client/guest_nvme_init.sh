#!/bin/busybox sh
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=dash
#
# The only program of the guest of guest_nvme.sh. On the first boot it makes a
# file system on the NVMe disk, fills it and reboots; on the second it finds
# that again and verifies it. It reports on the console, one fact a line:
# "@KEY VALUE…".

disk=/dev/nvme0n1

report()
{
	echo "@$*"
}

load_modules()
{
	while read -r module; do
		insmod "/modules/$module"
	done </modules/order
}

wait_for_disk()
{
	for _ in $(seq 100); do
		[ ! -b "$disk" ] || return 0
		sleep 0.2
	done
	return 1
}

report_disk()
{
	report model "$(cat /sys/block/nvme0n1/device/model)"
	report sectors "$(cat /sys/block/nvme0n1/size)"
	report driver "$(basename "$(readlink \
		/sys/class/nvme/nvme0/device/driver)")"
	# Those of its queues that have come to each CPU.
	report interrupts "$(awk '/nvme0q[1-9]/ {
		for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++)
			n += $i
	} END { print n + 0 }' /proc/interrupts)"
}

fill()
{
	cp -r /modules /bin /mnt/
	dd if=/dev/urandom of=/mnt/random bs=1M count=24 2>/dev/null
	(cd /mnt && find . -type f | sort | xargs sha256sum) >/tmp/sums
	cp /tmp/sums /mnt/sums
	report files "$(wc -l </tmp/sums)"
}

first_boot()
{
	report boot 1
	mke2fs -F -L verified "$disk" >/dev/null &&
		mount -t ext4 "$disk" /mnt && fill && umount /mnt &&
		report made yes
	report_disk
	reboot -f
}

second_boot()
{
	report boot 2
	(cd /mnt && sha256sum -c sums >/tmp/checked) && report verified yes
	report checked "$(grep -c ': OK$' /tmp/checked)"
	umount /mnt
	report_disk
	report end
}

main()
{
	mount -t proc proc /proc
	mount -t sysfs sys /sys
	mount -t devtmpfs dev /dev
	mount -t tmpfs tmp /tmp
	load_modules
	wait_for_disk || report disk none
	if mount -t ext4 "$disk" /mnt 2>/dev/null && [ -e /mnt/sums ]; then
		second_boot
	else
		first_boot
	fi
	poweroff -f
}

/bin/busybox mkdir -p /proc /sys /dev /tmp /mnt
/bin/busybox --install -s /bin
export PATH=/bin
main
