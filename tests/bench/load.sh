#!/bin/sh
# load.sh - the daemon under load: pushes from 50 connections to 1,000 streams beside 20 dashboard queries a
# second, then 100,000 active streams. Prints "name value unit limit ratio verdict", TAB between, as
# speed.sh does; exit 1 when something failed.
#
# LOAD_SECONDS  how long pushes go on, default 600     LOAD_RATE   lines a second, default: half of the most
# LOAD_DIR      where, default build/load
#
# The most is what it can take for ever beside the same dashboards: pushes at full speed for a minute,
# divided by the time until all of them are packed and indexed. A push waits for the disk, so what the
# disk alone takes to sync as many bytes is measured before.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
repo=${here%/tests/bench}
build=${BUILD:-$repo/build}
B=$build/${VARIANT:-default}
PATH=$B/bin:$B/bench:$PATH
seconds=${LOAD_SECONDS:-600}
dir=${LOAD_DIR:-$build/load}
export LC_ALL=C PATH

rm -rf "$dir"
mkdir -p "$dir"
cd "$dir"
failed=0

# row NAME VALUE UNIT LIMIT COMPARISON: "<=" or ">="; held against the limit.
row() {
	verdict=$(awk "BEGIN { print ($2 $5 $4) ? \"pass\" : \"fail\" }")
	[ "$verdict" = pass ] || failed=1
	printf '%s\t%s\t%s\t%s\t-\t%s\n' "$1" "$2" "$3" "$4" "$verdict"
}
info() { printf '%s\t%s\t%s\t-\t-\tinfo\n' "$1" "$2" "$3"; }

cat >lokid.yaml <<'END'
auth_enabled: false
limits_config:
  ingestion_rate_mb: 10000
  ingestion_burst_size_mb: 10000
  per_stream_rate_limit: 1GB
  per_stream_rate_limit_burst: 1GB
  max_global_streams_per_user: 0
END

start() {
	rm -rf data
	: >lokid.log
	lokid --config lokid.yaml --data data --listen 127.0.0.1:0 2>>lokid.log &
	pid=$!
	until port=$(sed -n 's/.* msg=ready addr=[^ ]*:\([0-9]*\) .*/\1/p' lokid.log) && [ "$port" ]; do
		kill -0 $pid
		sleep 0.05
	done
	url=http://127.0.0.1:$port
}

stop() {
	cp lokid.log "log.$1"
	kill $pid
	wait $pid
}
trap 'kill $(jobs -p) 2>/dev/null || :' EXIT

field() { sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p" "$2"; }
value() { curl -s "$url/loki/api/v1/query" -G --data-urlencode "query=$1" | sed -n 's/.*"value":\[[^,]*,"\([^"]*\)".*/\1/p'; }

# The memory of the whole tree in KiB, each second, into tree.rss; pages that are shared count once (PSS).
watch_memory() {
	while kill -0 $pid 2>/dev/null; do
		for p in $pid $(pgrep -P $pid); do
			cat "/proc/$p/smaps_rollup" 2>/dev/null || :
		done | awk '/^Pss:/ { n += $2 } END { print n + 0 }' >>tree.rss
		sleep 1
	done
}
peak_mb() { sort -n tree.rss | tail -n 1 | awk '{ printf "%.0f", $1 / 1024 }'; }

# 20 queries a second, as dashboards of one pod ask them, over five minutes, each over a connection of its
# own that is kept; each answer's status and time into queries.
ask() {
	for query in 'sum by (pod) (count_over_time({app="load", pod="pod-1"}[1m]))' '{app="load", pod="pod-7"}' \
		'sum(rate({app="load", pod="pod-2"} |= "status=200" [1m]))' \
		'{app="load", pod="pod-3"} | logfmt | status="200"'; do
		for panel in 1 2 3; do
			encoded=$(printf %s "$query" | od -An -v -tx1 | tr -d '\n' | tr ' ' %)
			stdbuf -oL curl -s --rate 100/m -o /dev/null -w '%{http_code} %{time_total}\n' \
				"$url/loki/api/v1/query_range?query=$encoded&since=5m&step=15&limit=100&panel=$panel&n=[1-1000000]" \
				>>queries &
			sleep 0.05
		done
	done
}
ask_no_more() { pkill -P $$ -x curl || :; }

# --- how fast, at most ---
start
begun=$(date +%s.%N)
ask
pushload -c 50 -s 1000 -b 500 -l 200 -d 60 -k 1 "127.0.0.1:$port" >max.json
ask_no_more
curl -s -X POST "$url/flush"
max=$(awk "BEGIN { printf \"%d\", $(field lines max.json) / ($(date +%s.%N) - $begun) }")
stop max
info load_burst_rate "$(awk "BEGIN { printf \"%d\", $(field lines max.json) / $(field seconds max.json) }")" lines/s
info load_max_rate "$max" lines/s
rate=${LOAD_RATE:-$((max / 2))}

# --- the load ---
sync
disk-sync -b 100000 -r 250 -d 20 disk.sync >disk
info load_disk_sync_p99 "$(cut -f 2 disk)" ms
info load_disk_sync_max "$(cut -f 3 disk)" ms
start
: >tree.rss
: >queries
watch_memory &
pushload -c 50 -s 1000 -b 500 -l 200 -r "$rate" -d "$seconds" -k 2 "127.0.0.1:$port" >load.json &
load=$!
ask
wait $load || :
ask_no_more
info load_rate "$rate" lines/s
info load_seconds "$(field seconds load.json)" s
row load_failures "$(field failures load.json)" pushes 0 '<='
row load_retries "$(field retries load.json)" pushes 0 '<='
row load_push_p99 "$(field p99_ms load.json)" ms 50 '<='
row load_memory "$(peak_mb)" MB 300 '<='
row load_queries "$(awk "BEGIN { printf \"%.1f\", $(wc -l <queries) / $(field seconds load.json) }")" q/s 15 '>='
row load_queries_failed "$(grep -vc '^200 ' queries || :)" queries 0 '<='
info load_query_p99 "$(awk '{ print $2 * 1000 }' queries | sort -n | awk '{ v[NR] = $1 } END { print v[int(NR * 0.99)] }')" ms
found=0
for digit in 1 2 3 4 5 6 7 8 9; do
	part=$(value "sum(count_over_time({app=\"load\", pod=~\"pod-$digit.*\"}[$((seconds + 300))s]))")
	found=$((found + part))
done
part=$(value "sum(count_over_time({app=\"load\", pod=\"pod-0\"}[$((seconds + 300))s]))")
found=$((found + part))
row load_lines_lost "$(($(field lines load.json) - found))" lines 0 '<='
row load_lines_doubled "$((found - $(field lines load.json)))" lines 0 '<='
stop load

# --- many streams ---
start
: >tree.rss
watch_memory &
pushload -c 4 -s 100000 -b 1000 -p 1000 -l 60 -n 250 -d 600 -k 3 "127.0.0.1:$port" >streams.json
curl -s -X POST "$url/flush"
row streams_100k_memory "$(peak_mb)" MB 250 '<='
info streams_100k_seconds "$(field seconds streams.json)" s
stop streams

exit $failed
