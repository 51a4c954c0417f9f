#!/bin/sh
# Each family of /metrics moves when that happens which it counts: all of them are provoked here, and who adds a family
# adds what moves it.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need python3 perl

# The daemon's programs; two of them wait, or fail, when a file says so.
real=$(command -v logql)
real=${real%/*}
mkdir programs
for program in lokid-ingest walreplay idxbuild; do
	ln -s "$real/$program" programs
done
cat >programs/logql <<END
#!/bin/sh
case \$* in
*block*) exec sleep 1000 ;;
*long*) exec head -c 40000000 /dev/zero ;;
esac
exec $real/logql "\$@"
END
cat >programs/chunkpack <<END
#!/bin/sh
until ! [ -e $PWD/hold ]; do sleep 0.05; done
[ -e $PWD/fail ] && { cat >/dev/null; exit 4; }
exec $real/chunkpack "\$@"
END
chmod +x programs/logql programs/chunkpack

cat >lokid.yaml <<END
auth_enabled: false
common: {programs: $PWD/programs}
querier: {standby: 0}
runtime_config: {file: overrides.yaml, period: 1h}
ingester: {chunk_idle_period: 300ms, flush_check_period: 50ms, wal: {segment_size: 4KB}}
compactor: {compaction_interval: 200ms, retention_enabled: true, delete_request_cancel_period: 0s}
limits_config:
  retention_period: 24h
  query_timeout: 2s
  max_concurrent_queries: 1
  max_outstanding_per_tenant: 1
  max_line_size: 100B
  max_line_size_truncate: true
  blocked_queries: [{pattern: '{app="no"}'}]
END
echo 'overrides: {}' >overrides.yaml

# looks: one more text is kept, in m.N.
n_texts=0
looks() {
	get /metrics
	n_texts=$((n_texts + 1))
	cp "$TAP/stdout" "m.$n_texts"
}

# sum FAMILY OP VALUE: of its samples in the text of now, compared.
sum() {
	looks
	awk -v f="$1" -v op="$2" -v v="$3" '{ name = $1; sub(/[{].*/, "", name) } name == f { s += $NF } END {
		exit !(op == ">" ? s > v : s == v) }' "m.$n_texts"
}

TOKEN='X-None: 1'
line() {
	push "{\"streams\":[{\"stream\":{\"app\":\"${2:-web}\"},\"values\":[[\"$(date +%s%N)\",\"$1\",{\"k\":\"v\"}]]}]}" -H "$TOKEN"
}

# behind PATH [CURL OPTION]...: asks, and does not wait for the answer; the client is in CLIENT.
behind() {
	behind_path=$1
	shift
	spawn curl -s -o /dev/null "$@" "$URL$behind_path"
	CLIENT=$PID
}
query='/loki/api/v1/query_range?query=%7Bapp%3D%22'

ok "it starts" lokid_start --config lokid.yaml
looks

# --- pushes and streams ---
line one
ok "a push" code_is 204
line "$(printf '%0200d' 0)"
ok "a line that is cut" code_is 204
push '{"streams":[{"stream":{"app":"web"},"values":[["1000000000","old"]]}]}'
ok "an old one" code_is 400
ok "streams rest" wait_for 10 sum loki_ingester_streams_removed_total ">" 0
INGEST=$(pgrep -P "$LOKID_PID" lokid-ingest)
kill -STOP "$INGEST"
behind /loki/api/v1/push -H 'Content-Type: application/json' --data-binary \
	"{\"streams\":[{\"stream\":{\"app\":\"lost\"},\"values\":[[\"$(date +%s%N)\",\"x\"]]}]}"
ok "a push that waits" wait_for 10 sum lokid_push_queue_bytes ">" 0
kill -ABRT "$INGEST" # a sanitizer takes SEGV for its own
kill -CONT "$INGEST"
ok "a crash" wait_for 10 sum loki_panic_total ">" 0
ok "a batch that is lost" wait_for 10 sum loki_distributor_ingester_append_failures_total ">" 0
taken() { line again && code_is 204; }
ok "another lokid-ingest" wait_for 10 taken
ok "is counted" wait_for 10 sum lokid_child_restarts_total ">" 0

# --- queries and tails ---
get "${query}web%22%7D"
ok "a query" code_is 200
get /loki/api/v1/labels
ok "labels" code_is 200
get "${query}no%22%7D"
ok "a blocked query" code_is 400
behind "${query}block%22%7D"
ok "one that runs" wait_for 10 sum lokid_queries_running ">" 0
behind "${query}block%22%7D"
LEAVES=$CLIENT
ok "one that waits" wait_for 10 sum loki_query_frontend_queue_length ">" 0
get "${query}web%22%7D"
ok "one too many" code_is 429
kill "$LEAVES"
ok "one that is left" wait_for 10 sum lokid_queries_left_total ">" 0
ok "one that takes too long" wait_for 20 sum loki_query_frontend_failed_queries_total ">" 0
spawn "$REPO/tests/lib/ws-tail" "127.0.0.1:$LOKID_PORT" '/loki/api/v1/tail?query=%7Bapp%3D%22web%22%7D' "X-Scope-OrgID: fake" >tail.out
TAIL=$PID
ok "a tail" wait_for 10 sum loki_querier_tail_bytes_total ">" 0
kill "$TAIL"
ok "that ends" wait_for 10 sum loki_querier_tail_active = 0

