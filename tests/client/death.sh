#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: death.sh TRANSPORT
#
# 200 clients killed at random moments leave nothing behind in vfiod; and a
# vfiod that is killed leaves clients that get errors, none that hangs.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# The client is not vfiod's child, so that nobody can take it along.
kill_vfiod()
{
	mkfifo -m 666 "$work/said2"
	# shellcheck disable=SC2016 # expanded by that shell
	start "$1" mtty-2 sleepy-slow -- sh -c '
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

unchanged "$1" "$programs/death" mtty-2 mtty-1 irqs-all ||
	fail "death over $1"
kill_vfiod "$1"
