#!/bin/sh
# lokid-ingest and syslog: from files and pipes, and by the network.
. "${0%/*}/../lib/tap.sh"
need python3

# listen OPTION...: a listener with its log in w; UDP and TCP are its ports, PID it.
listen() {
	rm -rf w said acks
	spawn sh -c 'exec lokid-ingest --wal w --listen udp://127.0.0.1:0 --listen tcp://127.0.0.1:0 --ack "$@" >acks 2>said' sh "$@"
	LISTENER=$PID
	wait_for 20 grep -q tcp: said
	UDP=$(sed -n 's/.*udp:.*:\([0-9]*\)$/\1/p' said)
	TCP=$(sed -n 's/.*tcp:.*:\([0-9]*\)$/\1/p' said)
}

stop() {
	kill -TERM "$LISTENER"
	wait "$LISTENER"
}

# net CODE: Python with sockets: udp(data...), tcp() a connection; until(file, text) waits for a line that ends so.
net() {
	python3 -c "
import os, signal, socket, time
def until(file, text):
    end = time.time() + 10
    while not any(line.endswith(text) for line in open(file).read().splitlines()):
        assert time.time() < end, open(file).read()
        time.sleep(0.01)
def udp(*all):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for d in all: s.sendto(d, ('127.0.0.1', $UDP))
def tcp():
    return socket.create_connection(('127.0.0.1', $TCP))
$1"
}

acked() { tail -n 1 acks | grep -qx "$1"; }
lines() { walreplay w | sed 's/.*,"line":"\([^"]*\)".*/\1/' | sort | paste -sd '|'; }

# From a file: both forms, both frames, and what is neither.
printf '<165>1 2003-10-11T22:14:15.003Z mymachine evntslog 77 ID47 [ex@1 iut="3"] new form\n' >in
printf '58 <34>1 2003-10-11T22:14:15.003Z counted app - - - two\nlines' >>in
printf '<34>Oct 11 22:14:15 box su[12]: old form\nneither form\n\n<13>no end' >>in
ok "a file" exits 0 lokid-ingest -q --wal w --input syslog in
walreplay w | sed 's/"ts":"[0-9]*"/"ts":"T"/' | sort >found
cat >want <<'END'
{"ts":"T","tenant":"fake","labels":{"app":"app","host":"counted"},"line":"two\nlines","metadata":{"facility":"auth","severity":"critical","level":"critical"}}
{"ts":"T","tenant":"fake","labels":{"app":"evntslog","host":"mymachine"},"line":"new form","metadata":{"facility":"local4","severity":"notice","level":"info","proc_id":"77","msg_id":"ID47","ex_1_iut":"3"}}
{"ts":"T","tenant":"fake","labels":{"app":"su","host":"box"},"line":"old form","metadata":{"facility":"auth","severity":"critical","level":"critical","proc_id":"12"}}
{"ts":"T","tenant":"fake","labels":{"job":"syslog"},"line":"neither form"}
{"ts":"T","tenant":"fake","labels":{"job":"syslog"},"line":"no end","metadata":{"facility":"user","severity":"notice","level":"info"}}
END
ok "is taken as it is meant" same_file want found
is "times are theirs" "$(walreplay w | grep -c '"ts":"1065910455003000000"')" 2
rm -rf w
ok "labels of one's own, others of the message" exits 0 lokid-ingest -q --wal w --input syslog -l job=edge -t acme --syslog-labels host,severity in
ok "are there" sh -c 'walreplay w | grep -q "\"tenant\":\"acme\",\"labels\":{\"host\":\"mymachine\",\"job\":\"edge\",\"severity\":\"notice\"},\"line\":\"new form\",\"metadata\":.*\"app\":\"evntslog\""'
rm -rf w
ok "--add" exits 0 lokid-ingest -q --wal w --input syslog --add service_name,detected_level in
ok "adds" sh -c 'walreplay w | grep -q "\"service_name\":\"su\".*\"detected_level\":\"critical\""'
{ printf '<13>1 - h a - - - '; head -c 5000 /dev/zero | tr '\0' x; printf '\n<13>1 - h a - - - short\n'; } >long
rm -rf w
ok "a message that is too long is exit 3" exits 3 lokid-ingest --wal w --max-line 1000 --input syslog long
ok "and said" stderr_has "'long': message 1: longer than 1000 bytes, refused"
is "the next is taken" "$(lines)" short
rm -rf w
ok "or cut" exits 0 lokid-ingest --wal w --max-line 10 --long-lines cut --input syslog long
is "to its beginning" "$(lines)" "short|xxxxxxxxxx"
printf '999999999 <13>x' >huge
rm -rf w
ok "a count beyond all bounds is exit 3" exits 3 lokid-ingest -q --wal w --input syslog huge

