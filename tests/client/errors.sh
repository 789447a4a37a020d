#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: errors.sh
#
# What goes wrong is said in one line that names it, with exit status 1, or 2
# for wrong usage; CMD's exit status is handed on; and nothing of this hangs.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

uuid=83b8f4f2-509f-382f-3c1e-e6bfe0fa1001
failed=0

complain()
{
	failed=1
	echo "errors.sh: FAIL: $*" >&2
	sed 's/^/    /' "$work/err" >&2
}

# try STATUS CMD...: stderr goes to $work/err.
try()
{
	local want=$1 status=0

	shift
	timeout 20 "$@" >"$work/out" 2>"$work/err" || status=$?
	[ "$status" = "$want" ] || complain "status $status, not $want: $*"
}

# refuses STATUS PATTERN CMD...: CMD fails with one line that says PATTERN.
refuses()
{
	local want=$1 pattern=$2

	shift 2
	try "$want" "$@"
	[ "$(wc -l <"$work/err")" = 1 ] || complain "not one line: $*"
	grep -qiE -- "$pattern" "$work/err" || complain "no '$pattern': $*"
}

run=("$vfiod" run "${plugin_dirs[@]}")

devices()
{
	refuses 1 'mtty-9' "${run[@]}" --mdev mtty-9 -- true
	refuses 1 'nosuch' "${run[@]}" --mdev nosuch-1 -- true
	refuses 1 'uuid' "${run[@]}" --mdev mtty-1,uuid=12345 -- true
	refuses 1 'uuid' "${run[@]}" --mdev "mtty-1,uuid=${uuid}0" -- true
	refuses 1 'uuid' "${run[@]}" --mdev "mtty-1,uuid=${uuid/8/g}" -- true
	refuses 1 "$uuid" "${run[@]}" --mdev "mtty-1,uuid=$uuid" \
		--mdev "mtty-2,uuid=$uuid" -- true
	refuses 1 "$uuid" "${run[@]}" --mdev "mtty-1,uuid=$uuid" \
		--mdev "mtty-2,uuid=${uuid^^}" -- true
	refuses 1 'colour' "${run[@]}" --mdev mtty-1,colour=red -- true
	refuses 1 'noiommu.*maybe' "${run[@]}" --mdev mtty-1,noiommu=maybe -- \
		true
	try 0 "${run[@]}" --mdev "mtty-1,uuid=$uuid" -- \
		sh -c "[ \"\$VFIOD_DEVICE\" = $uuid ]"
}

