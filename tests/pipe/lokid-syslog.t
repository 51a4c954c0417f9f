#!/bin/sh
# Syslog that the daemon listens for: messages are found, flushed, and listened for again after a crash.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need jq perl
port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
cat >lokid.yaml <<END
auth_enabled: false
syslog:
  listen: tcp://127.0.0.1:$port
  labels: job=syslog,env=test
END
lokid_start --config lokid.yaml || { fail "the daemon starts" "$(cat lokid.log)"; exit 1; }

# send TEXT: a message, by TCP; fails when nobody listens.
send() {
	perl -MIO::Socket::INET -e '
		my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0]) or exit 1;
		print $s "<13>1 - host app 1 - - $ARGV[1]\n"; close $s' "$port" "$1"
}
lines() {
	get /loki/api/v1/query_range -G --data-urlencode 'query={job="syslog", env="test"}' -d direction=forward
	jq -r '[.data.result[].values[][1]] | join(" ")' "$TAP/stdout"
}
lines_are() { [ "$(lines)" = "$1" ]; }

ok "the log tells where" wait_for 10 grep -q "started for syslog\" listen=tcp://127.0.0.1:$port" lokid.log
ok "a message is taken" wait_for 10 send one
ok "and found" wait_for 10 lines_are one
added() {
	get /loki/api/v1/query_range -G --data-urlencode 'query={job="syslog"}' -d direction=forward
	jq -c '[.data.result[] | {service_name: .stream.service_name, detected_level: .stream.detected_level, line: .values[][1]}] | map(select(.line == "'"$1"'"))[] | [.service_name, .detected_level]' "$TAP/stdout"
}
is "it has what a push gets: service_name, detected_level" "$(added one)" '["app","info"]'
get /flush -X POST
ok "it is flushed" code_is 204
is "the log is empty" "$(ls data/wal)" ""
is "and found in the store" "$(lines)" one
log_options() { pgrep -P "$LOKID_PID" -a -f "$1" | grep -o -e '--wal.*--reserve [^ ]*'; }
is "it is told of the log what that of pushes is" "$(log_options input=syslog)" "$(log_options input=frames)"
ok "that some of the disk is left for flushes, too" sh -c 'case $1 in *"--reserve 10.00%") ;; *) false ;; esac' - "$(log_options input=syslog)"
pid=$(pgrep -P "$LOKID_PID" -f input=syslog)
kill -9 "$pid"
listens_again() { [ "$(pgrep -P "$LOKID_PID" -f input=syslog)" != "$pid" ] && send two; }
ok "after a crash it listens again" wait_for 10 listens_again
ok "what comes then is found" wait_for 10 lines_are "one two"

# --- what is added is the tenant's to choose ---
begun() { [ "$(grep -c 'started for syslog' lokid.log)" = "$1" ]; }
ok "it was begun twice" begun 2
kill -HUP "$LOKID_PID"
ok "limits are read" wait_for 10 grep -q 'limits read' lokid.log
ok "what is as before begins nothing" begun 2
sed -i '$a limits_config: {discover_service_name: [host, job]}' lokid.yaml
kill -HUP "$LOKID_PID"
ok "another list begins it anew" wait_for 10 begun 3
ok "a message is taken" wait_for 10 send "level=error three"
ok "and found" wait_for 10 lines_are "one two level=error three"
is "by the labels that are to be looked at" "$(added 'level=error three')" '["host","info"]'
sed -i '$d' lokid.yaml
sed -i '$a limits_config: {discover_service_name: [], discover_log_levels: false}' lokid.yaml
kill -HUP "$LOKID_PID"
ok "none does, too" wait_for 10 begun 4
ok "a message is taken" wait_for 10 send "level=error four"
ok "and found" wait_for 10 lines_are "one two level=error three level=error four"
is "without any" "$(added 'level=error four')" '[null,null]'
is "only the crash was an error" "$(grep -c 'not listened for' lokid.log)" 1

# --- a port that is taken, by a second daemon: what its lokid-ingest says is in the log's own form ---
spawn lokid --config lokid.yaml --data second --listen 127.0.0.1:0 --log-format json 2>second.log
SECOND=$PID
ok "a port that is taken is told" wait_for 10 grep -q '"level":"error","msg":"lokid-ingest","said":".*cannot listen: Address already in use' second.log
ok "and that nobody listens" wait_for 10 grep -q '"msg":"syslog is not listened for"' second.log
kill "$SECOND"
wait "$SECOND"
is "each line is JSON" "$(jq -r .level <second.log 2>&1 | grep -vE '^(debug|info|warn|error)$')" ''

is "each start is told" "$(grep -c 'started for syslog' lokid.log)" 4
lokid_stop
is "it ends with the daemon" "$STATUS$(pgrep -f "listen tcp://127.0.0.1:$port")" 0

done_testing
