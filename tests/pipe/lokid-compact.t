#!/bin/sh
# The daemon keeps its store small: packs of many flushes become few, and nothing that was pushed changes.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

cat >lokid.yaml <<END
auth_enabled: false
compactor:
  compaction_interval: 200ms
  retention_delete_delay: 0s
END
lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
now=$(date +%s)
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	push "{\"streams\":[{\"stream\":{\"app\":\"shop\"},\"values\":[[\"$now$(printf %09d "$i")\",\"line $i\"]]}]}"
	get /flush -X POST
done
ok "twelve flushes are made" code_is 204
few() { [ "$(find data/store -name '*.pack' | wc -l)" -le 4 ] && [ "$(find data/store -name '*.idx' | wc -l)" -le 4 ]; }
ok "their packs are merged, and what was replaced is deleted" wait_for 20 few
lines() {
	get "/loki/api/v1/query_range?limit=100&direction=forward&query=%7Bapp%3D%22shop%22%7D&start=$((now - 10))&end=$((now + 10))"
	grep -o 'line [0-9]*' "$TAP/stdout" | sort -u -k2n | wc -l
}
is "each line is there" "$(lines)" 12
get /metrics
ok "good runs are counted" grep -q '^loki_boltdb_shipper_compact_tables_operation_total{status="success"} [1-9]' "$TAP/stdout"
ok "none failed" grep -q '^loki_boltdb_shipper_compact_tables_operation_total{status="failure"} 0$' "$TAP/stdout"
ok "when the last was is told" grep -q '^loki_boltdb_shipper_compact_tables_operation_last_successful_run_timestamp_seconds 1' "$TAP/stdout"
get /services
ok "the compactor runs" grep -qx 'compactor => Running' "$TAP/stdout"
# The run that left few packs may not have ended: what it did is told when it has.
told() { grep -Eq 'level=info msg=compacted tenant=fake packs=[0-9]+ entries=[0-9]+ bytes=[0-9]+ duration=[0-9.]+s$' lokid.log; }
ok "what was done is in the log" wait_for 20 told
lokid_stop TERM
is "it ends" "$STATUS" 0
ok "of runs with nothing to do nothing" test "$(grep -c 'msg=compacted' lokid.log)" -lt 12
ok "the store is right" idxbuild --verify --store data/store

# --- one that fails ---
mkdir programs
for p in lokid-ingest walreplay idxbuild logql; do ln -s "$(command -v "$p")" "programs/$p"; done
printf '#!/bin/sh\necho "$*" >>"%s/args"\necho "chunkpack: error: no room" >&2\nexit 3\n' "$PWD" >programs/chunkpack
chmod +x programs/chunkpack
printf '  chunk_level: 7\n  chunk_filter: full\n  chunk_lines: whole\n  max_compaction_parallelism: 3\n  max_compaction_memory: 400MB\ncommon:\n  programs: %s\n' "$PWD/programs" >>lokid.yaml
lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
failed() { get /ready && grep -q 'compactions failed' "$TAP/stdout"; }
ok "three runs that fail are told" wait_for 20 failed
ok "to those who ask whether it is ready, which it is" code_is 200
ok "with the reason" grep -q 'chunkpack: exit status 3: no room$' "$TAP/stdout"
get /services
ok "as among the services" grep -qx 'compactor => Failed' "$TAP/stdout"
ok "it has as many threads, as much memory, the level, the filter and the lines that the settings say" grep -q -- "^--compact .*--jobs 3 --memory 419430400 --level 7 --filter full --lines whole -o jsonl\$" args
lokid_stop TERM

# --- none ---
sed -i 's/compaction_interval: .*/compaction_interval: 0s/' lokid.yaml
lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
get /services
ok "without an interval there is none" sh -c '! grep -q compactor "$1"' - "$TAP/stdout"
get /metrics
ok "as the metrics say" grep -qx 'loki_boltdb_shipper_compactor_running 0' "$TAP/stdout"
lokid_stop TERM
done_testing
