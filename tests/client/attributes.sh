#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: attributes.sh TRANSPORT
#
# A device's files in sysfs that can be written, and those of a plugin that
# does not do as it should.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# refused ERROR CMD...: CMD fails and says so.
refused()
{
	local error=$1 said

	shift
	said=$("$@" 2>&1) && fail "$* succeeds"
	[[ $said == *"$error"* ]] || fail "$*: $said"
}

# put TEXT FILE: in one write, by dd, which tells the errno.
put()
{
	printf %s "$1" | dd of="$2" bs=8192 count=1 conv=notrunc status=none
}

# Run by CMD, as "attributes.sh TRANSPORT inside".
inside()
{
	local dev=$VFIOD_SYSFSDEV modes page

	modes=$(cd "$dev" && stat -c %a echo odd/long odd/liar odd/none)
	[ "$(echo "$modes" | tr '\n' ' ')" = "644 444 200 0 " ] ||
		fail "modes: $modes"
	echo hello >"$dev/echo"
	echo world >>"$dev/echo"
	[ "$(cat "$dev/echo")" = world ] || fail "echo: $(cat "$dev/echo")"
	refused 'Numerical argument' put bad "$dev/echo"
	[ "$(cat "$dev/echo")" = world ] || fail "echo: $(cat "$dev/echo")"

	# A page is what one write takes; the rest is another write.
	page=$(head -c 5000 /dev/zero | tr '\0' a)
	put "$page" "$dev/echo"
	[ "$(wc -c <"$dev/echo")" = 904 ] || fail "$(wc -c <"$dev/echo") bytes"
	[ "$(wc -c <"$dev/odd/long")" = 4096 ] ||
		fail "long: $(wc -c <"$dev/odd/long")"
	refused 'Input/output error' put x "$dev/odd/liar"
	refused 'Permission denied' put x "$dev/odd/long"
	refused 'Permission denied' cat "$dev/odd/liar"
	refused 'Permission denied' cat "$dev/odd/none"
	refused 'Permission denied' put x "$dev/odd/none"
	echo "attributes: ok inside"
}

transport=$1
if [ "${2:-}" = inside ]; then
	inside
	exit
fi
start "$transport" attrs-device -- \
	env BUILD="$BUILD" "$scripts/attributes.sh" "$transport" inside
finish || fail "over $transport"
echo "attributes: ok (over $transport)"
