#!/bin/sh
# Lines that are taken apart are the same lines: to chunkcat, to queries, to a compaction, and past damage.
. "${0%/*}/../lib/tap.sh"

# JSON whose shape changes, logfmt, a stream of both with other text between, and one that is only text.
awk 'BEGIN {
	at = 1760600000
	for (i = 0; i < 6000; i++) {
		ts = (at + int(i / 10)) sprintf("%09d", (i % 10) * 100000000 + 123)
		day = sprintf("2025-10-16T%02d:%02d:%02d.%d00Z", 7 + int((1600 + i / 10) / 3600), int((1600 + i / 10) / 60) % 60,
			(1600 + i / 10) % 60, i % 10)
		level = i % 50 ? "info" : "error"
		id = sprintf("%08x%08x", i * 2654435761 % 4294967296, i * 40503 % 4294967296)
		json = sprintf("{\"ts\":\"%s\",\"level\":\"%s\",\"msg\":\"done %d\",\"trace\":\"%s\",\"status\":%d,\"took_ms\":%.3f", day,
			level, i % 7, id, 200 + 100 * (i % 4), i / 7)
		json = json (i % 3 ? "}" : ",\"user\":{\"id\":\"u-" sprintf("%06d", i % 900) "\",\"tags\":[1,2,\"x\"]},\"gone\":null}")
		fmt = sprintf("ts=%s level=%s msg=\"took %d\" retries=%d dur=%.1fms", day, level, i % 90, i % 11, i / 3)
		text = "plain text " i " of nothing, " level
		line["web"] = json; line["job"] = fmt; line["text"] = text
		line["mixed"] = i % 5 == 0 ? json : i % 5 < 4 ? fmt : "say \"" i "\" {" 
		for (app in line) {
			l = line[app]
			gsub(/["\\]/, "\\\\&", l)
			printf "{\"labels\":{\"app\":\"%s\"},\"ts\":\"%s\",\"line\":\"%s\"}\n", app, ts, l
		}
	}
}' >entries

for lines in apart whole; do
	chunkpack --store "$lines" --lines "$lines" --block-size 64KiB entries >"$lines.packs" || bail "packs are made"
	idxbuild --store "$lines" <"$lines.packs" >/dev/null || bail "an index is made"
	xargs chunkcat <"$lines.packs" | sort >"$lines.entries"
done
ok "what was taken apart comes out as it was" cmp -s apart.entries whole.entries
apart() { xargs chunkcat --header <"$1.packs" | grep -c '"blocks_apart":[1-9]'; }
is "chunks of JSON, of logfmt and of both" "$(apart apart)" 3
is "none is, where they are to be whole" "$(apart whole)" 0
size() { xargs cat <"$1.packs" | wc -c; }
ok "it takes less room" test "$(size apart)" -lt $(($(size whole) * 9 / 10))
ok "all of it can be read" exits 0 xargs chunkcat --verify <apart.packs

# same QUERY [OPTION]...: the answers of both stores, to `answer`.
same() {
	query=$1
	shift
	for lines in apart whole; do
		logql --store "$lines" --from 1760600000 --to 1760700000 -n 100000 "$@" "$query" >"$lines.answer" || return
	done
	mv whole.answer answer
	cmp -s apart.answer answer
}
while IFS= read -r query; do
	for option in -j1 --no-filters; do
		ok "$query $option" same "$query" "$option"
	done
	ok "and it has entries" test -s answer
done <<'END'
{app=~".+"}
{app="web"} | json
{app="web"} | json | status >= 400 | level="error"
{app="web"} | json | user_id="u-000003"
{app="web"} | json | msg > 500 | trace=ip("10.0.0.0/8")
{app="web"} | json | took_ms > 800.5 | line_format "{{.trace}} {{.user_id}}"
{app="web"} | json first="user.id", tags="user.tags"
{app="job"} | logfmt | retries > 9
{app="job"} | logfmt --strict | dur > 1s
{app="job"} | logfmt | retries > 9 | dur > 900ms
{app="web"} | json | msg="done 3" | took_ms > 100
{app=~"web|mixed"} | json | status=300 | msg=~"done [12]" | line_format "{{.trace}} {{.ts}}"
{app=~"web|mixed"} | json | __error__=""
{app=~"web|mixed"} | json | __error__!=""
{app=~".+"} |= "error"
{app=~".+"} |= "level=error"
{app=~".+"} |= `"level":"error"`
{app=~".+"} |= "ERROR" or "took 7"
{app=~".+"} != "info" != "plain"
{app=~".+"} |~ "(?i)LEVEL.{1,3}error"
{app=~".+"} |= `,"took_ms":8` !~ "done [0-3]"
{app=~".+"} |= "07:3" |= "u-0000"
{app=~".+"} |= "T07:30:01.5"
END
while IFS= read -r query; do
	ok "$query" same "$query" --step 60
done <<'END'
sum by (status) (count_over_time({app="web"} | json | status >= 400 [5m]))
quantile_over_time(0.9, {app="web"} | json | unwrap took_ms [5m]) by (level)
sum(rate({app=~".+"} |= "error" [5m]))
sum by (level) (bytes_over_time({app=~"job|mixed"} | logfmt [5m]))
sum by (level, msg) (count_over_time({app="web"} | json [5m]))
sum by (msg, status, app) (count_over_time({app="web"} | json | status >= 300 [5m]))
sum by (level, gone) (rate({app="web"} | json [5m]))
sum by (user_id) (count_over_time({app="web"} | json [5m]))
sum(sum_over_time({app="web"} | json | unwrap took_ms [5m]))
avg_over_time({app="web"} | json | level="info" | unwrap took_ms [5m]) by (msg, status)
max_over_time({app="web"} | json | unwrap status [5m]) by (msg)
sum by (level) (sum_over_time({app="job"} | logfmt | unwrap retries [5m]))
sum by (level) (sum_over_time({app="job"} | logfmt | unwrap duration(dur) [5m]))
sum by (level) (sum_over_time({app="web"} | json | unwrap status | __error__="" [5m]))
stddev_over_time({app="mixed"} | logfmt | unwrap retries [5m]) by (level)
topk(3, sum by (msg) (count_over_time({app="web"} | json | took_ms > 100 | level="error" [5m])))
END

# ---- how much of what is stored is read

compressed() { logql --store apart --queued 0s -o api --from 1760600000 --to 1760700000 --limit 0 "$1" | grep -o '"compressedBytes":[0-9]*' | sed -n 's/.*://p;q'; }
all=$(compressed '{app="web"}')
one=$(compressed 'sum(count_over_time({app="web"} | json | status >= 400 [1d]))')
chunk=$(xargs chunkcat --header <apart.packs | sed -n 's/.*"length":\([0-9]*\),"head_length".*"app":"web".*/\1/p')
is "of whole lines, all of the chunk, but for its head and metadata" "$((all > chunk * 9 / 10 && all < chunk))" 1
is "of a field, the times and that" "$((one > 1000 && one < all / 2))" 1
none=$(compressed 'sum(count_over_time({app="web"} | json | took_ms >= 0 | level="done" [1d]))')
took=$(compressed 'sum(count_over_time({app="web"} | json | took_ms >= 0 [1d]))')
is "where no word of a field stays, of no other field anything" "$((none > 1000 && none < took * 2 / 3))" 1

# ---- few lines are left, none of them of a shape whose number is asked for

awk 'BEGIN {
	for (i = 0; i < 1000; i++) {
		line = i % 2 ? "{\\\"took\\\":" i * 7919 % 100003 "}" : "{\\\"level\\\":\\\"" (i % 100 ? "info" : "error") "\\\"}"
		printf "{\"labels\":{\"app\":\"two\"},\"ts\":\"17600%05d000000000\",\"line\":\"%s\"}\n", i, line
	}
}' >two
chunkpack --store two.store two | idxbuild --store two.store >/dev/null
is "of two filters" "$(logql --store two.store --limit 0 '{app="two"} | json | level="error" | took!="5"' | grep -c 'level="error"')" 10

