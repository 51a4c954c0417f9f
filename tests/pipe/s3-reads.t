#!/bin/sh
# Queries of a real object store: few rounds of few requests, and with a cache next to none; damage on the way, and of the
# cache, costs speed alone.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/s3.sh"
. "$REPO/tests/lib/deletes.sh"
s3_faulty
S=$(s3_via main)

lines() { # DAY
	awk -v d="$1" 'BEGIN {
		srand(d)
		for (k = 0; k < 6000; k++)
			printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a%d\",\"pod\":\"p%d\"},\"line\":\"line %d %.16f%.16f level=%s\"}\n",
				1768435200 + d * 86400 + k, k, k % 2, k % 6, k, rand(), rand(), k % 501 ? "info" : "error"
	}'
}

bad=0
for d in 0 1 2; do
	lines $d >in
	for s in dir "$S"; do
		chunkpack --store "$s" <in >packs && idxbuild --store "$s" <packs >/dev/null || bad=1
	done
done
is "three days of two packs are stored" $bad 0

ask() { # STORE [OPTION]...
	at=$1
	shift
	logql --store "$at" --limit 0 -o jsonl --from 1768435200 --to 1768694400 "$@" '{app="a1"} |= "level=error"' || return
	logql --store "$at" --limit 0 --at 1768694400 "$@" 'sum by (pod) (count_over_time({app=~".+"} |= "7" [3d]))'
}
ask dir >want 2>&1
stats() { sed -n 's/^logql: \([0-9]* PUT.*\)/\1/p' "$TAP/stderr" | tail -n "${1:-1}"; }
number() { stats | grep -o "[0-9]* $1" | head -n 1 | cut -d ' ' -f 1; }
query() { logql --store "$S" --limit 0 -o jsonl --from 1768435200 --to 1768694400 --store-stats "$@" '{app="a1"} |= "level=error"'; }

# ---- cold, 30 ms away

s3_fault '{"delay_ms":30}'
ok "a cold query answers" exits 0 query
note "$(stats)"
ok "in four rounds at most" test "$(number round)" -le 4
ok "of few requests" test "$(number GET)" -le 10
ok "and LISTs" test "$(number LIST)" -le 4
ask "$S" >found 2>&1
ok "as a folder answers" same_file want found

# ---- with requests to delete, and limits

for line in 77 777; do
	id=$(request dir fake "{app=\"a1\"} |= \"line $line\"" 1768435200000000000 1768694400000000000)
	s3_curl PUT "/$S3_RUN/main/fake/deletes/$id.json" -T "dir/fake/deletes/$id.json" -o out
done
printf 'limits_config: {retention_period: 3650d}\n' >limits.yaml
cp limits.yaml dir/~lokid/limits.yaml
s3_curl PUT "/$S3_RUN/main/~lokid/limits.yaml" -T limits.yaml -o out
cp want all
ask dir >want 2>&1
not_ok "requests to delete change the answer" same_file want all
ok "a cold query answers" exits 0 query
note "$(stats)"
ok "in three rounds: what is hidden comes beside the lists and the index files" test "$(number round)" -le 3
ok "of few requests" test "$(number GET)" -le 13
ask "$S" >found 2>&1
ok "as a folder answers" same_file want found
for id in $(s3_keys main | sed -n 's|^fake/deletes/||p'); do s3_curl DELETE "/$S3_RUN/main/fake/deletes/$id" -o out; done
rm -r dir/fake/deletes
ask dir >want 2>&1

# ---- with a cache

ok "with a cache the first takes as many" exits 0 query --cache cache
ok "the next fetches nothing but what tells what there is" exits 0 query --cache cache
note "$(stats)"
ok "that is one GET" test "$(number GET)" -le 1
ok "in two rounds" test "$(number round)" -le 2
ok "the rest is hits" test "$(number hit)" -gt 3
ask "$S" --cache cache >found 2>&1
ok "and the answers are the same" same_file want found

ok "listings may be taken from the cache" exits 0 query --cache cache --list-age 1h
ok "as of then" exits 0 query --cache cache --list-age 1h
note "$(stats)"
is "with no request at all" "$(number GET) $(number LIST)" "0 0"
ask "$S" --cache cache --list-age 1h >found 2>&1
ok "and the answers are the same" same_file want found
ok "of that server alone" exits 5 logql --store "${S%%\?*}?endpoint=http://127.0.0.1:9&region=$S3_REGION&tries=1" --cache cache --list-age 1h '{app="a1"}'
s3_fault '{}'
lines 0 | sed -n '/level=error/s/line [0-9]*/late/p' >late
chunkpack --store dir <late | idxbuild --store dir >/dev/null
chunkpack --store "$S" <late | idxbuild --store "$S" >/dev/null
ask dir >want 2>&1
ask "$S" --cache cache --list-age 1h >found 2>&1
not_ok "what another machine wrote is seen later" same_file want found
ask "$S" --cache cache --list-age 1ns >found 2>&1
ok "when the listing is too old" same_file want found

find cache/[0-9a-f][0-9a-f] -type f -name '????????????????????????????????' | while read -r f; do flip_byte "$f" 300; done
ok "a damaged cache answers" exits 0 query --cache cache
note "$(stats)"
ok "having dropped what was damaged" test "$(number damaged)" -gt 3
ask "$S" --cache cache >found 2>&1
ok "the same" same_file want found

: >file
ask "$S" --cache file 2>warnings >found
ok "a cache that cannot be costs speed alone" same_file want found
ok "and is told" grep -q "^logql: warning: cache: .*file" warnings
is "once a query" "$(grep -c warning warnings)" 2

# ---- damage on the way

s3_fault '{"corrupt":2000,"count":2,"match":"chunks"}'
ok "blocks that came damaged are asked for again" exits 0 query
cp "$TAP/stdout" found
logql --store dir --limit 0 -o jsonl --from 1768435200 --to 1768694400 '{app="a1"} |= "level=error"' >want
ok "and the answer is right" same_file want found
s3_fault '{"status":503,"count":3}'
ok "so are answers of 503" exits 0 query
s3_fault '{}'
ok "an age of listings too" exits 2 query --list-age 10s
ok "a size without a cache is a mistake" exits 2 query --cache-size 1M

done_testing