# What is asked of the IOMMU before a group, and what the group then shows.
iommus()
{
	local range fn=edu-1,group=9000
	local two=reserved=200000-2fffff:direct,reserved=1000-1fff

	for range in 5 5-4 0x-5 -5 5-6x 5-6: 5-6:holes 5-10000000000000000; do
		refuses 1 "range.*$range|$range.*range" "${run[@]}" \
			--pci "$fn,reserved=$range" -- true
	done
	refuses 1 'aperture.*5-6:msi' "${run[@]}" --pci "$fn,aperture=5-6:msi" \
		-- true
	for range in '' 0 3k -4k k 4K 4kk 4k+ +4k 4k+2m+3 4k-2m 1t \
		18446744073709551616 17179869184g 17179869216g; do
		refuses 1 'pgsizes.*4k[+]2m[+]1g' "${run[@]}" \
			--pci "$fn,pgsizes=$range" -- true
	done
	try 0 "${run[@]}" --pci "$fn,pgsizes=512+4k+2m+1g+8589934592g" -- true
	refuses 1 'first.*group 9000' "${run[@]}" --pci "$fn" \
		--pci "$fn,aperture=0-ffffff" -- true
	# shellcheck disable=SC2016 # expanded by that shell
	try 0 "${run[@]}" --pci "$fn" --pci "edu-1,group=9001,$two" -- \
		sh -ec '
		cd /sys/kernel/iommu_groups
		[ "$(cat 9000/reserved_regions)" = \
			"0x00000000fee00000 0x00000000feefffff msi" ]
		[ "$(cat 9001/reserved_regions)" = \
			"0x0000000000001000 0x0000000000001fff reserved
0x0000000000200000 0x00000000002fffff direct" ]'
}

# What can reset a function: nothing on the root bus but its plugin.
resets()
{
	local edu=edu-1,addr=7f1d ioat=ioat-1,addr=7f1d

	# shellcheck disable=SC2016 # expanded by that shell
	try 0 "${run[@]}" --pci $edu:00:01.0 --pci $edu:01:02.0 \
		--pci $edu:02:00.0 --pci $ioat:02:01.0 --pci ioat-1 -- \
		sh -ec '
		cd /sys/bus/pci/devices
		[ ! -e 7f1d:00:01.0/reset_method ]
		[ "$(cat 7f1d:01:02.0/reset_method)" = bus ]
		[ ! -e 7f1d:02:00.0/reset_method ]
		[ "$(cat 7f1d:02:01.0/reset_method)" = flr ]
		[ "$(cat "$VFIOD_DEVICE_5/reset_method")" = "flr bus" ]'
}

# 24 ports are all that mtty has.
too_many()
{
	local mdevs=()

	for _ in $(seq 12); do
		mdevs+=(--mdev mtty-2)
	done
	# shellcheck disable=SC2016 # expanded by that shell
	try 0 "${run[@]}" "${mdevs[@]}" -- \
		sh -c '[ "$VFIOD_DEVICE_12" ] && [ ! "$VFIOD_DEVICE_13" ]'
	refuses 1 'mtty-1' "${run[@]}" "${mdevs[@]}" --mdev mtty-1 -- true
}

# half NAME FIELDS: a plugin in $work/plugins with these fields besides.
half()
{
	cc -shared -fPIC -I"$top/include" -o "$work/plugins/$1.so" -x c - <<-END
		#include <vfiod/plugin.h>
		static int state(struct vfio_device *v, uint32_t *s)
		{ return v && s; }
		static int size(struct vfio_device *v, uint64_t *s)
		{ return v && s; }
		static int set(struct vfio_device *v, uint32_t s,
			       struct vfiod_stream **stream)
		{ return v && s && stream; }
		static int init(struct vfio_device *v) { return !v; }
		static void unmap(struct vfio_device *v, uint64_t i, uint64_t l)
		{ (void)v, (void)i, (void)l; }
		static const struct vfiod_type type = { .name = "1" };
		static struct vfiod_plugin plugin = {
			.name = "$1", .nr_types = 1, .types = &type,
			.init = init, .dma_unmap = unmap, $2 };
		VFIOD_REGISTER_PLUGIN(plugin);
	END
}

plugins()
{
	local dir=$work/plugins

	mkdir "$dir"
	echo 'This is text.' >"$dir/text.so"
	cc -shared -fPIC -o "$dir/empty.so" -x c /dev/null
	run=("$vfiod" run --plugin-dir "$dir" "${plugin_dirs[@]}")
	refuses 1 'text' "${run[@]}" --mdev text-1 -- true
	refuses 1 'empty' "${run[@]}" --mdev empty-1 -- true
	refuses 1 'version' "${run[@]}" --mdev badversion-device -- true
	refuses 1 'dma_unmap' "${run[@]}" --mdev noop-device -- true
	refuses 1 'nosuch' "$vfiod" --dump-plugin nosuch
	half some '.migration_get_state = state'
	refuses 1 'migration ops' "${run[@]}" --mdev some-1 -- true
	half flags '.migration_get_state = state,
		.migration_set_state = set, .migration_get_data_size = size'
	refuses 1 'migration_flags' "${run[@]}" --mdev flags-1 -- true
	half flags '.migration_get_state = state, .migration_flags = 1,
		.migration_set_state = set, .migration_get_data_size = size'
	try 0 "${run[@]}" --mdev flags-1 -- true
	half stop '.log_stop = init'
	refuses 1 'log ops' "${run[@]}" --mdev stop-1 -- true
	run=("$vfiod" run "${plugin_dirs[@]}")
}

usage()
{
	refuses 2 'CMD|command' "$vfiod" run
	refuses 2 'CMD|command' "$vfiod" run --mdev mtty-1 --
	refuses 2 'sideways' "$vfiod" --sideways
	refuses 2 'sideways' "$vfiod" run --sideways -- true
	refuses 2 'mdev' "$vfiod" run --mdev
	refuses 2 'again' "$vfiod" again
}

exit_statuses()
{
	try 0 "${run[@]}" --mdev mtty-1 -- true
	try 1 "${run[@]}" --mdev mtty-1 -- false
	try 77 "${run[@]}" --mdev mtty-1 -- sh -c 'exit 77'
	refuses 127 'no-such-program' "${run[@]}" --mdev mtty-1 -- \
		no-such-program
	refuses 126 '/etc/passwd' "${run[@]}" --mdev mtty-1 -- /etc/passwd
	# shellcheck disable=SC2016 # expanded by that shell
	try 137 "${run[@]}" --mdev mtty-1 -- sh -c 'kill -KILL $$'
	# shellcheck disable=SC2016
	try 143 "${run[@]}" --mdev mtty-1 -- sh -c 'kill -TERM $$'
}

# Root only: with a /dev/fuse that cannot be opened.
no_fuse()
{
	# shellcheck disable=SC2016 # expanded by that shell
	refuses 1 '/dev/fuse' unshare --mount sh -ec '
		: >"$1/fuse"
		chmod 0 "$1/fuse"
		mount --bind "$1/fuse" /dev/fuse
		shift
		exec setpriv --reuid 1000 --regid 1000 --clear-groups \
			--bounding-set=-all -- "$@"
	' sh "$work" "${run[@]}" --mdev mtty-1 -- true
}

# A user namespace that may hold one other, in which vfiod is started as a
# user without capabilities: it cannot have its own.
no_user_namespaces()
{
	# shellcheck disable=SC2016 # expanded by that shell
	refuses 1 'user namespace' unshare --user --map-root-user sh -ec '
		echo 1 >/proc/sys/user/max_user_namespaces
		exec unshare --user --map-user=1000 --map-group=1000 "$@"
	' sh "${run[@]}" --mdev mtty-1 -- true
}

devices
iommus
resets
too_many
plugins
usage
exit_statuses
no_user_namespaces
[ "$(id -u)" != 0 ] || no_fuse
[ "$failed" = 0 ] && echo "errors: ok"
exit "$failed"
