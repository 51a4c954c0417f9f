#!/bin/sh
# The benchmarks run, on little data: their answers are right, and a wrong one is told. Figures are not judged.
. "${0%/*}/lib/tap.sh"

need python3 curl

export BENCH_DIR="$PWD/bench" BENCH_RUNS=1 TABLE_BYTES=2M TABLE_STREAMS=2000
table() { sh "$REPO/tests/bench/table.sh" "$@"; }
names() { cut -f 1 "$TAP/stdout" | tr '\n' ' '; }

ok "the table, on 2 MB" exits 0 table
ok "nothing failed" stderr_is_empty
is "each row has seven fields" "$(awk -F '\t' 'NF != 7' "$TAP/stdout")" ""
is "none failed or passed, since the limits are those of a GB" "$(cut -f 6 "$TAP/stdout" | sort -u)" info
for name in ingest cpu_flushed cpu_compacted memory_ingest disk start newest trace rare_word regex errors status p99 topk \
	logfmt metadata count negative rare_message trace_cold count_cold memory_query streams_speed; do
	ok "a row of $name" stdout_matches "^table_$name	[0-9.]+(e\\+[0-9]+)?	"
done

sed -i 's/"needle_lines":3/"needle_lines":4/' bench/table/source/truth.json
ok "a wrong answer is exit 1" exits 1 table queries
ok "and says what was expected" stderr_has "table-queries: error: trace: lines: found 3, expected 4"
ok "its row fails" stdout_matches "^table_trace	-	ms	4	-	fail"
ok "the others do not" stdout_matches "^table_count	[0-9.]+	ms	-	-	info"

ok "a part that is none is exit 2" exits 2 table everything
ok "and says what there is" stderr_has "there is no part 'everything'; there are data ingest"

done_testing
