#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: serve.sh DIR CONFORM DEVICES...
#
# In the oracle's VM, for walk.sh: runs CONFORM with the options that are the
# one line of DIR/request, on DEVICES; its output becomes DIR/answer. Until the
# line is "end".

set -eu

dir=$1
conform=$2
shift 2

: >"$dir/up"
while :; do
	while [ ! -e "$dir/request" ]; do
		sleep 0.05
	done
	read -r line <"$dir/request"
	rm "$dir/request"
	[ "$line" != end ] || exit 0
	read -ra options <<<"$line"
	"$conform" "${options[@]}" "$@" >"$dir/unfinished" 2>/dev/null || :
	mv "$dir/unfinished" "$dir/answer"
done
