#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: check.sh [STEP...]
#
# All tests, or the steps named; each step's output is in build/check/STEP.log
# and is shown when it fails. Two steps run at a time. The last line gives the
# totals in libcheck's form: what its suites count, and one for each step that
# is a script.
set -u

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 2
logs=$top/build/check
asan=$top/build/address
tsan=$top/build/thread
rm -rf "$logs"
mkdir -p "$logs"

# Errors that a sanitizer finds end the program with a status of their own.
export ASAN_OPTIONS=detect_leaks=1:exitcode=99
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export TSAN_OPTIONS=exitcode=99:halt_on_error=1:suppressions=$top/tests/tsan.supp
# A net for what hangs: libcheck's 4 s are too few on a busy machine.
export CK_DEFAULT_TIMEOUT=60

# step NAME CMD...: one after another in a lane.
wanted=" $* "
step()
{
	local name=$1 begin=$SECONDS

	shift
	[ "$wanted" = "  " ] || [[ $wanted == *" $name "* ]] || return 0
	if "$@" >"$logs/$name.log" 2>&1 </dev/null; then
		echo "ok    $name ($((SECONDS - begin)) s)"
		echo "$name" >>"$logs/passed"
	else
		echo "FAIL  $name ($((SECONDS - begin)) s)"
		echo "$name" >>"$logs/failed"
		sed 's/^/      /' "$logs/$name.log" | tail -n 60
	fi
}

handover=(handover handover_abi handover_death handover_heir handover_map
	handover_regs handover_seccomp handover_signals)
# No user namespace can be entered by what ThreadSanitizer has given a thread.
threaded=(model mtty mm ap ccw vgpu nvme poll poll-edges ioat pager memory
	"${handover[@]}")
all_units=("${threaded[@]}" client_filter plugin_layout sandbox merge child
	pager_process memory_name)

# units DIR NAME...
units()
{
	local program status=0 dir=$1

	shift
	for program in "${@/#/$dir/tests/unit-}"; do
		echo "$(basename "$program"):"
		"$program" || status=1
	done
	return "$status"
}

# The client programs are plain ones: it is vfiod that is looked at.
export PROGRAMS=$top/build/tests

client()
{
	BUILD=$1 tests/client/run.sh "$2"
}

script()
{
	BUILD=$1 "tests/client/$2.sh" "${@:3}"
}

conform()
{
	BUILD=build tests/conformance/conform.sh "$@"
}

# Both ways at a time: on the model, and over /dev/vfio.
traffic()
{
	local status=0 model

	BUILD=$1 tests/traffic/traffic.sh "$2" &
	model=$!
	BUILD=$1 tests/traffic/traffic.sh "$2" fuse || status=1
	wait "$model" || status=1
	return "$status"
}

style()
{
	make -s format-check &&
		git ls-files '*.sh' .ci/run | xargs shellcheck -x
}

build()
{
	make -s tests &&
		make -s SAN=address,undefined tested &&
		make -s SAN=thread tested
}

echo "building, plain and with sanitizers"
step build build
# New ones must not be forgotten.
if [ "$(find build/tests -maxdepth 1 -name 'unit-*' | wc -l)" != \
	"${#all_units[@]}" ]; then
	echo "FAIL  the list of unit tests is not that of build/tests"
	exit 1
fi
[ ! -e "$logs/failed" ] || exit 1

# What looks at how long things take has the machine for itself.
timing()
{
	step client-fuse client build fuse
	step client-user client build fuse-user
	step client-ptrace client build fuse-ptrace
	# Its own tests wait for the device for 10 ms at most.
	step dpdk script build dpdk fuse
	step dpdk-user script build dpdk fuse-user
	step tsan-dpdk script "$tsan" dpdk fuse
	export CK_INCLUDE_TAGS=timing
	step tsan-timing client "$tsan" fuse
	step asan-timing client "$asan" fuse
	unset CK_INCLUDE_TAGS
	export CK_EXCLUDE_TAGS=timing
}

