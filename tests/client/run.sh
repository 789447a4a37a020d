#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: run.sh TRANSPORT
#
# Runs the client tests over fuse, fuse-user, fuse-ptrace or cuse (lib.sh says
# what these are), and what can be seen over that one only. Without /dev/cuse,
# cuse takes a virtual machine, and then does all that needs the service.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

transport=$1
devices=(mtty-2 mtty-1 irqs-all sleepy-slow "sleepy-slow,open=1000"
	"mtty-1,noiommu=on" --pci=edu-1 mtty-2 bars-mapped bars-mapped
	bell-polled "--pci=edu-1,pgsizes=64k+2m")

body()
{
	start "$transport" "${devices[@]}" -- "$programs/client"
	finish || fail "client tests over $transport"
}

# says WORD CMD...: getfd, started by CMD under vfiod, prints this.
device=mtty-2
says()
{
	local word=$1

	shift
	start "$transport" "$device" -- "$@" >"$work/out" 2>&1
	finish || true
	grep -qx "$word" "$work/out" || {
		cat "$work/out" >&2
		fail "$* over $transport does not say $word"
	}
	echo "$(basename "$1"): $word (over $transport)"
}

# Who is traced already cannot be given an fd by ptrace, but by seccomp.
debuggers()
{
	# LeakSanitizer traces its process itself.
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
	says "$1" strace -f -o /dev/null "$programs/getfd"
	[ "$transport" != cuse ] || grep -q 'traced' "$work/log" ||
		fail "no line about the tracer in the log"
	says "$1" gdb -batch -ex run --args "$programs/getfd"
	says ok "$programs/getfd"
	# A stream goes by ptrace over all of them.
	says EBUSY strace -f -o /dev/null "$programs/getfd" stream
	says ok "$programs/getfd" stream
}

# For an ordinary user mapping takes ptrace, but not a device's fd.
mapping_debuggers()
{
	device=bars-mapped
	says ok "$programs/getfd" map
	says EBUSY strace -f -o /dev/null "$programs/getfd" map
	grep -q 'traced.*cannot map device' "$work/out" ||
		fail "no line about the tracer in the log"
	says EBUSY gdb -batch -ex run --args "$programs/getfd" map
	says ok gdb -batch -ex run --args "$programs/getfd"
}

in_vm()
{
	exec "$top/tests/vm/run.sh" --module cuse --timeout 580 \
		--env CK_TIMEOUT_MULTIPLIER=4 --env BUILD="$BUILD" \
		-- "$here/run.sh" cuse
}

case $transport in
fuse)
	body
	debuggers ok
	;;
fuse-user)
	body
	mapping_debuggers
	;;
fuse-ptrace)
	body
	debuggers EBUSY
	;;
cuse)
	[ -e /dev/cuse ] || in_vm
	body
	debuggers EBUSY
	"$here/stress.sh" cuse
	"$here/death.sh" cuse
	"$here/s390.sh" cuse
	"$here/attributes.sh" cuse
	"$here/vgpu.sh" cuse
	"$here/nvme.sh" cuse
	"$here/mdpy.sh" cuse
	"$here/faulty.sh" cuse
	"$here/service.sh"
	;;
*)
	echo "usage: run.sh fuse|fuse-user|fuse-ptrace|cuse" >&2
	exit 2
	;;
esac
