#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Usage: compare.sh [--only GLOB] [--seeds N] DIR TRANSPORT [GOLDEN]
#
# Compares the records in DIR, of cases and of walks from the first N (0)
# seeds, with GOLDEN (golden/linux-6.12), prints a table and the differences
# that known-differences.txt does not explain. These, and entries there that
# explain nothing any more, make it fail. TRANSPORT is what the entries' "on"
# means. docs/conformance.md has the format.

set -eu

here=$(cd "$(dirname "$0")" && pwd)
known_file=${KNOWN:-$here/known-differences.txt}
only='*'
seeds=0
while [ $# -gt 0 ]; do
	case $1 in
	--only) only=$2 ;;
	--seeds) seeds=$2 ;;
	*) break ;;
	esac
	shift 2
done
dir=$1
transport=$2
golden=${3:-$here/golden/linux-6.12}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/golden" "$work/record"

# The i-th entry of known-differences.txt, in arrays.
k_case=() k_minus=() k_plus=() k_on=() k_used=()

# pattern TEXT: only * is special; spaces at the end do not count.
pattern()
{
	# shellcheck disable=SC2001
	sed 's/[][?\\()|]/\\&/g' <<<"$1"
}

add_entry()
{
	[ -n "$e_case" ] || return 0
	k_case+=("$e_case") k_minus+=("$e_minus") k_plus+=("$e_plus")
	k_on+=("$e_on") k_used+=("")
}

read_known()
{
	local line

	e_case='' e_minus='' e_plus='' e_on=''
	while IFS= read -r line || [ -n "$line" ]; do
		case $line in
		'case '*)
			add_entry
			e_case=${line#case } e_minus='' e_plus=''
			e_on="fuse fuse-user fuse-ptrace cuse"
			;;
		'- '*) e_minus=$(pattern "${line#- }") ;;
		'+ '*) e_plus=$(pattern "${line#+ }") ;;
		'on '*) e_on=${line#on } ;;
		'why '* | 'kernel '* | '#'* | '') ;;
		*)
			echo "compare.sh: $known_file: $line?" >&2
			exit 2
			;;
		esac
	done <"$known_file"
	add_entry
}

# split FROM TO: a file for each case, "/" in its name being "%".
split()
{
	awk -v to="$2" '
		FNR == 1 { file = "" }
		/^== / {
			if (file) close(file)
			file = substr($0, 4)
			gsub("/", "%", file)
			file = to "/" file
		}
		file && NF { print >file }' "$1"/*.txt
}

applies()
{
	# shellcheck disable=SC2053 # patterns are meant
	[[ $2 == ${k_case[$1]} && " ${k_on[$1]} " == *" $transport "* ]]
}

# take_plus PATTERN: strike the first line of plus that matches.
take_plus()
{
	local j

	for j in "${!plus[@]}"; do
		# shellcheck disable=SC2053
		[[ ${plus[$j]} == $1 ]] || continue
		unset "plus[$j]"
		return 0
	done
	return 1
}

explain_minus()
{
	local i

	for i in "${!k_case[@]}"; do
		[ -n "${k_minus[$i]}" ] || continue
		applies "$i" "$2" || continue
		# shellcheck disable=SC2053
		[[ $1 == ${k_minus[$i]} ]] || continue
		[ -z "${k_plus[$i]}" ] || take_plus "${k_plus[$i]}" || continue
		k_used[i]=yes
		return 0
	done
	return 1
}

explain_plus()
{
	local i

	for i in "${!k_case[@]}"; do
		[ -z "${k_minus[$i]}" ] || continue
		applies "$i" "$2" || continue
		# shellcheck disable=SC2053
		[[ $1 == ${k_plus[$i]} ]] || continue
		k_used[i]=yes
		return 0
	done
	return 1
}

# A hunk is explained when all its lines are.
explain_hunk()
{
	local line

	for line in "${minus[@]}"; do
		explain_minus "$line" "$1" || return 1
	done
	for line in "${plus[@]}"; do
		explain_plus "$line" "$1" || return 1
	done
	minus=() plus=()
}

