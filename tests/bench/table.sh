#!/bin/sh
# table.sh [PART]... - a GB of logs through the daemon's HTTP: intake, size, start, queries; each row with its limit.
#
# Prints "name value unit limit ratio verdict committed", TAB between, as speed.sh does; exit 1 when one failed, or an
# answer was wrong. Without PART all of them, in order: data, ingest (which the later ones need), start, tools (zstd and
# ripgrep on files with the same lines: the ratio of the queries), queries, cold, memory; streams stands alone.
#
# TABLE_DATA    a folder with bodies.bin, truth.json and raw/ as `gen-logs bodies` makes them, of the same or another
#               maker (default: made here)
# TABLE_BYTES   of lines, when they are made here, default BENCH_BYTES (1G); limits hold for a GB, else rows are info
# TABLE_STREAMS of `streams`, a multiple of 400, default 100000, which its limits hold for
# TABLE_KEEP    not empty: a store that an earlier run has left is not filled again by `ingest`
# BENCH_RUNS    median of so many, default 5     BENCH_DIR   where, default build/bench
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
repo=${here%/tests/bench}
runs=${BENCH_RUNS:-5}
. "$repo/tests/lib/bench.sh"
. "$repo/tests/lib/bench-lokid.sh"

# --- the parts ---

part_data() {
	make_source
	info table_lines "$(truth lines)" lines
	info table_bytes "$(truth raw_bytes)" bytes
	info table_streams "$(truth streams)" streams
}

# One run from an empty folder to a compacted store: a line of intake.runs, "s of pushes, s to flushed, CPU s to flushed, to
# compacted, peak MB, of it anonymous, of one process, of compaction, p99 ms of a push, bytes flushed, compacted".
intake() {
	rm -rf data
	sync
	start data
	watch 100
	begun=$(date +%s.%N)
	push-bodies -c 4 "$address" "$source/bodies.bin" >pushed.json
	expect "$(json_value lines pushed.json)" "$(truth lines)" "lines that were pushed"
	flush
	flushed=$(calc "$(date +%s.%N) - $begun")
	cpu_flushed=$(tree-cost $lokid_pid)
	watched
	stop
	expect "$(walreplay --stats -o jsonl data/wal 2>/dev/null | wc -l)" 0 "segments that are not flushed"
	flushed_bytes=$(tree_bytes data/store)
	m=$(compact data/store)
	printf '%s\t' "$(json_value seconds pushed.json)" "$flushed" "$cpu_flushed" \
		"$(calc "$cpu_flushed + $(cpu "$m")")" "$peak" "$peak_anonymous" "$peak_largest" "$(rss_mib "$m")" \
		"$(json_value p99_ms pushed.json)" "$flushed_bytes"
	tree_bytes data/store
}

# what_machine_gives NAME: zstd on the same lines, on one thread. The rows that follow are as much slower as this is, in a run where
# others use the machine.
what_machine_gives() {
	compress_lines
	m=$(measure -s 1 -n "$runs" sh -c 'zstd -q -dc -T1 lines.zst/*.zst >/dev/null')
	info "$1" "$(calc "$(truth raw_bytes) / 1e6 / $(wall "$m")")" MB/s
}

# column N: the median of a column of intake.runs.
column() { cut -f "$1" intake.runs >column && median column; }

part_ingest() {
	[ -z "${TABLE_KEEP:-}" ] || [ ! -e data/store ] || return 0
	make_source
	what_machine_gives table_zstd_ingest
	: >intake.runs
	for _ in $(seq "$runs"); do intake >>intake.runs; done
	limit_at_least table_ingest "$(calc "$(truth raw_bytes) / 1e6 / $(column 1)")" MB/s 150
	info table_ingest_flushed "$(calc "$(truth raw_bytes) / 1e6 / $(column 2)")" MB/s
	info table_push_p99 "$(column 9)" ms
	limit_at_most table_cpu_flushed "$(gb "$(column 3)")" s/GB 8
	limit_at_most table_cpu_compacted "$(gb "$(column 4)")" s/GB 16
	limit_at_most table_memory_ingest "$(column 5)" MB 100
	info table_memory_ingest_anonymous "$(column 6)" MB
	info table_memory_ingest_largest "$(column 7)" MB
	info table_memory_compaction "$(column 8)" MiB
	info table_disk_flushed "$(gb "$(column 10) / 1e6")" MB/GB
	limit_at_most table_disk "$(gb "$(column 11) / 1e6")" MB/GB 180
}

