#!/bin/sh
# Each limit of a tenant: what goes beyond it is refused, the answer names the limit and its value; and nobody else is.
# Limits of the queue, of time and of memory are in lokid-queue.t, those of tails in lokid-tail.t.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need jq

cat >lokid.yaml <<'YAML'
auth_enabled: true
querier: {multi_tenant_queries_enabled: true}
runtime_config: {file: overrides.yaml, period: 1h}
distributor: {otlp_config: {default_resource_attributes_as_index_labels: [service.name, k8s.pod.name]}}
ingester: {flush_check_period: 50ms}
YAML
cat >overrides.yaml <<'YAML'
overrides:
  rated: {ingestion_rate_mb: 0.00001, ingestion_burst_size_mb: 0.0001} # 10 and 104 bytes
  streamed: {per_stream_rate_limit: 1B, per_stream_rate_limit_burst: 10B}
  one: {max_global_streams_per_user: 1}
  uno: {max_streams_per_user: 1}
  labelled: {max_label_names_per_series: 2, max_label_name_length: 12, max_label_value_length: 7}
  short: {max_line_size: 10B}
  cut: {max_line_size: 10B, max_line_size_truncate: true, max_line_size_truncate_identifier: '...'}
  timed: {reject_old_samples_max_age: 1h, creation_grace_period: 1m}
  ancient: {reject_old_samples: false}
  meta: {max_structured_metadata_size: 10B, max_structured_metadata_entries_count: 2}
  bare: {allow_structured_metadata: false}
  plain: {discover_service_name: [], discover_log_levels: false}
  apart: {increment_duplicate_timestamp: true}
  blocked: {block_ingestion_until: 2100-01-01T00:00:00Z}
  gone: {block_ingestion_until: 2100-01-01T00:00:00Z, block_ingestion_status_code: 410}
  full: {max_storage_bytes: 1B}
  open: {}
  entries: {max_entries_limit_per_query: 5}
  series: {max_query_series: 2, volume_max_series: 1}
  matchers: {max_streams_matchers_per_query: 1}
  enforced: {enforced_labels: [team, env]}
  named: {required_labels: [app, team], minimum_labels_number: 3}
  policed:
    blocked_queries:
      - {pattern: '{app="a"}'}
      - {pattern: 'b.d', regex: true, types: metric}
      - {query_tags: {source: robot}}
  length: {max_query_length: 2h, max_query_range: 5m}
  back: {max_query_lookback: 10m}
  bytes: {max_query_bytes_read: 9B}
  novolume: {volume_enabled: false}
  otel:
    otlp_config:
      resource_attributes:
        attributes_config:
          - {action: index_label, attributes: [host.name]}
          - {action: drop, regex: 'process\..*'}
      log_attributes: [{action: drop, attributes: [secret]}]
  otel-own: {otlp_config: {resource_attributes: {ignore_defaults: true, attributes_config: [{action: index_label, regex: host.*}]}}}
YAML
api=/loki/api/v1
now=$(date +%s)

# entry LINE [AGE_S [META]]: one entry, so many seconds old.
entry() {
	printf '["%s000000000","%s"%s]' "$((now - ${2:-0}))" "$1" "${3:+,$3}"
}

# put TENANT LABELS ENTRY...
put() {
	put_tenant=$1 put_labels=$2 put_sep='' put_body=''
	shift 2
	for put_entry; do
		put_body=$put_body$put_sep$put_entry
		put_sep=,
	done
	push "{\"streams\":[{\"stream\":{$put_labels},\"values\":[$put_body]}]}" -H "X-Scope-OrgID: $put_tenant" -D head
}

# is_taken WHAT / is_refused STATUS TEXT: of the last answer.
is_taken() {
	ok "$1" code_is 204
}
is_refused() {
	ok "$1: it is $2" code_is "$2"
	ok "$1: it is named" stdout_has "$3"
}

# ask TENANT PATH [NAME=VALUE]...
ask() {
	ask_tenant=$1 ask_path=$2
	shift 2
	for ask_pair; do
		set -- "$@" --data-urlencode "$ask_pair"
		shift
	done
	get "$api/$ask_path" -H "X-Scope-OrgID: $ask_tenant" -G "$@"
}

# lines TENANT JQ: what that makes of all that it has.
lines() {
	ask "$1" query_range 'query={app=~".+"}' "start=$((now - 3600))" "end=$((now + 60))" direction=forward
	jq -c "$2" "$TAP/stdout"
}

app='"app":"web"'
ok "it starts" lokid_start --config lokid.yaml

