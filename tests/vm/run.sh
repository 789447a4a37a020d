#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: tests/vm/run.sh [OPTION]... -- CMD [ARG]...
#
# Runs CMD as root in a virtual machine (QEMU, no hardware support needed)
# under Debian's stock 6.12 kernel, on this machine's own files: the root is
# the host's, and what CMD writes there is lost at the end. CMD starts in the
# current directory, with an environment of its own; its output, stdout and
# stderr in one stream, comes out here, and so does its exit status.
#
#   --timeout S    give up after S seconds (300)
#   --module NAME  load this kernel module first (may be repeated)
#   --rw DIR       CMD's writes below DIR reach the host (may be repeated)
#   --env K=V      set K in CMD's environment (may be repeated)
#   --smp N        number of CPUs (2)
#   -m MIB         memory (1024)
#   --qemu ARG     one more argument for QEMU (may be repeated)
#
# Exit status: that of CMD; 124 timeout; 125 the VM failed (it could not be
# started, or its kernel stopped). These two come with a line on stderr and the
# end of the VM's console; 2 wrong usage.

set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
cache=$(realpath -m "${VFIOD_VM_CACHE:-$top/build/vm}")
timeout=300
smp=2
memory=1024
more_qemu=()
modules=(overlay 9p 9pnet_virtio)
shares=()
environment=(HOME=/root LANG=C.UTF-8 TERM=dumb
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)

usage()
{
	echo "run.sh: $1" >&2
	sed -n 's/^# Usage: /usage: /p' "$0" >&2
	exit 2
}

fail()
{
	local status=$1

	shift
	echo "run.sh: $*" >&2
	if [ -s "$work/console" ]; then
		echo "run.sh: the end of the VM's console:" >&2
		tail -n 60 "$work/console" | tr -d '\r' >&2
	fi
	exit "$status"
}

share()
{
	local dir

	dir=$(realpath -e "$1") || usage "--rw $1: no such directory"
	shares+=("$dir")
}

parse()
{
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		[ $# -ge 2 ] || usage "$1: unknown, or its value is missing"
		case $1 in
		--timeout) timeout=$2 ;;
		--module) modules+=("$2") ;;
		--rw) share "$2" ;;
		--env) environment+=("$2") ;;
		--smp) smp=$2 ;;
		-m) memory=$2 ;;
		--qemu) more_qemu+=("$2") ;;
		*) usage "$1: unknown option" ;;
		esac
		shift 2
	done
	[ $# -ge 2 ] || usage "no CMD"
	shift
	command=("$@")
}

# Prints the files of module NAME and of all it needs, in loading order. A
# module that is built in has none.
module_files()
{
	local line dep name=${1//[-_]/[-_]}

	line=$(grep "/$name\.ko[^:]*:" "$moddir/modules.dep") || {
		grep -q "/$name\.ko$" "$moddir/modules.builtin" ||
			fail 125 "the kernel has no module $1"
		return 0
	}
	for dep in ${line#*:}; do
		dep=${dep##*/}
		module_files "${dep%%.*}"
	done
	echo "${line%%:*}"
}

add_modules()
{
	local name file files

	mkdir "$work/root/modules"
	for name in "${modules[@]}"; do
		files=$(module_files "$name")
		for file in $files; do
			name=${file##*/}
			name=${name%.xz}
			[ ! -e "$work/root/modules/$name" ] || continue
			# xz -f copies what is not compressed.
			xz -dcf "$moddir/$file" >"$work/root/modules/$name"
			echo "$name" >>"$work/root/modules/order"
		done
	done
}

write_job()
{
	printf 'cd %q || exit\n' "$PWD"
	printf 'exec env -i'
	printf ' %q' "${environment[@]}" "${command[@]}"
	printf '\n'
}

make_initramfs()
{
	local root=$work/root

	mkdir -p "$root/bin"
	cp "$(command -v busybox)" "$root/bin/busybox"
	install -m 755 "$here/init.sh" "$root/init"
	add_modules
	echo "$cache" >"$root/cache"
	: >"$root/shares"
	[ ${#shares[@]} -eq 0 ] || printf '%s\n' "${shares[@]}" >"$root/shares"
	write_job >"$root/job"
	(cd "$root" && find . | cpio -o -H newc --quiet) >"$work/initramfs"
}

# A comma in a QEMU option's value is written twice.
share_options()
{
	local i how=security_model=none,multidevs=remap

	qemu+=(-virtfs "local,path=/,mount_tag=root,readonly=on,$how")
	for i in "${!shares[@]}"; do
		qemu+=(-virtfs
			"local,path=${shares[i]//,/,,},mount_tag=rw$i,$how")
	done
}

# shellcheck disable=SC2054 # the commas are QEMU's
qemu_options()
{
	qemu=(qemu-system-x86_64 -nodefaults -no-user-config -display none
		-no-reboot -accel tcg -cpu max -smp "$smp" -m "$memory"
		-kernel "$cache/vmlinuz" -initrd "$work/initramfs"
		-append "$kernel_options"
		-chardev "file,id=console,path=$work/console"
		-serial chardev:console
		-device virtio-serial-pci
		-chardev "file,id=output,path=/proc/self/fd/1"
		-device "virtserialport,chardev=output,name=output"
		-chardev "file,id=status,path=$work/status"
		-device "virtserialport,chardev=status,name=status")
	share_options
	qemu+=("${more_qemu[@]}")
}

# An oops ends the run: a test must not pass over one. The watchdogs would only
# report that this machine is slow.
kernel_options="console=ttyS0 loglevel=4 panic=-1 oops=panic reboot=t
mitigations=off tsc=reliable no_timer_check nowatchdog
rcupdate.rcu_expedited=1 rcupdate.rcu_cpu_stall_suppress=1"
kernel_options=${kernel_options//$'\n'/ }

parse "$@"
work=$(mktemp -d "${TMPDIR:-/tmp}/vfiod-vm.XXXXXX")
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || :; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM
"$here/fetch.sh" || exit 125
moddir=$cache/lib/modules/$(cat "$cache/release")
make_initramfs
qemu_options

# QEMU opens its own stdout anew for the output port, which would cut short a
# file; through a pipe it cannot.
exec 3> >(exec cat)
copier=$!
timeout -k 5 "$timeout" "${qemu[@]}" </dev/null >&3 2>"$work/qemu" 3>&- &
pid=$!
exec 3>&-
status=0
wait "$pid" || status=$?
pid=
wait "$copier" || :

case $status in
124 | 137) fail 124 "timeout after $timeout s" ;;
esac
read -r _ result 2>/dev/null <"$work/status" ||
	fail 125 "the VM ended by itself. $(head -c 2000 "$work/qemu")"
exit "$result"
