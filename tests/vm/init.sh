#!/bin/busybox sh
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=dash
#
# The VM's first process, in two stages. From the initramfs it puts the host's
# root, under a writable layer that is lost at the end, in place of its own;
# then, as /run/vm/init of that root, it runs /run/vm/job and reports.
#
# A chroot would do for the first half but not for the second: a process in a
# chroot may not create a user namespace.

bb=/bin/busybox
[ "$$" -eq 1 ] && [ -d /run/vm ] && bb=/run/vm/busybox

load_modules()
{
	while read -r module; do
		$bb insmod "/modules/$module"
	done </modules/order
}

mount_9p()
{
	$bb mount -t 9p -o "trans=virtio,version=9p2000.L,msize=512000,$3" \
		"$1" "$2"
}

mount_root()
{
	$bb mkdir -p /lower /layer /new
	mount_9p root /lower ro,cache=loose,noxattr
	$bb mount -t tmpfs layer /layer
	$bb mkdir /layer/upper /layer/work
	$bb mount -t overlay -o \
		lowerdir=/lower,upperdir=/layer/upper,workdir=/layer/work \
		root /new
	$bb mkdir -p /new/proc /new/sys /new/dev /new/run /new/tmp
	$bb mount -t tmpfs -o mode=755 run /new/run
	$bb mount -t devtmpfs dev /new/dev
	$bb mount -t proc proc /new/proc
	$bb mount -t sysfs sys /new/sys
	$bb mkdir -p /new/dev/pts /new/dev/shm
	$bb mount -t devpts -o mode=620,ptmxmode=666 pts /new/dev/pts
	$bb mount -t tmpfs -o mode=1777 shm /new/dev/shm
	$bb ln -sf /proc/self/fd /new/dev/fd
	for n in 0:stdin 1:stdout 2:stderr; do
		$bb ln -sf "/proc/self/fd/${n%%:*}" "/new/dev/${n#*:}"
	done
}

# The kernel's modules, for modprobe. The host may have no such directory, nor
# a modprobe.
mount_modules()
{
	release=$($bb uname -r)
	$bb mkdir -p "/new/lib/modules/$release"
	$bb mount -o bind "/new$1/lib/modules/$release" \
		"/new/lib/modules/$release"
	[ -e /new/sbin/modprobe ] || $bb ln -s /run/vm/busybox /new/sbin/modprobe
}

mount_shares()
{
	i=0
	while read -r dir; do
		mount_9p "rw$i" "/new$dir" rw,cache=mmap
		i=$((i + 1))
	done </shares
}

stage_one()
{
	load_modules
	mount_root
	mount_modules "$($bb cat /cache)"
	mount_shares
	$bb mkdir /new/run/vm
	$bb cp /init /bin/busybox /job /new/run/vm/
	exec $bb switch_root /new /run/vm/busybox sh /run/vm/init
}

port()
{
	$bb grep -lx "$1" /sys/class/virtio-ports/*/name |
		$bb sed 's|.*/\(vport[^/]*\)/name|/dev/\1|'
}

# What the job left running could still hold its output open.
end_all_but()
{
	for p in /proc/[0-9]*; do
		p=${p#/proc/}
		[ "$p" = 1 ] || [ "$p" = "$1" ] ||
			kill -9 "$p" 2>/dev/null
	done
}

stage_two()
{
	$bb hostname vm
	$bb ip link set lo up
	$bb mkfifo /run/vm/output
	$bb cat /run/vm/output >"$(port output)" &
	cat=$!
	$bb setsid /bin/bash /run/vm/job </dev/null >/run/vm/output 2>&1
	status=$?
	while [ -d "/proc/$cat" ] &&
		! $bb grep -q '^State:.Z' "/proc/$cat/status"; do
		end_all_but "$cat"
		$bb usleep 10000
	done
	echo "status $status" >"$(port status)"
	$bb reboot -f
}

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
if [ -d /run/vm ]; then
	stage_two
else
	stage_one
fi
