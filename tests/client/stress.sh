#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: stress.sh TRANSPORT
#
# Eight processes, 2,000 random calls each, four devices: nothing stays held,
# neither in the model (stress.c looks) nor in vfiod's process.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

unchanged "$1" "$programs/stress" mtty-2 mtty-1 irqs-all mtty-1 ||
	fail "stress over $1"