# By the network.
listen -l job=net
net 'udp(b"<13>1 - h a - - - by udp", b"<13>1 - h a - - - with an end\n\0", b"\n", b"")'
ok "datagrams" wait_for 10 acked 2
net 'c = tcp()
c.sendall(b"<13>1 - h a - - - a line\n29 <13>1 - h a - - - counted one")
c.sendall(b"<13>1 - h a - - - in two ")
until("acks", "4")
c.sendall(b"parts\n")
until("acks", "5")
c.sendall(b"<13>1 - h a - - - no end")
c.close()'
ok "connections" wait_for 10 acked 6
is "all is there" "$(lines)" "a line|by udp|counted one|in two parts|no end|with an end"
ok "with the labels" sh -c 'walreplay w | grep -c "\"labels\":{\"app\":\"a\",\"host\":\"h\",\"job\":\"net\"}" | grep -qx 6'
net 'c = tcp()
c.sendall(b"<13>1 - h a - - - whole\n<13>1 - h a - - - a part")
until("acks", "7")
os.kill('"$LISTENER"', signal.SIGTERM)
assert c.recv(1) == b""'
ok "SIGTERM is a clean end" wait "$LISTENER"
is "what has come is taken" "$(lines)" "a line|a part|by udp|counted one|in two parts|no end|whole|with an end"
ok "the segment is ended" sh -c 'walreplay --stats w | grep -q "ends with its end record"'

# Many at once, and what is bad.
listen
net 'import threading
def run(k):
    c = tcp()
    for i in range(200):
        m = b"<13>1 - h%d a - - - %d" % (k, i)
        c.sendall(b"%d %s" % (len(m), m) if k % 2 else m + b"\n")
    c.close()
all = [threading.Thread(target=run, args=(k,)) for k in range(50)]
[t.start() for t in all]
[t.join() for t in all]'
ok "fifty connections" wait_for 20 acked 10000
is "each in order" "$(for k in 0 7 49; do logql --wal w --limit 0 --direction forward -o raw "{host=\"h$k\"}" | cksum; done | uniq)" "$(seq 0 199 | cksum)"
net 'c = tcp()
c.sendall(b"99999999 <13>x")
assert c.recv(1) == b"" '
ok "a count beyond all bounds closes its connection" wait_for 10 grep -q "99999999" said
net 'udp(b"<13>1 - still a - - - here")'
ok "others go on" wait_for 10 acked 10001
net 'all = [tcp() for i in range(100)]
all[99].sendall(b"<13>1 - h idle - - - one of a hundred\n")
until("acks", "10002")'
ok "idle ones do not disturb" wait_for 10 acked 10002
stop
rm -rf w said acks # else the port is taken from what the listener before said
spawn sh -c 'ulimit -n 70; exec lokid-ingest --wal w --listen tcp://127.0.0.1:0 --ack >acks 2>said'
LISTENER=$PID
wait_for 20 grep -q tcp: said
TCP=$(sed -n 's/.*tcp:.*:\([0-9]*\)$/\1/p' said)
net 'all = [tcp() for i in range(60)]
until("said", "as many connections as may be")
all[0].sendall(b"<13>1 - h a - - - first\n")
until("acks", "1")'
ok "more connections than may be are refused" grep -q "as many connections as may be" said
ok "those before work" wait_for 10 acked 1
stop

# To a server.
spawn python3 "$REPO/tests/lib/push-server" 0
wait_for 20 test -s port
rm -f said
spawn sh -c 'exec lokid-ingest --push "$1" --listen udp://127.0.0.1:0 --ack >acks 2>said' sh "http://127.0.0.1:$(cat port)"
LISTENER=$PID
wait_for 20 grep -q udp: said
UDP=$(sed -n 's/.*udp:.*:\([0-9]*\)$/\1/p' said) TCP=0
net 'udp(b"<11>1 2026-01-01T00:00:00Z h a - - - pushed", b"<13>1 - h a - - - too")'
ok "to a server" wait_for 10 acked 2
ok "as it is" grep -q '"labels": "{app=\\"a\\", host=\\"h\\"}", "ts": 1767225600000000000, "line": "pushed", "metadata": {.*"severity": "error"' got
stop

# What cannot be.
for url in 127.0.0.1:514 http://127.0.0.1:1 udp://127.0.0.1 udp://:514 tcp://127.0.0.1:x udp://127.0.0.1:65536; do
	ok "$url is exit 2" exits 2 lokid-ingest --wal w --listen "$url"
done
ok "an address that is not ours is exit 4" exits 4 lokid-ingest -q --wal w --listen tcp://192.0.2.1:1514
ok "and named" stderr_has "'tcp://192.0.2.1:1514': cannot listen"
ok "files and --listen do not go together" exits 2 lokid-ingest --wal w --listen udp://127.0.0.1:0 in
ok "nor other input" exits 2 lokid-ingest --wal w --listen udp://127.0.0.1:0 --input jsonl

done_testing
