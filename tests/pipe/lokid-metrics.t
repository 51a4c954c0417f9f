#!/bin/sh
# /metrics: a text that Prometheus takes, with what lokid-metrics(7) lists and nothing else, and
# counts that are those of what was done.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

page=$PWD/page
sed 's/\\://' "$REPO/man/lokid-metrics.7" >"$page" # a place where a long name may be broken
now=$(date +%s)

# line APP AGE TEXT: a push of one line, AGE seconds ago.
line() {
	printf '{"streams":[{"stream":{"app":"%s"},"values":[["%s000000000","%s"]]}]}' "$1" $((now - $2)) "$3"
}

metrics() {
	get /metrics
	cp "$TAP/stdout" metrics
}

# value SERIES: as it stands in the text, 'name{label="value"}'.
value() {
	awk -v s="$1" 'substr($0, 1, length(s) + 1) == s " " { print substr($0, length(s) + 2) }' metrics
}

# within SERIES LOW HIGH
within() {
	value "$1" | awk -v low="$2" -v high="$3" '{ found = 1; v = $1 } END {
		if (!found || v + 0 < low || v + 0 > high) { print "it is", v; exit 1 } }'
}

lokid_start || exit 99
metrics
ok "/metrics is answered" code_is 200
get /metrics -D headers
ok "as Prometheus's text" grep -qi '^content-type: text/plain; version=0\.0\.4' headers

# --- the page ---
sed -n 's/^\.It Ic \([a-z0-9_]*\) Pq \([a-z]*\).*/\1 \2/p' "$page" | sort >in-page
sed -n 's/^# TYPE //p' metrics | sort >in-text
ok "it has what the page lists, of its type" diff in-page in-text
ok "a lot" test "$(wc -l <in-text)" -gt 60

