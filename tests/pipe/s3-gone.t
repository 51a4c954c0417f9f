#!/bin/sh
# Packs of an object store that vanish under a query, since somebody compacted and swept: it plans again, and the answer is that
# of before, each entry once. One that is lost is told.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/s3.sh"
s3_faulty

# Six packs, each of an hour; all of the same streams.
pack() { # HOUR
	awk -v h="$1" 'BEGIN { for (k = 0; k < 300; k++) printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a%d\"},\"line\":\"hour %d line %d %s\"}\n",
		1768471200 + 3600 * h + k / 3, k % 2, k % 3, h, k, substr("the quick brown fox", k % 13) }' |
		chunkpack --store "$S3_URL" | idxbuild --store "$S3_URL" >/dev/null
}
for h in 0 1 2 3 4 5; do pack $h; done
via=$(s3_via main)
log() { logql --store "$via" -o jsonl --limit 0 -j1 "$@" '{app=~"a.+"} |= "line"'; }
metric() { logql --store "$via" -o jsonl -j1 --at 1768500000 'sum by (app) (count_over_time({app=~"a.+"} |= "1" [1d]))'; }
log >whole
metric >sums
is "there is an answer" "$(wc -l <whole)" 1800

# ---- as if one was swept when it is asked for

gone() { s3_fault "{\"status\":404,\"match\":\"GET .*[.]pack\",\"count\":1,\"skip\":$1}"; }
for k in 0 1 3 5; do
	gone $k
	ok "the pack of request $k is gone: a log query is answered" exits 0 log
	ok "as before" stdout_is_file whole
	ok "without a word" stderr_is_empty
done
gone 2
ok "forward too" exits 0 log --direction forward
sort "$TAP/stdout" >found
sort whole >want
ok "as before" cmp want found
gone 0
ok "a metric query is answered" exits 0 metric
ok "as before" stdout_is_file sums
gone 4
ok "half the answer was given out" exits 0 log --limit 700
head -n 700 whole >want
ok "it goes on behind that" stdout_is_file want

# ---- swept while it runs

s3_fault '{"delay_ms":400,"match":"GET .*[.]pack"}'
log >found 2>said &
query=$!
asked() { curl -s "$S3_CONTROL/" | grep -q '"faulted": [1-9]'; }
ok "a query reads" wait_for 10 asked
ok "when all is compacted and swept" exits 0 chunkpack --compact --store "$S3_URL" --fan-in 2 --delete-delay 0
wait $query
is "it ends well" $? 0
s3_fault '{}'
ok "its answer is that of before" cmp whole found
ok "without a word" cmp said /dev/null
is "of what it listed nothing is there" "$(s3_keys main | grep -c '[.]pack$')" 1

# ---- lost

pack 6
lost=$(s3_keys main | grep '[.]pack$' | while read -r key; do
	s3_curl GET "/$S3_RUN/main/$key" | chunkcat | grep -q 'hour 6' && echo "$key"
done)
s3_curl DELETE "/$S3_RUN/main/$lost" >/dev/null
lists() { sed -n 's/.* \([0-9]*\) LIST.*/\1/p' "$TAP/stderr"; }
run log --store-stats --to 1768471200
n=$(lists)
ok "a pack that is lost is damage" exits 3 log --store-stats
ok "the rest is answered" stdout_is_file whole
ok "it is named" stderr_has "$lost"
is "once" "$(grep -c 'is gone' "$TAP/stderr")" 1
ok "after it was planned once more" test "$(lists)" -le $((2 * n + 2))
ok "of a metric query too" exits 3 metric
ok "which answers the rest" stdout_is_file sums

done_testing
