#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: vgpu.sh TRANSPORT
#
# The client of the vgpu plugin. It pins 4 MiB, which an ordinary user may.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

start "$1" vgpu-V5_8 vgpu-V5_4 -- "$programs/vgpu"
finish || fail "vgpu over $1"
