#!/bin/sh
# scan.sh [PART]... - how fast logql reads what `table.sh data ingest` has left: beside zstd, with filters and without.
#
# Prints "name value unit limit ratio verdict committed", TAB between, as speed.sh does; exit 1 when one failed. Without
# PART all of them, in order: scan (a literal that is nowhere), parse (JSON), frames (to the log by a pipe), full (what full
# filters take), needle (three lines in four times the data, which it makes), agree (filters lose nothing).
#
# TABLE_DATA, TABLE_BYTES, BENCH_RUNS, BENCH_DIR as table.sh has them
# SCAN_NEEDLES  of `agree`, default 10000
# TABLE_BIG     a folder as TABLE_DATA, of 4 GB of lines, for `needle`; else four times TABLE_BYTES are made
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
repo=${here%/tests/bench}
runs=${BENCH_RUNS:-5}
. "$repo/tests/lib/bench.sh"
. "$repo/tests/lib/bench-lokid.sh"

all='{namespace=~".+"}'
# A literal that is nowhere, and whose letters are common.
nowhere='connection accepted by nobody at all'
raw_mb() { calc "$(truth raw_bytes) / 1e6"; }
no_filters=$(logql --help | grep -o -e '--no-filters' | head -n 1)

part_scan() {
	need_store scan
	compress_lines
	scan="logql --store data/store $no_filters -o raw '$all |= \"$nowhere\"'"
	turns "measure -s 1 $scan -j1" "measure zstd -q -dc -T1 lines.zst/*.zst"
	limit_ratio_at_least scan_j1_vs_zstd "$(calc "$(raw_mb) / $(wall "$ours")")" MB/s 0.8 "$(calc "$(wall "$theirs") / $(wall "$ours")")"
	info scan_zstd "$(calc "$(raw_mb) / $(wall "$theirs")")" MB/s
	m=$(measure -n "$runs" cat "$source"/raw/*.log)
	info scan_cat "$(calc "$(tree_bytes "$source/raw") / 1e6 / $(wall "$m")")" MB/s # what memory gives
	info scan_cpu "$(gb "$(cpu "$ours")")" s/GB "$(calc "$(cpu "$theirs") / $(cpu "$ours")")"
	at_most scan_j1_rss "$(rss_mib "$ours")" MiB 100
	turns "measure -s 1 $scan -j2" "measure -s 1 $scan -j1"
	limit_ratio_at_least scan_j2_vs_j1 "$(calc "$(raw_mb) / $(wall "$ours")")" MB/s 1.7 "$(calc "$(wall "$theirs") / $(wall "$ours")")"
	command -v rg >/dev/null || return 0
	turns "measure -s 1 $scan -j2" "measure -s 1 sh -c 'zstd -q -dc -T1 lines.zst/*.zst | rg -c -F \"$nowhere\"'"
	info scan_j2_vs_rg "$(calc "$(raw_mb) / $(wall "$ours")")" MB/s "$(calc "$(wall "$theirs") / $(wall "$ours")")"
}

# bytes_of NAMESPACE...: of the lines of their apps.
bytes_of() {
	for namespace in "$@"; do
		sed -n "s/^\"[^\"]*\":{\"namespace\":\"$namespace\",.*\"bytes\":\([0-9]*\),.*/\1/p" "$source/truth.json"
	done | awk '{ n += $1 } END { printf "%.0f\n", n }'
}

# sum_of_values FILE: of all samples of an answer.
sum_of_values() { grep -o ',"[0-9.]*"\]' "$1" | tr -d ',"]' | awk '{ n += $1 } END { printf "%.0f\n", n }'; }

# Services that write JSON, one thread.
part_parse() {
	need_store parse
	json='{namespace=~"shop|identity|payments"}'
	mb=$(calc "$(bytes_of shop identity payments) / 1e6")
	over="--from $(truth start) --to $(truth end) --step 5m"
	# shellcheck disable=SC2086
	m=$(measure -n "$runs" -o answer logql --store data/store -j1 $over -o api \
		"sum by (status) (count_over_time($json | json | status >= 500 [5m]))")
	expect "$(sum_of_values answer)" "$(cat "$source"/raw/*.log | grep -c -a '"status":5[0-9][0-9],')" "failures"
	limit_at_least parse_json_filter "$(calc "$mb / $(wall "$m")")" MB/s 700
	# shellcheck disable=SC2086
	m=$(measure -n "$runs" -o answer logql --store data/store -j1 $over -o api \
		"quantile_over_time(0.99, $json | json | unwrap duration_ms [5m]) by (path)")
	expect "$(grep -o '"metric"' answer | wc -l)" "$(sed -n '/^"q7"/,/^}/p' "$source/truth.json" | grep -c '^"/')" "paths"
	limit_at_least parse_json_p99 "$(calc "$mb / $(wall "$m")")" MB/s 400
	info parse_json_p99_rss "$(rss_mib "$m")" MiB
}

# What the daemon logs when the data is pushed, packed again into frames without an id, which are packed by lokid-ingest.
part_frames() {
	make_source
	rm -rf framed packed
	lokid_more='ingester: {wal: {segment_size: 100GB}}'
	start framed
	push-bodies -c 4 "$address" "$source/bodies.bin" >pushed.json
	stop
	walreplay framed/wal | lokid-ingest -q --wal packed --sync none --input jsonl
	walreplay --frames packed >pushed.frames
	rm -rf framed packed
	m=$(measure -n "$runs" -p 'rm -rf wal; sync' sh -c 'cat pushed.frames | lokid-ingest -q --wal wal --sync always --input frames')
	expect "$(walreplay --stats -o jsonl wal | sed -n 's/.*"entries":\([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n + 0 }')" \
		"$(truth lines)" "lines in the log"
	limit_at_least frames_ingest "$(calc "$(raw_mb) / $(wall "$m")")" MB/s 200
	info frames_ingest_cpu "$(gb "$(cpu "$m")")" s/GB
	rm -rf wal pushed.frames
}

# filters_share ROW STORE LIMIT: what filters take of the lines' bytes.
filters_share() {
	filters=$(find "$2" -name '*.pack' -exec chunkcat --stats {} + | awk '$1 == "filters" { print $2 }')
	share=$(calc "${filters:-0} / $(truth raw_bytes) * 100")
	row "$1" "$share" % "$3" - "$(verdict "$share > 0 && $share <= $3")"
}

part_full() {
	need_store full
	rm -rf full
	find data/store -name '*.pack' -exec chunkcat {} + | chunkpack --store full --filter full >/dev/null
	filters_share full_filters_share full 5
	rm -rf full
}

# needle NAME OF: by turns with filters and without; OF is done before each run.
needle() {
	turns "measure -o found -p '$2' logql --store big/store -o raw '$query'" \
		"measure -o scanned -p '$2' logql --store big/store $no_filters -o raw '$query'"
	expect "$(sort found)" "$(sort scanned)" "lines of a scan"
	expect "$(wc -l <found)" "$(truth needle_lines)" "lines of the needle"
	limit_ratio_at_least "needle_$1_vs_scan" "$(ms "$(wall "$ours")")" ms 50 "$(calc "$(wall "$theirs") / $(wall "$ours")")"
	info "needle_$1_scan" "$(ms "$(wall "$theirs")")" ms
}

part_needle() {
	limits_for=4e9
	if [ -n "${TABLE_BIG:-}" ]; then
		source=$TABLE_BIG
	else
		big=$(numfmt --from=si "$bytes")
		once $((big * 4)) source.big "$repo/scripts/gen-logs" bodies source.big $((big * 4))
		source=$PWD/source.big
	fi
	once "$(truth raw_bytes) $(truth seed) $(truth end) $(stat -c %Y "$(command -v chunkpack)")" big fill big "$source/bodies.bin"
	query="$all |= \"$(truth needle)\""
	needle warm :
	# Of what decides what a query reads, and of all packs.
	filters_share needle_filters_share big/store 3
	needle cold "find big/store -type f -exec dd if={} iflag=nocache count=0 status=none \\;"
}

# Random texts, there or nearly so, asked with filters and without: on a fiftieth of the bytes, or a MB, since each is a scan.
part_agree() {
	few=$(($(numfmt --from=si "$bytes") / 50))
	[ $few -ge 1000000 ] || few=1000000
	once $few source.few "$repo/scripts/gen-logs" bodies source.few $few
	source=$PWD/source.few
	once "$few $(stat -c %Y "$(command -v chunkpack)")" few fill few "$source/bodies.bin"
	"$here/table-queries" needles "$source" "${SCAN_NEEDLES:-10000}" >texts
	differ=0 none=0
	while read -r text; do
		logql --store few/store -j1 -o raw "$all |= $text" >found || [ $? = 1 ]
		# shellcheck disable=SC2086
		logql --store few/store -j1 $no_filters -o raw "$all |= $text" >scanned || [ $? = 1 ]
		[ -s scanned ] || none=$((none + 1))
		cmp -s found scanned || {
			echo "scan.sh: error: $text: filters lose lines" >&2
			differ=$((differ + 1))
		}
	done <texts
	info needles_absent "$none" needles
	at_most needles_differ "$differ" needles 0
}

run_parts scan_ 'scan parse frames full needle agree' "$@"
