#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: vfiod run --mdev TYPE -- demo/qemu.sh KERNEL INITRAMFS
#
# Debian's own QEMU, with the device that vfiod serves as a PCI card of the
# guest. VFIOD_SYSFSDEV is vfiod's; all the rest is as for any VFIO device.

exec qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot \
	-accel tcg -cpu max -m 256 -kernel "$1" -initrd "$2" \
	-append "console=ttyS0 quiet loglevel=1 panic=-1 reboot=t" \
	-serial stdio \
	-device "vfio-pci,sysfsdev=$VFIOD_SYSFSDEV"