# From exec to the line that says that it answers, the clock of the daemon's own line being that of date.
part_start() {
	need_store start
	: >starts
	for _ in $(seq 11); do
		begun=$(date +%s%N)
		start data
		ready=$(date -d "$(sed -n 's/^ts=\([^ ]*\) .* msg=ready .*/\1/p' lokid.log)" +%s%N)
		stop
		echo "$(((ready - begun) / 1000))" >>starts
	done
	limit_at_most table_start "$(calc "$(median starts) / 1000")" ms 50
}

# each_query COMMAND: for each query, with name, limit and targets (as arguments of http-ask) set.
each_query() {
	set -f # a target has a question mark
	"$here/table-queries" ask "$source/truth.json" >queries
	while IFS="$(printf '\t')" read -r name limit targets <&3; do
		"$@"
	done 3<queries
	set +f
}

# ask RUNS: the milliseconds of the runs go to took, the answer to answers/NAME.
ask() {
	rm -f "answers/$name"
	# shellcheck disable=SC2086
	http-ask -n "$1" -o "answers/$name" "$address" $targets >took
}

# A wrong answer is no result, and a row that fails.
is_right() { [ -e "answers/$name" ] && "$here/table-queries" check "$name" "$source" "answers/$name"; }

# The ratio is to the tools for files, where `tools` has asked them.
warm_query() {
	if ask 2 && ask "$((runs * 2 + 1))" && is_right; then
		ms=$(median took)
		if [ -e "tools.$name" ]; then ratio=$(calc "$(cat "tools.$name") / $ms"); else ratio=-; fi
		if limits_hold && [ "$limit" != - ]; then
			row "table_$name" "$ms" ms "$limit" "$ratio" "$(verdict "$ms <= $limit")"
		else
			info "table_$name" "$ms" ms "$ratio"
		fi
	else
		row "table_$name" - ms "$limit" - fail
	fi
}

# The lines compressed by app, and what finds the same in them; in part all lines of an app, where a query has its limit.
part_tools() {
	compress_lines
	command -v rg >/dev/null || return 0
	"$here/table-queries" tools "$source/truth.json" >commands
	while IFS="$(printf '\t')" read -r name command <&3; do
		m=$(measure -s 1 -n "$runs" sh -c "$command")
		ms "$(wall "$m")" >"tools.$name"
		info "table_tools_$name" "$(cat "tools.$name")" ms
	done 3<commands
}

part_queries() {
	need_store queries
	what_machine_gives table_zstd_queries
	mkdir -p answers
	start data
	each_query warm_query
	stop
}

# The first query of a daemon that was just started, with none of the store in memory.
cold_query() {
	: >cold
	for _ in $(seq $((runs < 3 ? runs : 3))); do
		uncache data/store
		start data
		ask 1 || :
		stop
		cat took >>cold
	done
	if is_right; then
		info "table_${name}_cold" "$(median cold)" ms
	else
		row "table_${name}_cold" - ms - - fail
	fi
}

part_cold() {
	need_store cold
	mkdir -p answers
	each_query cold_query
}

ask_again() { ask 3; }

# Apart from the times, since who looks that often takes time.
part_memory() {
	need_store memory
	mkdir -p answers
	start data
	watch 5
	each_query ask_again
	watched
	stop
	limit_at_most table_memory_query "$peak" MB 100
	info table_memory_query_anonymous "$peak_anonymous" MB
	info table_memory_query_largest "$peak_largest" MB
}

# Ten short lines of each of very many streams, 1,000 of them in a push.
part_streams() {
	n=${TABLE_STREAMS:-100000}
	rm -rf streams
	sync
	start streams
	watch 100
	pushload -j -c 4 -s "$n" -b 1000 -p 1000 -l 60 -n $((n / 400)) -d 600 "$address" >streams.json
	expect "$(json_value lines streams.json)" $((n * 10)) "lines that were pushed"
	flush
	cpu=$(tree-cost $lokid_pid)
	watched
	stop
	m=$(compact streams/store)
	# shellcheck disable=SC2046
	expect "$(chunkcat --stats $(find streams/store -name '*.pack') | sed -n 's/^entries *//p')" $((n * 10)) "lines in packs"
	expect "$(logql series --store streams/store --wal streams/wal | wc -l)" "$n" "streams"
	info table_streams_speed "$(calc "$n * 10 / $(json_value seconds streams.json)")" lines/s
	info table_streams_cpu_compacted "$(calc "$cpu + $(cpu "$m")")" s
	[ "$n" = 100000 ] || return 0
	at_most table_streams_cpu "$cpu" s 4
	at_most table_streams_memory "$peak" MB 200
	at_most table_streams_disk "$(calc "$(tree_bytes streams/store) / 1e6")" MB 30
	rm -rf streams
}

run_parts table_ 'data ingest start tools queries cold memory streams' "$@"