# explain NAME: whether the case's diff, in $work/diff, is explained.
explain()
{
	local line minus=() plus=()

	while IFS= read -r line; do
		case $line in
		'@@'*) explain_hunk "$1" || return 1 ;;
		'-'*) minus+=("${line#-}") ;;
		'+'*) plus+=("${line#+}") ;;
		esac
	done < <(tail -n +3 "$work/diff")
	explain_hunk "$1"
}

# Sets verdict: equal, known or differing.
judge()
{
	local file=${1//\//%}

	verdict=equal
	diff -U0 --label golden --label "$transport" \
		"$work/golden/$file" "$work/record/$file" >"$work/diff" \
		2>"$work/missing" && return
	if [ -s "$work/missing" ]; then
		verdict=differing
		sed 's/^diff: //' "$work/missing" >"$work/diff"
	elif explain "$1"; then
		verdict=known
	else
		verdict=differing
	fi
	[ "$verdict" != differing ] || {
		echo "$1:"
		tail -n +3 "$work/diff" | head -n 40 | sed 's/^/    /'
	} >>"$work/shown"
}

declare -A total equal known differing
count()
{
	local -n table=$1

	table[$2]=$((${table[$2]:-0} + 1))
}

row()
{
	printf '%-12s %6s %6s %10s %6s\n' "$@"
}

print_table()
{
	local area sums=(0 0 0 0)

	row area cases equal differing known
	for area in $(printf '%s\n' "${!total[@]}" | sort); do
		row "$area" "${total[$area]}" "${equal[$area]:-0}" \
			"${differing[$area]:-0}" "${known[$area]:-0}"
		sums[0]=$((sums[0] + ${total[$area]}))
		sums[1]=$((sums[1] + ${equal[$area]:-0}))
		sums[2]=$((sums[2] + ${differing[$area]:-0}))
		sums[3]=$((sums[3] + ${known[$area]:-0}))
	done
	row "$transport" "${sums[@]}"
	failed=${sums[2]}
	checks=${sums[0]}
}

# As libcheck has it.
print_totals()
{
	echo "$((100 * (checks - failed) / (checks ? checks : 1)))%:" \
		"Checks: $checks, Failures: $failed, Errors: 0"
}

# Entries that explain nothing, where all cases have been run.
print_stale()
{
	local i

	[ "$only" = '*' ] || return 0
	for i in "${!k_case[@]}"; do
		[[ " ${k_on[$i]} " == *" $transport "* ]] || continue
		[ -z "${k_used[$i]}" ] || continue
		echo "known-differences.txt: not seen on $transport any more:" \
			"case ${k_case[$i]}, - ${k_minus[$i]}"
		failed=$((failed + 1))
	done
}

# A walk is one long case: its first difference, with the steps before it.
judge_walk()
{
	local name=$1

	count total "$2"
	if cmp -s "$work/walks/$name" "$dir/$name"; then
		count equal "$2"
		return
	fi
	count differing "$2"
	{
		echo "${name%.txt}:"
		diff -U5 "$work/walks/$name" "$dir/$name" |
			tail -n +4 | head -n 16 | sed 's/^/    /'
	} >>"$work/shown"
}

judge_walks()
{
	local name area seed

	[ "$seeds" != 0 ] || return 0
	mkdir "$work/walks"
	tar -xJf "$golden/walks.tar.xz" -C "$work/walks"
	for name in "$work/walks"/*; do
		name=${name##*/}
		area=${name%-*}
		seed=${name##*-}
		[ "${seed%.txt}" -le "$seeds" ] || continue
		judge_walk "$name" "$area"
	done
}

read_known
split "$golden" "$work/golden"
split "$dir" "$work/record"
: >"$work/shown"
for name in $(cd "$work" && find golden record -type f | sed 's|^[a-z]*/||' |
	sort -u); do
	name=${name//%//}
	# shellcheck disable=SC2053
	[[ $name == $only ]] || continue
	judge "$name"
	count total "${name%%/*}"
	count "$verdict" "${name%%/*}"
done
judge_walks
cat "$work/shown"
print_table
print_stale
print_totals
[ "$failed" = 0 ]
