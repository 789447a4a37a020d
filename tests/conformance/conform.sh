#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: conform.sh [--only GLOB | --cases] [TRANSPORT...]
#
# Records under vfiod, over each TRANSPORT (fuse, fuse-user, cuse), and
# compares with golden/linux-6.12; with --cases without the walks.

set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
records=$(realpath -m "${BUILD:-$top/build}")/conform
only='*'
walks=yes
status=0

case ${1:-} in
--only)
	only=$2 walks=
	shift 2
	;;
--cases)
	walks=
	shift
	;;
esac
[ $# -gt 0 ] || set -- fuse fuse-user cuse

# The walks that the oracle has recorded.
last_seed=0
if [ -n "$walks" ] && [ -e "$here/golden/linux-6.12/walks.tar.xz" ]; then
	last_seed=$(tar -tJf "$here/golden/linux-6.12/walks.tar.xz" |
		sed 's/.*-\([0-9]*\)\.txt$/\1/' | sort -n | tail -n 1)
fi

for transport; do
	rm -rf "${records:?}/$transport"
	"$here/record.sh" "$transport" "$records/$transport" --only "$only"
	[ "$last_seed" = 0 ] ||
		"$here/record.sh" "$transport" "$records/$transport" \
			--walk "1-$last_seed" --steps 5000
	WALKS=$walks "$here/compare.sh" --only "$only" "$records/$transport" \
		"$transport" || status=1
	echo
done
exit "$status"
