#!/bin/sh
# The daemon writes its limits to the store, hides what has expired from the moment on, and deletes it on schedule, when it is
# told to.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

settings() { # ENABLED PERIOD
	cat >lokid.yaml <<END
auth_enabled: false
limits_config:
  retention_period: $2
  reject_old_samples: false
  retention_stream:
    - {selector: '{app="short"}', priority: 1, period: 24h}
compactor:
  compaction_interval: 200ms
  retention_enabled: $1
  retention_delete_delay: 0s
END
}
now=$(date +%s)
old=$((now - 3 * 86400))
push_both() {
	push "{\"streams\":[{\"stream\":{\"app\":\"shop\"},\"values\":[[\"${old}000000000\",\"old\"],[\"${now}000000000\",\"new\"]]}]}"
	get /flush -X POST
}
lines() {
	get "/loki/api/v1/query_range?limit=100&direction=forward&query=%7Bapp%3D%22shop%22%7D&start=$((old - 10))&end=$((now + 10))"
	grep -oE '"(old|new)"' "$TAP/stdout" | tr -d '"\n'
}

# --- not told to

settings false 48h
lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
push_both
ok "the limits lie in the store" test -s 'data/store/~lokid/limits.yaml'
ok "without a retention, since nothing is deleted" grep -qx '  retention_period: 0s' 'data/store/~lokid/limits.yaml'
ok "and the log says that the settings have it in vain" grep -q "level=warn msg=settings at=.*'limits_config.retention_period' has no effect: compactor.retention_enabled is false" lokid.log
is "so all is found" "$(lines)" oldnew
get /metrics
ok "no run is counted" grep -q '^loki_boltdb_shipper_apply_retention_operation_total{status="success"} 0' "$TAP/stdout"
lokid_stop TERM

# --- told to

settings true 48h
lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
ok "the limits are written" grep -qx '  retention_period: 2d' 'data/store/~lokid/limits.yaml'
not_ok "nothing is in vain" grep -q 'has no effect' lokid.log
is "what has expired is not found" "$(lines)" new
day=$(date -u -d "@$old" +%F)
gone() { [ "$(find data/store -path "*$day*" -type f | wc -l)" -eq 0 ]; }
ok "and is deleted" wait_for 30 gone
is "the rest is there" "$(lines)" new
push "{\"streams\":[{\"stream\":{\"app\":\"short\"},\"values\":[[\"$((now - 30 * 3600))000000000\",\"old\"],[\"${now}000000000\",\"new\"]]}]}"
get "/loki/api/v1/query_range?limit=100&query=%7Bapp%3D%22short%22%7D&start=$((now - 40 * 3600))&end=$((now + 10))"
is "a stream with a period of its own has that" "$(grep -oE '"(old|new)"' "$TAP/stdout")" '"new"'
counted() { get /metrics && grep -q '^loki_boltdb_shipper_apply_retention_operation_total{status="success"} [1-9]' "$TAP/stdout"; }
ok "runs are counted" wait_for 10 counted
ok "what went is counted, by tenant" grep -Eq '^lokid_retention_entries_total\{tenant="fake"\} [1-9]' "$TAP/stdout"
ok "its chunks, by day too" grep -Eq "^loki_boltdb_shipper_retention_marker_count_total\{table=\"$day\"\} [1-9]" "$TAP/stdout"
ok "none failed" grep -q '^loki_boltdb_shipper_apply_retention_operation_total{status="failure"} 0$' "$TAP/stdout"
ok "when the last was is told" grep -q '^loki_boltdb_shipper_apply_retention_last_successful_run_timestamp_seconds 1' "$TAP/stdout"

ok "and is in the log" grep -Eq 'level=info msg="what has expired is deleted" tenant=fake chunks=[1-9][0-9]* entries=[1-9][0-9]* bytes=[1-9][0-9]* duration=[0-9.]+s$' lokid.log

# --- told otherwise

settings true 96h
kill -HUP "$LOKID_PID"
written() { grep -qx '  retention_period: 4d' 'data/store/~lokid/limits.yaml'; }
ok "limits that are read anew are written" wait_for 10 written
push_both
is "and what is kept longer is found" "$(lines)" oldnew
lokid_stop TERM
is "it ends" "$STATUS" 0
ok "the store is right" idxbuild --verify --store data/store

# --- limits that somebody wrote by hand

printf '# mine\nlimits_config: {retention_period: 720h}\n' >mine.yaml
cp mine.yaml 'data/store/~lokid/limits.yaml'
settings true 48h
lokid_start --config lokid.yaml || { fail "the daemon starts" "$(cat lokid.log)"; done_testing; exit 1; }
ok "stay" same_file mine.yaml 'data/store/~lokid/limits.yaml'
ok "with a warning that names them" grep -q 'level=warn.*limits=.*data/store/~lokid/limits.yaml' lokid.log
ok "and the settings" grep -q 'not of lokid.* settings=.*lokid.yaml' lokid.log
push_both
is "they count" "$(lines)" oldnew
settings true 72h
kill -HUP "$LOKID_PID"
ok "also when limits are read anew" wait_for 10 grep -q 'msg="limits read"' lokid.log
ok "they stay" same_file mine.yaml 'data/store/~lokid/limits.yaml'
lokid_stop TERM
rm 'data/store/~lokid/limits.yaml'
lokid_start --config lokid.yaml || { fail "the daemon starts" "$(cat lokid.log)"; done_testing; exit 1; }
ok "once they are away those of the settings are written" grep -qx '  retention_period: 3d' 'data/store/~lokid/limits.yaml'
lokid_stop TERM

done_testing
