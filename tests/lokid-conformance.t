#!/bin/sh
# What a real Loki answered over HTTP, asked of the daemon: from the log alone, from the store after a flush and a
# restart, and from one that was flushed in small parts and compacted. Needs ../shared/conformance; logql/conformance.except says what is left out, and why.
. "${0%/*}/lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

[ -x "$SHARED/conformance/run" ] || skip_all "there is no $SHARED/conformance/run"
cat >lokid.yaml <<'END'
auth_enabled: true
limits_config:
  reject_old_samples: false
  ingestion_rate_mb: 1000
  ingestion_burst_size_mb: 1000
END

# asked WHERE [OPTION]...: every case passes.
asked() {
	asked_where=$1
	shift
	"$SHARED/conformance/run" --url "$URL" --except "$REPO/tests/logql/conformance.except" "$@" >answers 2>&1
	ok "$asked_where: $(tail -n 1 answers)" sh -c 'tail -n 1 answers | grep -q " passed, 0 failed$"'
	grep -vE ' 0 failed$' answers | head -n 40 | while read -r l; do note "$l"; done
}

lokid_start --config lokid.yaml || { fail "the daemon starts" "$(cat lokid.log)"; exit 1; }
asked "fresh, from the log alone"
get /flush -X POST
ok "it is flushed" code_is 204
is "nothing is left in the log" "$(find data/wal -name '*.wal')" ""
lokid_stop
lokid_start --config lokid.yaml || { fail "the daemon starts again" "$(cat lokid.log)"; exit 1; }
asked "flushed and started again, from the store" --no-load
lokid_stop

# --- many small flushes, compacted ---
rm -rf data
cat >>lokid.yaml <<'END'
ingester:
  flush_check_period: 20ms
  wal:
    segment_size: 16KB
compactor:
  compaction_interval: 0s
END
lokid_start --config lokid.yaml || { fail "the daemon starts with small segments" "$(cat lokid.log)"; exit 1; }
"$SHARED/conformance/run" --url "$URL" --except "$REPO/tests/logql/conformance.except" >answers 2>&1
get /flush -X POST
packs=$(find data/store -name '*.pack' | wc -l)
ok "compacted" exits 0 chunkpack --compact --store data/store --fan-in 2 --delete-delay 0s
after=$(find data/store -name '*.pack' | wc -l)
ok "many packs, $packs, have become few: $after" [ "$after" -lt "$packs" ]
asked "compacted, from the store" --no-load
lokid_stop
done_testing