lane1()
{
	step style style
	step units units build "${all_units[@]}"
	step errors script build errors
	step faulty script build faulty fuse
	step faulty-user script build faulty fuse-user
	step view script build view fuse
	step view-user script build view fuse-user
	step stress script build stress fuse
	step death script build death fuse
	step death-user script build death fuse-user
	step attributes script build attributes fuse
	step mdpy script build mdpy fuse
	step mdpy-user script build mdpy fuse-user
	step lspci script build lspci fuse
	step lspci-user script build lspci fuse-user
	step qemu-reset script build qemu_reset fuse
	step qemu-reset-user script build qemu_reset fuse-user
	step attributes-user script build attributes fuse-user
	step s390 script build s390 fuse
	step s390-user script build s390 fuse-user
	step vgpu script build vgpu fuse
	step vgpu-user script build vgpu fuse-user
	step nvme script build nvme fuse
	step nvme-mapped script build nvme fuse mapped
	step nvme-user script build nvme fuse-user
	step nvme-mapped-user script build nvme fuse-user mapped
	step qemu-nvme script build qemu_nvme fuse
	step qemu-nvme-user script build qemu_nvme fuse-user
	step guest-nvme script build guest_nvme fuse
	step guest-nvme-calls script build guest_nvme fuse no-mmap
	step guest-nvme-user script build guest_nvme fuse-user
	step plugin-outside tests/plugins/outside.sh
	step conform-fuse conform fuse
	step conform-user conform fuse-user
	step conform-iommu conform --kind iommu fuse fuse-user
	step conform-shared conform --kind shared fuse fuse-user
	step conform-port conform --kind port fuse fuse-user
	step conform-noiommu conform --kind noiommu fuse
	step conform-mdpy conform --kind mdpy fuse fuse-user
	step asan-units units "$asan" "${all_units[@]}"
	step asan-client client "$asan" fuse
	step asan-faulty script "$asan" faulty fuse
	step asan-stress script "$asan" stress fuse
	step asan-traffic traffic "$asan" 60
	step asan-death script "$asan" death fuse
	step asan-attributes script "$asan" attributes fuse
	step asan-s390 script "$asan" s390 fuse
	step asan-vgpu script "$asan" vgpu fuse
	step asan-nvme script "$asan" nvme fuse
}

lane2()
{
	step demo demo/run.sh
	step client-cuse client build cuse
	step conform-cuse conform --seeds 0 cuse
	step conform-mdpy-cuse conform --kind mdpy cuse
	step tsan-units units "$tsan" "${threaded[@]}"
	step tsan-client client "$tsan" fuse
	step tsan-ptrace client "$tsan" fuse-ptrace
	step tsan-faulty script "$tsan" faulty fuse
	step tsan-stress script "$tsan" stress fuse
	step tsan-s390 script "$tsan" s390 fuse
	step tsan-vgpu script "$tsan" vgpu fuse
	step tsan-nvme script "$tsan" nvme fuse
	step tsan-nvme-mapped script "$tsan" nvme fuse mapped
	step tsan-traffic traffic "$tsan" 60
}

timing
lane1 &
lane2
wait

# The totals.
count()
{
	if [ -e "$logs/$1" ]; then wc -l <"$logs/$1"; else echo 0; fi
}
cat "$logs"/*.log | awk -v passed="$(count passed)" -v failed="$(count failed)" '
	/^[0-9]+%: Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+/ {
		gsub(/,/, "")
		checks += $3; failures += $5; errors += $7
	}
	END {
		checks += passed + failed
		errors += failed
		good = checks - failures - errors
		printf "%d%%: Checks: %d, Failures: %d, Errors: %d\n",
			checks ? 100 * good / checks : 0, checks, failures,
			errors
	}'
[ ! -e "$logs/failed" ]
