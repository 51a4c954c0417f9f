#!/bin/sh
# promised.sh [PART]... - what was promised of lokid before it was built, with pass or fail.
#
# Prints "name value unit limit ratio verdict committed", TAB between, as speed.sh does; exit 1 when one failed. Without
# PART all of them: classes (50th and 99th of a hundred queries of each class, on what `table.sh data ingest` has left),
# week (intake and queries of seven days), lines (lines a second, bursts), streams (of one tenant).
#
# TABLE_DATA, TABLE_BYTES, BENCH_DIR as table.sh has them; the week has as many bytes, in all
# PROMISED_SECONDS   of `lines` and `streams`, default 20
# PROMISED_QUERIES   of each class, default 100
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
repo=${here%/tests/bench}
. "$repo/tests/lib/bench.sh"
. "$repo/tests/lib/bench-lokid.sh"
seconds=${PROMISED_SECONDS:-20}

# each_of CLASS LIMIT_P50 LIMIT_P99: in ms.
each_of() {
	"$here/table-queries" mix "$1" "$source/truth.json" "${PROMISED_QUERIES:-100}" >class.queries
	# The first time is for the files; each query has others to find.
	while read -r target; do
		http-ask "$address" "$target"
	done <class.queries | sort -n >took
	at_most "promised_$1_p50" "$(awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }' took)" ms "$2"
	at_most "promised_$1_p99" "$(awk '{ v[NR] = $1 } END { print v[int(NR * 0.99 + 0.5)] }' took)" ms "$3"
}

part_classes() {
	need_store classes
	start data
	each_of label 50 200
	each_of json 150 500
	each_of aggregation 500 2000
	each_of regex 1000 5000
	stop
}

# A day of a seventh of the bytes for each of the seven before the end.
make_week() {
	mkdir week
	for day in 0 1 2 3 4 5 6; do
		"$repo/scripts/gen-logs" bodies week/$day $(($(numfmt --from=si "$bytes") / 7)) 600 $((day + 1)) \
			$((1760594400 - 86400 * day))
		rm -r "week/$day/raw"
	done
}

part_week() {
	once "$bytes" week make_week
	source=$PWD/week/0
	mb=0 lines=0
	rm -rf week-data
	start week-data
	begun=$(date +%s.%N)
	for day in 6 5 4 3 2 1 0; do
		push-bodies -c 4 "$address" week/$day/bodies.bin >pushed.json
		mb=$(calc "$mb + $(json_value bytes pushed.json) / 1e6")
		lines=$((lines + $(json_value lines pushed.json)))
	done
	flush
	at_least promised_ingest "$(calc "$mb / ($(date +%s.%N) - $begun)")" MB/s 10
	"$here/table-queries" ask "$source/truth.json" 7 >queries
	slowest=0
	set -f # a target has a question mark
	while IFS="$(printf '\t')" read -r name _ targets <&3; do
		# shellcheck disable=SC2086
		took=$(http-ask -o "week-$name" "$address" $targets)
		info "promised_week_$name" "$took" ms
		slowest=$(calc "($took > $slowest) ? $took : $slowest")
	done 3<queries
	set +f
	stop
	expect "$(api_value week-count)" "$lines" "count of the week"
	at_most promised_week_slowest "$slowest" ms 10000
	rm -rf week-data week-*
}

# load NAME RATE: lines of 200 bytes; none may be refused, or wait for a second try.
load() {
	name=$1 rate=$2
	shift 2
	rm -rf loaded
	start loaded
	pushload -c 8 -r $((rate * 102 / 100)) -d "$seconds" "$@" "$address" >load.json
	flush
	stop
	rate=$(calc "$(json_value lines load.json) / $(json_value seconds load.json)")
	at_most "promised_${name}_refused" "$(($(json_value retries load.json) + $(json_value failures load.json)))" pushes 0
	info "promised_${name}_push_p99" "$(json_value p99_ms load.json)" ms
	rm -rf loaded
}

part_lines() {
	load lines 100000 -s 1000 -b 1000 -l 200
	at_least promised_lines "$rate" lines/s 100000
	load burst 200000 -s 1000 -b 1000 -l 200
	at_least promised_burst "$rate" lines/s 200000
}

part_streams() {
	load streams 200000 -s 100000 -b 1000 -p 100 -l 250
	at_least promised_streams "$(calc "$rate * 250 / 1e6")" MB/s 50
}

run_parts promised_ 'classes week lines streams' "$@"
