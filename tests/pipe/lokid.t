#!/bin/sh
# The daemon from its start to its end: what it answers, moves into the store, and leaves behind.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

now=$(date +%s)

# line N TEXT: a push of one line, N seconds ago.
line() {
	printf '{"streams":[{"stream":{"app":"shop"},"values":[["%s000000000","%s"]]}]}' $((now - $1)) "$2"
}

# Lines that a query finds, oldest first.
found() {
	get /loki/api/v1/query_range -G --data-urlencode 'query={app="shop"}' -d direction=forward
	jq -r '.data.result[].values[][1]' "$TAP/stdout"
}

need jq

# --- from nothing ---
ok "it starts in a folder that is not there" lokid_start
ok "it is ready" sh -c 'get_ready() { curl -sf "$1/ready"; }; [ "$(get_ready "$1")" = ready ]' - "$URL"
ok "its data is there" test -d data/wal
push "$(line 50 one)"
ok "a push is answered with 204" code_is 204
push "$(line 40 two)"
is "a query finds both at once" "$(found)" "one
two"

# --- a second one ---
ok "a second daemon on the same data is exit 5" exits 5 lokid --data data --listen 127.0.0.1:0
ok "the message names the folder" stderr_has "'data' is in use by another lokid"
echo line | lokid-ingest -q -l app=shop --wal other/wal
ok "a port that is taken is exit 4" exits 4 lokid --data other --listen "127.0.0.1:$LOKID_PORT"
ok "the message names it" stderr_has "$LOKID_PORT"
ok "nothing is said of a flush that this cuts off" stderr_lines 1
spawn lokid --data six --listen '[::1]:0' 2>six.log
wait_for 10 grep -q -e msg=ready -e 'cannot listen' six.log
if grep -q 'cannot listen' six.log; then
	skip "an IPv6 address is told in brackets" "::1 is not here"
else
	ok "an IPv6 address is told in brackets" grep -q 'addr=\[::1\]:[0-9]' six.log
fi
kill "$PID"

# --- no room ---
echo 'ingester: {wal: {disk_full_threshold: 0.000001}}' >full.yaml
spawn lokid --config full.yaml --data full --listen 127.0.0.1:0 2>full.log
ok "a disk that counts as full is no fault at the start" wait_for 10 grep -q msg=ready full.log
full=$(sed -n 's/.*addr=\([^ ]*\).*/\1/p' full.log)
is "a push is 503" "$(curl -s -o full.out -w '%{http_code}' -H 'Content-Type: application/json' -H 'X-Scope-OrgID: a' "$full/loki/api/v1/push" --data "$(line 1 x)")" 503
ok "and says why" grep -q "no room for the log on the disk" full.out
is "then it is not ready" "$(curl -s -o full.out -w '%{http_code}' "$full/ready")" 503
ok "for the same reason" grep -q "no room for the log on the disk" full.out
ok "which is in its log" grep -q 'level=error msg="pushes are refused" err="there is no room' full.log
kill "$PID"

# --- a socket that somebody else has opened ---
cat >hand-over.py <<'END'
import os, socket, sys
s = socket.create_server((sys.argv[1], 0)) if sys.argv[1] else socket.socket(socket.AF_UNIX)
if not sys.argv[1]:
    s.bind("lokid.socket")
    s.listen()
else:
    print(s.getsockname()[1], file=open("port", "w"))
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execvp("lokid", ["lokid", "--data", "handed", "--listen", "192.0.2.1:1"])
END
# is_told ADDRESS WANT: with a socket on that address, "" for one of a file; PORT stands for its port.
is_told() {
	spawn python3 hand-over.py "$1" 2>handed.log
	wait_for 10 grep -q -e msg=ready -e error handed.log
	kill "$PID"
	wait "$PID"
	told=$(sed -n 's/.*msg=ready addr=\([^ ]*\).*/\1/p' handed.log)
	[ "$told" = "$(echo "$2" | sed "s/PORT/$(cat port)/")" ] || { echo "told: $told"; return 1; }
}
if command -v python3 >/dev/null; then
	ok "the address of a socket that was handed over is told" is_told 127.0.0.1 127.0.0.1:PORT
	ok "that of all addresses is none" is_told 0.0.0.0 :PORT
	ok "a file has its name" is_told "" unix:lokid.socket
else
	skip "sockets that are handed over" "no python3"
fi

# --- into the store ---
get /flush -X POST
ok "/flush is answered with 204" code_is 204
ok "everything is packed" sh -c 'ls data/store/fake/chunks/*/*.pack'
is "the log is empty" "$(ls data/wal)" ""
is "the query finds the same" "$(found)" "one
two"
push "$(line 30 three)"
is "log and store together" "$(found)" "one
two
three"

# --- states ---
get /services
ok "services are listed" stdout_has "flusher => Running"
get /loki/api/v1/status/buildinfo
is "buildinfo has six fields" "$(jq -r 'keys | join(" ")' "$TAP/stdout")" "branch buildDate buildUser goVersion revision version"
get '/log_level?log_level=debug' -X POST
ok "the level of the log can be set" stdout_has "Log level set to debug"
get '/log_level?log_level=loud' -X POST
ok "a level that is none is refused" code_is 400
get /log_level
ok "and asked for" stdout_has debug
get /ring
is "the ring has one node" "$(jq -r '.shards[].state' "$TAP/stdout")" ACTIVE
get /nothing
ok "a path that is none is 404" code_is 404
get /ready -I
ok "a probe may ask for the head alone" code_is 200
ok "which has no body" grep -qi '^Content-Length: 6' "$TAP/stdout"
get /flush -I
ok "but not for what does something" code_is 405
get /ready -X POST
ok "a method that is not taken is 405" code_is 405

# --- the end ---
lokid_stop TERM
is "SIGTERM is exit 0" "$STATUS" 0
ok "it says so" grep -q 'msg=stopped' lokid.log
ok "no process is left" sh -c '! ps -eo args | grep -v grep | grep -q "[-]-wal $1/data/wal"' - "$PWD"
ok "it starts again" lokid_start
is "with everything that was there" "$(found)" "one
two
three"

# --- a crash ---
push "$(line 20 four)"
lokid_stop KILL
ok "it starts after SIGKILL" lokid_start
is "with everything that was acknowledged" "$(found)" "one
two
three
four"
pkill -9 -P "$LOKID_PID" lokid-ingest
ok "lokid-ingest is started again" wait_for 10 pgrep -P "$LOKID_PID" lokid-ingest
push_again() { push "$(line 10 five)" && code_is 204; }
ok "and pushes are taken again" wait_for 10 push_again
is "nothing is lost or doubled" "$(found)" "one
two
three
four
five"
lokid_stop INT
is "SIGINT is exit 0" "$STATUS" 0

done_testing
