#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: s390.sh TRANSPORT
#
# Clients of the mdevs ccw and ap, over one of the transports of lib.sh.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

truncate -s $((128 * 512)) "$work/disk"
chmod 666 "$work/disk"
start "$1" "ccw-io,file=$work/disk" ap-passthrough ap-passthrough -- \
	"$programs/s390"
finish || fail "over $1"
