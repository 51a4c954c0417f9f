#!/bin/sh
# As many files open as may be: connections wait, it is told once, and all is well when some are closed.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need python3

# Spawned, so in a shell of its own.
lokid() {
	# shellcheck disable=SC3045
	ulimit -n 64
	exec "$BIN/lokid" "$@"
}
lokid_start || bail "the daemon starts" "$(cat lokid.log)"
mkfifo go
spawn python3 -c "
import socket
all = [socket.create_connection(('127.0.0.1', $LOKID_PORT)) for i in range(100)]
open('go').read()"
CLIENT=$PID
ok "it says that there are too many" wait_for 20 grep -q 'cannot accept connections, they wait: Too many open files' lokid.log
get /ready -m 30
ok "who asks is answered when the idle ones are closed" code_is 200
echo >go
wait "$CLIENT"
push "{\"streams\":[{\"stream\":{\"app\":\"shop\"},\"values\":[[\"$(date +%s%N)\",\"one\"]]}]}" -m 30
ok "a push is taken" code_is 204
found() { get /loki/api/v1/query_range -m 30 -G --data-urlencode 'query={app="shop"}' && stdout_has '"one"'; }
ok "and found" wait_for 20 found
is "it was told once" "$(grep -c 'cannot accept' lokid.log)" 1
lokid_stop
is "it ends" "$STATUS" 0
done_testing
