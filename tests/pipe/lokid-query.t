#!/bin/sh
# The query endpoints of the daemon: each by GET and by a form, its answer's shape, its refusals.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need jq

cat >lokid.yaml <<'END'
auth_enabled: true
querier:
  short_query_bytes: 60B # so that some are scans
  multi_tenant_queries_enabled: true
limits_config:
  reject_old_samples: false
  max_entries_limit_per_query: 500
  max_streams_matchers_per_query: 2
END

T=1768471200 # 2026-01-15T10:00:00Z
api=/loki/api/v1

# put TENANT APP TEXT...: pushes lines, a second apart from T on.
put() {
	put_tenant=$1 put_app=$2 put_values='' put_t=$T
	shift 2
	for put_line; do
		put_values="$put_values${put_values:+,}[\"${put_t}000000000\",\"$put_line\"]"
		put_t=$((put_t + 1))
	done
	push "{\"streams\":[{\"stream\":{\"app\":\"$put_app\"},\"values\":[$put_values]}]}" -H "X-Scope-OrgID: $put_tenant"
}

# ask PATH [NAME=VALUE]...: as tenant a, of the hour from T; the answer's JSON is in stdout.
ask() {
	ask_path=$1
	shift
	set -- "$ask_path" "$@" "start=$T" "end=$((T + 3600))"
	ask_each "$ask_path" "$@"
}

# The same without a range: GET, or a form where $FORM is set.
ask_each() {
	ask_path=$1
	shift
	for ask_pair; do
		set -- "$@" --data-urlencode "$ask_pair"
		shift
	done
	[ "$FORM" ] || set -- -G "$@"
	get "$ask_path" -H "X-Scope-OrgID: ${TENANT:-a}" "$@"
}

# gives FILTER: what jq makes of the answer.
gives() {
	jq -cr "$1" "$TAP/stdout" 2>&1
}

# refused STATUS TEXT
refused() {
	ok "  is refused with $1" code_is "$1"
	ok "  and says why" stdout_has "$2"
}

ok "it starts" lokid_start --config lokid.yaml --log-level debug
put a shop '{\"level\":\"info\",\"n\":1}' '{\"level\":\"error\",\"n\":2}' 'plain text'
put a web 'GET / 200'
put b shop 'of b'
ok "lines are pushed" code_is 204

# --- each endpoint, asked both ways ---
for FORM in '' yes; do
	how=${FORM:+ by a form}
	ask_each $api/query 'query=sum(count_over_time({app="shop"}[61m]))' "time=$((T + 3600))"
	is "query$how" "$(gives '.data.resultType, .data.result[0].value[1]' | paste -sd ' ')" "vector 3"
	ask $api/query_range 'query={app="shop"}' direction=forward
	is "query_range of lines$how" "$(gives '[.data.result[].values[][1]] | length')" 3
	ask $api/query_range 'query=sum(count_over_time({app="shop"}[1m]))' step=60
	is "query_range of numbers$how" "$(gives '.data.resultType')" matrix
	ask $api/labels
	is "labels$how" "$(gives '.data')" '["app","service_name"]'
	ask $api/label
	is "label$how" "$(gives '.data')" '["app","service_name"]'
	ask $api/label/app/values
	is "label values$how" "$(gives '.data')" '["shop","web"]'
	ask $api/label/app/values 'query={app=~"w.*"}'
	is "label values of a selector$how" "$(gives '.data')" '["web"]'
	ask $api/series 'match[]={app="web"}'
	is "series$how" "$(gives '.data[].app')" web
	ask $api/index/stats 'query={app="shop"}'
	is "index/stats$how" "$(gives '[.streams, .entries]')" '[1,3]'
	ask $api/index/volume 'query={app=~".+"}'
	is "index/volume$how" "$(gives '.data.result | map(.metric.app)')" '["shop","web"]'
	ask $api/index/volume_range 'query={app=~".+"}'
	is "index/volume_range$how" "$(gives '.data.resultType')" matrix
	ask $api/patterns 'query={app="shop"}'
	is "patterns$how" "$(gives '.status')" success
	ask $api/detected_labels
	is "detected_labels$how" "$(gives '[.detectedLabels[].label] | sort')" '["app","service_name"]'
	ask $api/detected_fields 'query={app="shop"}'
	is "detected_fields$how" "$(gives '[.fields[] | select(.label == "n") | .type]')" '["int"]'
	ask $api/detected_field/n/values 'query={app="shop"}'
	is "detected_field values$how" "$(gives '.values | sort')" '["1","2"]'
	ask_each $api/format_query 'query={app="shop"}|="x"'
	is "format_query$how" "$(gives '.data')" '{app="shop"} |= "x"'
	ask_each $api/drilldown-limits
	is "drilldown-limits$how" "$(gives '.limits.max_entries_limit_per_query')" 500
	ask /api/prom/label
	is "the old label$how" "$(gives '.values')" '["app","service_name"]'
	ask /api/prom/label/app/values
	is "the old label values$how" "$(gives '.values')" '["shop","web"]'
	ask /api/prom/series 'match[]={app="web"}'
	is "the old series$how" "$(gives '.data[].app')" web
	ask /api/prom/query 'query={app="web"}'
	is "the old query$how" "$(gives '.streams[] | .labels, .entries[].line, .entries[].ts' | paste -sd ' ')" \
		'{app="web", detected_level="unknown", service_name="web"} GET / 200 2026-01-15T10:00:00Z'
	ask /api/prom/query 'query={app="shop"} # all' 'regexp=lev.l|[0-9]"'
	is "the old query with a regexp$how" "$(gives '[.streams[].entries[].line] | length')" 2
	ask $api/index/shards 'query={app="shop"}' targetBytesPerShard=100MB
	is "index/shards$how" "$(gives '.shards[] | .bounds.min, .stats.entries' | paste -sd ' ')" "0 3"
