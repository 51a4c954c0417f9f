#!/bin/sh
# Pushes by HTTP: each encoding, each refusal with Loki's status and words, a log that is killed under load.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need jq
need gzip

cat >lokid.yaml <<'END'
auth_enabled: true
limits_config: {reject_old_samples: false}
overrides:
  old: {reject_old_samples: true}
  slow: {ingestion_rate_mb: 0.00001, ingestion_burst_size_mb: 0.00002}
  stream-slow: {per_stream_rate_limit: 10B, per_stream_rate_limit_burst: 10B}
  narrow: {max_streams_per_user: 1, max_label_names_per_series: 2, max_line_size: 10B}
  blocked: {block_ingestion_until: "2100-01-01T00:00:00Z"}
  quiet: {block_ingestion_until: "2100-01-01T00:00:00Z", block_ingestion_status_code: 200}
  plain: {allow_structured_metadata: false, discover_service_name: []}
distributor: {max_recv_msg_size: 100000, max_decompressed_size: 200000}
END

lokid_start --config lokid.yaml || { fail "the daemon starts" "$(cat lokid.log)"; done_testing; exit 1; }

# send TENANT BODY [CURL OPTION]...: of Content-Type $TYPE. CODE, and the answer without its newline in TEXT.
TYPE=application/json
send() {
	send_tenant=$1
	send_body=$2
	shift 2
	get /loki/api/v1/push -H "X-Scope-OrgID: $send_tenant" -H "Content-Type: $TYPE" --data-binary "$send_body" "$@"
	TEXT=$(cat "$TAP/stdout")
}

# stream LABELS LINE [MEMBERS OF METADATA]
stream() { printf '{"streams":[{"stream":{%s},"values":[["1768471200000000000","%s"%s]]}]}' "$1" "$2" "${3:+,{$3\}}"; }

# Lines of a tenant's stream, sorted.
lines() {
	get /loki/api/v1/query_range -G -H "X-Scope-OrgID: $1" --data-urlencode "query=$2" -d start=1768471000 -d end=1768472000
	jq -r '.data.result[].values[][1]' "$TAP/stdout" | sort
}

answers() { is "$1: status" "$CODE" "$2"; is "$1: text" "$TEXT" "$3"; }

# --- encodings ---
send acme "$(stream '"app":"enc"' plain)"
answers "JSON" 204 ""
TYPE='Application/JSON; charset=utf-8'
send acme "$(stream '"app":"enc"' charset)"
TYPE=application/json
answers "JSON with a parameter" 204 ""
stream '"app":"enc"' gzip | gzip >body.gz
send acme @body.gz -H 'Content-Encoding: gzip'
answers "JSON in gzip" 204 ""
stream '"app":"enc"' deflate | gzip -n | tail -c +11 | head -c -8 >body.deflate
send acme @body.deflate -H 'Content-Encoding: deflate'
answers "JSON in deflate" 204 ""
send acme "$(stream '"app":"enc"' snappy)" -H 'Content-Encoding: snappy'
answers "JSON that says it is snappy, and is not" 204 ""
send acme "$(stream '"app":"enc"' identity)" -H 'Content-Encoding: identity'
answers "JSON as it is" 204 ""
want="charset
deflate
gzip
identity
plain
snappy"
if command -v zstd >/dev/null; then
	stream '"app":"enc"' zstd | zstd -q >body.zst
	send acme @body.zst -H 'Content-Encoding: zstd'
	answers "JSON in zstd" 204 ""
	want="$want
zstd"
fi
is "all of it is found" "$(lines acme '{app="enc"}')" "$want"

