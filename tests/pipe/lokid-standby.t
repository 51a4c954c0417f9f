#!/bin/sh
# Processes of logql that wait for queries: those answer as one that is started does, and nobody depends on them.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need pgrep

cat >lokid.yaml <<'END'
auth_enabled: false
limits_config: {max_query_length: 0}
END
now=$(date +%s)
push_one() { push "{\"streams\":[{\"stream\":{\"app\":\"a\"},\"values\":[[\"${1}000000000\",\"$2\"]]}]}"; }
query='/loki/api/v1/query_range?query=%7Bapp=%22a%22%7D'
waiting() { pgrep -P "$LOKID_PID" -x standby; }
server() { pgrep -P "$LOKID_PID" -x forkserver; }
waits() { [ "$(waiting | wc -l) $(server | wc -l)" = "$1 1" ]; }
lines() { get "$query&start=$((now - 86400 * 5))&end=$((now + 60))" && grep -o '"[a-z]*"\]' "$TAP/stdout" | tr -d '"]' | tr '\n' ' '; }

lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
push_one "$now" new
push_one $((now - 86400 * 2)) old
is "none waits before anybody asks" "$(waiting)" ""
is "a query" "$(lines)" "new old "
ok "then two do" wait_for 10 waits 2
first=$(waiting | sort -n | head -n 1)
is "with nothing open but a socket" "$(readlink /proc/"$first"/fd/* | grep -vc -e '^/dev/null$' -e '^socket:')" 0
is "and an argument that says so" "$(tr '\0' ' ' <"/proc/$first/cmdline")" "logql --standby 3 "
is "the next query" "$(lines)" "new old "
replaced() { waits 2 && ! waiting | grep -qx "$first"; }
ok "is answered by one of them, and another one waits" wait_for 10 replaced

# --- they are killed ---
kill -KILL "$(server)"
ok "it is killed" wait_for 10 sh -c "! pgrep -P $LOKID_PID -x forkserver"
is "the next query" "$(lines)" "new old "
ok "and two wait, begun by another one" wait_for 10 waits 2
# shellcheck disable=SC2046
kill -KILL $(waiting)
is "all are killed: the next query is answered" "$(lines)" "new old "
ok "and two wait again" wait_for 10 waits 2
# shellcheck disable=SC2046
kill -STOP $(waiting)
spawn sh -c 'curl -sS "$1" >stopped.out' - "$URL$query"
given() { for p in $(waiting); do if grep -q '^Max file size *[0-9]' "/proc/$p/limits"; then return; fi; done; return 1; }
ok "one that is stopped is given a query, with its limits" wait_for 10 given
curl -sS -XPOST "$URL/flush" # by programs that the same thread starts, behind that
ok "and as long as it does not take it no other one begins" waits 2
# shellcheck disable=SC2046
kill -KILL $(waiting)
wait "$PID"
ok "and killed: the query is answered all the same" grep -q '"new"' stopped.out
is "nobody was told of any failure" "$(grep -c -e level=error -e level=warn lokid.log)" 0

# --- changed limits ---
cp data/store/~lokid/limits.yaml kept.yaml
printf 'limits_config: {retention_period: 24h}\n' >data/store/~lokid/limits.yaml
is "limits that the store has now hold for the next query" "$(lines)" "new "
cp kept.yaml data/store/~lokid/limits.yaml
is "and so do the old ones again" "$(lines)" "new old "
printf 'auth_enabled: false\nlimits_config: {max_query_length: 1h}\n' >lokid.yaml
kill -HUP "$LOKID_PID"
refused() { lines >/dev/null; [ "$CODE" = 400 ]; }
ok "and so do those of a file that is read anew" wait_for 10 refused

# --- the end ---
get "$query"
ok "two wait" wait_for 10 waits 2
left="$(waiting) $(server)"
gone() { for p in $left; do if kill -0 "$p" 2>/dev/null; then return 1; fi; done; }
lokid_stop
is "the daemon ends" "$STATUS" 0
ok "and leaves none behind" gone
lokid_start --config lokid.yaml || bail "it starts again" "$(cat lokid.log)"
get "$query"
ok "two wait" wait_for 10 waits 2
left="$(waiting) $(server)"
lokid_stop KILL
ok "they die with it, too, when it is killed" wait_for 10 gone

# --- none ---
printf 'auth_enabled: false\nquerier: {standby: 0}\n' >lokid.yaml
lokid_start --config lokid.yaml || bail "it starts without" "$(cat lokid.log)"
is "a query" "$(lines)" "new old "
is "another one" "$(lines)" "new old "
is "none waits where none shall" "$(waiting; server)" ""

done_testing
