#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: death.sh TRANSPORT
#
# 200 clients killed at random moments leave nothing behind in vfiod; and a
# vfiod that is killed leaves clients that get errors, none that hangs. What is
# left of CMD goes on, and nothing of vfiod when that is gone.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# The client is not vfiod's child, so that nobody can take it along. A device
# with memory is there for the filter that an ordinary user's vfiod then has.
kill_vfiod()
{
	mkfifo -m 666 "$work/said2"
	# shellcheck disable=SC2016 # expanded by that shell
	start "$1" mtty-2 sleepy-slow sleepy-slow,open=60000 bars-mapped -- \
		sh -c '
		"$2" >"$1/said2" &
		wait
	' sh "$work" "$programs/orphan"
	exec 5<>"$work/said2"
	read -r -t 60 line <&5 || fail "orphan says nothing"
	[ "$line" = ready ] || fail "orphan says: $line"
	kill -KILL "$daemon"
	read -r -t 120 line <&5 || fail "orphan hangs, or was killed"
	echo "$line (vfiod killed, over $1)"
	[ "$line" = "orphan: ok" ] || fail "orphan over $1"
	exec 5<&-
	{ wait "$daemon" || true; } 2>/dev/null
	[ "$daemon" = "$job" ] || wait "$job"
	jobs_to_end=()
}

# CMD is ended by a client that it leaves behind in the middle of mmaps.
end_in_mmaps()
{
	local line

	rm -f "$work/said4"
	mkfifo -m 666 "$work/said4"
	# shellcheck disable=SC2016 # expanded by that shell
	start "$1" bars-mapped -- sh -c '
		"$2" $$ >"$1/said4" &
		wait
	' sh "$work" "$programs/mapper"
	exec 5<>"$work/said4"
	read -r -t 60 line <&5 || fail "mapper says nothing"
	[ "$line" = ready ] || fail "mapper says: $line"
	read -r -t 120 line <&5 || fail "mapper hangs, or was killed"
	echo "$line (CMD killed, over $1)"
	[ "$line" = "mapper: ok" ] || fail "mapper over $1"
	exec 5<&-
	{ wait "$job" || true; } 2>/dev/null
	jobs_to_end=()
}

gone()
{
	local pid

	for pid; do
		for _ in $(seq 100); do
			kill -0 "$pid" 2>/dev/null || continue 2
			sleep 0.1
		done
		fail "process $pid is still there"
	done
}

# left_behind TRANSPORT HOW: the device is one for which vfiod may need a filter
# to know of mappings. HOW vfiod ends: killed, or as CMD "ends" before. CMD has
# got an answer by then: all that makes vfiod is there.
left_behind()
{
	local how=$2 line pids

	rm -f "$work/go3" "$work/said3"
	mkfifo -m 666 "$work/go3" "$work/said3"
	# shellcheck disable=SC2016 # expanded by that shell
	start "$1" bars-mapped -- sh -c '
		"$4"
		{
			echo ready
			read -r _ <"$1/go3"
			"$2"
		} >"$1/said3" &
		[ "$3" = ends ] || wait
	' sh "$work" "$programs/shared" "$how" "$programs/getfd"
	exec 5<>"$work/said3"
	read -r -t 60 line <&5 || fail "CMD says nothing"
	pids=$(cat "/proc/$daemon/task/$daemon/children" 2>/dev/null || true)
	if [ "$how" = ends ]; then
		finish
	else
		kill -KILL "$daemon"
		{ wait "$daemon" || true; } 2>/dev/null
	fi
	echo >"$work/go3"
	read -r -t 60 line <&5 || fail "what is left of CMD says nothing"
	[ "$line" = ok ] || fail "what is left of CMD maps a file: $line"
	exec 5<&-
	[ "$daemon" = "$job" ] || wait "$job"
	jobs_to_end=()
	# shellcheck disable=SC2086 # several
	gone $pids
	echo "left behind, vfiod $how: $line (over $1)"
}

unchanged "$1" "$programs/death" mtty-2 mtty-1 irqs-all ||
	fail "death over $1"
kill_vfiod "$1"
[ "$1" != cuse ] || exit 0
left_behind "$1" ends
left_behind "$1" killed
case $1 in
fuse | fuse-user)
	! can_mmap || for _ in 1 2 3 4 5; do
		end_in_mmaps "$1"
	done
	;;
esac
