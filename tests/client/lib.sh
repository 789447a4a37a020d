# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# For the scripts of this directory: where things are, and vfiod started with
# devices over one of the transports:
#
#   fuse         vfiod run, as whoever this is
#   fuse-user    vfiod run, as an ordinary user (when this is root)
#   fuse-ptrace  vfiod run, with a seccomp listener that is already there
#   cuse         the service; needs root and /dev/cuse
#
# BUILD is the build directory; PROGRAMS that of the test programs, if they are
# others. Used by what sources this: top, here, work.

set -eu

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
BUILD=$(realpath -m "${BUILD:-$top/build}")
vfiod=$BUILD/vfiod
scripts=$here
programs=$(realpath -m "${PROGRAMS:-$BUILD/tests}")
plugin_dirs=(--plugin-dir "$BUILD/mdevs" --plugin-dir "$BUILD/tests/plugins")
user=1000

work=$(mktemp -d)
chmod 755 "$work"
jobs_to_end=()

clean_up()
{
	local pid

	for pid in "${jobs_to_end[@]}"; do
		kill "$pid" 2>/dev/null || continue
		wait "$pid" || true
	done
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail()
{
	echo "$(basename "$0"): FAIL: $*" >&2
	exit 1
}

# A build where an ordinary user cannot look, below root's home say: a copy is
# used where he can.
copy_build()
{
	local copy=$work/build

	mkdir -p "$copy/tests"
	cp "$vfiod" "$copy/"
	cp -r "$BUILD/mdevs" "$copy/"
	cp -r "$BUILD/tests/plugins" "$copy/tests/"
	find "$programs" -maxdepth 1 -type f -exec cp {} "$copy/tests/" \;
	cp -r "$here" "$copy/tests/scripts"
	chmod -R a+rX "$copy"
	vfiod=$copy/vfiod
	programs=$copy/tests
	# shellcheck disable=SC2034 # used by view.sh
	scripts=$copy/tests/scripts
	plugin_dirs=(--plugin-dir "$copy/mdevs"
		--plugin-dir "$copy/tests/plugins")
}
if [ "$(id -u)" = 0 ] && ! setpriv --reuid "$user" --regid "$user" \
	--clear-groups -- test -x "$vfiod"; then
	copy_build
fi

# as_user CMD...: exec CMD as an ordinary user who may open /dev/fuse. The
# node is replaced in a mount namespace of CMD's own, not on this machine.
as_user()
{
	[ "$(id -u)" = 0 ] || exec "$@"
	# shellcheck disable=SC2016 # expanded by that shell
	exec unshare --mount sh -ec '
		dir=$1 user=$2
		shift 2
		mount -t tmpfs -o mode=755 none "$dir"
		mknod -m 666 "$dir/fuse" c 10 229
		mount --bind "$dir/fuse" /dev/fuse
		umount -l "$dir"
		exec setpriv --reuid "$user" --regid "$user" --clear-groups \
			--inh-caps=-all --bounding-set=-all -- "$@"
	' sh "$work/mnt" "$user" "$@"
}
mkdir "$work/mnt"

# run_vfiod TRANSPORT ARG...: exec vfiod run so.
run_vfiod()
{
	local transport=$1

	shift
	case $transport in
	fuse) exec "$vfiod" run "$@" ;;
	fuse-user) as_user "$vfiod" run "$@" ;;
	fuse-ptrace) exec "$programs/listener" "$vfiod" run "$@" ;;
	*) fail "$transport: no such transport" ;;
	esac
}

# The pid file is filled in when everything is there.
wait_for_service()
{
	for _ in $(seq 300); do
		[ "$(cat /run/vfiod.pid 2>/dev/null)" = "$daemon" ] && return
		kill -0 "$daemon" 2>/dev/null || break
		sleep 0.1
	done
	cat "$work/log" >&2
	fail "the service does not come up"
}

# In a subshell: CMD with the environment that the service tells.
with_service_env()
{
	set -a
	# shellcheck disable=SC1091
	. /run/vfiod/env
	exec "$@"
}

# Clients of vfiod run can map regions, from Linux 5.19 on.
can_mmap()
{
	printf '%s\n' 5.19 "$(uname -r)" | sort -V -C
}

