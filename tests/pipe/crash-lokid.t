#!/bin/sh
# Under load, each process of the daemon's tree is killed in turn: no line that was acknowledged is
# lost, none is doubled, the next query is right, and the daemon is back within 2 s. PERCENT of 200 kills.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need jq
PERCENT=${PERCENT:-5}
kills=$((200 * PERCENT / 100))
[ $kills -ge 10 ] || kills=10
BACK_MS=2000

# Small segments and frequent looks, so that all programs are at work all the time.
cat >lokid.yaml <<'END'
auth_enabled: false
ingester:
  flush_check_period: 50ms
  wal:
    segment_size: 256KB
END
lokid_any_rate >>lokid.yaml

port=0 # any; then always the same, so that pushes find it again

start() {
	lokid_start --config lokid.yaml --listen "127.0.0.1:$port" && port=$LOKID_PORT
}

now_ms() { date +%s%3N; }

# How many lines of this run the daemon finds.
count() {
	get /loki/api/v1/query -G --data-urlencode 'query=sum(count_over_time({app="load"}[1d]))'
	jq -r '.data.result[0].value[1] // "0"' "$TAP/stdout"
}

acknowledged() { awk '{ n += $4 - $3 + 1 } END { print n + 0 }' acks; }

# kill_one PROGRAM: one of the tree that is called so; false when none runs just now.
kill_one() {
	pid=$(pgrep -P "$LOKID_PID" -x "$1" | head -n 1)
	[ "$pid" ] && kill -9 "$pid" 2>/dev/null
}

ready() { get /ready && code_is 200; }

: >acks
ok "the daemon starts" start
spawn "$B/bench/pushload" -c 4 -s 50 -b 20 -l 120 -r 8000 -d 600 -k 1 -a acks "127.0.0.1:$port" >load.json 2>load.err
load=$PID

done_kills=0
slowest=0
wrong=0
tries=0
for_each="lokid-ingest lokid walreplay chunkpack idxbuild logql"
while [ $done_kills -lt "$kills" ] && [ $tries -lt $((kills * 200)) ]; do
	tries=$((tries + 1))
	# shellcheck disable=SC2086
	set -- $for_each
	for_each="$*"
	victim=$1
	case $victim in
	lokid)
		lokid_stop KILL
		before=$(now_ms)
		start || break
		took=$(($(now_ms) - before))
		[ $took -le $slowest ] || slowest=$took
		;;
	logql)
		curl -s "$URL/loki/api/v1/query_range?query=%7Bapp%3D%22load%22%7D%20%7C~%20%22.*x.*y%22&limit=5000" >/dev/null 2>&1 &
		spawned=$!
		until kill_one logql; do kill -0 $spawned 2>/dev/null || break; done
		wait $spawned 2>/dev/null
		;;
	*) kill_one "$victim" || { [ $((tries % 50)) -eq 0 ] && shift && for_each="$* $victim"; continue; } ;;
	esac
	done_kills=$((done_kills + 1))
	shift
	for_each="$* $victim"
	# What was acknowledged by now is what the next query finds, at least.
	least=$(acknowledged)
	wait_for 5 ready
	found=$(count)
	[ "$found" -ge "$least" ] 2>/dev/null || { wrong=$((wrong + 1)); note "after $victim: found $found, acknowledged $least"; }
done

is "processes killed" "$done_kills" "$kills"
is "after each the next query is right" "$wrong" 0
ok "the daemon was back within $BACK_MS ms (slowest: $slowest ms)" test $slowest -le $BACK_MS

kill "$load"
wait "$load"
ok "pushes are taken to the end" wait_for 10 ready
get /flush -X POST
ok "everything is flushed" code_is 204

logql --store data/store --wal data/wal -o raw '{app="load"}' | awk '{ print $2, $3 }' | sort >found
awk '{ for (i = $3; i <= $4; i++) print $2, i }' acks | sort >want
note "$(wc -l <want) lines acknowledged, $(wc -l <found) found, $done_kills kills, slowest start $slowest ms"
is "lines lost" "$(comm -23 want found | wc -l)" 0
is "lines doubled" "$(uniq -d found | wc -l)" 0
lokid_stop TERM
is "the daemon ends well" "$STATUS" 0

done_testing
