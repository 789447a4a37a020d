#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Install vfiod into a directory, build the example plugin as a third party
# would, with nothing but pkg-config, and use it from there.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

make -s -C "$top" install DESTDIR="$dir/root" PREFIX=/opt/vfiod
export PKG_CONFIG_SYSROOT_DIR=$dir/root
export PKG_CONFIG_LIBDIR=$dir/root/opt/vfiod/lib/pkgconfig
cp "$top/tests/plugins/example.c" "$dir/example.c"
cd "$dir"
# shellcheck disable=SC2046 # several words
cc -shared -fPIC $(pkg-config --cflags vfiod-plugin) -o example.so example.c
vfiod=$dir/root/opt/vfiod/bin/vfiod
"$vfiod" --plugin-dir "$dir" --list-types | grep -q '^example-'
type=$("$vfiod" --plugin-dir "$dir" --list-types | sed -n 's/\t.*//p' | head -1)
# shellcheck disable=SC2016 # expanded by that shell
"$vfiod" run --plugin-dir "$dir" --mdev "$type" -- \
	sh -c 'test -e "$VFIOD_SYSFSDEV/mdev_type/name"'
echo "$type: built outside, served"

# A binary of the first interface: what it declares is found in its tables.
# shellcheck disable=SC2016 # expanded by that shell
values=$("$vfiod" run --plugin-dir "${BUILD:-$top/build}/tests/plugins" \
	--mdev oldapi-counter,start=5,step=3 -- \
	sh -c 'cat "$VFIOD_SYSFSDEV"/counter/value "$VFIOD_SYSFSDEV"/counter/step')
[ "$values" = "$(printf '5\n3')" ]
echo "oldapi-counter: served"