# {app="pb"}, one line "from protobuf": 39 bytes; in snappy's block format as one literal.
printf '\012\045\012\012{app="pb"}\022\027\012\006\010\240\365\242\313\006\022\015from protobuf' >bare
{ printf '\047\230'; cat bare; } >snappy
TYPE=application/x-protobuf
pb() { send acme "@$1" ${2:+-H "Content-Encoding: $2"}; }
pb snappy
answers "protobuf" 204 ""
is "it is found" "$(lines acme '{app="pb"}')" "from protobuf"
pb snappy snappy
answers "protobuf that says it is snappy" 204 ""
gzip -k snappy
pb snappy.gz gzip
answers "protobuf in snappy in gzip" 204 ""
gzip -k bare
pb bare.gz gzip
answers "protobuf in gzip" 204 ""
is "the same line again is no second one" "$(lines acme '{app="pb"}')" "from protobuf"
pb bare
answers "protobuf without snappy" 400 "snappy: corrupt input"
TYPE=text/plain
send acme x
answers "another type is protobuf" 400 "snappy: corrupt input"
TYPE=
send acme x
answers "no type" 400 "mime: no media type"
TYPE=a/
send acme x
answers "half a type" 400 "mime: expected token after slash"
TYPE=application/json
send acme x -H 'Content-Encoding: br'
answers "an encoding that is not read" 400 'Content-Encoding "br" not supported'

# --- bodies ---
head -c 300000 /dev/zero | gzip >zeros.gz
send acme @zeros.gz -H 'Content-Encoding: gzip'
is "a body that unpacks to too much" "$CODE" 413
head -c 110000 /dev/zero >zeros
send acme @zeros
is "a body that is too long" "$CODE" 413
send acme '{"streams":[]}'
answers "nothing" 422 "error at least one valid stream is required for ingestion"
send acme '{"streams":[{"stream":{"app":"enc"},"values":[]}]}'
answers "no entries" 204 ""
get /loki/api/v1/push -H 'X-Scope-OrgID: acme'
ok "GET is 405" code_is 405
send 'a|b' "$(stream '"app":"x"' x)"
is "two tenants" "$CODE" 400
push "$(stream '"app":"x"' x)"
ok "no tenant is 401" code_is 401
ok "and says so" stdout_is "no org id"
send acme "$(stream '"a-b":"x"' x)"
answers "a bad label" 400 "couldn't parse labels: 1:3: parse error: unexpected character inside braces: '-'"
get /api/prom/push -H 'X-Scope-OrgID: acme' -H 'Content-Type: application/json' --data-binary '{"streams":[{"labels":"{app=\"old\"}","entries":[{"ts":"2026-01-15T10:00:00Z","line":"the old form"}]}]}'
ok "the old path is 204" code_is 204
is "what came by it is found" "$(lines acme '{app="old"}')" "the old form"

