#!/bin/sh
# A node is drained: out of the way, emptied into the store, out of the ring; also when that is stopped half way.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"
need jq perl

ring() { ringctl --ring ring "$@"; }
drain() { ring drain --quiet 100ms "$@"; }
push_one() { push "{\"streams\":[{\"stream\":{\"app\":\"try\"},\"values\":[[\"$(date +%s%N)\",\"$1\"]]}]}"; }
stored() { logql --store data/store -o raw '{app="try"}' | sort | tr '\n' ' '; }
state_of() { ring status -o jsonl 2>/dev/null | jq -r "select(.instance == \"$1\").state"; }

lokid_start || bail "lokid starts"
ring init --heartbeat-timeout 1h
for i in 1 2 3; do ring join i-$i --addr "127.0.0.1:$LOKID_PORT" 2>/dev/null; done
ring join nowhere 2>/dev/null

push_one first
is "a push is acknowledged" "$CODE" 204
ok "a node is drained" exits 0 drain i-1
ok "each step is shown" stderr_is "ringctl: 'i-1' is LEAVING
ringctl: waiting: no push may come for 100ms
ringctl: no request is under way, and no push came for 100ms
ringctl: all that it acknowledged is in the store
ringctl: 'i-1' is out of the ring"
is "what it had is in the store" "$(stored)" "first "
is "it is not in the ring" "$(state_of i-1)" ""
ok "who is out of the ring is drained" exits 0 drain i-1
ok "with a warning of who is in it, in case of a slip; no other one is suggested" stderr_is \
	"ringctl: warning: 'i-1' is not in the ring: nothing was done; in it are 'i-2', 'i-3', 'nowhere'"
for i in $(seq 10 30); do ringctl --ring large join "i-$i" --tokens 1 2>/dev/null; done
ok "nor is a slip in a large ring" exits 0 ringctl --ring large drain i-2O
ok "it is told with those next to it" stderr_is "ringctl: warning: 'i-2O' is not in the ring: nothing was done; in it are \
'i-23', 'i-24', 'i-25', 'i-26', 'i-27', 'i-28', 'i-29', 'i-30', and 13 more"
ringctl --ring alone init
ok "nor is anybody where nobody is" exits 0 ringctl --ring alone drain i-1
ok "it is said so" stderr_is "ringctl: warning: 'i-1' is not in the ring: nothing was done; in it is nobody"
ok "nor is it to go" exits 1 ring leave i-1
ok "and that is all that is said" stderr_is "ringctl: error: 'ring': there is no instance 'i-1'"
ok "nor to be forgotten" exits 1 ring forget i-1
ok "and that is all, too" stderr_is "ringctl: error: 'ring': there is no instance 'i-1'"
ok "where there is no ring nobody is drained" exits 1 ringctl --ring none drain i-1
ok "it is said so" stderr_is "ringctl: error: 'none': there is no ring"
ok "without an address nothing is emptied" exits 1 drain nowhere
ok "it is said what to do" stderr_has "instance 'nowhere' has no address: join --addr gives it one"
is "and it stays as it was" "$(state_of nowhere)" ACTIVE

# A node that does not answer: it is LEAVING, and the same command goes on from there.
push_one second
kill -STOP "$LOKID_PID"
ok "a node that hangs is not drained in time: exit 5" exits 5 drain i-2 --timeout 300ms
ok "it is said where that stands" stderr_has "'i-2' is LEAVING, and not empty yet: http://127.0.0.1:$LOKID_PORT/metrics: "
is "it is LEAVING" "$(state_of i-2)" LEAVING
kill -CONT "$LOKID_PID"
is "nothing was flushed" "$(stored)" "first "

# A request that is under way is waited for. Its body comes in two parts.
# shellcheck disable=SC2016
spawn perl -MSocket -e 'my ($port) = @ARGV;
	my $body = "{\"streams\":[{\"stream\":{\"app\":\"try\"},\"values\":[[\"" . time . "000000000\",\"third\"]]}]}";
	socket(my $s, PF_INET, SOCK_STREAM, 0) or die;
	connect($s, sockaddr_in($port, INADDR_LOOPBACK)) or die;
	syswrite $s, "POST /loki/api/v1/push HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: " . length($body) . "\r\n\r\n" . substr($body, 0, 9);
	select undef, undef, undef, 0.05 until -e "finish";
	syswrite $s, substr($body, 9);
	sysread $s, my $answer, 4096; print $answer' "$LOKID_PORT" >answer
