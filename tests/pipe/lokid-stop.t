#!/bin/sh
# The end of the daemon while others still wait for it: each is told, and it ends in time.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

now=$(date +%s)
one="{\"streams\":[{\"stream\":{\"app\":\"shop\"},\"values\":[[\"${now}000000000\",\"one\"]]}]}"
says() { grep -q "$1" lokid.log; }

# --- a segment that somebody else writes to, at the end ---
cat >lokid.yaml <<'END'
auth_enabled: false
server:
  graceful_shutdown_timeout: 1s
ingester:
  wal:
    flush_on_shutdown: true
END
lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
mkfifo lines
spawn sh -c 'exec lokid-ingest -q --wal data/wal -l app=web <lines >/dev/null'
exec 5>lines
echo two >&5
ok "somebody else writes into the log too" wait_for 10 sh -c '[ "$(ls data/wal/*.wal | wc -l)" -ge 1 ]'
push "$one"
ok "a push is taken" code_is 204
kill -TERM "$LOKID_PID"
begun=$(date +%s%N)
ok "it is told to stop" wait_for 10 says 'msg=stopping'
lokid_stop HUP # as after logs were rotated: which does not hurry it
is "a flush that is not done when the time is over ends with the daemon" "$STATUS" 0
ok "and no sooner" test $(($(date +%s%N) - begun)) -ge 800000000
ok "which says so" says 'not everything is packed'
exec 5>&-

# --- a password that is being checked, at the end ---
# "open sesame" by crypt(3), which takes a second or more.
cat >>lokid.yaml <<'END'
auth:
  roles:
    boss: {read: "*", write: "*", delete: "*", admin: "*"}
  users:
    alice: {password: "$5$rounds=5000000$lokidlokid$MYJqmwJnmyktN8nmLHP44bP5LWXFW3m54vstb18w9f1", roles: [boss]}
END
lokid_start --config lokid.yaml || fail "the daemon starts" "$(cat lokid.log)"
spawn sh -c 'curl -sS -o late.out -w "%{http_code}" -u "alice:open sesame" -X POST "$1/flush" >late.code' - "$URL"
LATE=$PID
checks() { get /metrics && grep -q 'loki_inflight_requests{.*route="flush"} 1' "$TAP/stdout"; }
ok "a password is being checked" wait_for 10 checks
lokid_stop TERM
is "it ends all the same" "$STATUS" 0
ok "after everything else" says 'msg=stopped'
wait "$LATE"
is "and its request is refused" "$(cat late.code)" 503
ok "in words" grep -q 'the daemon is stopping' late.out

# --- a disk that hangs, at the end ---
# An index file that an index builder names is a pipe, which opens when somebody writes.
mkdir programs
for p in lokid-ingest walreplay chunkpack logql; do ln -s "$(command -v "$p")" "programs/$p"; done
hangs=other/index/2020-01-01/00112233445566778899aabbccddeeff.idx
cat >programs/idxbuild <<END
#!/bin/sh
"$(command -v idxbuild)" "\$@" && echo "$PWD/hung/store/$hangs"
END
chmod +x programs/idxbuild
mkdir -p "hung/store/${hangs%/*}" hung/store/~lokid
echo "lokid store 1" >hung/store/~lokid/format
mkfifo "hung/store/$hangs"
cat >hung.yaml <<END
auth_enabled: false
common:
  programs: $PWD/programs
server:
  graceful_shutdown_timeout: 1s
END
lokid_start --data hung --config hung.yaml || fail "the daemon starts" "$(cat lokid.log)"
push "$one"
ok "a push is taken" code_is 204
spawn sh -c 'curl -sS -o hung.out -X POST "$1/flush"' - "$URL"
pruned() { ! ls hung/wal/*.wal; }
ok "a flush has packed it, and hangs" wait_for 20 pruned
push "${one%one*}two\"]]}]}"
ok "another push is taken" code_is 204
INGEST=$(pgrep -P "$LOKID_PID" lokid-ingest)
kill -TERM "$LOKID_PID"
ok "it is told to stop" wait_for 10 says 'msg=stopping'
gone() { ! readlink "/proc/$1/exe" >/dev/null; } # also as a zombie
kill -INT "$LOKID_PID"
ok "a second signal ends it all the same" wait_for 10 gone "$LOKID_PID"
ok "which it says" says 'msg="ending at once"'
lokid_stop KILL # or the test would hang with it
is "as one that was told to end" "$STATUS" 0
ok "lokid-ingest ends, too" wait_for 10 gone "$INGEST"
ok "what was acknowledged is in the log" sh -c 'logql --wal hung/wal -o raw "{app=\"shop\"}" | grep -qx two'

done_testing