# --- limits ---
send old "$(stream '"a":"b"' x)"
is "too old: status" "$CODE" 400
case $TEXT in
"entry for stream '{a=\"b\", service_name=\"unknown_service\"}' has timestamp too old: 2026-01-15T10:00:00Z, oldest acceptable timestamp is: "*Z) pass "too old: text" ;;
*) fail "too old: text" "$TEXT" ;;
esac
send slow "$(stream '"a":"b"' 'more than twenty bytes in a line')"
answers "over the rate" 429 "Ingestion rate limit exceeded for user slow (limit: 10 bytes/sec) while attempting to ingest '1' lines totaling '32' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased"
curl -sS -D head -o body -H 'X-Scope-OrgID: slow' -H 'Content-Type: application/json' --data-binary "$(stream '"a":"b"' 'more than twenty bytes in a line')" "$URL/loki/api/v1/push"
ok "with Retry-After" grep -qi '^retry-after: 1' head
ok "as plain text" grep -qi '^content-type: text/plain; charset=utf-8' head
send stream-slow "$(stream '"a":"b"' 'more than ten')"
answers "over a stream's rate" 429 "entry with timestamp 2026-01-15 10:00:00 +0000 UTC ignored, reason: 'Per stream rate limit exceeded (limit: 10B/sec) while attempting to ingest for stream '{a=\"b\", service_name=\"unknown_service\"}' totaling 13B, consider splitting a stream via additional labels or contact your Loki administrator to see if the limit can be increased',
user 'stream-slow', total ignored: 1 out of 1 for stream: {a=\"b\", service_name=\"unknown_service\"}"
send narrow "$(stream '"a":"1"' short)"
answers "a first stream" 204 ""
send narrow "$(stream '"a":"2"' short)"
answers "one stream too many" 429 "Maximum active stream limit exceeded when trying to create stream {a=\"2\", service_name=\"unknown_service\"}, reduce the number of active streams (reduce labels or reduce label values), or contact your Loki administrator to see if the limit can be increased, user: 'narrow'"
send narrow "$(stream '"a":"1","b":"2","c":"3"' short)"
answers "labels" 400 "entry for stream '{a=\"1\", b=\"2\", c=\"3\", service_name=\"unknown_service\"}' has 3 label names; limit 2"
send narrow '{"streams":[{"stream":{"a":"1"},"values":[["1768471200000000001","good"],["1768471200000000002","much too long"]]}]}'
answers "a line too long" 400 "Max entry size '10' bytes exceeded for stream '{a=\"1\", service_name=\"unknown_service\"}' while adding an entry with length '13' bytes"
is "what was good is stored" "$(lines narrow '{a="1"}')" "good
short"
send blocked "$(stream '"a":"1"' x)"
answers "a blocked tenant" 260 "ingestion blocked for user blocked until '2100-01-01T00:00:00Z' with status code '260'"
send quiet "$(stream '"a":"1"' x)"
answers "one blocked in silence" 200 ""
send plain "$(stream '"a":"1"' x '"k":"v"')"
answers "metadata" 400 "stream '{a=\"1\"}' includes structured metadata, but this feature is disallowed. Please see \`limits_config.allow_structured_metadata\` or contact your Loki administrator to enable it."
send plain "$(stream '' x)"
answers "no label" 400 "error at least one label pair is required per stream"

get /metrics
for metric in 'loki_discarded_samples_total{reason="rate_limited",tenant="slow"} 2' \
	'loki_discarded_samples_total{reason="line_too_long",tenant="narrow"} 1' \
	'loki_discarded_samples_total{reason="blocked_ingestion",tenant="blocked"} 1' \
	'loki_distributor_lines_received_total{tenant="narrow"} 5' \
	'loki_ingester_memory_streams{tenant="narrow"} 1'; do
	ok "$metric" stdout_has "$metric"
done

# --- OpenTelemetry ---
otlp() {
	get /otlp/v1/logs -H 'X-Scope-OrgID: otlp' -H "Content-Type: ${2:-application/json}" --data-binary "$1"
}
otlp '{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeLogs":[{"logRecords":[{"timeUnixNano":"1768471200000000000","body":{"stringValue":"an OTLP line"}}]}]}]}'
ok "OTLP is 204" code_is 204
is "its line is found" "$(lines otlp '{service_name="shop"}')" "an OTLP line"
otlp '{}'
ok "nothing is 422" code_is 422
is "as JSON says it" "$(cat "$TAP/stdout")" '{"code":422,"message":"error at least one valid stream is required for ingestion"}'
otlp x text/plain
ok "another type is 400" code_is 400
ok "as protobuf says it" [ "$(od -An -c "$TAP/stdout" | tr -d ' \n')" = '\b220003022)contenttype:text/plainisnotsupported' ]

# --- records ---
records() {
	get "$1" -H "X-Scope-OrgID: ${3:-records}" -H 'Content-Type: application/x-ndjson' --data-binary "$2"
}
bulk=/insert/elasticsearch/_bulk
records "$bulk?_stream_fields=app" '{"create":{"_index":"logs"}}
{"@timestamp":"2026-01-15T10:00:00Z","message":"one of bulk","app":"es","user":{"name":"u1"}}
{"index":{}}
{"@timestamp":"2026-01-15T10:00:01Z","message":"two of bulk","app":"es"}
'
ok "_bulk is 200" code_is 200
is "each record is told of" "$(jq -c '[.errors, .items]' "$TAP/stdout")" '[false,[{"create":{"status":201}},{"index":{"status":201}}]]'
is "both are found" "$(lines records '{app="es"}')" "one of bulk
two of bulk"
is "other fields are metadata" "$(lines records '{app="es"} | user_name="u1"')" "one of bulk"
records /elasticsearch/_bulk '{"create":{}}
{"@timestamp":"2026-01-15T10:00:00Z","message":"short"}
{"create":{}}
{"@timestamp":"2026-01-15T10:00:00Z","message":"much too long"}
{"create":{}}
no JSON
' narrow
is "what is not taken is told of there" "$(jq -c '[.errors, [.items[].create.status]]' "$TAP/stdout")" '[true,[429,400,400]]'
is "and why" "$(jq -r '.items[1].create.error.reason' "$TAP/stdout")" \
	"Max entry size '10' bytes exceeded for stream '{service_name=\"unknown_service\"}' while adding an entry with length '13' bytes"
records "$bulk" '{"create":{}}
{"message":"this is more than twenty bytes"}
{"create":{}}
no JSON
' slow
ok "over the rate all of it is 429" code_is 429
is "as Elasticsearch says it" "$(jq -r '.error.type' "$TAP/stdout")" es_rejected_execution_exception
records "$bulk" ''
ok "nothing is 400" code_is 400
get /insert/elasticsearch/
is "clients find a version" "$(jq -r .version.number "$TAP/stdout")" 8.9.0
records '/insert/jsonline?_stream_fields=job&extra_fields=env=test' '{"_time":"2026-01-15T10:00:00Z","_msg":"a JSON line","job":"j"}'
ok "JSON lines are 204" code_is 204
is "it is found" "$(lines records '{job="j", env="test"}')" "a JSON line"
records /insert/jsonline '{"_time":"2026-01-15T10:00:01Z","_msg":"good","service_name":"good"}
{"_time":"when","_msg":"bad"}
'
ok "a bad one is 400" code_is 400
ok "and told of" stdout_has "1 of 2 records are not taken; record 2: "

# --- a log that is killed ---
# Every push is tried until it is stored; 20 times meanwhile lokid-ingest is killed.
pusher() {
	n=1
	while [ ! -e enough ]; do
		until [ "$(curl -s -o /dev/null -w '%{http_code}' -H 'X-Scope-OrgID: killed' -H 'Content-Type: application/json' \
			--data-binary "{\"streams\":[{\"stream\":{\"p\":\"$1\"},\"values\":[[\"$((1768471200000000000 + n))\",\"$1.$n\"]]}]}" \
			"$URL/loki/api/v1/push")" = 204 ]; do :; done
		echo "$1.$n" >>"stored.$1"
		n=$((n + 1))
	done
}
pushers=
for p in 1 2 3; do
	pusher $p &
	pushers="$pushers $!"
done
told() { [ "$(grep -c 'msg="lokid-ingest ended' lokid.log)" -eq "$kill" ]; }
child() { CHILD=$(pgrep -P "$LOKID_PID" -x lokid-ingest); }
grown() { [ "$(cat stored.* 2>/dev/null | wc -l)" -gt "$before" ]; }
for kill in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	before=$(cat stored.* 2>/dev/null | wc -l)
	wait_for 10 grown || fail "pushes go on after kill $kill"
	wait_for 10 child && kill -9 "$CHILD"
	wait_for 10 told || fail "kill $kill is told of"
done
touch enough
for p in $pushers; do wait "$p"; done
get /loki/api/v1/query_range -G -H "X-Scope-OrgID: killed" --data-urlencode 'query={p=~".+"}' -d start=1768471000 -d end=1768472000 -d limit=5000
jq -r '.data.result[].values[][1]' "$TAP/stdout" | sort >found
sort stored.* >stored
is "every line that was answered with 204 is there once" "$(comm -3 stored found)" ""
note "$(wc -l <stored) lines"
lokid_stop
is "it ends with 0" "$STATUS" 0

done_testing
