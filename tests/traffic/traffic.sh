#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: traffic.sh SECONDS [TRANSPORT]
#
# Clients map and unmap while devices pin, write and unpin. On the model, with
# clients in one process; or over a transport (tests/client/lib.sh), and then
# vfiod has nothing to log.

# shellcheck source-path=SCRIPTDIR source=../client/lib.sh
. "$(dirname "$0")/../client/lib.sh"

record=$work/record

on_model()
{
	"$BUILD/tests/traffic-model" "$1" "$record" ||
		fail "traffic on the model"
}

over()
{
	local mdevs=()

	: >"$record"
	chmod 666 "$record"
	for n in 0 1 2; do
		mdevs+=("traffic-device,record=$record,n=$n")
	done
	start "$1" "${mdevs[@]}" -- "$programs/traffic" "$2" "$record" \
		2>"$work/log"
	if ! finish || [ -s "$work/log" ]; then
		cat "$work/log" >&2
		fail "traffic over $1"
	fi
}

if [ $# = 1 ]; then
	on_model "$1"
else
	over "$2" "$1"
fi
