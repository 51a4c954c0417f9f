#!/bin/sh
# Nobody reads what the daemon says: it answers all the same, keeps so much for the reader, and tells what was lost.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

mkfifo err
# The reader: up to the line that tells the port, and the rest when there is a file "go".
spawn sh -c 'exec 3<err
	while IFS= read -r line <&3; do
		printf "%s\n" "$line" >>lokid.log
		case $line in *msg=ready*) break ;; esac
	done
	while [ ! -e go ]; do sleep 0.05; done
	cat <&3 >>lokid.log'
READER=$PID
: >lokid.log
spawn lokid --data data --listen 127.0.0.1:0 --log-level debug 2>err
LOKID_PID=$PID
ok "the daemon starts" wait_for 10 lokid_port
URL=http://127.0.0.1:$LOKID_PORT

# A query with tags is said, with them.
head -c 50000 /dev/zero | tr '\0' x >tags
i=0
bad=0
while [ $i -lt 40 ]; do
	i=$((i + 1))
	get /loki/api/v1/labels -m 10 -H "X-Query-Tags: a=$(cat tags)"
	[ "$CODE" = 200 ] || bad=$((bad + 1))
done
is "2 MB of messages that nobody reads stop nothing" "$bad" 0
get /ready -m 10
ok "it is ready" code_is 200
touch go
told() {
	get /loki/api/v1/labels -m 10
	grep -q 'level=warn msg="messages were lost: nobody read them" count=[0-9]' lokid.log
}
ok "what was lost is told" wait_for 10 told
kept=$(wc -c <lokid.log)
ok "and it was lost" [ "$kept" -lt 1500000 ]
lokid_stop
is "it ends well" "$STATUS" 0
wait "$READER"
ok "and says so at last" grep -q 'msg=stopped$' lokid.log

# --- nor at the end ---
rm -f go lokid.log
spawn sh -c 'exec 3<err; while IFS= read -r line <&3; do
		printf "%s\n" "$line" >>lokid.log
		case $line in *msg=ready*) break ;; esac
	done; exec sleep 1000'
: >lokid.log
spawn lokid --data data --listen 127.0.0.1:0 --log-level debug 2>err
LOKID_PID=$PID
ok "it starts again" wait_for 10 lokid_port
URL=http://127.0.0.1:$LOKID_PORT
for i in 1 2; do get /loki/api/v1/labels -m 10 -H "X-Query-Tags: a=$(cat tags)"; done
ended() { ! kill -0 "$LOKID_PID" 2>/dev/null || grep -q '^State:.*Z' "/proc/$LOKID_PID/status"; }
kill -TERM "$LOKID_PID"
ok "it ends, though nobody reads why" wait_for 20 ended
lokid_stop
is "well" "$STATUS" 0
done_testing