# needs_mmap ARG...: where they cannot this script runs in a virtual machine
# instead.
needs_mmap()
{
	can_mmap ||
		exec "$top/tests/vm/run.sh" --module fuse --timeout 580 \
			--env CK_TIMEOUT_MULTIPLIER=4 --env BUILD="$BUILD" \
			-- "$here/$(basename "$0")" "$@"
}

# start TRANSPORT DEVICE... -- CMD...: in the background, with --mdev DEVICE, or
# DEVICE itself if it is an option. Sets daemon, the pid of
# vfiod, and job, whose exit status is CMD's. The service logs to $work/log.
start()
{
	local transport=$1 mdevs=()

	export CLIENT_TRANSPORT=$transport
	shift
	while [ "$1" != -- ]; do
		[[ $1 == --* ]] || mdevs+=(--mdev)
		mdevs+=("$1")
		shift
	done
	shift
	if [ "$transport" != cuse ]; then
		# bash takes stdin away from what is in the background.
		run_vfiod "$transport" "${plugin_dirs[@]}" "${mdevs[@]}" -- \
			"$@" <&0 &
		daemon=$! job=$!
		jobs_to_end+=("$job")
		return
	fi
	"$vfiod" --foreground "${plugin_dirs[@]}" "${mdevs[@]}" \
		2>"$work/log" &
	daemon=$!
	jobs_to_end+=("$daemon")
	wait_for_service
	with_service_env "$@" &
	job=$!
	jobs_to_end+=("$job")
}

# For sh -c: a command whose last arguments are the container, and group and
# name of two devices, or of four.
# shellcheck disable=SC2016,SC2034 # expanded by that shell; used by others
with_devices='exec "$@" /dev/vfio/vfio "$VFIOD_GROUP" "$VFIOD_DEVICE" \
	"$VFIOD_GROUP_2" "$VFIOD_DEVICE_2" \
	${VFIOD_GROUP_3:+"$VFIOD_GROUP_3" "$VFIOD_DEVICE_3"} \
	${VFIOD_GROUP_4:+"$VFIOD_GROUP_4" "$VFIOD_DEVICE_4"}'

# Wait for CMD, end the service, return CMD's exit status.
finish()
{
	local status=0

	wait "$job" || status=$?
	jobs_to_end=()
	[ "$daemon" = "$job" ] && return "$status"
	kill "$daemon"
	wait "$daemon" || fail "the service ended with status $?"
	return "$status"
}

count()
{
	find "/proc/$daemon/$1" -mindepth 1 -maxdepth 1 | wc -l
}

# Wait until the count of the daemon's $1 (fd, task) is $2 again.
settled()
{
	local now

	for _ in $(seq 100); do
		now=$(count "$1")
		[ "$now" = "$2" ] && return
		sleep 0.1
	done
	ls -l "/proc/$daemon/$1" >&2
	fail "vfiod had $2 entries in /proc/PID/$1 before, and has $now now"
}

said()
{
	local line

	read -r -t 300 line <>"$work/said" || fail "CMD says nothing"
	[ "$line" = "$1" ] || fail "CMD says: $line"
}

# unchanged TRANSPORT PROGRAM MDEV...: PROGRAM leaves vfiod with the fds and
# threads that it had before. The exit status is PROGRAM's. Every device has
# been used once by then: what its plugin needs of vfiod is there to stay.
unchanged()
{
	local transport=$1 program=$2 fds tasks

	shift 2
	mkfifo -m 666 "$work/said" "$work/go"
	# shellcheck disable=SC2016 # expanded by that shell
	start "$transport" "$@" -- sh -c '
		"$3"
		echo ready >"$1/said"
		read -r _ <"$1/go"
		"$2" && status=0 || status=$?
		echo "done" >"$1/said"
		read -r _ <"$1/go"
		exit "$status"
	' sh "$work" "$program" "$programs/getfd"
	said ready
	fds=$(count fd) tasks=$(count task)
	echo >"$work/go"
	said "done"
	settled fd "$fds"
	settled task "$tasks"
	echo "$(basename "$program"): vfiod has $fds fds and $tasks threads," \
		"before and after"
	echo >"$work/go"
	finish
}
