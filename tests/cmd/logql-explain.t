#!/bin/sh
# logql --explain and --analyze: the tree, what is left out, that its figures are true.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/entries.sh"

# Two days in packs of small blocks, a log that the store has in part, and raw lines.
awk 'BEGIN {
	for (i = 0; i < 1000; i++) {
		day = i < 600 ? 1760522400 : 1760608800
		level = i % 10 == 0 ? "error" : "info"
		printf "{\"ts\":\"%d000000000\",\"tenant\":\"fake\",\"labels\":{\"app\":\"web\",\"host\":\"%s\"}," \
			"\"line\":\"level=%s status=%d msg=\\\"line %d\\\"\"}\n", day + i, i % 2 ? "a" : "b",
			level, 200 + i % 10 * 33, i
	}
}' >web.jsonl
# From a file: in one batch.
cat entries.jsonl web.jsonl >all.jsonl
lokid-ingest -q --input jsonl --wal wal all.jsonl
walreplay --frames wal | chunkpack --max-entries 50 --store store | idxbuild --store store >/dev/null
entry 1760608900000000000 '{"app":"web","host":"a"}' 'level=error status=500 msg=late' |
	lokid-ingest -q --input jsonl --wal wal
printf 'one %s\n' 1 2 3 >raw.log

# What differs from run to run: times, their shares, memory, and blanks before them; after --analyze
# the hint at a text, which depends on how long a parser took.
mask() {
	sed -E 's/ +[0-9.]+ (us|ms|s)( +[0-9.]+%)?$/ TIME/; s/[0-9.]+ (us|ms|s)\>/TIME/g
		/^hint: \|= /,/^  /d
		s/(series and values took) [0-9.]+ [KMG]?i?B/\1 SIZE/; s/peak memory [0-9.]+ [KMG]iB/peak memory SIZE/
		s/^(total.*the answer would be) .*/\1 SIZE/'
}

# All of them, one after the other, as people see them.
show() {
	for query; do
		printf '$ %s\n' "$query"
		# shellcheck disable=SC2086
		logql --store store --wal wal -j1 $when "$option" "$query" | mask
	done
}

for option in --explain --analyze; do
	when=
	ok "$option of log queries" exits 0 show '{app="web"}' '{host="a"} |= "status=500"' \
		'{app="web"} | logfmt | level="error" |= "line 5" | line_format "{{.msg}}"' \
		'{app=~".+"} |~ "ERR|(?i)warn" | host="a"' \
		'{app="web"} |~ "[0-9]+5\"$"' '{app="none"}' '{app="web"} |~ "[0-9]{4}"' \
		'{app="web"} | regexp "status=(?P<status>[0-9]+)" | status > 400 != "x"' \
		'{app="web"} |> "level=error <_>" | pattern "level=<level> <_>" | drop level' \
		'{app="web"} |= ip("10.0.0.0/8") or "line 77" |~ "7.|line 77" | json a="b.c" | label_format x=a' \
		'{app="web"} | unpack | decolorize |~ "error|info" | keep app'
	ok "as they are shown" stdout_is_golden "explain-log$option.txt"
	when="--at 1760610000"
	ok "$option of metric queries" exits 0 show 'count_over_time({app="web"}[2d])' \
		'topk(1, sum by (level) (rate({app="web"} | logfmt [1d])))' \
		'sum(count_over_time({app="web"} | json | line_format "x" [2d]))' \
		'avg_over_time({app="web"} | logfmt | unwrap status | __error__="" [1d] offset 1d) by (host)' \
		'sum(count_over_time({host="a"}[1d])) / on () count_over_time({app="db"}[1w]) * 2' \
		'label_replace(vector(1), "a", "$1", "b", "(.*)")' '1 + 1' \
		'sum by (l) (rate({app="web"} | pattern "level=<l> status=<s> <_>" | s != "200" [1d]))' \
		'variants(count_over_time({app="web"}[1d]), bytes_rate({app="web"}[1d])) of ({app="web"}[1d])'
	ok "as they are shown" stdout_is_golden "explain-metric$option.txt"
	when="--from 1760520000 --to 1760610000 --step 30m"
	ok "$option of steps" exits 0 show 'sum by (level) (count_over_time({app="web"} | logfmt [1h]))' \
		'bytes_over_time({app="web"}[5m])' 'count_over_time({host="a"}[5m])'
	ok "as they are shown" stdout_is_golden "explain-steps$option.txt"
done
option=--explain
ok "no line has more than 80 columns but for long words" test \
	"$(awk 'length($0) > 80' "$GOLDEN"/expected/explain-*.txt | grep -vc '^\$')" -eq 0

