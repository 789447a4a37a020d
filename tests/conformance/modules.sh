#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: modules.sh CACHE VERSION
#
# Builds the kernel's sample devices mtty.ko, mdpy.ko and mbochs.ko in
# CACHE/samples, for the kernel that tests/vm/fetch.sh put into CACHE, from
# Debian's packages of that very kernel (VERSION: 6.12, 6.1). Once. Nothing is
# installed. What is downloaded is 170 MB, most of it the kernel's source.

set -eu

cache=$(realpath "$1")
version=$2
release=$(cat "$cache/release")
out=$cache/samples

die()
{
	echo "modules.sh: $*" >&2
	exit 1
}

[ ! -e "$out/done" ] || exit 0
work=$(mktemp -d "$cache/samples.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
opts=()
[ "$(id -u)" -ne 0 ] || opts+=(-o APT::Sandbox::User=root)

download()
{
	(cd "$work" && apt-get "${opts[@]}" -q download "$@") \
		>"$work/apt.log" 2>&1 ||
		die "cannot download $*: $(grep -m 1 '^E: ' "$work/apt.log")" \
			"(apt-get update? else remove $cache)"
}

# linux-headers-R depends on its common part and on linux-kbuild.
headers()
{
	local packages package

	mapfile -t packages < <(apt-cache depends "linux-headers-$release" |
		sed -n 's/^ *Depends: \(linux-[hk].*\)$/\1/p')
	download "linux-headers-$release" "${packages[@]}"
	for package in "$work"/*.deb; do
		dpkg -x "$package" "$work/x"
		rm "$package"
	done
	tree=$work/x/usr/src/linux-headers-$release
	sed -i "s|/usr/src/|$work/x/usr/src/|" "$tree/Makefile"
}

# Only the samples: the whole source is a gigabyte.
samples()
{
	local binary

	binary=$(apt-cache show "linux-headers-$release" |
		sed -n 's/^Version: //p' | head -n 1)
	download "linux-source-$version=$binary"
	dpkg --fsys-tarfile "$work"/linux-source-*.deb |
		tar -xO "./usr/src/linux-source-$version.tar.xz" |
		tar -xJ -C "$work" --strip-components=2 \
			--wildcards '*/samples/vfio-mdev/*'
	rm "$work"/*.deb
}

headers
samples
mkdir "$work/build"
cp "$work/vfio-mdev"/*.[ch] "$work/build"
echo 'obj-m := mtty.o mdpy.o mbochs.o' >"$work/build/Makefile"
make -C "$tree" M="$work/build" CONFIG_DEBUG_INFO_BTF_MODULES= modules \
	>"$work/make.log" 2>&1 || die "make fails: $(tail -n 5 "$work/make.log")"
mkdir -p "$out"
cp "$work"/build/*.ko "$out"
apt-cache show "linux-headers-$release" | sed -n 's/^Version: //p' |
	head -n 1 >"$out/version"
touch "$out/done"