# --- flushing, retention, deletion ---
line gone gone
push "{\"streams\":[{\"stream\":{\"app\":\"old\"},\"values\":[[\"$(($(date +%s) - 90000))000000000\",\"old\"]]}]}"
get /flush -X POST
ok "a round" code_is 204
ok "what has expired" wait_for 20 sum lokid_retention_entries_total ">" 0
ok "a compaction" wait_for 10 sum loki_boltdb_shipper_compact_tables_operation_last_successful_run_timestamp_seconds ">" 0
: >hold
line kept
behind /flush -X POST
ok "a round that waits" wait_for 10 sum lokid_flush_running_seconds ">" 0
ok "a compaction that waits" wait_for 10 sum lokid_compaction_running_seconds ">" 0
get "/loki/api/v1/delete?query=%7Bapp%3D%22gone%22%7D&start=$(($(date +%s) - 1000))" -X POST
ok "a request to delete" code_is 204
ok "waits" wait_for 10 sum loki_compactor_pending_delete_requests_count ">" 0
ok "for a while" wait_for 10 sum loki_compactor_oldest_pending_delete_request_age_seconds ">" 0
ok "a segment that waits" sum loki_ingester_wal_bytes_in_use ">" 0
: >fail
rm hold
ok "a round that fails" wait_for 10 sum lokid_flush_consecutive_failures ">" 0
ok "a compaction that fails" wait_for 10 sum lokid_compaction_consecutive_failures ">" 0
ok "a deletion that fails" wait_for 10 sum loki_compactor_delete_processing_fails_total ">" 0
for segment in data/wal/*.wal; do # the oldest one is closed
	flip_byte "$segment" $(($(size_of "$segment") / 2))
	break
done
rm fail
ok "a deletion" wait_for 20 sum loki_compactor_delete_requests_processed_total ">" 0
ok "damage in the log" wait_for 20 sum loki_ingester_wal_corruptions_total ">" 0
ok "is set aside" wait_for 20 sum lokid_wal_damaged_segments ">" 0

# --- a store that is away ---
mv data/store/~lokid/format format
ok "a store that is away" wait_for 30 sum lokid_store_up = 0
ok "is counted" sum lokid_store_check_failures_total ">" 0
mv format data/store/~lokid/format

# --- limits that cannot be read ---
echo 'overrides: [' >overrides.yaml
kill -HUP "$LOKID_PID"
ok "limits that cannot be read" wait_for 10 sum loki_runtime_config_last_reload_successful = 0
lokid_stop

# --- a disk that is too full; who is nobody; an audit log that cannot be written ---
cat >full.yaml <<END
auth_enabled: false
ingester: {wal: {disk_full_threshold: 0.000001}}
compactor: {compaction_interval: 0s}
auth: {roles: {all: {read: "*", write: "*", admin: "*"}}, tokens: {t: {token: "sha256:$(printf t | sha256sum | cut -d ' ' -f 1)", roles: [all]}}}
audit: {enabled: true, log_path: /dev/full}
END
ok "it starts with a full disk" lokid_start --data full --config full.yaml
get /loki/api/v1/labels
ok "without a token it is 401" code_is 401
TOKEN='Authorization: Bearer t'
line more
ok "a full disk" code_is 503
ok "is counted" wait_for 10 sum loki_ingester_wal_disk_full_failures_total ">" 0
ok "the audit log is lost" wait_for 10 sum lokid_audit_lost_total ">" 0
lokid_stop

# --- an answer that is read too slowly ---
long='/loki/api/v1/query_range?query=%7Ba%3D%22long%22%7D'
printf '%s\n' 'auth_enabled: false' "common: {programs: $PWD/programs}" 'frontend: {max_answers_size: 60MB}' 'querier: {standby: 0}' >slow.yaml
ok "it starts with room for one answer" lokid_start --data slow-answers --config slow.yaml
get_slowly "$long"
ok "it is kept" wait_for 10 sum lokid_answer_bytes ">" 0
answered() {
	get "$long"
	[ "$CODE" = 200 ]
}
ok "it is closed for another" wait_for 30 answered
ok "which is counted" sum lokid_answers_cut_total ">" 0
touch read
lokid_stop

# --- index files that are lost ---
mkdir lost
echo '{"ts":"1760000000000000000","labels":{"app":"a"},"line":"one"}' |
	chunkpack --store lost/store | idxbuild --store lost/store >index || fail "a store"
rm -r lost/store/fake/index
find lost/store -name '*.pack' -exec touch -d '3 hours ago' {} +
echo 'compactor: {compaction_interval: 1s}' >lost.yaml
ok "it starts without an index" lokid_start --data lost --config lost.yaml
ok "packs that it lacks" wait_for 20 sum lokid_store_unnamed_packs ">" 0
lokid_stop

# --- all of them ---
# Of a family that is not always the same some text has another sum than the first.
awk '/^# TYPE / { type[$3] = $4; next }
	/^#/ { next }
	{
		name = $1
		sub(/[{].*/, "", name)
		if (!(name in type))
			sub(/_(bucket|sum|count)$/, "", name)
		sum[FILENAME, name] += $NF
		files[FILENAME] = 1
	}
	END {
		for (name in type) {
			first = 1
			moves = 0
			for (f in files) {
				v = sum[f, name] + 0
				if (!first && v != was)
					moves = 1
				was = v
				first = 0
			}
			if (!moves)
				print name
		}
	}' m.* | sort >still
cat >constant <<'END'
loki_build_info
lokid_build_info
lokid_memory_limit_bytes
process_max_fds
process_virtual_memory_max_bytes
END
ok "all move, but those that say what does not change" diff constant still
done_testing
