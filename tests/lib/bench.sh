# bench.sh - rows of figures: source it in a script of tests/bench that sets repo, the top of the tree, and runs.
#
# It goes to $BENCH_DIR (build/bench), and puts the programs of the build, and those of tests/bench, into PATH.
#
# Rows are "name value unit limit ratio verdict", TAB between:
# row, info NAME VALUE UNIT [RATIO]; at_least, at_most, ratio_at_least, ratio_at_most (see there)
# beside_committed   a filter of rows: the committed value, of tests/bench/numbers.tsv, as a seventh column
# expect FOUND WANTED WHAT   ends the script when the two differ
# turns, middle, wall, cpu, rss_mib   of what `measure` prints
# median FILE                         of the numbers in it, one on each line
# once PARAMETERS NAME COMMAND...     makes a file or folder unless it is there
# run_parts PREFIX ALL [PART]...      the end of a script: runs part_NAME for each of the parts, or ALL, and prints their
#                                     rows; a part that breaks off is the row PREFIX NAME, which fails

# shellcheck shell=sh disable=SC2034,SC2154

build=${BUILD:-build}
case $build in
/*) ;;
*) build=$repo/$build ;;
esac
B=$build/${VARIANT:-default}
PATH=$B/bin:$B/bench:$PATH
export LC_ALL=C PATH
mkdir -p "${BENCH_DIR:=$build/bench}"
cd "$BENCH_DIR" || exit 4

fail() {
	echo "${0##*/}: error: $1" >&2
	exit 2
}
calc() { awk "BEGIN { printf \"%.4g\", $1 }"; }
row() { printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$@"; }
info() { row "$1" "$2" "$3" - "${4:--}" info; }

# at_least NAME VALUE UNIT LIMIT and at_most hold the value against the limit,
# ratio_at_least NAME VALUE UNIT LIMIT RATIO and ratio_at_most the ratio.
at_least() { row "$1" "$2" "$3" "$4" - "$(verdict "$2 >= $4")"; }
at_most() { row "$1" "$2" "$3" "$4" - "$(verdict "$2 <= $4")"; }
ratio_at_least() { row "$1" "$2" "$3" "$4" "$5" "$(verdict "$5 >= $4")"; }
ratio_at_most() { row "$1" "$2" "$3" "$4" "$5" "$(verdict "$5 <= $4")"; }
verdict() { awk "BEGIN { print ($1) ? \"pass\" : \"fail\" }"; }

tree_bytes() { find "$@" -type f -printf '%s\n' | awk '{ n += $1 } END { printf "%.0f\n", n }'; }
wall() { echo "$1" | cut -f 1; }
cpu() { echo "$1" | cut -f 2; }
rss_mib() { calc "$(echo "$1" | cut -f 3) / 1024"; }
ms() { calc "$1 * 1000"; }

# turns COMMAND-OF-OURS COMMAND-OF-THEIRS: runs the two shell lines by turns, so that both meet the
# same load, each of them printing what measure does; the medians become $ours and $theirs.
turns() {
	: >ours.runs
	: >theirs.runs
	for _ in $(seq "$runs"); do
		eval "$1" >>ours.runs
		eval "$2" >>theirs.runs
	done
	ours=$(middle ours.runs)
	theirs=$(middle theirs.runs)
}

# middle FILE: the median of each column, the largest of the third.
middle() {
	for column in 1 2 3; do
		cut -f $column "$1" | sort -n | if [ $column = 3 ]; then tail -n 1; else sed -n "$((runs / 2 + 1))p"; fi
	done | paste -s
}

# The value that the committed figures have for the same name, as a seventh column.
beside_committed() {
	awk -F '\t' -v OFS='\t' -v committed="$repo/tests/bench/numbers.tsv" '
		BEGIN { while ((getline line <committed) > 0) { split(line, f, FS); value[f[1]] = f[2] } }
		{ print $0, ($1 in value) ? value[$1] : "-"; fflush() }'
}

# expect FOUND WANTED WHAT: a fast wrong answer is no result.
expect() {
	[ "$1" = "$2" ] || fail "$3: found '$1', expected '$2'"
}

# api_value FILE: the number in the API's answer of a query that has one.
api_value() { sed -n 's/.*"value":\[[^,]*,"\([^"]*\)"\].*/\1/p' "$1"; }

# json_value NAME FILE: a number of a flat JSON object.
json_value() { sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p" "$2"; }

# once PARAMETERS NAME COMMAND...: makes NAME unless it was made with the same parameters.
once() {
	[ "$(cat "$2.made" 2>/dev/null)" = "$1" ] && return 0
	once_made=$2.made once_is=$1
	rm -rf "$once_made" "$2"
	shift 2
	"$@"
	echo "$once_is" >"$once_made"
}

# median FILE: of the numbers, one on each line.
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# Each part is a run of its own of the script, so that one that breaks off does not end the others.
run_parts() {
	run_prefix=$1 run_all=$2
	shift 2
	if [ "${1:-}" = --part ]; then
		"part_$2"
		return
	fi
	# shellcheck disable=SC2086
	[ $# -gt 0 ] || set -- $run_all
	for run_part in "$@"; do
		command -v "part_$run_part" >/dev/null || fail "there is no part '$run_part'; there are $run_all"
	done
	for run_part in "$@"; do
		sh "$repo/tests/bench/${0##*/}" --part "$run_part" || row "$run_prefix$run_part" - - - - fail
	done | beside_committed | tee rows.new
	! cut -f 6 rows.new | grep -q -x fail
}
