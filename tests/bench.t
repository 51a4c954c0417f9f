#!/bin/sh
# The benchmarks run, on little data: their answers are right, and a wrong one is told. Figures are not judged.
. "${0%/*}/lib/tap.sh"

need python3 curl zstd

export BENCH_DIR="$PWD/bench" BENCH_RUNS=1 TABLE_BYTES=2M TABLE_STREAMS=2000
table() { sh "$REPO/tests/bench/table.sh" "$@"; }
# Exit 1 is a figure that fails.
succeeds_or_not() {
	run "$@"
	[ "$STATUS" -le 1 ]
}

ok "the table, on 2 MB" exits 0 table
ok "nothing failed" stderr_is_empty
is "each row has seven fields" "$(awk -F '\t' 'NF != 7' "$TAP/stdout")" ""
is "none failed or passed, since the limits are those of a GB" "$(cut -f 6 "$TAP/stdout" | sort -u)" info
for name in ingest cpu_flushed cpu_compacted memory_ingest disk start newest trace rare_word regex errors status p99 topk \
	logfmt metadata count negative rare_message trace_field trace_cold count_cold memory_query streams_speed; do
	ok "a row of $name" stdout_matches "^table_$name	[0-9.]+(e\\+[0-9]+)?	"
done

# Figures of so little data may fail; a part that broke off, or found a wrong answer, has a row without one.
export PROMISED_SECONDS=1 PROMISED_QUERIES=3 SCAN_NEEDLES=10
ok "scans" succeeds_or_not sh "$REPO/tests/bench/scan.sh"
ok "with nothing on stderr" stderr_is_empty
is "and a figure in each row" "$(cut -f 2 "$TAP/stdout" | grep -c -x -e -)" 0
for name in scan_j1_vs_zstd scan_cat scan_j2_vs_j1 parse_json_filter parse_json_p99 frames_ingest full_filters_share needle_warm_vs_scan needle_filters_share needle_cold_vs_scan needles_differ; do
	ok "a row of $name" stdout_matches "^$name	[0-9.]+"
done
ok "what was promised" succeeds_or_not sh "$REPO/tests/bench/promised.sh"
ok "with nothing on stderr" stderr_is_empty
is "and a figure in each row" "$(cut -f 2 "$TAP/stdout" | grep -c -x -e -)" 0
for name in label_p50 json_p99 aggregation_p50 regex_p99 ingest week_slowest lines burst streams; do
	ok "a row of $name" stdout_matches "^promised_$name	[0-9.]+"
done

sed -i 's/"needle_lines":3/"needle_lines":4/' bench/table/source/truth.json
ok "a wrong answer is exit 1" exits 1 table queries
ok "and says what was expected" stderr_has "table-queries: error: trace: lines: found 3, expected 4"
ok "its row fails" stdout_matches "^table_trace	-	ms	4	-	fail"
ok "the others do not" stdout_matches "^table_count	[0-9.]+	ms	-	[0-9.-]+	info"

# What a sanitizer has built does not run under valgrind.
if command -v valgrind >/dev/null && [ "$VARIANT" = default ]; then
	COUNTS_OF='decode scan' run sh "$REPO/tests/bench/counts.sh"
	ok "nothing that cannot be counted" stderr_is_empty
	ok "instructions of a decoder" stdout_matches "^counts_decode	[0-9.]+	instr/byte	"
	ok "instructions of a scan" stdout_matches "^counts_scan	[0-9.]+	instr/byte	"
fi

# What compare says of figures: row NAME VALUE UNIT [VERDICT [SPREAD]]
row() { printf '%s\t%s\t%s\t-\t-\t%s\t%s\n' "$1" "$2" "$3" "${4:-info}" "${5:--}"; }
{ row speed 100 MB/s info 0.01 && row time 50 ms info 0.01 && row noisy 50 ms info 0.3 && row limited 10 ms pass 0.01 &&
	row counts 1000 instr/byte && row size 1000 bytes && row lines 5 lines; } >old.tsv
figures() { row speed "$1" MB/s && row time "$2" ms && row noisy "$3" ms && row limited "$4" ms "$5" && row counts "$6" instr/byte &&
	row size "$7" bytes && row lines 6 lines && row new 1 ms; }
compare() { "$REPO/tests/bench/compare" -c old.tsv "$@"; }
figures 98 51 60 10 pass 1010 1005 >one.tsv
{ echo "  CC libcore/base/buf.c" && figures 99 50 70 10 pass 1010 1005; } >two.tsv
ok "noise is no change" exits 0 compare one.tsv two.tsv
ok "nothing is told" stdout_is_empty
figures 80 70 60 10 fail 1030 1020 >one.tsv
figures 81 71 60 10 fail 1030 1020 >two.tsv
ok "what is beyond noise is exit 1" exits 1 compare one.tsv two.tsv
is "each kind of row by what is more of it" "$(cut -f 1,2 "$TAP/stdout" | tr '\t\n' ' ,')" \
	"slower speed,slower time,fails limited,slower counts,slower size,"
{ figures 98 51 60 10 pass 1010 1005 && row other 7 ms fail; } >one.tsv
ok "a row that fails is told, though there is no figure of it" exits 1 compare one.tsv
is "by its name" "$(cut -f 1,2 "$TAP/stdout" | grep other)" "fails	other"
figures 120 40 60 10 pass 970 980 >one.tsv
ok "what is better is told, and exit 0" exits 0 compare one.tsv one.tsv
is "so is each kind of row" "$(cut -f 1,2 "$TAP/stdout" | tr '\t\n' ' ,')" "faster speed,faster time,faster counts,faster size,"
figures 90 55 60 10 pass 1000 1000 >one.tsv
ok "the committed spread serves for one run" exits 1 compare one.tsv
cut -f 1-6 old.tsv >bare.tsv
ok "without any, a tenth is no change" exits 0 "$REPO/tests/bench/compare" -c bare.tsv one.tsv
compare -u one.tsv two.tsv >new.tsv
is "-u: medians and their spread" "$(grep '^speed' new.tsv)" "$(row speed 85.5 MB/s info 0.111)"
is "-u: new rows too" "$(grep -c '^new' new.tsv)" 1

ok "a part that is none is exit 2" exits 2 table everything
ok "and says what there is" stderr_has "there is no part 'everything'; there are data ingest"

done_testing
