#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: tests/vm/fetch.sh
#
# Puts Debian's stock 6.12 kernel for bookworm (or $VFIOD_VM_KERNEL's, 6.1),
# with its modules, into $VFIOD_VM_CACHE (default: build/vm), once:
#   vmlinuz, release (what uname -r says), lib/modules/RELEASE
# Nothing is installed on this machine. Any user may run it.

set -eu

kernel=${VFIOD_VM_KERNEL:-6.12}
# The release's own kernel has no number in its package's name.
meta=linux-image-$kernel-amd64
[ "$kernel" != 6.1 ] || meta=linux-image-amd64
top=$(cd "$(dirname "$0")/../.." && pwd)
cache=${VFIOD_VM_CACHE:-$top/build/vm}

die()
{
	echo "fetch.sh: $*" >&2
	exit 1
}

# The host's package lists may be missing, stale, or not ours to refresh; a
# second try uses lists of our own.
use_own_lists()
{
	local d=$work/apt

	mkdir -p "$d/state/lists/partial" "$d/cache/archives/partial"
	apt_opts+=(-o "Dir::State=$d/state" -o "Dir::Cache=$d/cache")
	# One broken third-party source must not stop us: what counts is
	# whether the kernel can be had afterwards.
	apt-get "${apt_opts[@]}" update >"$work/apt.log" 2>&1 || true
}

complaint()
{
	grep -m 1 -E '^[EW]: ' "$work/apt.log"
}

kernel_package()
{
	apt-cache "${apt_opts[@]}" depends "$meta" 2>/dev/null |
		sed -n "s/^ *Depends: \(linux-image-${kernel/./\\.}\.[^ ]*\)\$/\1/p" |
		head -n 1
}

download()
{
	local pkg

	pkg=$(kernel_package)
	[ -n "$pkg" ] || return 1
	(cd "$work" && apt-get "${apt_opts[@]}" download "$pkg") \
		>"$work/apt.log" 2>&1
}

unpack()
{
	local release

	dpkg -x "$work"/*.deb "$work/x"
	release=$(ls "$work/x/lib/modules")
	busybox depmod -b "$work/x" "$release"
	rm -rf "${cache:?}/lib"
	mv "$work/x/lib" "$cache/lib"
	mv "$work/x/boot/vmlinuz-$release" "$cache/vmlinuz"
	# Written last: its presence says that all the rest is there.
	echo "$release" >"$work/release"
	mv "$work/release" "$cache/release"
}

[ ! -e "$cache/release" ] || exit 0
mkdir -p "$cache" || die "cannot create $cache"
exec 9>"$cache/lock"
flock 9
# Another one may have done it meanwhile.
[ ! -e "$cache/release" ] || exit 0

for tool in apt-get dpkg busybox; do
	command -v "$tool" >/dev/null || die "$tool is missing (make deps)"
done
work=$(mktemp -d "$cache/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

apt_opts=(-q)
[ "$(id -u)" -ne 0 ] || apt_opts+=(-o APT::Sandbox::User=root)
if ! download; then
	use_own_lists
	[ -n "$(kernel_package)" ] ||
		die "apt offers no $meta: are bookworm-security and the" \
			"network there? $(complaint)"
	download || die "download failed: $(complaint)"
fi
unpack
