#!/bin/sh
# A ring in etcd: what every ring does, and what only etcd does.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/ring.sh"
. "$REPO/tests/lib/etcd.sh"
need python3

ring_time_passes() { etcd_end_leases "/${RING##*/}/alive/"; }

etcd_start
ring_suite "$ETCD/suite"

# Leases: who does not beat is UNHEALTHY when etcd says so, whatever the clock.
RING=$ETCD/leases
NOW=now
ring init --heartbeat-timeout 1h
for i in 1 2 3; do ring join i-$i 2>/dev/null; done
ok "all have leases" exits 0 ring status
lease=$(etcd_lease /leases/alive/i-2)
etcd_ask /v3/lease/revoke "{\"ID\":\"$lease\"}" >/dev/null
ok "a lease that ended makes UNHEALTHY" exits 1 ring status
ok "it is said so" stderr_has "1 UNHEALTHY"
ring owner '{app="web"}' >told 2>/dev/null
ok "and that it was etcd" grep -q 'UNHEALTHY, etcd has ended its lease' told
ok "a heartbeat brings it back" exits 0 ring heartbeat i-2
ok "with a lease" exits 0 ring status
before=$(etcd_lease /leases/alive/i-2)
ring heartbeat i-2
is "which the next one keeps" "$(etcd_lease /leases/alive/i-2)" "$before"
seconds_of() { etcd_ask /v3/lease/timetolive "{\"ID\":\"$(etcd_lease "$1")\"}" | jq -r .grantedTTL; }
ring init --heartbeat-timeout 2h
ring heartbeat i-2
is "with another timeout the next one has another lease" "$(seconds_of /leases/alive/i-2)" 7200
ring init --heartbeat-timeout 90500ms
ring heartbeat i-2
is "in whole seconds, rounded up" "$(seconds_of /leases/alive/i-2)" 91
ring forget i-2 >/dev/null
is "who is forgotten has none" "$(etcd_ask /v3/kv/range "{\"key\":\"$(printf /leases/alive/i-2 | base64)\"}" | jq '.kvs')" null

# The lease alone decides: no clock does.
ring init --heartbeat-timeout 1m
ok "clocks that are late" exits 0 sh -c 'for i in 1 3 4; do ringctl --ring "$1" --now 1970-01-01 join i-$i; done' - "$RING"
ok "make nobody UNHEALTHY" exits 0 ring status
is "but show in the age" "$(ring status -o jsonl | jq -r 'select(.instance == "i-1").heartbeat')" 1970-01-01T00:00:00Z
ring forget i-4 >/dev/null

# One lease for each who joins, however often a try is in vain.
before=$(etcd_leases)
joiners=
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	spawn ringctl --ring "$RING" --timeout 120s join "at-once-$i" 2>/dev/null
	joiners="$joiners $PID"
done
for i in $joiners; do wait "$i" || fail "one of many joins"; done
is "twelve who join at once have twelve leases" "$(($(etcd_leases) - before))" 12
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do ring forget "at-once-$i" >/dev/null; done

# A watch: told when it changes, not before.
lines_are() { [ "$(wc -l <seen)" -ge "$1" ]; }
spawn ringctl --ring "$RING" status --watch --every 1h -o jsonl >seen 2>&1
watcher=$PID
ok "status --watch tells at once" wait_for 10 lines_are 2
ring join i-4 2>/dev/null
ok "and again after a change" wait_for 10 lines_are 5
kill $watcher
wait $watcher

# What is not a ring of ours.
etcd_ask /v3/kv/put "{\"key\":\"$(printf /leases/instances/i-1 | base64)\",\"value\":\"e30=\"}" >/dev/null
ok "a value that is none is exit 3" exits 3 ring status
ok "it is said which" stderr_has "key '/leases/instances/i-1': instance: missing"
ok "two prefixes are two rings" exits 0 ringctl --ring "$ETCD/suite" --now 1970-01-01T01:20:01Z status

