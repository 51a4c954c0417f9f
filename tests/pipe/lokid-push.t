#!/bin/sh
# lokid-ingest --push and the daemon: what the one sends the other has, each line once, also when it is killed meanwhile; and
# what limits do to it.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"


lokid_any_rate >config.yaml
lokid_start --config config.yaml
seq 1 100000 | sort >want
ok "lines" exits 0 lokid-ingest -q --push "$URL" -t acme -l app=x want
ok "are there" sh -c 'logql -t acme --wal data/wal --store data/store --limit 0 -o raw "{app=\"x\"}" | sort | cmp - want'
awk '{ printf "{\"labels\":{\"app\":\"j%d\"},\"line\":\"%s\",\"metadata\":{\"n\":\"%s\"}}\n", $1 % 50, $1, $1 }' want >in.jsonl
ok "JSON lines of many streams" exits 0 lokid-ingest -q --push "$URL" -t acme --input jsonl in.jsonl
ok "are there" sh -c 'logql -t acme --wal data/wal --store data/store --limit 0 -o raw "{app=~\"j.*\"}" | sort | cmp - want'
ok "with their metadata" test "$(logql -t acme --wal data/wal --store data/store --limit 0 -o raw '{app=~"j.*"} | n=`4711`')" = 4711
echo '{"ts":"1000000000","labels":{"app":"x"},"line":"of 1970"}' >old.jsonl
ok "what is too old is refused, and said" exits 3 lokid-ingest -q --push "$URL" -t acme --input jsonl old.jsonl
ok "in the daemon's words" stderr_matches "warning: .* answered 400: .*timestamp too old: 1970-01-01"

# It goes away in the middle, and comes back.
port=${URL##*:}
seq 1 2000000 >many
spawn sh -c 'exec lokid-ingest -q --push "$1" -t acme -l app=through many 2>through.err' sh "$URL"
client=$PID
ok "some of many lines come" wait_for 20 sh -c 'logql -t acme --wal data/wal -o raw --limit 1 "{app=\"through\"}" | grep -q .'
kill -9 "$LOKID_PID"
wait "$LOKID_PID" 2>/dev/null
spawn lokid --data data --config config.yaml --listen "127.0.0.1:$port" 2>lokid2.log
LOKID_PID=$PID
ok "the others come when it is there again" wait "$client"
ok "it had been gone" grep -q "attempt 2 of 11" through.err
is "each line is there, once" "$(logql -t acme --wal data/wal --store data/store 'sum(count_over_time({app="through"}[1h]))' | sed 's/.* //')" 2000000
lokid_stop

done_testing
