#!/bin/sh
# Many short queries at once: each is answered, however soon its process ends.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need perl
lokid_start || { fail "the daemon starts" "$(cat lokid.log)"; exit 1; }
cat >ask.pl <<'END'
use strict; use IO::Socket::INET;
my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0]) or die;
for my $i (1 .. $ARGV[1]) {
	print $s "GET /loki/api/v1/query?query=.5 HTTP/1.1\r\nHost: x\r\n\r\n";
	$s->flush;
	my ($status) = <$s> =~ / (\d+)/;
	my ($n, $body) = 0;
	while (my $l = <$s>) { last if $l eq "\r\n"; $n = $1 if $l =~ /^Content-Length: (\d+)/i }
	read($s, $body, $n);
	print "$i: $status $body\n" if $status != 200;
}
END
for client in 1 2 3 4; do
	perl ask.pl "$LOKID_PORT" 500 >"bad.$client" 2>&1 &
	eval "client$client=$!"
done
# shellcheck disable=SC2154
wait "$client1" "$client2" "$client3" "$client4"
is "2,000 queries from four clients, refused" "$(cat bad.*)" ""
lokid_stop
done_testing
