#!/bin/sh
# Tails over a websocket: what was there and what comes, when it comes, all of it; refusals; limits; slow clients.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need jq python3

cat >lokid.yaml <<END
auth_enabled: true
server:
  graceful_shutdown_timeout: 5s
audit:
  enabled: true
  log_path: audit.log
limits_config:
  max_concurrent_tail_requests: 2
  ingestion_rate_mb: 1000
  ingestion_burst_size_mb: 1000
  per_stream_rate_limit: 1GB
  per_stream_rate_limit_burst: 1GB
END
tail=/loki/api/v1/tail
n=0

# ws NAME=VALUE...: begins a tail of tenant a; what it is sent is in out.N, the client in CLIENT.
ws() {
	n=$((n + 1))
	ws_query=
	for ws_pair; do
		ws_query="$ws_query${ws_query:+&}${ws_pair%%=*}=$(printf %s "${ws_pair#*=}" | jq -sRr @uri)"
	done
	spawn "$REPO/tests/lib/ws-tail" "127.0.0.1:$LOKID_PORT" "$tail?$ws_query" "X-Scope-OrgID: ${TENANT:-a}" >out.$n
	CLIENT=$PID
	wait_for 10 test -s out.$n
}

# line TEXT [APP]: pushes a line of now.
line() {
	push "{\"streams\":[{\"stream\":{\"app\":\"${2:-web}\"},\"values\":[[\"$(date +%s%N)\",\"$1\"]]}]}" -H 'X-Scope-OrgID: a'
}

# What has come.
lines_of() {
	sed -n 's/^[0-9]* {/{/p' "out.$1" | jq -r '.streams[].values[][1]'
}

has_lines() {
	[ "$(lines_of "$1" | wc -l)" -ge "$2" ]
}

# tails N: that many are under way, and count.
tails() {
	get /metrics && grep -q "^loki_querier_tail_active $1\$" "$TAP/stdout" &&
		[ "$(pgrep -P "$LOKID_PID" -x logql | wc -l)" -eq "$1" ]
}

# came PATTERN: the last client has been sent it; else what it was sent is shown, and what the daemon says.
came() {
	wait_for 10 grep -q "$1" "out.$n" || { cat "out.$n" && tail -n 5 lokid.log && return 1; }
}

ok "it starts" lokid_start --config lokid.yaml
line before
line other other
line warn

# --- what is there, and what comes ---
ws 'query={app="web"} != "other"'
line one
line two other
line three
ok "what comes is sent" wait_for 10 has_lines 1 4
is "after what was there" "$(lines_of 1)" "before
warn
one
three"
is "a message of Loki's" "$(sed -n 's/^[0-9]* {/{/p' out.1 | jq -c '.streams[0] | [.stream.app, (.values[0][0] | type)]' | head -n 1)" '["web","string"]'
ws 'query={app="web"}' limit=1 "start=$(($(date +%s) - 60))"
ok "what was there is sent" wait_for 10 has_lines 2 1
is "only the newest of it" "$(lines_of 2)" three
kill "$CLIENT"
ok "when it has left another may come" wait_for 10 tails 1

# --- how late: lines that say when they were made ---
ws 'query={app="web"} |= "now"'
i=0
while [ $i -lt 20 ]; do
	line "now $(date +%s%N)"
	i=$((i + 1))
done
ok "all come" wait_for 10 has_lines 3 20
sed -n 's/^\([0-9]*\) {/\1 {/p' out.3 | while read -r came message; do
	for sent in $(printf '%s\n' "$message" | jq -r '.streams[].values[][1]' | sed -n 's/^now //p'); do
		echo $(((came - sent) / 1000000))
	done
done | sort -n >late
note "ms from before the push to the client: median $(sed -n 10p late), slowest $(sed -n 20p late)"
ok "half of them within 200 ms" [ "$(sed -n 10p late)" -le 200 ]
kill "$CLIENT"
ok "who leaves ends its logql" wait_for 10 tails 1

# --- the audit log has what was sent, and until when ---
from=$(($(date +%s) - 60))
ws 'query={app="audited"}' "start=$from"
line 'ends with [' audited
line 'has [\"1 and [\"-' audited
ok "two lines come" wait_for 10 has_lines 4 2
sent=$(sed -n 's/^[0-9]* {/{/p' out.4 | tr -d '\n' | wc -c)
ended_after=$(date +%s)
kill "$CLIENT"
audited() {
	jq -e -s --arg sent "$sent" --argjson from "$from" --argjson after "$ended_after" \
		'map(select(.path == "/loki/api/v1/tail" and .query == "{app=\"audited\"}")) | length == 1 and (.[0] |
		.status == 101 and .rows == 2 and .bytes == ($sent | tonumber) and .from == "\($from)000000000" and
		(.to | tonumber) >= $after * 1e9 and .seconds > 0)' audit.log
}
ok "they, their bytes, and its time are in the audit log" wait_for 10 audited
tail_ended() { get /metrics && stdout_has 'loki_querier_tail_active 1'; }
ok "none but the first goes on" wait_for 10 tail_ended

