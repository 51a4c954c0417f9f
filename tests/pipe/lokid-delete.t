#!/bin/sh
# Requests to delete over HTTP: taken, refused and listed as Loki does; obeyed at once; applied by the daemon's own schedule.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

cat >lokid.yaml <<END
auth_enabled: true
compactor: {compaction_interval: 0s, retention_delete_delay: 0s, delete_max_interval: 36h}
limits_config: {reject_old_samples: false}
overrides: {none: {deletion_mode: disabled}}
audit: {enabled: true, log_path: audit.log}
END
lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
now=$(date +%s)
for tenant in a none; do
	i=0
	while [ $((i += 1)) -le 20 ]; do
		printf '{"streams":[{"stream":{"app":"a%d"},"values":[["%d%09d","line %d mail=%d"]]}]}\n' $((i % 2)) $((now - 100 + i)) 0 $i $i
	done | while read -r body; do push "$body" -H "X-Scope-OrgID: $tenant"; done
done
get /flush -X POST
ok "twenty lines are stored" code_is 204
delete() { # METHOD TENANT [DATA]...: parameters
	method=$1 tenant=$2
	shift 2
	for p; do set -- "$@" --data-urlencode "$p"; shift; done
	get /loki/api/v1/delete -G -X "$method" -H "X-Scope-OrgID: $tenant" "$@"
}
refused() { # TEXT PARAMETER...
	text=$1
	shift
	delete POST a "$@"
	is "refused: $text" "$CODE $(cat "$TAP/stdout")" "400 $text"
}
count() { # TENANT QUERY
	get "/loki/api/v1/query_range" -G -H "X-Scope-OrgID: $1" --data-urlencode "query=$2" -d "start=$((now - 200))" -d limit=100
	grep -o 'line [0-9]* mail' "$TAP/stdout" | wc -l
}

# ---- what is refused, in Loki's words

forms=": ten digits, as 1768471200, or 2026-01-15T10:00:00Z"
refused "query not set" "start=$now"
refused "start time not set" 'query={app="a0"}'
refused "invalid start time: require unix seconds or RFC3339 format$forms" 'query={app="a0"}' start=tomorrow
refused "invalid start time: require unix seconds or RFC3339 format$forms" 'query={app="a0"}' start="${now}000"
refused "invalid start time: require unix seconds or RFC3339 format$forms" 'query={app="a0"}' start=1
refused "invalid end time: require unix seconds or RFC3339 format$forms" 'query={app="a0"}' "start=$now" end=x
refused "deletes in the future are not allowed" 'query={app="a0"}' "start=$now" end=$((now + 1000))
refused "start time can't be greater than end time" 'query={app="a0"}' start=$((now - 10)) end=$((now - 20))
# Ten digits are more seconds than there are nanoseconds' worth of.
refused "start time can't be greater than end time" 'query={app="a0"}' start=9999999999
refused "deletes in the future are not allowed" 'query={app="a0"}' "start=$now" end=9999999999
refused "difference between start time and end time must be at least one second" 'query={app="a0"} |= "x"' start=$((now - 10)) end=$((now - 10))
refused "invalid max_interval: valid time units are 's', 'm', 'h'" 'query={app="a0"} |= "x"' start=$((now - 100)) max_interval=1ms
refused "max_interval can't be greater than 36h0m0s" 'query={app="a0"} |= "x"' start=$((now - 100)) max_interval=48h
refused "max_interval can't be greater than the interval to be deleted (10s)" 'query={app="a0"} |= "x"' start=$((now - 100)) end=$((now - 90)) max_interval=1m
delete POST a 'query={app="a0"' "start=$now"
ok "a query that is none" code_is 400
ok "is told where" grep -q 'parse error at line 1' "$TAP/stdout"
delete POST a 'query={app="a0"} | json' "start=$now"
ok "other stages than line filters are refused" code_is 400
delete POST none 'query={app="a0"}' "start=$now"
is "so is all where deletion is disabled" "$CODE $(cat "$TAP/stdout")" "403 deletion is not available for this tenant"
delete GET none
ok "its list, too" code_is 403
delete GET a
is "nothing was taken" "$CODE $(cat "$TAP/stdout")" "200 []"

# ---- taken, obeyed, listed, cancelled