# ---- so many keys that they are forgotten in the middle of a block

awk 'BEGIN {
	for (i = 0; i < 100; i++) {
		line = "{\\\"k\\\":\\\"v" i "\\\",\\\"a\\\":" i "}"
		if (i == 50) {
			line = "{"
			for (n = 0; n < 5000; n++)
				line = line "\\\"n" n "\\\":null,"
			line = line "\\\"k\\\":\\\"w\\\"}"
		}
		printf "{\"labels\":{\"app\":\"many\"},\"ts\":\"17600%05d000000000\",\"line\":\"%s\"}\n", i, line
	}
}' >many
chunkpack --store many.store many | idxbuild --store many.store >/dev/null
logql --store many.store --from 1760000000 --to 1760100000 '{app="many"} | json' >many.answer
is "fields have their names all the same" "$(grep -c 'k="v' many.answer)" 99

# ---- merged anew, and damaged

for half in head tail; do
	"$half" -n 12000 entries | chunkpack --lines whole --store merged | idxbuild --store merged >/dev/null
done
find merged -type f -exec touch -d '2025-12-01T00:00:00Z' {} +
ok "a compaction takes apart what was whole" exits 0 chunkpack --compact --delete-delay 0 --store merged
is "so it is then" "$(find merged -name '*.pack' -exec chunkcat --header {} + | grep -c '"blocks_apart":[1-9]')" 3
find merged -name '*.pack' -exec chunkcat {} + | sort >merged.entries
ok "and has all entries" cmp -s merged.entries whole.entries