done
FORM=

# --- the answer ---
ask $api/query_range 'query={app="shop"}'
ok "the type is JSON" sh -c 'curl -sD - -o /dev/null -H "X-Scope-OrgID: a" "$1/loki/api/v1/labels" | grep -i "^content-type: application/json"' - "$URL"
is "stats are told" "$(gives '.data.stats.summary.totalLinesProcessed')" 3
get "$api/query_range?query=%7Bapp%3D%22shop%22%7D&start=$T&end=$((T + 60))" -H 'X-Scope-OrgID: a' \
	-H 'X-Loki-Response-Encoding-Flags: categorize-labels'
is "labels by their origin" "$(gives '.data.encodingFlags, .data.result[0].values[0][2].structuredMetadata.detected_level' | paste -sd ' ')" '["categorize-labels"] unknown'

is "and where Grafana looks for them" "$(gives '.data.stats | .summary.totalEntriesReturned, .ingester.totalReached, .ingester.store.chunk.headChunkLines, .querier.store.chunk.decompressedLines' | paste -sd ' ')" "3 1 3 0"

# --- compressed ---
# shellcheck disable=SC2046
put a long $(seq 1 300 | sed 's/.*/line-&-of-some-length-so-that-it-is-worth-it/')
long="$api/query_range?query=%7Bapp%3D%22long%22%7D&start=$T&end=$((T + 3600))&limit=500"
get "$long" -H 'X-Scope-OrgID: a'
cp "$TAP/stdout" plain
is "all lines" "$(gives '[.data.result[].values[]] | length')" 300
get "$long" -H 'X-Scope-OrgID: a' -H 'Accept-Encoding: deflate, gzip;q=0.5' -D head
ok "gzip is said" grep -i '^content-encoding: gzip' head
ok "it is smaller" [ "$(size_of "$TAP/stdout")" -lt $(($(size_of plain) / 4)) ]
is "it says the same" "$(gunzip <"$TAP/stdout" | jq -c .data.result | cksum)" "$(jq -c .data.result plain | cksum)"
for no in 'gzip;q=0' 'br' 'identity, gzip; q=0.0'; do
	get "$long" -H 'X-Scope-OrgID: a' -H "Accept-Encoding: $no"
	is "not for '$no'" "$(jq '[.data.result[].values[]] | length' "$TAP/stdout")" 300
done
get "$api/labels?start=$T" -H 'X-Scope-OrgID: a' -H 'Accept-Encoding: gzip' -D head
not_ok "a short one is not worth it" grep -i '^content-encoding' head

# --- entries apart ---
for direction in forward backward; do
	ask $api/query_range 'query={app="long"}' interval=2m direction=$direction
	is "entries at least an interval apart, $direction" "$(gives ".data.result[].values[][0] | tonumber / 1e9 - $T" | sort -n | paste -sd ' ')" \
		"$([ $direction = forward ] && echo 0 120 240 || echo 59 179 299)"
done

# --- tenants ---
TENANT=b ask $api/query_range 'query={app="shop"}'
is "each has its own" "$(gives '.data.result[].values[][1]')" "of b"
TENANT='a|b' ask $api/query_range 'query={app="shop"}'
is "two at once" "$(gives '[.data.result[].stream.__tenant_id__] | unique')" '["a","b"]'
ask_path=$api/labels
get $api/labels
refused 401 "no org id"