under_way() { [ "$(count_of 'loki_inflight_requests{method="POST",route="loki_api_v1_push"}')" = 1 ]; }
ok "a push is under way" wait_for 10 under_way
spawn ringctl --ring ring drain i-2 --quiet 0s >drained 2>&1
drainer=$PID
ok "it is waited for" wait_for 10 grep -q "waiting: requests are under way" drained
is "the node is in the ring as long" "$(state_of i-2)" LEAVING
: >finish
wait $drainer
is "then the node is drained" $? 0
ok "with all its steps, and none for pushes without --quiet" same_file - drained <<'END'
ringctl: 'i-2' is LEAVING
ringctl: waiting: requests are under way
ringctl: no request is under way
ringctl: all that it acknowledged is in the store
ringctl: 'i-2' is out of the ring
END
is "what came last is in the store, too" "$(stored)" "first second third "
ok "that push was acknowledged" grep -q '^HTTP/1.1 204' answer

# An agent that goes on pushing: what is acknowledged while the node is drained is in the store. A quiet period that
# no slow machine makes pass: who drains is stopped half way, and the same command goes on.
# shellcheck disable=SC2016
spawn perl -MSocket -e 'my ($port) = @ARGV;
	open my $acknowledged, ">>", "agent" or die;
	$acknowledged->autoflush(1);
	for (my $i = 0; !-e "enough"; $i++) {
		my $body = "{\"streams\":[{\"stream\":{\"app\":\"agent\"},\"values\":[[\"" . (time . "000000000") . "\",\"line $i\"]]}]}";
		socket(my $s, PF_INET, SOCK_STREAM, 0) or die;
		connect($s, sockaddr_in($port, INADDR_LOOPBACK)) or die;
		syswrite $s, "POST /loki/api/v1/push HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
		sysread $s, my $answer, 4096;
		print $acknowledged "line $i\n" if $answer =~ m{^HTTP/1.1 204};
		select undef, undef, undef, 0.02;
	}' "$LOKID_PORT"
agent=$PID
ring join i-2 --addr "127.0.0.1:$LOKID_PORT" 2>/dev/null
pushes() { [ "$(wc -l <agent)" -ge "$1" ]; }
ok "an agent pushes" wait_for 10 pushes 1
spawn ringctl --ring ring drain i-2 --quiet 120s >drained 2>&1
drainer=$PID
ok "a node that gets pushes is waited for" wait_for 10 grep -q "pushes still come: none may for 2m0s" drained
pushes=$(wc -l <agent)
ok "the agent is answered as long" wait_for 10 pushes $((pushes + 2))
is "the node is in the ring as long" "$(state_of i-2)" LEAVING
kill $drainer
wait $drainer 2>/dev/null
: >enough
wait $agent
ok "when no push comes any more it is drained" exits 0 drain i-2
is "out of the ring" "$(state_of i-2)" ""
ok "everything that was acknowledged is in the store" same_file agent - <<END
$(logql --store data/store -o raw --limit 100000 '{app="agent"}' | sort -k2n)
END

