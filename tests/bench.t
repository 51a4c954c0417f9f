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
	logfmt metadata count negative rare_message trace_cold count_cold memory_query streams_speed; do
	ok "a row of $name" stdout_matches "^table_$name	[0-9.]+(e\\+[0-9]+)?	"
done

# Figures of so little data may fail; a part that broke off, or found a wrong answer, has a row without one.
export PROMISED_SECONDS=1 PROMISED_QUERIES=3
ok "scans" succeeds_or_not sh "$REPO/tests/bench/scan.sh"
ok "with nothing on stderr" stderr_is_empty
is "and a figure in each row" "$(cut -f 2 "$TAP/stdout" | grep -c -x -e -)" 0
for name in scan_j1_vs_zstd scan_j2_vs_j1 parse_json_filter parse_json_p99 frames_ingest needle_warm_vs_scan needle_cold_vs_scan; do
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
ok "the others do not" stdout_matches "^table_count	[0-9.]+	ms	-	-	info"

ok "a part that is none is exit 2" exits 2 table everything
ok "and says what there is" stderr_has "there is no part 'everything'; there are data ingest"

done_testing
