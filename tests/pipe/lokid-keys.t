#!/bin/sh
# Keys of the daemon's file that are nobody else's affair: each does what its name says. That each key does is seen at
# the end: those that are used are named in tests of the daemon.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need jq perl

# with KEYS: a daemon with just these.
with() {
	[ -z "${LOKID_PID:-}" ] || lokid_stop
	printf 'auth_enabled: false\n%s\n' "$1" >lokid.yaml
	ok "with $1" lokid_start --config lokid.yaml
}
entry() {
	push "{\"streams\":[{\"stream\":{\"app\":\"$1\"},\"values\":[[\"$(date +%s)000000000\",\"$2\",{\"k\":\"a\\\"b\"}]]}]}"
}
long=$(printf '%02000d' 0)
query='/loki/api/v1/query_range?query=%7Bapp%3D%22web%22%7D'

with 'frontend: {compress_responses: true}'
entry web "$long"
get "$query" -H 'Accept-Encoding: gzip' -D head
ok "answers are gzip for who takes it" grep -qi '^content-encoding: gzip' head
with 'frontend: {compress_responses: false}'
get "$query" -H 'Accept-Encoding: gzip' -D head
not_ok "they are not" grep -qi '^content-encoding:' head
ok "but an answer" sh -c 'jq -e ".data.result | length == 1" "$1" >/dev/null' - "$TAP/stdout"

is "escapes of metadata stay, as Loki has it" "$(jq -r '.data.result[0].stream.k' "$TAP/stdout")" 'a\"b'
with 'distributor: {decode_metadata_escapes: true}'
entry web new
get "$query&limit=1"
is "or are what they mean" "$(jq -r '.data.result[0].stream.k' "$TAP/stdout")" 'a"b'

with 'server: {http_max_header_size: 8KB}'
get /ready -H "X: $(printf '%04000d' 0)"
ok "a head within it" code_is 200
get /ready -H "X: $(printf '%020000d' 0)"
ok "a larger one is refused" code_is 431

# opens N: so many connections are open at once and say nothing; whether one more is answered soon, and how many of the
# others are still open.
cat >opens.pl <<'END'
use strict; use IO::Socket::INET; use IO::Select;
my ($port, $n) = @ARGV;
sub opened { return IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port, Timeout => 5) }
my @idle = map { opened() } 1 .. $n;
my $s = opened() or die "connect: $!";
$SIG{PIPE} = "IGNORE";
print $s "GET /ready HTTP/1.1\r\nHost: x\r\n\r\n";
$s->flush;
my $l = IO::Select->new($s)->can_read(1) ? <$s> : "waits";
print defined $l ? $l =~ s/.* (200) .*/$1/sr : "closed";
print " ", scalar(grep { !IO::Select->new($_)->can_read(1 / $n) } @idle), "\n";
END
opens() { perl opens.pl "$LOKID_PORT" "$1" 2>&1; }
with 'server: {http_listen_conn_limit: 0}'
is "connections without a limit" "$(opens 50)" "200 50"
with 'server: {http_listen_conn_limit: 8}'
is "connections at once" "$(opens 7)" "200 7"
is "and one too many" "$(opens 8)" "waits 8"
with 'server: {http_connections_per_address: 5}'
ok "one too many of an address is closed, whichever" sh -c 'case $1 in "closed 5" | "200 4") ;; *) echo "$1"; exit 1 ;; esac' - "$(opens 5)"
as_many() { [ "$(opens 4)" = "200 4" ]; } # when those are gone
ok "as many as there may be" wait_for 10 as_many

threads() { find "/proc/$LOKID_PID/task" -maxdepth 1 -mindepth 1 | wc -l; }
with 'server: {http_threads: 2}'
few=$(threads)
with 'server: {http_threads: 7}'
is "threads" "$(($(threads) - few))" 5

with 'distributor: {max_queue_size: 100KB}'
INGEST=$(pgrep -P "$LOKID_PID" lokid-ingest)
kill -STOP "$INGEST"
body="{\"streams\":[{\"stream\":{\"app\":\"many\"},\"values\":[[\"$(date +%s)000000000\",\"$(printf '%090000d' 0)\"]]}]}"
for n in 1 2; do
	spawn curl -s -o /dev/null -w '%{http_code}\n' -H 'Content-Type: application/json' --data-binary "$body" "$URL/loki/api/v1/push" >code.$n
done
# Those that come at once may all be taken: it has room until one is there.
queued() { get /metrics && [ "$(sed -n 's/^lokid_push_queue_bytes //p' "$TAP/stdout")" -gt 180000 ]; }
ok "pushes wait for the log" wait_for 10 queued
push "$body"
ok "beyond it one is 503" code_is 503
ok "and says why" stdout_has "too much waits for the log"
kill -CONT "$INGEST"
taken() { [ "$(cat code.1 code.2)" = "204
204" ]; }
ok "those that waited are taken" wait_for 10 taken
lokid_stop

# --- all keys ---
sed -n 's/.*\(USED\|MAPPED\)("\([a-z_.]*\)".*/\2/p' "$REPO/libcore/server/config_keys.c" "$REPO/libcore/limits/keys.c" |
	sed 's/.*\.//' | sort -u >used
ok "there are many" test "$(wc -l <used)" -gt 80
while read -r key; do
	grep -q -w -e "$key" "$REPO"/tests/pipe/*lokid*.t "$REPO"/tests/cmd/lokid-config.t "$REPO"/tests/unit/config*.c "$REPO"/tests/lib/lokid.sh ||
		echo "$key"
done <used >untested
ok "each key that is used is in a test" diff /dev/null untested
done_testing
