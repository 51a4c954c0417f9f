#!/bin/sh
# The object store is away while the daemon takes pushes: first it hangs, then nobody listens, and the daemon is started again
# meanwhile. Pushes are taken until the log's disk has no more than its reserve; /ready, a metric and each query tell. When it
# is back all is flushed soon, nothing is lost or there twice. OUTAGE_SECONDS=N, or PERCENT=100: ten minutes; else some seconds.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"
. "$REPO/tests/lib/s3.sh"
unset S3_ENV # which others may use
s3_start
mkdir data
case ${PERCENT:-5} in
100) OUTAGE_SECONDS=${OUTAGE_SECONDS:-600} ;;
*) OUTAGE_SECONDS=${OUTAGE_SECONDS:-5} ;;
esac
work=$PWD
small=no
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=16m none data 2>/dev/null; then
	small=yes
	# shellcheck disable=SC2154
	trap 'at_end=$?; kill -9 $LOKID_PID 2>/dev/null; wait $LOKID_PID 2>/dev/null; umount "$work/data"
		"$S3_COMPONENTS/s3-stop" -9 -w "$TAP/s3" >/dev/null 2>&1; (exit $at_end); tap_end' EXIT
fi
cat >lokid.yaml <<'Y'
auth_enabled: false
ingester:
  flush_check_period: 1s
  wal:
    segment_age: 2s
limits_config:
  query_timeout: 15s
  ingestion_rate_mb: 1000
  ingestion_burst_size_mb: 1000
  per_stream_rate_limit: 1GB
  per_stream_rate_limit_burst: 1GB
Y
start() { lokid_start --config lokid.yaml --store "$S3_URL"; }

# ---- pushes: what is acknowledged is in the file `want`

: >want
n=0
first=$(($(date +%s) - 60))
one() { # TEXT
	n=$((n + 1))
	printf '{"streams":[{"stream":{"app":"web"},"values":[["%s%09d","line %s %s"]]}]}' "$first" $n $n "$1" >body
	push @body
	[ "$CODE" != 204 ] || echo "line $n $1" >>want
	code_is 204
}
many() { # SECONDS: false when one is refused
	until_s=$(($(date +%s) + $1))
	while one x; do
		[ "$(date +%s)" -lt "$until_s" ] || return 0
		sleep 0.1 # not to wait for something: as slow as a minute's worth is small
	done
	return 1
}

# ---- what is told

value() { get /metrics && awk -v name="$1" '$1 == name { print $2 }' "$TAP/stdout"; }
up_is() { [ "$(value lokid_store_up)" = "$1" ]; }
ready_has() { get /ready && code_is 200 && stdout_has "$1"; }
ask() { get /loki/api/v1/query_range -G -m 90 --data-urlencode 'query={app="web"}' -d "start=$first" -d "end=$((first + 3600))" -d limit=5000; }
names_range() {
	ask
	code_is 504 && stdout_has "what the store has from $(date -u -d "@$first" +%Y-%m-%dT%H:%M:%SZ) up to $(
		date -u -d "@$((first + 3600))" +%Y-%m-%dT%H:%M:%SZ)" && stdout_has " is missing" && stdout_has "s3://$S3_BUCKET/$S3_RUN/main"
}
answers() { ask && code_is 200; }
is_flushed() { [ "$(value loki_ingester_flush_queue_length)" = 0 ]; }
# All of it, at the store itself, each once.
all_is_there() {
	get /flush -X POST
	code_is 204 || return
	logql --store "$S3_URL" -o raw --limit 0 '{app="web"}' | sort >found
	sort want | diff - found || return
	entries=$(idxbuild --dump --store "$S3_URL" | sed -n 's/^{"pack":.*"entries":"*\([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n + 0 }')
	[ "$entries" = "$(wc -l <want)" ] || { echo "$entries entries in packs, $(wc -l <want) were pushed"; return 1; }
}

ok "the daemon starts" start
ok "pushes are taken" many 1
ok "and are in the store" all_is_there
ok "which answers" up_is 1
ok "and is ready" ready_has ready

# ---- it hangs

[ "$S3_BACKEND" = rgw ] && server=radosgw || server=proxy
read -r server _ <"$TAP/s3/run/$server.pid"
kill -STOP "$server"
ok "it hangs: pushes are taken" many 1
ok "a query that began before anybody knew says what is missing" names_range
ok "a metric tells" wait_for 30 up_is 0
ok "and /ready, which it is" ready_has "but the store has not answered for"
ok "with its name" ready_has "s3://$S3_BUCKET/$S3_RUN/main"
begun=$(date +%s)
ok "a query says what is missing" names_range
ok "and soon" test $(($(date +%s) - begun)) -le 15
ok "pushes are still taken" many $((OUTAGE_SECONDS / 10))
kill -CONT "$server"
back=$(date +%s)
ok "it answers: that is told" wait_for 20 up_is 1
ok "all is flushed" wait_for 60 is_flushed
note "flushed $(($(date +%s) - back)) s after it hung"
ok "queries are answered" answers
ok "nothing is lost or there twice" all_is_there

# ---- nobody listens

"$S3_COMPONENTS/s3-stop" "$TAP/s3" >stop.log 2>&1
ok "it is gone: a metric tells" wait_for 30 up_is 0
ok "and /ready" ready_has "but the store has not answered for"
ok "pushes are taken" many $((OUTAGE_SECONDS / 2))
ok "a query says what is missing" names_range
lokid_stop
is "the daemon ends" "$STATUS" 0
ok "and starts again without the store" start
ok "which it tells" up_is 0
ok "pushes are taken" many $((OUTAGE_SECONDS - OUTAGE_SECONDS / 2))
ok "it is ready" ready_has ready
ok "no flush has failed often enough to end that" test "$(value lokid_flush_consecutive_failures)" -le 1
if [ $small = yes ]; then
	while one "$(head -c 180000 /dev/urandom | base64 -w 0)"; do :; done >full 2>&1
	ok "until the disk has no more than its reserve" grep -q "status 503" full
	ok "which it says" grep -q "the disk is nearly full" full
	get /ready
	ok "then it is not ready" code_is 503
else
	skip "until the disk has no more than its reserve" "no tmpfs can be mounted here"
fi

# ---- it is back

"$S3_COMPONENTS/s3-start" "$TAP/s3" "${S3_ENDPOINT##*:}" >start.log 2>&1
back=$(date +%s)
ok "it is back: that is told" wait_for 20 up_is 1
ok "all is flushed" wait_for 120 is_flushed
note "$(wc -l <want) lines; flushed $(($(date +%s) - back)) s after it was back"
taken() { one y; }
ok "pushes are taken" wait_for 70 taken
ok "it is ready" wait_for 10 ready_has ready
ok "queries are answered" answers
ok "nothing is lost or there twice" all_is_there
ok "all is right" exits 0 idxbuild --fsck --store "$S3_URL"
lokid_stop
is "the daemon ends" "$STATUS" 0
is "the outages were told" "$(grep -c 'msg="the store does not answer"' lokid.log)" 1
is "and their ends" "$(grep -c 'msg="the store answers again"' lokid.log)" 1

done_testing
