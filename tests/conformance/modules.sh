#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: modules.sh CACHE VERSION
#
# Builds the kernel's sample devices mtty.ko, mdpy.ko and mbochs.ko in
# CACHE/samples, for the kernel that tests/vm/fetch.sh put into CACHE, from
# Debian's packages of that very kernel (VERSION: 6.12, 6.1); of 6.12 also vfio.ko
# with CONFIG_VFIO_NOIOMMU, which Debian's own lacks, and our own vfiod_probe.ko.
# Once; vfiod_probe.ko again when its source has changed. Nothing is installed.
# What is downloaded is 170 MB, most of it the kernel's source.

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

top=$(cd "$(dirname "$0")/../.." && pwd)
probe_sources=("$top"/tests/oracle/kmod/* "$top"/mdevs/probe/probe*.h
	"$top"/mdevs/probe/{core,log,pins}.c)

sum()
{
	cat "${probe_sources[@]}" | sha256sum
}

has_probe()
{
	[ "$version" != 6.12 ] ||
		[ "$(sum)" = "$(cat "$out/probe.sum" 2>/dev/null)" ]
}

has_samples()
{
	local module wanted=(mtty mdpy mbochs)

	[ "$version" != 6.12 ] || wanted+=(vfio)
	for module in "${wanted[@]}"; do
		[ -e "$out/$module.ko" ] || return 1
	done
	[ -e "$out/done" ]
}

! has_samples || ! has_probe || exit 0
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

# Only the samples and vfio: the whole source is a gigabyte.
sources()
{
	local binary

	binary=$(apt-cache show "linux-headers-$release" |
		sed -n 's/^Version: //p' | head -n 1)
	download "linux-source-$version=$binary"
	dpkg --fsys-tarfile "$work"/linux-source-*.deb |
		tar -xO "./usr/src/linux-source-$version.tar.xz" |
		tar -xJ -C "$work" --strip-components=2 \
			--wildcards '*/samples/vfio-mdev/*' \
			'*/drivers/vfio/*.[ch]'
	rm "$work"/*.deb
}

# module_dir DIR: builds the modules of DIR's Makefile, and takes them.
module_dir()
{
	make -C "$tree" M="$1" CONFIG_DEBUG_INFO_BTF_MODULES= modules \
		>"$work/make.log" 2>&1 ||
		die "make fails: $(tail -n 5 "$work/make.log")"
	cp "$1"/*.ko "$out"
}

samples()
{
	mkdir "$work/samples"
	cp "$work/vfio-mdev"/*.[ch] "$work/samples"
	echo 'obj-m := mtty.o mdpy.o mbochs.o' >"$work/samples/Makefile"
	module_dir "$work/samples"
}

# The parts that Debian's configuration has, and the option.
noiommu()
{
	mkdir "$work/noiommu"
	cp "$work/vfio"/*.[ch] "$work/noiommu"
	cat >"$work/noiommu/Makefile" <<'MAKEFILE'
obj-m := vfio.o
vfio-y := vfio_main.o group.o container.o virqfd.o
ccflags-y := -DCONFIG_VFIO_NOIOMMU=1
MAKEFILE
	module_dir "$work/noiommu"
}

kernel_modules()
{
	sources
	samples
	[ "$version" != 6.12 ] || noiommu
	apt-cache show "linux-headers-$release" | sed -n 's/^Version: //p' |
		head -n 1 >"$out/version"
	touch "$out/done"
}

probe()
{
	mkdir "$work/probe"
	cp "${probe_sources[@]}" "$work/probe"
	module_dir "$work/probe"
	sum >"$out/probe.sum"
}

mkdir -p "$out"
headers
has_samples || kernel_modules
has_probe || probe