# --- pushes ---
hundred=$(printf '%0100d' 0)
put rated "$app" "$(entry "$hundred")"
is_taken "a burst is taken"
put rated "$app" "$(entry "$hundred" 1)"
is_refused "ingestion_rate_mb" 429 "Ingestion rate limit exceeded for user rated (limit: 10 bytes/sec) while attempting to ingest '1' lines totaling '100' bytes"
ok "when to come again" grep -qi '^retry-after: ' head
not_ok "which helps it" stdout_has ingestion_burst_size_mb
put rated "$app" "$(entry "$hundred$hundred" 2)"
is_refused "a push above ingestion_burst_size_mb" 429 "totaling '200' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased (one push of more than 104 bytes, ingestion_burst_size_mb, is never taken: send it in parts)"
put streamed "$app" "$(entry 0123456789)"
is_taken "a stream's burst is taken"
put streamed "$app" "$(entry 0123456789 1)"
is_refused "per_stream_rate_limit" 429 "Per stream rate limit exceeded (limit: 1B/sec) while attempting to ingest for stream '{app=\"web\", service_name=\"web\"}' totaling 10B"
put streamed '"app":"b"' "$(entry 0123456789)"
is_taken "another stream has its own"
for tenant in one uno; do
	put $tenant "$app" "$(entry a)"
	is_taken "a first stream"
	put $tenant '"app":"b"' "$(entry b)"
	is_refused "streams of $tenant" 429 "Maximum active stream limit exceeded when trying to create stream {app=\"b\", service_name=\"b\"}, reduce the number of active streams"
	put $tenant "$app" "$(entry c)"
	is_taken "the first goes on"
done
put labelled '"a":"1","b":"2","c":"3"' "$(entry x)"
is_refused "max_label_names_per_series" 400 "has 3 label names; limit 2"
put labelled '"a":"12345678"' "$(entry x)"
is_refused "max_label_value_length" 400 "has label value too long: '12345678'"
put labelled '"abcdefghijklm":"1"' "$(entry x)"
is_refused "max_label_name_length" 400 "has label name too long: 'abcdefghijklm'"
put enforced '"team":"x"' "$(entry x)"
is_refused "enforced_labels" 400 'missing required labels env for user enforced for stream {service_name="unknown_service", team="x"}'
put enforced '"team":"x","env":"e"' "$(entry x)"
is_taken "a stream that has them"
put open '"a-b":"x"' "$(entry x)"
is_refused "labels that are none" 400 "couldn't parse labels: 1:3: parse error: unexpected character inside braces: '-'"
get /metrics
ok "are counted" stdout_has 'loki_discarded_samples_total{reason="invalid_labels",tenant="open"} 1'
put short "$app" "$(entry 0123456789)" "$(entry 0123456789a)"
is_refused "max_line_size" 400 "Max entry size '10' bytes exceeded for stream '{app=\"web\", service_name=\"web\"}' while adding an entry with length '11' bytes"
is "what is not too long is there" "$(lines short '[.data.result[].values[][1]]')" '["0123456789"]'
put cut "$app" "$(entry 0123456789ab)"
is_taken "max_line_size_truncate"
is "the line is cut" "$(lines cut '[.data.result[].values[][1]]')" '["0123456..."]'
put timed "$app" "$(entry x 3700)"
is_refused "reject_old_samples_max_age" 400 "has timestamp too old: $(date -u -d "@$((now - 3700))" +%Y-%m-%dT%H:%M:%SZ), oldest acceptable timestamp is: "
put timed "$app" "$(entry x -120)"
is_refused "creation_grace_period" 400 "has timestamp too new: $(date -u -d "@$((now + 120))" +%Y-%m-%dT%H:%M:%SZ)"
put ancient "$app" "$(entry x 99999999)"
is_taken "reject_old_samples"
put meta "$app" "$(entry x 0 '{"k":"0123456789"}')"
is_refused "max_structured_metadata_size" 400 "has structured metadata too large: '11' bytes, limit: '10' bytes. Please see \`limits_config.max_structured_metadata_size\`"
put meta "$app" "$(entry x 0 '{"k":"1","l":"2","m":"3"}')"
is_refused "max_structured_metadata_entries_count" 400 "has too many structured metadata labels: '3', limit: '2'. Please see \`limits_config.max_structured_metadata_entries_count\`"
put bare "$app" "$(entry x 0 '{"k":"1"}')"
is_refused "allow_structured_metadata" 400 "includes structured metadata, but this feature is disallowed. Please see \`limits_config.allow_structured_metadata\`"
put plain "$app" "$(entry error)"
is "discover_service_name, discover_log_levels" "$(lines plain '[.data.result[].stream]')" '[{"app":"web"}]'
put apart "$app" "$(entry a)" "$(entry b)"
is "increment_duplicate_timestamp" "$(lines apart '[.data.result[].values[][0]]')" "[\"${now}000000000\",\"${now}000000001\"]"
put blocked "$app" "$(entry x)"
is_refused "block_ingestion_until" 260 "ingestion blocked for user blocked until '2100-01-01T00:00:00Z' with status code '260'"
put gone "$app" "$(entry x)"
is_refused "block_ingestion_status_code" 410 "ingestion blocked for user gone until '2100-01-01T00:00:00Z' with status code '410'"

