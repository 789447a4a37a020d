#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: nvme.sh TRANSPORT [mapped]
#
# The clients of the nvme plugin, and that nothing of them is left. They map
# at most 7 MiB at a time, which an ordinary user may. Mapped: they store to the
# mapped BAR, where it can be mapped, instead of writing by calls.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

[ -z "${2:-}" ] || export NVME_MAPPED=1
truncate -s 8M "$work/disk"
chmod 666 "$work/disk"
devices=("--pci=nvme-1,size=64m" "nvme-1,size=4m"
	"--pci=nvme-1,file=$work/disk")
if [ "$1" = cuse ]; then
	start cuse "${devices[@]}" -- "$programs/nvme"
	finish || fail "nvme over cuse"
else
	unchanged "$1" "$programs/nvme" "${devices[@]}" || fail "nvme over $1"
fi
