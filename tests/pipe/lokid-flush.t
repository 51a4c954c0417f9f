#!/bin/sh
# Flushes that are asked for: many at once look no oftener than one, and one during a round is not forgotten.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

lokid_start || bail "the daemon starts" "$(cat lokid.log)"
# Somebody else's segment is open, so that they wait some seconds.
mkfifo lines
spawn sh -c 'exec lokid-ingest -q --wal data/wal -l app=web <lines >/dev/null'
OTHER=$PID
exec 5>lines
echo two >&5
ok "somebody else writes into the log too" wait_for 10 sh -c '[ "$(ls data/wal/*.wal | wc -l)" -ge 1 ]'

# Who waits looks at the log's folder fifty times a second, and each look reads it twice: some hundred more are for those who ask.
spawn strace -f -e trace=getdents64 -o looks -p "$LOKID_PID" 2>attached
TRACER=$PID
ok "strace looks at the daemon, or says why it cannot" wait_for 10 grep -q . attached
begun=$(date +%s%N)
curl -s -Z --parallel-immediate --parallel-max 200 -X POST -w '%{http_code}\n' "$URL/flush?n=[1-200]" >codes 2>curl.err
most=$((($(date +%s%N) - begun) / 10000000 + 300)) # 10 ms each
kill "$TRACER" 2>/dev/null # one that cannot has ended
wait "$TRACER" 2>/dev/null
is "all are answered" "$(sort codes | uniq -c | tr -s ' ')" " 200 204"
if grep -q attached attached; then
	looks=$(grep -c 'getdents64(' looks)
	ok "some are seen: $looks" [ "$looks" -gt 50 ]
	ok "of two hundred no more than of one: at most $most" [ "$looks" -le "$most" ]
else
	skip "looks are counted" "$(head -n 1 attached)"
fi
exec 5>&-
wait "$OTHER" # its segment is closed
lokid_stop TERM

# --- one that is asked for while another is under way ---
mkdir programs
for p in lokid-ingest walreplay chunkpack idxbuild logql; do ln -s "$(command -v "$p")" "programs/$p"; done
rm programs/chunkpack
mkfifo gate
cat >programs/chunkpack <<END
#!/bin/sh
echo "\$*" >>"$PWD/args"
if [ ! -e begun ]; then
	echo >begun
	read -r go <"$PWD/gate"
fi
exec "$(command -v chunkpack)" "\$@"
END
chmod +x programs/chunkpack
cat >lokid.yaml <<END
auth_enabled: false
common:
  programs: $PWD/programs
ingester:
  flush_check_period: 1h
  chunk_level: 7
  chunk_filter: full
  chunk_lines: whole
END
lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
ok "a round packs what was left" wait_for 10 [ -e begun ]
push "{\"streams\":[{\"stream\":{\"app\":\"shop\"},\"values\":[[\"$(date +%s)000000000\",\"one\"]]}]}"
ok "a push is taken" code_is 204
spawn sh -c 'curl -s -m 20 -X POST -w "%{http_code}\n" "$1/flush" >code' - "$URL"
FLUSH=$PID
waits() { get /metrics && grep -q 'loki_inflight_requests{.*route="flush"} 1' "$TAP/stdout"; }
ok "a flush is asked for" wait_for 10 waits
echo go >gate
wait "$FLUSH"
is "it is answered soon after the round" "$(cat code)" 204
is "the log is empty" "$(ls data/wal)" ""
levels() { find data/store -name '*.pack' -exec chunkcat --header {} + | grep -o '"level":[0-9]*' | sort -u; }
is "what was packed is as hard to pack as the settings say" "$(levels)" '"level":7'
ok "with the filter that they say, and lines as they say" grep -q -- '--store .*--filter full --lines whole$' args
lokid_stop TERM
is "it ends" "$STATUS" 0

# --- much that waits comes before queries ---
rm programs/chunkpack
cat >programs/chunkpack <<END
#!/bin/sh
nice >>"$PWD/nice"
exec "$(command -v chunkpack)" "\$@"
END
chmod +x programs/chunkpack
# at_most_19 N: no process is nicer; the test itself may be.
at_most_19() { echo $(($1 < 19 ? $1 : 19)); }
# flush_of SEGMENTS: its chunkpack's niceness.
flush_of() {
	rm -rf data nice
	i=0
	while [ "$i" -lt "$1" ]; do
		i=$((i + 1))
		echo "line $i" | lokid-ingest -q --wal data/wal -l app=web >"$TAP/ingest"
	done
	lokid_start --config lokid.yaml || { fail "the daemon starts" "$(cat lokid.log)"; return; }
	wait_for 10 [ -s nice ]
	lokid_stop TERM
	head -n 1 nice
}
is "a flush of one segment steps back behind queries" "$(flush_of 1)" "$(at_most_19 $(($(nice) + 10)))"
is "that of four is equal to them" "$(flush_of 4)" "$(at_most_19 $(($(nice) + 4)))"
is "that of sixteen comes first" "$(flush_of 16)" "$(nice)"

# --- one that fails before it begins ---
cat >lokid.yaml <<END
auth_enabled: false
ingester: { flush_check_period: 50ms }
END
rm -rf data
lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
mv data/wal aside
: >data/wal
failed() { get /metrics && stdout_matches '^lokid_flush_rounds_total{result="failed"} [1-9]'; }
ok "a log that cannot be looked at is a round that failed" wait_for 10 failed
ok "and none that took a time" stdout_has "lokid_flush_duration_seconds_count 0"
lokid_stop TERM
done_testing