# ---- made anew, where programs of before are to read it

. "$REPO/tests/lib/deletes.sh"
# of STORE: how many chunks have lines taken apart.
of() { find "$1" -name '*.pack' -exec chunkcat --header {} + | grep -c '"blocks_apart":[1-9]'; }
# kept STORE CHUNKS: as many there and in the packs that take the place of its own.
kept() {
	rm -rf kept
	cp -rp "$1" kept
	request kept fake '{app=~".+"} |= "error"' 1760600000000000000 1760700000000000000 >"$TAP/id"
	ok "$1: a delete" exits 0 chunkpack --delete --cancel-period 0 --delete-delay 0 --store kept
	is "$1: all entries that it meant are gone" "$(logql --store kept -o raw --limit 0 '{app=~".+"} |= "error"')" ''
	is "$1: the others are stored as they were" "$(of kept)" "$2"
	ok "$1: a scrub" exits 0 chunkpack --scrub rules --delete-delay 0 --store kept
	is "$1: has put x for names" "$(logql --store kept -o raw --limit 0 '{app="web"} |= "u-0"')" ''
	is "$1: and lines stay as they were" "$(of kept)" "$2"
	find kept -type f -exec touch -d '2025-12-01T00:00:00Z' {} +
	cut=$(find kept -name '*.pack')
	cut_file "$cut" $(($(size_of "$cut") * 9 / 10))
	touch -d '2025-12-01T00:00:00Z' "$cut"
	run idxbuild --fsck --repair --salvage --delete-delay 0 --store kept
	ok "$1: a salvage" stderr_has "kept "
	is "$1: keeps some as they were" "$(find kept/fake -name '*.pack' -exec chunkcat --header {} + | grep -c '"blocks_apart":[1-9]')" "$3"
}
printf '%s\n' '{app="web"} |= "u-0" | line_format `{{ regexReplaceAll "u-0" __line__ "x-0" }}`' >rules
for lines in apart whole; do
	find "$lines" -type f -exec touch -d '2025-12-01T00:00:00Z' {} +
done
kept whole 0 0
kept apart 3 3

pack=$(find apart -name '*.pack')
from=$(chunkcat --header "$pack" | sed -n 's/.*"offset":\([0-9]*\).*"head_length":\([0-9]*\).*"app":"web".*/\1 \2/p')
length=$(chunkcat --header "$pack" | sed -n 's/.*"length":\([0-9]*\),"head_length".*"app":"web".*/\1/p')
flip_byte "$pack" $((${from% *} + length - 100))
ok "a flipped bit in a value is found" exits 3 chunkcat --verify "$pack"
ok "in its column" stderr_has ': lines: column '
run logql --store apart --limit 0 '{app="web"} | json | line_format "{{.msg}}"'
ok "who asks for it is told where it is" stderr_matches ": offset [0-9]+: block [0-9]+: lines: column [0-9]+: crc32c mismatch: "
ok "who asks for another field is answered as ever" same 'sum by (level) (count_over_time({app="job"} | logfmt [5m]))' --step 60

done_testing
