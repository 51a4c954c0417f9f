#!/bin/sh
# Two properties of the daemon, over random tenants: what was acknowledged is found by the tenant's next query, and a
# tenant sees only its own lines. PERCENT of 10,000 cases, SEED.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need jq perl
cases=$((10000 * ${PERCENT:-5} / 100))
cat >lokid.yaml <<'END'
auth_enabled: true
ingester:
  flush_check_period: 200ms
  wal:
    segment_size: 20KB
limits_config:
  max_entries_limit_per_query: 10000
END
lokid_start --config lokid.yaml || { fail "the daemon starts" "$(cat lokid.log)"; exit 1; }

# One client asks over one connection, so that a case costs a push and a query: "ok CASES" or what was wrong. Bodies
# are found by their tenant's name, of which each line and its label have a copy.
cat >ask.pl <<'END'
use strict; use IO::Socket::INET; use JSON::PP;
my ($port, $cases, $seed) = @ARGV;
srand($seed);
my @tenants = ("a", "a.", "A", "a-b", "a_b", "a!b", "it's(ok)*", "..a", "fake", "x" x 150, map { "t$_" } 1 .. 10);
my (%count, $s);
sub ask {
	my ($method, $path, $tenant, $body) = @_;
	$s //= IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port) or die "connect: $!";
	print $s "$method $path HTTP/1.1\r\nHost: x\r\nX-Scope-OrgID: $tenant\r\nContent-Type: application/json\r\n",
		"Content-Length: ", length($body), "\r\n\r\n", $body;
	$s->flush;
	my ($status) = <$s> =~ / (\d+)/ or die "no answer";
	my $n = 0;
	while (defined(my $l = <$s>)) { last if $l eq "\r\n"; $n = $1 if $l =~ /^Content-Length: (\d+)/i }
	read($s, my $answer, $n) == $n or die "cut" if $n;
	return ($status, $answer);
}
for my $i (1 .. $cases) {
	my $t = $tenants[rand @tenants];
	my $n = 1 + int rand 3;
	my $ts = time() . "000000000";
	my @values = map { [$ts, "$t line $i.$_"] } 1 .. $n;
	my ($status) = ask("POST", "/loki/api/v1/push", $t,
		encode_json({ streams => [{ stream => { of => $t, app => "a" . int rand 3 }, values => \@values }] }));
	die "push: $status, tenant $t, case $i" if $status != 204;
	$count{$t} += $n;
	($status, my $answer) = ask("GET", "/loki/api/v1/query_range?limit=10000&query=%7Bapp%3D~%22.%2B%22%7D", $t, "");
	die "query: $status, tenant $t, case $i: $answer" if $status != 200;
	my @streams = @{ decode_json($answer)->{data}{result} };
	my @lines = map { $_->[1] } map { @{ $_->{values} } } @streams;
	die "case $i, tenant $t: found " . @lines . ", pushed $count{$t}" if @lines != $count{$t};
	die "case $i, tenant $t: a line of another" if grep { index($_, "$t line ") != 0 } @lines;
	die "case $i, tenant $t: a stream of another" if grep { $_->{stream}{of} ne $t } @streams;
}
print "ok $cases\n";
END
echo "# SEED=${SEED:-1}, $cases cases"
perl ask.pl "$LOKID_PORT" "$cases" "${SEED:-1}" >answer 2>&1
is "S4-1 ingestion completeness: what is acknowledged is found by the next query" "$(cat answer)" "ok $cases"
is "S1-3 tenant isolation: a tenant sees only its own lines, by HTTP" "$(cat answer)" "ok $cases"
note "$(find data/store -name '*.pack' | wc -l) packs were made meanwhile"
lokid_stop
done_testing