# A node of metrics alone: whatever it is asked between two looks, a push came, as long as the test says so.
need python3
cat >node.py <<'END'
import http.server, os, subprocess
pushes = 0
class Node(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global pushes
        pushes += os.path.exists('pushing')
        body = b'loki_inflight_requests 0\nloki_ingester_wal_records_logged_total %d\nloki_ingester_wal_bytes_in_use 0\nlokid_flush_running_seconds 0\n' % pushes
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        self.send_response(503 if subprocess.run(['sh', 'on_flush']).returncode else 204)
        self.end_headers()
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(('127.0.0.1', 0), Node)
print(server.server_address[1], flush=True)
server.serve_forever()
END
spawn python3 node.py >node_port
node_is() { [ -s node_port ]; }
wait_for 10 node_is || bail "a node starts"
ring join back --addr "127.0.0.1:$(cat node_port)" 2>/dev/null
: >on_flush
: >pushing
ok "a node that gets pushes is not drained in time: exit 5" exits 5 ring drain back --quiet 1s --timeout 2s
ok "it is said why it waits" stderr_has "ringctl: waiting: pushes still come: none may for 1s"
is "once" "$(grep -c "waiting: pushes" "$TAP/stderr")" 1
ok "and where that ends" stderr_has "ringctl: error: 'back' is LEAVING, and not empty yet: pushes still come: none may for 1s"
is "it is LEAVING" "$(state_of back)" LEAVING
spawn ringctl --ring ring drain back --quiet 300ms >drained 2>&1
drainer=$PID
ok "the same command waits on" wait_for 10 grep -q "pushes still come" drained
is "the node is in the ring as long" "$(state_of back)" LEAVING
rm pushing
wait $drainer
is "when no push comes any more it is drained" $? 0
is "and out of the ring" "$(tail -n 1 drained)" "ringctl: 'back' is out of the ring"

# Who comes back meanwhile takes writes: it stays. The node joins again as it is flushed.
ring join back --addr "127.0.0.1:$(cat node_port)" 2>/dev/null
echo 'ringctl --ring ring join back 2>/dev/null' >on_flush
ok "who joins again while it is drained is exit 1" exits 1 drain back
ok "it is said so" stderr_has "'back' came back meanwhile: it is ACTIVE, and stays"
is "it is in the ring" "$(state_of back)" ACTIVE
echo 'ringctl --ring ring forget back >/dev/null; ringctl --ring ring join back 2>/dev/null; ringctl --ring ring leave back 2>/dev/null' >on_flush
ok "another one of its name is not taken out" exits 1 drain back --force
is "it stays, too" "$(state_of back)" LEAVING
ring join back --addr "127.0.0.1:$(cat node_port)" 2>/dev/null
# What is waited for is told once, however often it is looked for.
echo 'echo x >>flushes; exit 1' >on_flush
ok "a node that refuses to flush is not drained in time" exits 5 ring drain back --force --quiet 0s --timeout 300ms
: >flushes
spawn ringctl --ring ring drain back --force --quiet 0s >drained 2>&1
drainer=$PID
flushes() { [ "$(wc -l <flushes)" -ge "$1" ]; }
ok "but asked again" wait_for 10 flushes 2
: >on_flush
wait $drainer
is "else it is drained" $? 0
is "it was told once why it waits" "$(grep waiting: drained)" "ringctl: waiting: http://127.0.0.1:$(cat node_port)/flush answered 503"
is "and goes" "$(state_of back)" ""

# The others have to be enough.
ok "the last but one is not drained" exits 1 drain i-3
ok "it is said why" stderr_has "without 'i-3' (--force takes it out all the same): a write needs 2 instances that take it, have 1"
is "it is as it was" "$(state_of i-3)" ACTIVE
ok "by force it is" exits 0 drain i-3 --force
ok "credentials are for drain alone" exits 2 ring status --token-file ring

# An address that is none is not taken; of a ring that has one, from before, nobody leaves by it.
ok "an address that is none is exit 2" exits 2 ring join odd --addr h:99999
ok "it is said why" stderr_has "option '--addr': address 'h:99999': port '99999': expected a number from 1 to 65535"
ok "and one of another kind" exits 2 ring join odd --addr ftp://h:21
ok "it is said what is expected" stderr_has "option '--addr': address 'ftp://h:21': expected HOST:PORT, http://HOST:PORT or"
ok "and one without a port" exits 2 ring join odd --addr h
is "nobody joined" "$(state_of odd)" ""
cat >before <<'END'
{"lokid_ring":1,"revision":3,"replication":3,"zone_awareness":false,"heartbeat_timeout":"1m0s","tokens":128}
{"instance":"i-1","addr":"a:1","zone":"","state":"ACTIVE","heartbeat":"2026-01-15T00:00:00Z","registered":"2026-01-15T00:00:00Z","tokens":[4171675806]}
{"instance":"i-2","addr":"a:1","zone":"","state":"ACTIVE","heartbeat":"2026-01-15T00:00:00Z","registered":"2026-01-15T00:00:00Z","tokens":[3455847923]}
{"instance":"odd","addr":"h:99999","zone":"","state":"ACTIVE","heartbeat":"2026-01-15T00:00:00Z","registered":"2026-01-15T00:00:00Z","tokens":[2024192158]}
{"end":3,"crc32c":"fae66557"}
END
cp before kept
ok "who has one from before is not drained" exits 2 ringctl --ring before drain odd --force
ok "it is said why" stderr_has "'before': instance 'odd': address 'h:99999': port '99999'"
ok "and does not leave" same_file kept before

# A quiet period that cannot be.
ok "a time that is over before it was quiet is exit 2" exits 2 ring drain i-2 --timeout 5s
ok "it is said so" stderr_is "ringctl: error: drain: --timeout is over before --quiet, which is 10s"
ok "also of one that is given" exits 2 ring drain i-2 --timeout 5s --quiet 7s
ok "it is told" stderr_is "ringctl: error: drain: --timeout is over before --quiet, which is 7s"
ok "a quiet period below 0 is, too" exits 2 ring drain i-2 --quiet -1s
ok "it is said so" stderr_has "option '--quiet': expected a duration, 0s or more, found '-1s'"
ok "it is for drain alone" exits 2 ring leave i-2 --quiet 1s

done_testing
