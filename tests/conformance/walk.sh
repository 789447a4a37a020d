#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: walk.sh [--area AREA] [N [STEPS [FIRST-SEED]]]
#
# N (1) fresh walks in every area, or in this one, of STEPS (5000) steps, in a
# VM on the kernel's own VFIO and under vfiod (FUSE, as whoever this is). A
# difference is shrunk to the shortest sequence that still shows it, and makes
# this fail.

# shellcheck source-path=SCRIPTDIR/../client source=../client/lib.sh
. "$(dirname "$0")/../client/lib.sh"

only=
if [ "${1:-}" = --area ]; then
	only=$2
	shift 2
fi
conformance=$(cd "$(dirname "$0")" && pwd)
n=${1:-1}
steps=${2:-5000}
first=${3:-$((SRANDOM % 1000000 + 1000))}
export VFIOD_VM_CACHE=${VFIOD_VM_CACHE:-$BUILD/vm}
share=$work/share
mkdir "$share"

"$top/tests/vm/fetch.sh"
"$conformance/modules.sh" "$VFIOD_VM_CACHE" 6.12

# start_vm KIND: and vfiod's devices from now on are of that kind too.
start_vm()
{
	mdevs=(--mdev mtty-2 --mdev mtty-2)
	[ "$1" != probe ] || mdevs=(--mdev probe-1 --mdev probe-1
		--mdev probe-1 --mdev probe-1)
	rm -f "$share"/*
	"$top/tests/vm/run.sh" --timeout 3600 --rw "$share" \
		--module vfio --module vfio_iommu_type1 --module mdev -- \
		"$conformance/oracle-vm.sh" "$1" "$VFIOD_VM_CACHE/samples" \
		"$conformance/serve.sh" "$share" "$programs/vfio-conform" \
		>"$work/vm.log" 2>&1 &
	vm=$!
	jobs_to_end=("$vm")
	await up
}

end_vm()
{
	ask end
	wait "$vm"
	jobs_to_end=()
}

await()
{
	while [ ! -e "$share/$1" ]; do
		kill -0 "$vm" 2>/dev/null ||
			fail "the VM ended: $(tail -n 20 "$work/vm.log")"
		sleep 0.05
	done
}

ask()
{
	echo "$*" >"$work/request"
	mv "$work/request" "$share/request"
}

# differ OPTIONS...: whether the two records do. They stay in $work.
differ()
{
	ask "$@"
	# shellcheck disable=SC2016 # expanded by that shell
	"$vfiod" run "${plugin_dirs[@]}" "${mdevs[@]}" -- \
		sh -c "$with_devices" sh "$programs/vfio-conform" "$@" \
		>"$work/vfiod" 2>/dev/null
	await answer
	mv "$share/answer" "$work/linux"
	! cmp -s "$work/linux" "$work/vfiod"
}

# The step at which the two first differ: line numbers are the same so far.
first_difference()
{
	diff -U0 "$work/linux" "$work/vfiod" |
		sed -n 's/^[-+]\([0-9][0-9]*\) .*/\1/p' | head -n 1
}

# all_but FROM SIZE: the numbers below total that are not in kept without these.
all_but()
{
	local left=("${kept[@]:0:$1}" "${kept[@]:$1+$2}")

	comm -23 <(seq 0 $((total - 1)) | sort) \
		<(printf '%s\n' "${left[@]}" | sort) | paste -sd ,
}

# shrink AREA SEED: leave out what is not needed, in halves, quarters…
shrink()
{
	local options=(--area "$1" --walk "$2") kept total at size skip

	total=$((10#$(first_difference) + 1))
	options+=(--steps "$total")
	mapfile -t kept < <(seq 0 $((total - 1)))
	for ((size = total / 2; size > 0; size /= 2)); do
		at=0
		while [ "$at" -lt $((${#kept[@]} - 1)) ]; do
			skip=$(all_but "$at" "$size")
			if differ "${options[@]}" --skip "$skip"; then
				kept=("${kept[@]:0:at}"
					"${kept[@]:at+size}")
			else
				at=$((at + size))
			fi
		done
	done
	differ "${options[@]}" --skip "$(all_but 0 0)" ||
		fail "$1, seed $2: a difference that is not always seen"
	echo "walk-$1-$2, shrunk (- the kernel, + vfiod):"
	diff -U100 "$work/linux" "$work/vfiod" | tail -n +4 |
		sed 's/^/    /' || :
}

# walk_areas KIND AREA...: on devices of this kind.
walk_areas()
{
	local area seed

	start_vm "$1"
	shift
	for area; do
		for ((seed = first; seed < first + n; seed++)); do
			if differ --area "$area" --walk "$seed" \
				--steps "$steps"; then
				status=1
				shrink "$area" "$seed"
			else
				echo "walk-$area-$seed: equal, $steps steps"
			fi
		done
	done
	end_vm
}

status=0
mapfile -t areas < <("$programs/vfio-conform" --list |
	sed -n 's/^--walk: //p' | grep -x "${only:-.*}" | grep -vx probe)
[ "${#areas[@]}" = 0 ] || walk_areas emulated "${areas[@]}"
[ "${only:-probe}" != probe ] || walk_areas probe probe
exit "$status"