# Each is set by somebody.
sed -n 's/.*\(METRIC_[A-Z_]*\),.*/\1/p' "$REPO/libcore/server/server_metrics.h" | grep -v -x METRIC_COUNT | sort -u >named
cat "$REPO"/libcore/server/*.c | grep -v '\[METRIC_[A-Z_]*\] *=' | grep -o 'METRIC_[A-Z_]*' | sort -u >used
is "all of them are set" "$(comm -23 named used)" ""

# --- before anything happened ---
is "nothing crashed" "$(value loki_panic_total)" 0
is "no error was said" "$(value 'loki_internal_log_messages_total{level="error"}')" 0
ok "but that it is ready" within 'loki_internal_log_messages_total{level="info"}' 1 9
is "it is ready" "$(value lokid_ready)" 1
is "one program runs" "$(value 'lokid_tree_processes{program="lokid-ingest"}')" 1
is "no query failed" "$(value loki_query_frontend_failed_queries_total)" 0
ok "the tree is larger than the daemon" within lokid_tree_resident_memory_bytes "$(value process_resident_memory_bytes)" 1e9
ok "and smaller than the machine" within lokid_memory_limit_bytes "$(value lokid_tree_resident_memory_bytes)" 1e15
ok "the disk is somewhat full" within loki_ingester_wal_disk_usage_percent 0 1
ok "it was started just now" within process_start_time_seconds $((now - 5)) $((now + 60))
ok "it was ready soon" within loki_ingester_wal_replay_duration_seconds 0.000001 10
ok "it has files open" within process_open_fds 5 1000

# --- pushes ---
push "$(line web 100 one)"
push "$(line web 50 three)"
push "$(line db 1 fifteen)"
push "$(line web 999999999 old)"
ok "an old line is refused" code_is 400
push '{"streams":'
ok "half a body is refused" code_is 400
metrics
is "lines" "$(value 'loki_distributor_lines_received_total{tenant="fake"}')" 4
is "bytes" "$(value 'loki_distributor_bytes_received_total{tenant="fake",retention_hours="0"}')" 18
is "what was not taken, and why" "$(value 'loki_discarded_samples_total{reason="greater_than_max_sample_age",tenant="fake"}')" 1
is "its bytes" "$(value 'loki_discarded_bytes_total{reason="greater_than_max_sample_age",tenant="fake"}')" 3
is "active streams" "$(value 'loki_ingester_memory_streams{tenant="fake"}')" 2
is "requests by status" "$(value 'loki_request_duration_seconds_count{method="POST",route="loki_api_v1_push",status_code="204",ws="false"}')" 3
is "also of refusals" "$(value 'loki_request_duration_seconds_count{method="POST",route="loki_api_v1_push",status_code="400",ws="false"}')" 2
is "none is under way" "$(value 'loki_inflight_requests{method="POST",route="loki_api_v1_push"}')" 0
age=lokid_entry_age_when_queryable_seconds
is "ages of all that was taken" "$(value "${age}_count{tenant=\"fake\"}")" 3
is "one of a minute at most" "$(value "${age}_bucket{tenant=\"fake\",le=\"30\"}")" 1
is "two more of five" "$(value "${age}_bucket{tenant=\"fake\",le=\"300\"}")" 3
ok "the log has it" within loki_ingester_wal_logged_bytes_total 100 100000

# --- queries ---
get /loki/api/v1/query_range -G --data-urlencode 'query={app="web"}'
get /loki/api/v1/labels
get /loki/api/v1/query_range -G --data-urlencode 'query={app='
get /nothing
metrics
is "queries that ran" "$(value loki_query_frontend_queue_duration_seconds_count)" 3
is "a wrong one is nobody's failure" "$(value loki_query_frontend_failed_queries_total)" 0
is "labels are asked of the index" "$(value 'loki_index_request_duration_seconds_count{operation="label_names",status_code="200"}')" 1
is "what no route answers" "$(value 'loki_request_duration_seconds_count{method="GET",route="other",status_code="404",ws="false"}')" 1
is "lines that were looked at" "$(value 'lokid_query_lines_total{tenant="fake"}')" 2
is "blocks that were read" "$(value 'lokid_query_blocks_total{tenant="fake",how="read"}')" 2
is "none was left out" "$(value 'lokid_query_blocks_total{tenant="fake",how="filtered"}')" 0
ok "bytes that were decoded" test "$(value 'lokid_query_decoded_bytes_total{tenant="fake"}')" -gt 0
is "programs that ended well" "$(value 'lokid_child_ended_total{program="logql",how="ok"}')" 2
is "and the other" "$(value 'lokid_child_ended_total{program="logql",how="error"}')" 1

# --- the store ---
get /flush -X POST
metrics
is "a round" "$(value 'lokid_flush_rounds_total{result="ok"}')" 1
is "its chunks" "$(value 'loki_ingester_chunks_stored_total{tenant="fake"}')" 2
is "by their alias" "$(value loki_store_chunks_stored_total)" 2
is "their entries" "$(value loki_ingester_chunk_entries_sum)" 3
is "nothing waits" "$(value loki_ingester_flush_queue)" 0
ok "it was now" within lokid_flush_last_success_timestamp_seconds "$now" $((now + 60))
is "idxbuild's time is counted" "$(value loki_boltdb_shipper_index_upload_duration_seconds_count)" 1

# --- the text as a whole ---
# Labels of samples are those of the page, but for le.
sed -n 's/^\.It Ic \([a-z0-9_]*\) Pq \([a-z]*\) *:* *\(.*\)/\1 \2 \3/p' "$page" | tr -d , | tr -s ' ' >families
awk 'NR == FNR { type[$1] = $2; $2 = ""; labels[$1] = $0 " "; next }
	/^#/ { next }
	{
		name = $1
		sub(/[{].*/, "", name)
		base = name
		if (!(base in labels))
			sub(/_(bucket|sum|count)$/, "", base)
		text = $0
		while (match(text, /[a-z_]+="/)) {
			label = substr(text, RSTART, RLENGTH - 2)
			if (label != "le" && index(labels[base], " " label " ") == 0)
				print base, "has the label", label
			text = substr(text, RSTART + RLENGTH)
			sub(/^[^"]*"/, "", text)
		}
	}' families metrics >unknown
ok "labels are those of the page" diff /dev/null unknown
if command -v promtool >/dev/null 2>&1; then
	# shellcheck disable=SC2094 # the file and the verb have one name
	promtool check metrics <metrics >said 2>&1
	is "promtool has nothing against it" "$? $(cat said)" "0 "
else
	skip "promtool has nothing against it" "promtool is not here (package prometheus; scripts/setup --check installs it)"
fi

done_testing
