#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: faulty.sh TRANSPORT
#
# Plugins that do wrong: what their clients and their neighbours get (faulty.c
# and what it is made of), and that vfiod's log names the plugin and the device.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

transport=$1

uuid()
{
	echo "f0000000-0000-4000-8000-00000000000$1"
}

# says N TEXT: the log has N lines with TEXT.
says()
{
	local n

	n=$(grep -cF -- "$2" "$work/log" || true)
	[ "$n" = "$1" ] || {
		cat "$work/log" >&2
		fail "$n lines, not $1, of the log over $transport: $2"
	}
}

start "$transport" mtty-2 keeper-page \
	"keeper-page,uuid=$(uuid 3),ignore=1000000" \
	"keeper-page,uuid=$(uuid 4),leave=yes" \
	keeper-page,again=yes \
	"careless-device,uuid=$(uuid 6)" "garbage-device,uuid=$(uuid 7)" \
	sleepy-slow -- "$programs/faulty" 2>"$work/log"
finish || {
	cat "$work/log" >&2
	fail "clients of faulty plugins over $transport"
}

says 1 "keeper: $(uuid 3): did not unpin 2 pages of IOVA 0x100000"
says 1 "keeper: device $(uuid 3) is broken"
says 1 "is broken"
says 1 "keeper: $(uuid 4): closed with 3 pages pinned"
says 1 "closed with"
says 1 "careless: $(uuid 6): in release: pin -22, dma_rw -22, irq_trigger 0"
says 1 "$(uuid 6): its plugin left 1 timers or watches behind"
says 16 "careless: $(uuid 6): unp"
for result in "ioctl returned -512" "ioctl returned -100000" \
	"ioctl returned 2147483648" "read returned 9" "write returned 9" \
	"read returned -515" "match returned -512" "open_device returned 5" \
	"text returned -514"; do
	says 1 "garbage: $(uuid 7): $result"
done
# reset and device_feature
says 2 "garbage: $(uuid 7): ioctl returned -513"
echo "faulty: ok (over $transport)"