is "all is found" "$(count a '{app=~".+"}')" 20
delete POST a 'query={app="a0"} |~ "mail=(2|4|6)$"' start=$((now - 300)) end=$((now - 1)) max_interval=1m
ok "a request" code_is 204
is "is obeyed at once" "$(count a '{app=~".+"}')" 17
is "only for its tenant" "$(count none '{app=~".+"}')" 20
delete PUT a 'query={app="a1"}' start="$(date -u -d "@$((now - 300))" +%Y-%m-%dT%H:%M:%SZ)"
ok "another, until now, with times in words" code_is 204
is "is obeyed too" "$(count a '{app=~".+"}')" 7
delete GET a
ok "both are listed" sh -c 'grep -o request_id "$1" | wc -l | grep -qx 2' - "$TAP/stdout"
first=$(grep -o '"request_id":"[0-9a-f]*"' "$TAP/stdout" | sed -n '1s/.*:"\(.*\)"/\1/p')
second=$(grep -o '"request_id":"[0-9a-f]*"' "$TAP/stdout" | sed -n '2s/.*:"\(.*\)"/\1/p')
ok "in the order in which they came, as Loki writes them" grep -Eq "^\[\{\"request_id\":\"$first\",\"start_time\":$((now - 300)),\"end_time\":$((now - 1)),\"query\":\"\{app=\\\\\"a0\\\\\"\} \|~ \\\\\"mail=\(2\|4\|6\)\\$\\\\\"\",\"status\":\"received\",\"created_at\":[0-9.]+\},\{" "$TAP/stdout"
generation() { get /loki/api/v1/cache/generation_numbers -H "X-Scope-OrgID: $1" && cat "$TAP/stdout"; }
before=$(generation a)
ok "there is a generation number" sh -c 'echo "$1" | grep -Eqx "\"[0-9]{1,19}\""' - "$before"
is "which stays" "$(generation a)" "$before"
is "of a tenant without requests it is empty" "$(generation b)" '""'
generation none >refused
ok "and none where deletion is disabled" code_is 403
delete DELETE a request_id=0123456789abcdef
is "one that is not there" "$CODE $(cat "$TAP/stdout")" "404 could not find delete request with given id"
for none in "" request_id=; do
	delete DELETE a $none
	is "none that is named: '$none'" "$CODE $(cat "$TAP/stdout")" "400 request_id not set: it says which request to cancel"
done
delete DELETE none "request_id=$second"
ok "of another tenant neither" code_is 403
delete DELETE a "request_id=$second"
ok "cancelled" code_is 204
ok "the log has whose request was taken" grep -q "level=info msg=\"request to delete taken\" tenant=a id=$second" lokid.log
ok "and cancelled" wait_for 10 grep -q "level=info msg=\"request to delete cancelled\" tenant=a id=$second" lokid.log
is "its entries are seen again" "$(count a '{app=~".+"}')" 17
ok "the generation is another one" test "$(generation a)" != "$before"
delete GET a
ok "it is not listed any more" sh -c '! grep -q "$2" "$1"' - "$TAP/stdout" "$second"
audit() { grep '"path":"/loki/api/v1/delete"' audit.log | grep -q '"status":204'; }
ok "the audit log has it" wait_for 10 audit
value() { get /metrics && grep "^loki_compactor_$1 " "$TAP/stdout" | sed 's/.* //'; }
is "requests that were taken are counted" "$(value 'delete_requests_received_total{user="a"}')" 2
is "none is old enough to be applied" "$(value pending_delete_requests_count) $(value oldest_pending_delete_request_age_seconds)" "0 0"
lokid_stop TERM

# ---- applied by the daemon

sed -i 's/compaction_interval: 0s/compaction_interval: 200ms, delete_request_cancel_period: 0s/' lokid.yaml
lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
processed() { delete GET a && grep -q '"status":"processed"' "$TAP/stdout"; }
ok "it is applied when it is old enough" wait_for 20 processed
gone() { [ "$(find data/store/a -name '*.pack' -exec chunkcat {} + | sort -u | wc -l)" -eq 17 ]; }
ok "the packs hold nothing of it any more" wait_for 20 gone
is "all else is found" "$(count a '{app=~".+"}')" 17
is_value() { [ "$(value "$1")" = "$2" ]; }
ok "it is counted" wait_for 10 is_value 'delete_requests_processed_total{user="a"}' 1
is "so are its lines" "$(value 'deleted_lines{user="a"}')" 3
ok "and chunks" test "$(value 'delete_requests_chunks_selected_total{user="a"}')" -ge 1
is "none waits" "$(value pending_delete_requests_count)" 0
ok "and in the log" grep -Eq 'level=info msg="requests to delete applied" tenant=a packs=[0-9]+ entries=3 bytes=[0-9]+ duration=[0-9.]+s$' lokid.log
ok "a receipt says so" grep -q '"entries":3,"bytes":' "data/store/a/processed/$first.json"
delete DELETE a "request_id=$first"
is "it cannot be cancelled any more" "$CODE $(cat "$TAP/stdout")" "400 deletion of request which is in process or already processed is not allowed; by force it stops hiding entries that come late, and nothing comes back"
delete DELETE a "request_id=$first" force=true
is "but by force" "$CODE" 204
ok "it is cancelled" test -e "data/store/a/deletes/$first.cancel.json"
lokid_stop TERM

# ---- one that waits

sed -i 's/compaction_interval: 200ms/compaction_interval: 0s/' lokid.yaml
lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
delete POST a 'query={app="a1"}' start=$((now - 300)) end=$((now - 1))
ok "a request that nobody applies" wait_for 10 is_value pending_delete_requests_count 1
ok "has an age" sh -c 'echo "$1" | grep -Eq "^[0-9]+\.?[0-9]*(e-[0-9]+)?$" && [ "$1" != 0 ]' - "$(value oldest_pending_delete_request_age_seconds)"
delete GET a
delete DELETE a "request_id=$(sed 's/.*"request_id":"\([0-9a-f]*\)".*/\1/' "$TAP/stdout")"
ok "cancelled" code_is 204
ok "it waits no longer" wait_for 10 is_value pending_delete_requests_count 0
is "that is no age" "$(value oldest_pending_delete_request_age_seconds)" 0
lokid_stop TERM
ok "the store is right" idxbuild --verify --store data/store
done_testing