# ---- figures are those of the execution

figure() { # KEY KIND NTH: of the nth node of that kind
	sed 's/"sources":{\("[a-z]*":{[^}]*},*\)*},//; s/{"kind"/\n&/g' "$TAP/stdout" |
		grep "^{\"kind\":\"$2\"" | sed -n "${3}p" | sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p"
}
is_figure() { is "$1" "$(figure "$2" "$3" "$4")" "$5"; }

grep -c 'level=error' web.jsonl >errors
run logql --store store -j1 -o jsonl --analyze '{app="web"} |= "level=error" | logfmt | status = "200"'
is_figure "entries read" entries_out read 1 1004
is_figure "into the filter" entries_in stage 1 1004
is_figure "out of it" entries_out stage 1 "$(cat errors)"
is_figure "into the parser" entries_in stage 2 "$(cat errors)"
is_figure "out of the last stage" entries_out stage 3 100
is_figure "given out" entries_in answer 1 100
is_figure "blocks" blocks read 1 22
is_figure "blocks read" blocks_read read 1 22
bytes=$(logql --store store -o raw '{app="web"}' | tr -d '\n' | wc -c)
is_figure "bytes of lines" line_bytes_in stage 1 "$bytes"
bytes=$(logql --store store -o raw '{app="web"} |= "level=error"' | tr -d '\n' | wc -c)
is_figure "bytes of lines that stay" line_bytes_out stage 1 "$bytes"
run logql --store store -j4 -o jsonl --analyze '{app="web"} |= "level=error" | logfmt | status = "200"'
is_figure "with threads the same" entries_out stage 3 100
is_figure "in all of them" entries_in stage 1 1004

run logql --store store -j1 -n 10 -o jsonl --analyze '{app="web", host="a"}'
is_figure "a limit ends early" entries_in answer 1 10
ok "blocks that are not needed are told" test "$(figure blocks_not_read read 1)" -gt 5
run logql --store store --analyze -j1 '{app="web"} |= "line 77\""'
ok "times of blocks without a hit are not decoded" \
	stdout_has 'decoded: lines of 22, fields of 22, times of 1, metadata of 1 block'
run logql --store store -j1 -o jsonl --at 1760700000 --analyze 'sum(count_over_time({app="web"}[1w]))'
is_figure "blocks from tables" blocks_from_tables read 1 22
is_figure "none is read" blocks_read read 1 0
run logql --store store -j1 -o jsonl --from 2025-10-16 --analyze '{app="web"}'
ok "days that are left out" stdout_has '"days":2,"days_needed":1'
run logql --store store -j1 -o jsonl --explain '{app="db"}'
ok "blocks of other streams are left out" stdout_has '"blocks_needed":1,"blocks_of_other_streams":22'
run logql --store store --wal wal -j1 -o jsonl --explain '{app="web"}'
ok "and those of the log that the store has" stdout_has '"blocks_that_the_store_has":2'
ok "what would be read" stdout_has '"blocks":23,"line_bytes":'
ok "is one line" stdout_lines 1

# ---- nothing is scanned

