#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: conform.sh [--only GLOB] [TRANSPORT...]
#
# Records under vfiod, over each TRANSPORT (fuse, fuse-user, cuse), and
# compares with golden/linux-6.12.

set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
records=$(realpath -m "${BUILD:-$top/build}")/conform
only='*'
status=0

if [ "${1:-}" = --only ]; then
	only=$2
	shift 2
fi
[ $# -gt 0 ] || set -- fuse fuse-user cuse

# The walks that the oracle has recorded.
last_seed=0
if [ "$only" = '*' ] && [ -e "$here/golden/linux-6.12/walks.tar.xz" ]; then
	last_seed=$(tar -tJf "$here/golden/linux-6.12/walks.tar.xz" |
		sed 's/.*-\([0-9]*\)\.txt$/\1/' | sort -n | tail -n 1)
fi

for transport; do
	rm -rf "${records:?}/$transport"
	"$here/record.sh" "$transport" "$records/$transport" --only "$only"
	[ "$last_seed" = 0 ] ||
		"$here/record.sh" "$transport" "$records/$transport" \
			--walk "1-$last_seed" --steps 5000
	"$here/compare.sh" --only "$only" "$records/$transport" \
		"$transport" || status=1
	echo
done
exit "$status"