# --- refusals ---
note "a bad query"
ask $api/query_range 'query={app="shop"'
refused 400 "parse error at line 1, col 12"
ask_each $api/query 'query={app="shop"}'
refused 400 "log queries are not supported as an instant query type"
ask $api/query_range 'query={app="shop"}' limit=501
refused 400 "max entries limit per query exceeded, limit > max_entries_limit_per_query (501 > 500)"
ask $api/query_range 'query={app="shop", app!="x", app!="y"}'
refused 400 "max streams matchers per query exceeded, matchers-count > limit (3 > 2)"
ask $api/query_range 'query={app="shop"}' limit=0
refused 400 "limit must be a positive value"
ask $api/query_range 'query={app="shop"}' direction=up
refused 400 "invalid direction 'up'"
ask $api/query_range 'query={app="shop"}' step=0
refused 400 "zero or negative query resolution step widths are not accepted"
ask_each $api/query_range 'query={app="shop"}' start=2 end=1
refused 400 "end timestamp must not be before or equal to start time"
ask_each $api/query_range 'query={app="shop"}' start=x
refused 400 "could not parse 'start' parameter"
ask $api/series 'match[]=x'
refused 400 "only label matchers are supported"
ask_each $api/query_range 'query={app="shop"}' start=1 end=$T
refused 400 "the query time range exceeds the limit"
get "$api/query?query=%zz" -H 'X-Scope-OrgID: a'
refused 400 'invalid URL escape "%zz"'
get "$api/query?query=%00" -H 'X-Scope-OrgID: a'
refused 400 "unexpected NUL byte"
ask_each $api/format_query 'query={'
ok "  is refused with 400" code_is 400
is "a query that cannot be laid out is refused in JSON" "$(gives '.status')" invalid-query
ask /api/prom/query 'query=rate({app="web"}[1m])'
refused 400 "legacy endpoints only support streams result type, current type is matrix"
get $api/query -X DELETE -H 'X-Scope-OrgID: a'
ok "another method is 405" code_is 405
get $api/nothing -H 'X-Scope-OrgID: a'
ok "another path is 404" code_is 404

# --- what is said of queries ---
get "$api/labels?start=$T" -H 'X-Scope-OrgID: a' -H 'X-Query-Tags: source=test,id=7'
ok "tags are logged" wait_for 5 grep 'msg=query .*tags="\{0,1\}source=test,id=7' lokid.log
not_ok "once" grep -q 'msg=query .* tags=.* tags=' lokid.log
get /metrics
ok "bytes are counted" stdout_matches '^lokid_query_bytes_total{tenant="a"} [1-9]'
ok "so is the queue" stdout_matches '^loki_query_frontend_queue_duration_seconds_count [1-9]'

ok "those that read much ran as scans" grep -q 'msg=query .*class=long status=200' lokid.log
ok "others did not" grep -q 'msg=query .*class=short status=200' lokid.log

# Two selectors of less than that each, more together; the same of tables alone, which nobody reads.
both='sum(count_over_time({app="shop"} |= "e" [2h])) + sum(count_over_time({app="web"} |= "G" [2h]))'
class_of() {
	get "$1" -G -H 'X-Scope-OrgID: a' -H "X-Query-Tags: $2" --data-urlencode "query=$3" --data-urlencode "time=$((T + 3600))"
	wait_for 5 grep -q "msg=query .*tags=\"\{0,1\}$2" lokid.log
	sed -n "s/.*msg=query .* class=\([a-z]*\) .*tags=\"\{0,1\}$2.*/\1/p" lokid.log
}
is "several selectors are a scan when their sum is" "$(class_of $api/query id=sum "$both")" long
get /flush -X POST
ok "flushed" code_is 204
is "what tables tell is not" "$(class_of $api/query id=table 'sum(count_over_time({app=~"shop|long"}[2h]))')" short

ask $api/query_range 'query={app="shop"}'
is "what is stored is told as the store's" "$(gives '.data.stats | .querier.store.totalChunksRef, .querier.store.totalChunksDownloaded, .querier.store.chunk.decompressedLines, .ingester.totalReached' | paste -sd ' ')" "1 1 3 0"
ok "and how it is stored" test "$(gives '.data.stats.querier.store | .chunksDownloadTime > 0 and .chunk.compressedBytes > 0')" = true

# --- damage ---
get /flush -X POST
pack=$(find data/store/a/chunks -name '*.pack' | head -n 1)
put_byte "$pack" $(($(size_of "$pack") / 3)) 255
put_byte "$pack" $(($(size_of "$pack") / 3 + 1)) 0
ask $api/query_range 'query={app=~".+"}' limit=500
refused 500 "${pack##*/}"
ok "which is in the log too" wait_for 10 grep -q "level=warn msg=query .*status=500 .*err=.*${pack##*/}" lokid.log

# --- an index that is lost: the answer is right as far as anybody can know ---
rm -r data/store/a/index
ask $api/query_range 'query={app=~".+"}'
ok "without an index there is an answer" code_is 200
ok "the log says what it may lack" wait_for 10 grep -q "level=warn msg=query .*status=200 .*warning=.*has packs and no index: idxbuild --rebuild" lokid.log

lokid_stop
is "it stops" "$STATUS" 0
done_testing
