#!/bin/sh
# A segment of the log that the daemon may not read, as one that root wrote beside it: it is told of, once, by /flush and by
# /ready; what else comes is flushed.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

told() { grep -c "level=error.* msg=\"$1\"" lokid.log; }
compacted() { [ "$(count_of 'loki_boltdb_shipper_compact_tables_operation_total{status="success"}')" -ge 4 ]; }
ready_says() { get /ready && code_is 200 && stdout_has "$1"; }

mkdir -p data/wal
ln -s root.wal data/wal/root.wal # for root too
cat >lokid.yaml <<'END'
auth_enabled: false
ingester:
  flush_check_period: 20ms
compactor:
  compaction_interval: 1s
END
lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
ok "/ready names it" wait_for 20 ready_says "but 1 segment of the log cannot be read: cannot open 'data/wal/root.wal': "
get /flush -X POST
ok "who asks for a flush" code_is 500
ok "is told why it cannot be" stdout_has "cannot open 'data/wal/root.wal'"
ok "time passes" wait_for 60 compacted
is "it was told once" "$(told 'a segment of the log cannot be read')" 1
ok "with its name" grep -q "level=error .*msg=\"a segment of the log cannot be read\" err=.*data/wal/root.wal" lokid.log

for i in 1 2; do
	push "{\"streams\":[{\"stream\":{\"app\":\"pay\"},\"values\":[[\"$(date +%s)000000000\",\"$i\"]]}]}"
	ok "push $i is taken" code_is 204
	get /flush -X POST
	ok "flush $i is not of all" code_is 500
	is "but of the push" "$(find data/wal -name '*.wal' ! -name root.wal)" ""
done
is "that it fails was told once" "$(told 'flush failed')" 1

# A damaged one beside it, whose exit code is told for both.
seq 3 | lokid-ingest -q --wal other -l app=shop || bail "a log"
bad=$(basename other/*.wal)
flip_byte "other/$bad" $(($(size_of "other/$bad") - 5))
mv "other/$bad" data/wal/
get /flush -X POST
ok "a flush is not of all" code_is 500
ok "but the damaged one is set aside" [ -e "data/wal/damaged/$bad" ]

rm -r data/wal/root.wal data/wal/damaged
get /flush -X POST
ok "without it a flush works" code_is 204
get /ready
not_ok "and /ready has nothing to say" stdout_has but
lokid_stop TERM
is "it ends" "$STATUS" 0
done_testing
