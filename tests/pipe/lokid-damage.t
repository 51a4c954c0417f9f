#!/bin/sh
# A damaged segment of the log: the daemon keeps what is readable, sets the segment aside, says so, and goes on.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

now=$(date +%s)
says() { grep -q "$1" lokid.log; }
# find_lines QUERY: sets N, how many lines.
find_lines() {
	get /loki/api/v1/query_range -G --data-urlencode "query=$1" -d limit=5000 -d "start=$((now - 3600))"
	N=$(grep -o '\["[0-9]*","' "$TAP/stdout" | wc -l)
}

# --- closed, as the daemon finds it ---
# One batch of many sections: what lies outside the damage can be read.
awk -v now="$now" 'BEGIN { srand(7); for (i = 0; i < 3000; i++) {
	printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"shop\",\"n\":\"%d\"},\"line\":\"%d", now - 60, i, i % 50, i
	for (k = 0; k < 8; k++) printf "%06x", 16777216 * rand()
	print "\"}" } }' >shop.jsonl
lokid-ingest -q --wal data/wal --input jsonl shop.jsonl || bail "a log"
bad=$(basename data/wal/*.wal .wal)
flip_byte "data/wal/$bad.wal" 90000
cp "data/wal/$bad.wal" bad.wal
echo good | lokid-ingest -q --wal data/wal -l app=web || bail "a log"
cat >lokid.yaml <<'END'
auth_enabled: false
ingester:
  flush_check_period: 1h
END
lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
get /flush -X POST
ok "a flush moves all into the store" code_is 204
is "the log is empty but for what is set aside" "$(echo data/wal/*)" data/wal/damaged
ok "which is whole there" same_file bad.wal "data/wal/damaged/$bad.wal"
find_lines '{app="shop"}'
ok "a query is answered" code_is 200
n=$N
ok "with what was readable: $n" [ "$n" -gt 1500 -a "$n" -lt 3000 ]
find_lines '{app="web"}'
is "the others are flushed with it" "$N" 1
ok "the log says that there was damage" says 'level=error.* msg="a flush met damage" err="walreplay: exit status 3: .*offset'
ok "and how much was kept, and where it lies" says "level=error.* msg=\"a segment of the log is damaged\" mended=\"data/wal/$bad.wal: $n entries in 1 batch saved to .*; set aside as data/wal/damaged/$bad.wal\""
not_ok "no round failed" says 'flush failed'
get /metrics
ok "a metric tells of what lies there" stdout_has 'lokid_wal_damaged_segments 1'
ok "another that damage was met" stdout_has 'loki_ingester_wal_corruptions_total{type="segment"} 1'
get /ready
ok "it is ready" code_is 200
ok "and says where the segment lies" stdout_has "but 1 damaged segment of the log lies in 'data/wal/damaged'"
is "a second flush finds nothing to do" "$(get /flush -X POST; echo "$CODE")" 204
is "and is told of no damage" "$(grep -c 'met damage' lokid.log)" 1

# push_two: a segment of two batches, the first of which is damaged; its path is in OPEN.
push_two() {
	push "{\"streams\":[{\"stream\":{\"app\":\"pay\"},\"values\":[[\"${now}00000000$1\",\"one\"]]}]}"
	ok "a push is taken" code_is 204
	OPEN=$(echo data/wal/*.wal)
	at=$(size_of "$OPEN")
	push "{\"streams\":[{\"stream\":{\"app\":\"pay\"},\"values\":[[\"${now}00000010$1\",\"two\"]]}]}"
	ok "and another" code_is 204
	flip_byte "$OPEN" $((at - 5))
}

# --- open, and met by a query first ---
rm -r data/wal/damaged
push_two 1
find_lines '{app="pay"}'
ok "a query says that something is missing" code_is 500
ok "where" stdout_has "'$OPEN'"
get /flush -X POST
ok "the next flush mends it" code_is 204
find_lines '{app="pay"}'
ok "the query is answered" code_is 200
is "with what was readable" "$N" 1
get /metrics
ok "that lies there, too" stdout_has 'lokid_wal_damaged_segments 1'

# --- where it cannot be set aside ---
rm -r data/wal/damaged
echo >data/wal/damaged
push_two 2
get /flush -X POST
ok "a flush then fails" code_is 500
ok "and says why" stdout_has "data/wal/damaged"
ok "the segment stays" test -s "$OPEN"
cp "$OPEN" bad.wal
rm data/wal/damaged
get /flush -X POST
ok "until it can be" code_is 204
ok "then it is there" same_file bad.wal "data/wal/damaged/${OPEN##*/}"

lokid_stop TERM
is "it ends" "$STATUS" 0
done_testing