# --- none is lost, beside flushes ---
ws 'query={app="many"}' limit=10
for i in 1 2 3 4 5 6 7 8; do
	seq 1 2500 | awk -v t="$(date +%s)" -v i=$i '{ printf "%s[\"%d%09d\",\"%d-%d\"]", (NR > 1 ? "," : ""), t, NR, i, NR }' >v
	printf '{"streams":[{"stream":{"app":"many"},"values":[%s]}]}' "$(cat v)" >body
	get /loki/api/v1/push -H 'Content-Type: application/json' -H 'X-Scope-OrgID: a' --data-binary @body
	[ "$CODE" = 204 ] || fail "push $i: $CODE"
	get /flush -X POST -H 'X-Scope-OrgID: a'
done
ok "every line comes" wait_for 30 has_lines 5 20000
is "once" "$(lines_of 5 | sort | uniq | wc -l) $(lines_of 5 | wc -l)" "20000 20000"
kill "$CLIENT"
ok "and its tail ends" wait_for 10 tails 1

# --- refusals ---
refused() {
	ok "  is refused with $1" code_is "$1"
	ok "  and says why" stdout_has "$2"
}
plain() {
	get "$tail" -G -H 'X-Scope-OrgID: a' "$@"
}
note "a plain GET"
plain --data-urlencode 'query={app="web"}'
refused 400 "websocket"
plain --data-urlencode 'query={app="web"}' -d delay_for=6
refused 400 "delay_for can't be greater than 5"
plain --data-urlencode 'query={app="web"}' -d limit=0
refused 400 "limit must be a positive value"
ws 'query=rate({app="web"}[1m])'
ok "a metric query is refused" came '^refused 400 only log selector is supported'
ws 'query={app='
ok "a bad query is refused" came '^refused 400 parse error at line 1, col 6'
ws 'query={app="web"}' limit=100000
ok "a limit that is too large is refused" came '^refused 400 max entries limit'
ok "who is refused has no tail" wait_for 10 tails 1
ws 'query={app="x1"}'
first=$CLIENT
ok "two may tail" wait_for 10 tails 2
ws 'query={app="x2"}'
ok "one more than a tenant may have is refused" came '^refused 429 max concurrent tail requests limit exceeded, count > limit (3 > 2) (limit: max_concurrent_tail_requests)'
TENANT=b ws 'query={app="x3"}'
ok "of another tenant it is not" wait_for 10 tails 3
kill "$CLIENT" "$first"
ok "they end" wait_for 10 tails 1

# --- a client that is slow has everything later ---
export HOLD="$PWD/go"
ws 'query={app="bulk"}'
slow=$n
ok "a client that does not read" wait_for 10 grep -q open out.$slow
unset HOLD
for i in 1 2 3 4 5 6 7 8; do
	awk -v t="$(date +%s)" -v i=$i 'BEGIN { x = sprintf("%1000s", ""); gsub(/ /, "x", x)
		for (n = 1; n <= 1000; n++) printf "%s[\"%d%09d\",\"%d-%d-%s\"]", (n > 1 ? "," : ""), t, n, i, n, x }' >v
	printf '{"streams":[{"stream":{"app":"bulk"},"values":[%s]}]}' "$(cat v)" >body
	get /loki/api/v1/push -H 'Content-Type: application/json' -H 'X-Scope-OrgID: a' --data-binary @body
	[ "$CODE" = 204 ] || fail "push $i: $CODE"
	get /flush -X POST -H 'X-Scope-OrgID: a'
done
touch go
ok "reads at last" wait_for 30 has_lines $slow 8000
is "and has every line once" "$(lines_of $slow | sort | uniq | wc -l)" 8000
kill "$CLIENT"
ok "and its tail ends" wait_for 10 tails 1

# --- ends ---
ws 'query={app="end"}'
ok "a tail" wait_for 10 sh -c "pgrep -P $LOKID_PID -x logql -a | grep -q end"
pkill -KILL -P "$LOKID_PID" -x logql
ok "whose logql is killed is closed, and told" came '^closed 1011 the tail has ended'
ws 'query={app="end"}'
ok "another one" wait_for 10 sh -c "pgrep -P $LOKID_PID -x logql -a | grep -q end"
lokid_stop
is "the daemon stops" "$STATUS" 0
ok "it is closed with a reason" came '^closed 1012 the daemon is stopping'

printf 'querier:\n  tail_max_duration: 1s\n' >>lokid.yaml
ok "it starts" lokid_start --config lokid.yaml
ws 'query={app="web"}' "start=$(($(date +%s) - 60))"
ok "the longest duration ends it" came '^closed 1011 reached tail max duration limit'
ok "none is counted any more" wait_for 10 tails 0
lokid_stop

sed -i 's/tail_max_duration: 1s/max_concurrent_tails: 1/' lokid.yaml
ok "it starts" lokid_start --config lokid.yaml
TENANT=a ws 'query={app="web"}'
ok "one tail" wait_for 10 pgrep -P "$LOKID_PID" -x logql
in_ps() { ps -o args= --cols 120 -p "$(pgrep -P "$LOKID_PID" -x logql)" | grep -E "$1"; }
ok "ps shows whose it is, from when, and what it asks" in_ps '^logql tail -t a --from [0-9]{4}-[^ ]* [{]'
TENANT=b ws 'query={app="web"}'
ok "is all that all tenants together may have" came '^refused 429 1 tails of all tenants are open'
lokid_stop
done_testing