put full "$app" "$(entry x)"
is_taken "what is not over a quota"
get /flush -X POST
over_quota() {
	put full "$app" "$(entry y)"
	[ "$CODE" = 429 ]
}
ok "max_storage_bytes" wait_for 30 over_quota
ok "it is named" stdout_matches "^Storage quota exceeded for user full: [0-9]+ bytes are stored, the limit \(max_storage_bytes\) is 1$"
put open "$app" "$(entry x)"
is_taken "others are stored"

# --- attributes ---
otlp() {
	get /otlp/v1/logs -H 'Content-Type: application/json' -H "X-Scope-OrgID: $1" --data-binary '{"resourceLogs":[{"resource":{"attributes":[
		{"key":"service.name","value":{"stringValue":"shop"}}, {"key":"host.name","value":{"stringValue":"h1"}},
		{"key":"service.namespace","value":{"stringValue":"eu"}}, {"key":"process.pid","value":{"intValue":"7"}}]},
		"scopeLogs":[{"logRecords":[{"timeUnixNano":"'"$now"'000000000","body":{"stringValue":"x"},"attributes":[
		{"key":"secret","value":{"stringValue":"s"}}, {"key":"user.id","value":{"stringValue":"u"}}]}]}]}]}'
}
labels() {
	ask "$1" series
	jq -cS '.data[]' "$TAP/stdout"
}
names() {
	ask "$1" query_range 'query={service_name="shop"}'
	jq -c '.data.result[].stream | keys' "$TAP/stdout"
}
for tenant in open-otel otel otel-own; do
	otlp $tenant
	is_taken "records of OpenTelemetry"
done
is "the defaults of all are labels" "$(labels open-otel)" '{"service_name":"shop"}'
is "and the rest metadata" "$(names open-otel)" '["detected_level","host_name","process_pid","secret","service_name","service_namespace","user_id"]'
is "a tenant's labels are behind them" "$(labels otel)" '{"host_name":"h1","service_name":"shop"}'
is "and what it drops is gone" "$(names otel)" '["detected_level","host_name","service_name","service_namespace","user_id"]'
is "without the defaults" "$(labels otel-own)" '{"host_name":"h1","service_name":"unknown_service"}'
get /config/tenant/v1/limits -H 'X-Scope-OrgID: otel'
ok "a tenant sees its rules" stdout_has '{"action":"drop","regex":"process\\..*"}'
ok "lokid prints them" exits 0 lokid --config lokid.yaml --print-config
ok "those of all" stdout_has 'default_resource_attributes_as_index_labels: [service.name, k8s.pod.name]'
ok "and of one" stdout_has '    otlp_config: {"resource_attributes":{"ignore_defaults":true,"attributes_config":[{"action":"index_label","regex":"host.*"}]}'

# --- metadata ---
put open '"app":"dotted"' "$(entry x 0 '{"a.b":"1","2c":"2","a_b":"3"}')"
ask open query_range 'query={app="dotted"} | a_b="3"' "start=$((now - 60))"
is "names of metadata are as Loki has them" "$(jq -c '.data.result[].stream | [.a_b, .key_2c]' "$TAP/stdout")" '["3","2"]'

# --- queries ---
for tenant in entries series length back bytes novolume; do
	for name in a b c; do
		put $tenant "\"app\":\"$name\"" "$(entry line-of-ten)" "$(entry older 1800)"
	done
