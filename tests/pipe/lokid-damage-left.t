#!/bin/sh
# A segment of the log that nothing mends, as one of a later version: it is told of once, and work is done for it again only
# when there is another segment or a flush is asked for.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"
. "$REPO/tests/lib/later.sh"

says() { grep -q "$1" lokid.log; }
told() { grep -c "level=error.* msg=\"$1\"" lokid.log; }
compacted() { [ "$(count_of 'loki_boltdb_shipper_compact_tables_operation_total{status="success"}')" -ge "$1" ]; }
rounds() { count_of 'lokid_flush_rounds_total{result="failed"}'; }
programs() { count_of 'lokid_child_ended_total{program="walreplay"'; }

mkdir -p data/wal
later_segment data/wal/v2.wal
cat >lokid.yaml <<'END'
auth_enabled: false
ingester:
  flush_check_period: 20ms
compactor:
  compaction_interval: 1s
END
lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
ok "a flush of it fails" wait_for 20 says 'msg="flush failed" err=.*v2.wal'
ok "time passes" wait_for 60 compacted 4
is "no other begins" "$(rounds)" 1

before=$(programs)
get /flush -X POST
ok "who asks for one" code_is 500
ok "is told why it fails" stdout_has 'data/wal/v2.wal'
is "it mends nothing, and reads once" "$(($(programs) - before))" 2

push "{\"streams\":[{\"stream\":{\"app\":\"pay\"},\"values\":[[\"$(date +%s)000000000\",\"one\"]]}]}"
ok "a push is taken" code_is 204
rounds=$(rounds)
get /flush -X POST
ok "a flush of both" code_is 500
ok "is a round" [ "$(rounds)" -gt "$rounds" ]
is "of which that segment is left" "$(echo data/wal/*.wal)" data/wal/v2.wal
is "it was told once that it fails" "$(told 'flush failed')" 1
is "and that there is damage" "$(told 'a flush met damage')" 1
lokid_stop TERM
is "it ends" "$STATUS" 0

lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
ok "the next daemon tells it again" wait_for 20 says 'msg="flush failed" err=.*v2.wal'
lokid_stop TERM
done_testing
