#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: service.sh
#
# The service itself, as root on a machine with /dev/cuse: it is up when the
# command returns, refuses a second, gives the nodes their modes, and takes
# everything with it at SIGTERM.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

up()
{
	local status=0

	timeout 30 "$vfiod" "${plugin_dirs[@]}" "$@" 2>"$work/err" ||
		status=$?
	return "$status"
}

check_nodes()
{
	[ "$(stat -c '%a %F' /dev/vfio/vfio)" = "666 character special file" ] ||
		fail "/dev/vfio/vfio: $(stat -c '%a %F' /dev/vfio/vfio)"
	[ "$(stat -c '%a %F' "$VFIOD_GROUP")" = "600 character special file" ] ||
		fail "$VFIOD_GROUP: $(stat -c '%a %F' "$VFIOD_GROUP")"
	[ -d "/run/vfiod/sys/bus/mdev/devices/$VFIOD_DEVICE" ] ||
		fail "/run/vfiod/sys lacks $VFIOD_DEVICE"
	[ "$(cat /run/vfiod/sys/module/vfio/parameters/*)" = N ] ||
		fail "enable_unsafe_noiommu_mode is not N"
}

[ -e /dev/cuse ] || fail "needs /dev/cuse (modprobe cuse)"
up --mdev mtty-2 || fail "the service does not come up: $(cat "$work/err")"
set -a
# shellcheck disable=SC1091
. /run/vfiod/env
set +a
check_nodes
"$programs/getfd" || fail "the device cannot be used"

up --mdev mtty-1 && fail "a second service came up"
[ "$(wc -l <"$work/err")" = 1 ] || fail "not one line: $(cat "$work/err")"
grep -qi 'vfiod' "$work/err" || fail "it does not say why: $(cat "$work/err")"
"$programs/getfd" || fail "the second one has damaged the first"

daemon=$(cat /run/vfiod.pid)
kill -TERM "$daemon"
for _ in $(seq 100); do
	[ -e "/proc/$daemon" ] || break
	sleep 0.1
done
[ ! -e "/proc/$daemon" ] || fail "SIGTERM does not end it"
[ ! -e /dev/vfio/vfio ] || fail "/dev/vfio/vfio stays behind"
[ ! -e /run/vfiod/env ] || fail "/run/vfiod/env stays behind"
! mountpoint -q /run/vfiod || fail "/run/vfiod stays mounted"
! grep -q ' /run/vfiod' /proc/mounts || fail "a mount below /run/vfiod stays"
echo "service: ok"