done
# refuses TENANT WHAT TEXT PATH [NAME=VALUE]...
refuses() {
	refuses_what=$2 refuses_text=$3
	refuses_tenant=$1
	shift 3
	ask "$refuses_tenant" "$@"
	is_refused "$refuses_what" 400 "$refuses_text"
}
all='query={app=~".+"}'
hour="start=$((now - 3600))"
refuses entries max_entries_limit_per_query 'max entries limit per query exceeded, limit > max_entries_limit_per_query (6 > 5)' query_range "$all" limit=6
ask entries query_range "$all" limit=5
ok "as many as it says are answered" code_is 200
refuses series max_query_series 'maximum of series (2) reached for a single query (limit: max_query_series)' query 'query=sum by (app) (count_over_time({app=~".+"}[1h]))'
refuses series "max_query_series of a range" 'maximum of series (2) reached for a single query (limit: max_query_series)' query_range 'query=sum by (app) (count_over_time({app=~".+"}[1h]))'
refuses series volume_max_series 'the query hit the max number of series limit (limit: 1 series) (limit: volume_max_series)' index/volume "$all" "$hour" "end=$((now + 1))" targetLabels=app
ask back index/volume "$all" "$hour" "end=$((now + 1))" targetLabels=app
is "others have all" "$(jq '.data.result | length' "$TAP/stdout")" 3
refuses matchers max_streams_matchers_per_query 'max streams matchers per query exceeded, matchers-count > limit (2 > 1) (limit: max_streams_matchers_per_query)' query_range 'query={app="a",b="c"}'
refuses named required_labels 'stream selector is missing required matchers [team], labels present in the query were [app, env] (limit: required_labels)' query_range 'query={app="a",env="b"}'
refuses named "required_labels of instant queries" 'stream selector is missing required matchers [app, team], labels present in the query were [x] (limit: required_labels)' query 'query=rate({x="a"}[1m])'
refuses named minimum_labels_number 'stream selector has less label matchers than required: (present: [app, team], number_present: 2, required_number_label_matchers: 3) (limit: minimum_labels_number)' query_range 'query={app="a",team="b"}'
ask named query_range 'query={app="a",team="b",env="c"}'
ok "a query that names enough" code_is 200
refuses policed blocked_queries 'query blocked by policy' query_range 'query= {app="a"}'
refuses policed "a pattern's kind" 'query blocked by policy' query 'query=rate({app="bad"}[1m])'
ask policed query_range 'query={app="bad"}'
ok "another kind is answered" code_is 200
ask policed query_range 'query={app="c"}'
ok "as is another text" code_is 200
get "$api/query_range?query=%7Bapp%3D%22c%22%7D" -H 'X-Scope-OrgID: policed' -H 'X-Query-Tags: user=x,Source=Robot'
is_refused "a tag" 400 'query blocked by policy'
refuses policed "what is no query is told first" 'parse error' query_range 'query={app="a"'
refuses 'open|policed' "of several tenants" 'query blocked by policy' query_range 'query={app="a"}'
get /metrics
ok "blocked ones are counted" stdout_has 'loki_blocked_queries_total{user="policed"} 3'
refuses length max_query_length 'the query time range exceeds the limit (query length: 3h0m0s, limit: 2h) (limit: max_query_length)' query_range "$all" "start=$((now - 10800))" "end=$now"
refuses length max_query_range '[interval] value exceeds limit: [6m] > [5m] (limit: max_query_range)' query 'query=count_over_time({app="a"}[6m])'
ask back query_range "$all" "$hour"
is "max_query_lookback: what is older is not seen" "$(jq -c '[.data.result[].values[][1]] | unique' "$TAP/stdout")" '["line-of-ten"]'
refuses bytes max_query_bytes_read 'the query would read too many bytes (query: ' query_range "$all" "$hour"
ok "max_query_bytes_read: and its value" stdout_has 'limit: 9'
ok "and its key" stdout_has '(limit: max_query_bytes_read)'
ask novolume index/volume "$all"
is_refused volume_enabled 404 'volumes are off for this tenant (volume_enabled false)'

# --- several tenants: the strictest ---
for tenants in 'back|entries' 'entries|open'; do
	refuses "$tenants" "of $tenants" 'max entries limit per query exceeded, limit > max_entries_limit_per_query (6 > 5)' query_range "$all" limit=6
done
refuses 'open|series' "of open and series" 'maximum of series (2) reached for a single query (limit: max_query_series)' query 'query=sum by (app) (count_over_time({app=~".+"}[1h]))'
ask 'back|novolume' index/volume "$all"
ok "a volume that one of them may not ask for is none" code_is 404

put 'open|one' "$app" "$(entry x)"
is_refused "a push for two tenants" 400 "tenant 'open|one': expected letters"

# --- a file that changes ---
put open "$app" "$(entry 0123456789a)"
is_taken "no override"
echo 'overrides: {open: {max_line_size: 10B}}' >overrides.yaml
put open "$app" "$(entry 0123456789b)"
is_taken "nobody looks at the file before its time"
kill -HUP "$LOKID_PID"
is_over() {
	put open "$app" "$(entry 0123456789c)"
	[ "$CODE" = 400 ]
}
ok "SIGHUP reads it" wait_for 10 is_over
ok "the limit is the new one" stdout_has "Max entry size '10' bytes exceeded"
put blocked "$app" "$(entry x)"
is_taken "one that is not there any more is not in force"

lokid_stop
is "it stops" "$STATUS" 0

sed -i 's/multi_tenant_queries_enabled: true/multi_tenant_queries_enabled: false/' lokid.yaml
ok "without several tenants" lokid_start --config lokid.yaml
ask 'open|one' labels
is_refused "a query about two" 400 "tenant 'open|one': expected letters"
lokid_stop
done_testing