cp -r store broken
for pack in broken/fake/chunks/*/*.pack; do
	flip_byte "$pack" 300
done
ok "a damaged pack is none to --explain" exits 0 logql --store broken --explain '{app="web"}'
ok "of which nothing is read" stderr_is_empty
ok "it is to --analyze" exits 3 logql --store broken -o jsonl --analyze '{app="web"}'
ok "which tells" stderr_has "broken/fake/chunks"
ok "and counts" test "$(figure blocks_damaged read 1)" -gt 0

# ---- sources, verbs, formats, refusals

ok "raw lines" exits 0 logql --explain '{} |= "one"' raw.log
ok "have pieces" stdout_has '1 of 1 piece, about 18 B of lines'
ok "a selector that raw lines do not fit" exits 0 logql --explain '{app="web"}' raw.log
ok "leaves them out" stdout_has '0 of 1 piece, about 0 B of lines; left out: 1 of other streams'
ok "a pipe" exits 0 sh -c "cat raw.log | logql --explain '{} |= \"one\"'"
ok "is known by its beginning" stdout_has 'of a pipe only the beginning is known here'
ok "a pipe is run" exits 0 sh -c "cat raw.log | logql --analyze '{} |= \"2\"'"
ok "and counted" stdout_has '3 to 1 entry (33%), 15 B to 5 B of lines'
ok "JSON lines" exits 0 logql --explain '{app="web"}' entries.jsonl
ok "have runs" stdout_has 'runs of entries'
ok "a pack" exits 0 sh -c "logql --explain '{app=\"db\"}' store/fake/chunks/*/*.pack"
ok "has chunks" stdout_has 'of chunks, whose heads leave 1 of'
verbs() {
	ok "--explain $*" exits 0 logql --store store --explain "$@"
	ok "names its source" stdout_has 'store "store": 2 of 2 days'
	ok "--analyze $*" exits 0 logql --store store --analyze "$@"
	ok "takes time" stdout_matches 'total .* cpu .* peak memory'
}
verbs labels
verbs values app
verbs series '{app="web"}'
verbs stats
verbs volume
verbs detected-labels
verbs detected-fields '{app="web"}'
verbs detected-values level '{app="web"}'
verbs patterns '{app="web"}'
ok "a list of selectors" exits 0 logql --store store --explain series '{app="db"}' '{app="web"}'
ok "has the index used for none" stdout_has 'each stream is asked'
ok "fmt reads nothing" exits 2 logql --explain fmt '{app="web"}'
ok "which is said" stderr_is "logql: error: option '--explain': fmt only formats a query"
ok "nor csv" exits 2 logql --store store -o csv --analyze '{app="web"}'
ok "which is said" stderr_has "option '--format': a plan is printed as text, or with jsonl or api"
ok "-o api" exits 0 logql --store store -o api --explain '{app="web"}'
ok "is an answer of the API" stdout_matches '^\{"status":"success","data":\{"plan":\[.*\}\}$'
ok "a wrong query" exits 2 logql --store store --explain '{app="web"'
ok "has no plan" stdout_is_empty
ok "nothing found is no failure" exits 0 logql --store store --analyze '{app="web"} |= "nowhere"'
ok "and is told" stdout_has '| 0 entries'
ok "--output" exits 0 logql --store store --explain --output plan '{app="web"}'
ok "has it" grep -q '^log query' plan
ok "windows as long as times reach" exits 0 \
	logql --explain --from 0 --to 1800000000 --step 200y 'count_over_time({} [290y])' raw.log
ok "overlap as others do" stdout_has 'in up to 2 of them'
ok "limits are told" exits 0 logql --store store --explain --max-series 5 --timeout 1m --max-bytes 1MiB '{app="web"}'
ok "as they are" stdout_has 'limits: series 5, bytes 1.0 MiB, timeout 1m0s'
ok "a limit that is exceeded" exits 3 logql --store store --analyze --max-bytes 100B '{app="web"}'
ok "has a plan that says by what" stdout_has '22 of 23 blocks'
ok "a full stdout" exits 4 sh -c "logql --store store --explain '{app=\"web\"}' >/dev/full"

# ---- hints

not_hinted() { ! grep -qF "$1" "$TAP/stdout"; }

ok "a label of streams behind the selector" exits 0 logql --store store --explain '{app=~".+"} | host="a"'
ok "no hint: one stream has none" not_hinted 'host is a label'
ok "a label of all streams" exits 0 logql --store store --explain '{app=~".+"} | app="web"'
ok "is hinted at" stdout_has 'hint: app is a label of the streams: with app="web" in the selector'
ok "a selector of every stream" exits 0 logql --store store --explain '{}'
ok "is hinted at" stdout_has 'hint: the selector fits every stream'
ok "one that leaves some out" exits 0 logql --store store --explain '{app!="db"}'
ok "is not" not_hinted 'every stream'
ok "a value behind a parser" exits 0 logql --store store --explain '{app="web"} | logfmt | level="error"'
ok "is hinted at" stdout_has 'hint: |= "error" before | logfmt'
ok "not of a label that was made" exits 0 \
	logql --store store --explain '{app="web"} | logfmt | label_format level="error" | level="error"'
ok "which stands in no line" not_hinted '|= "error"'
ok "not where a text is asked for" exits 0 \
	logql --store store --explain '{app="web"} |= "x" | logfmt | level="error"'
ok "already" not_hinted '|= "error"'

# Of lines that are taken apart a filter looks at some, then their block is put together: one block, once.
lokid-ingest -q --wal parts/wal -l app=shop "$REPO/examples/logs/shop.log"
walreplay --frames parts/wal | chunkpack --store parts/store | idxbuild --store parts/store >parts/idx
for filters in '|= "checkout"' '|= "checkout" |= "504"' '|= "checkout" | json | level="error"'; do
	ok "filters of lines taken apart: $filters" exits 0 logql --analyze --store parts/store "{app=\"shop\"} $filters"
	ok "are told with as many blocks as there are" stdout_has \
		'decoded: lines of 1, fields of 1, times of 1, metadata of 1 block'
done

done_testing