# An answer that is lost: what was asked for may be done, and what went is told.
cat >loses.py <<'END'
import http.server, os, socketserver, sys, urllib.request
class Loses(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_POST(self):
        ask = self.rfile.read(int(self.headers['Content-Length']))
        with urllib.request.urlopen(sys.argv[1] + self.path, ask) as answer:
            body = answer.read()
        if self.path == '/v3/kv/txn' and os.path.exists('lose'):
            os.remove('lose')
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
server = Server(('127.0.0.1', 0), Loses)
print(server.server_address[1], flush=True)
server.serve_forever()
END
spawn python3 loses.py "http${ETCD#etcd}" >losing
losing_is() { [ -s losing ]; }
wait_for 10 losing_is || bail "a server that loses answers starts"
RING=etcd://127.0.0.1:$(cat losing)/lost
NOW=1970-01-01
ring init --heartbeat-timeout 1h
lost() { # DESC COMMAND...
	lost_what=$1
	shift
	: >lose
	ok "$lost_what, though an answer was lost" exits 0 "$@"
	not_ok "which it was" test -e lose
}
for i in 1 2 3 4 5 6; do lost "one joins" ring join i-$i; done
is "each once" "$(ring status -o jsonl | jq -r .instance | tr '\n' ' ')" "i-1 i-2 i-3 i-4 i-5 i-6 "
lost "one leaves" ring leave i-6
lost "one is forgotten" ring forget i-6
ok "its name is told" stdout_is i-6
for i in 2 4; do etcd_ask /v3/lease/revoke "{\"ID\":\"$(etcd_lease /lost/alive/i-$i)\"}" >/dev/null; done
NOW=1970-01-03
lost "who is dead is forgotten" ring forget --auto
ok "their names are told" stdout_is "i-2
i-4"
is "the others stay" "$(ring status -o jsonl | jq -r .instance | tr '\n' ' ')" "i-1 i-3 i-5 "
lost "a heartbeat comes" ring heartbeat i-1
NOW=now

# Users.
etcd_ask /v3/auth/user/add '{"name":"root","password":"secret"}' >/dev/null
etcd_ask /v3/auth/role/add '{"name":"root"}' >/dev/null
etcd_ask /v3/auth/user/grant '{"user":"root","role":"root"}' >/dev/null
etcd_ask /v3/auth/enable '{}' >/dev/null
RING=$ETCD/users
ok "without a user it is refused: exit 2" exits 2 ring join i-1
ok "it is said why" stderr_has "user name is empty"
echo root:wrong >wrong
ok "a wrong password is exit 2" exits 2 ring join i-1 --etcd-user-file wrong
ok "it is said so" stderr_has "authentication failed"
not_ok "but not which" grep -q wrong "$TAP/stderr"
echo root:secret >right
ok "with the right one it is done" exits 0 ring join i-1 --etcd-user-file right
ok "also from the environment" exits 1 env ETCDCTL_USER=root:secret ringctl --ring "$RING" status
ok "with etcd's own two variables" exits 1 env ETCDCTL_USER=root ETCDCTL_PASSWORD=secret ringctl --ring "$RING" status
ok "a file of another form is exit 2" exits 2 ring status --etcd-user-file /dev/null
ok "it is said what is expected" stderr_has "'/dev/null': expected USER:PASSWORD"

# A server that is none, one that answers nothing, and one that is away.
cat >answers.py <<'END'
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers['Content-Length']))
        body = open('body', 'rb').read()
        self.send_response(int(open('status').read()))
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(('127.0.0.1', 0), Answer)
print(server.server_address[1], flush=True)
server.serve_forever()
END
spawn python3 answers.py >port
port_is() { [ -s port ]; }
wait_for 10 port_is || bail "a server of answers starts"
OTHER=etcd://127.0.0.1:$(cat port)/r
answers() { # STATUS BODY
	echo "$1" >status
	printf %s "$2" >body
}
answers 200 '<html>hello</html>'
ok "an answer that is none is exit 3" exits 3 ringctl --ring "$OTHER" status
ok "it is said what was found" stderr_has "expected an object of JSON, found '<html>hello</html>'"
answers 200 ''
ok "an empty one, too" exits 3 ringctl --ring "$OTHER" status
answers 200 '{"kvs":[]}'
ok "one without a revision" exits 3 ringctl --ring "$OTHER" status
ok "it is said what is missing" stderr_has "expected a header"
answers 200 '{"header":{"revision":"9"},"kvs":[{"key":"!!","mod_revision":"1"}]}'
ok "a key that is not base64" exits 3 ringctl --ring "$OTHER" status
ok "it is said so" stderr_has "key: expected base64"
answers 200 '{"header":{"revision":"9"},"kvs":[{"key":"YQ==","mod_revision":"-1"}]}'
ok "a revision below 0" exits 3 ringctl --ring "$OTHER" status
answers 404 'nothing here'
ok "a server without such a path is exit 2" exits 2 ringctl --ring "$OTHER" status
ok "it is said what it said" stderr_has "answered 404: nothing here"
answers 500 '{"error":"out of order","code":2}'
ok "a server that is out of order is exit 5" exits 5 ringctl --ring "$OTHER" --timeout 100ms status
ok "it is said so" stderr_has "answered 500: out of order"
ok "nor is it watched" exits 5 timeout 20 ringctl --ring "$OTHER" --timeout 100ms status --watch
ok "it is said so, and nothing is called old" stderr_is "ringctl: error: '$OTHER': http://127.0.0.1:$(cat port)/v3/kv/range answered 500: out of order"
answers 200 '{"header":{"revision":"9"}}'
ok "nobody is forgotten where there is no ring: exit 1" exits 1 ringctl --ring "$OTHER" forget --auto
ok "it is said so" stderr_is "ringctl: error: '$OTHER': there is no ring"
ok "an etcd without a ring is exit 1" exits 1 ringctl --ring "$OTHER" status
ok "a change that is never done is exit 5" exits 5 ringctl --ring "$OTHER" --timeout 100ms init
ok "it is said why" stderr_has "others changed it again and again"
ok "users are for etcd" exits 2 ringctl --ring file --etcd-user-file right status
ok "certificates are for TLS" exits 2 ringctl --ring "$ETCD/x" --etcd-ca-file right status
ok "an endpoint is needed" exits 2 ringctl --ring etcd:///x status
ringctl --ring "$ETCD/x" --etcd-user-file right init
spawn ringctl --ring "$ETCD/x" --etcd-user-file right --timeout 1s status --watch --every 100ms >seen 2>said
ok "who watches is told" wait_for 10 lines_are 1
"$ETCD_COMPONENTS/comp-stop" -9 "$ETCD_DIR" >/dev/null 2>&1
ok "when etcd goes he is warned, and goes on" wait_for 10 grep -q "^ringctl: warning: 'etcd://.*': http" said
ok "as long as he likes" kill "$PID"
ok "who watches nobody is exit 5" exits 5 timeout 20 ringctl --ring "$ETCD/x" --timeout 100ms status --watch
not_ok "nothing is called old" grep -q old "$TAP/stderr"
ok "nobody there is exit 5" exits 5 ring status --timeout 200ms
ok "it is said who was asked" stderr_matches "http://127.0.0.1:[0-9]*/v3/.*: "

done_testing
