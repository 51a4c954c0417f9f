#!/bin/sh
# Three properties of the daemon, over random pushes as JSON and as protobuf: a line of JSON comes back byte for byte and
# is taken apart by | json, labels that each stream is to have are there and right, and a query answers what lies in
# its range. PERCENT of 10,000 cases, SEED.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need perl
cases=$((10000 * ${PERCENT:-5} / 100))
cat >lokid.yaml <<'END'
auth_enabled: false
ingester:
  flush_check_period: 200ms
  wal:
    segment_size: 20KB
limits_config:
  discover_service_name: []
  discover_log_levels: false
  max_global_streams_per_user: 0
  max_query_series: 100000
  enforced_labels: [service_name, cluster, container_name, task_id]
END
lokid_start --config lokid.yaml || { fail "the daemon starts" "$(cat lokid.log)"; exit 1; }

# A case is a push, and a query for what it brought; each is a stream of its own. "ok CASES", or what was wrong.
cat >ask.pl <<'END'
use strict; use utf8; use IO::Socket::INET; use JSON::PP; use Encode;
my ($port, $cases, $seed, $property) = @ARGV;
srand($seed);
my @enforced = qw(service_name cluster container_name task_id);
my $json = JSON::PP->new->utf8->allow_bignum;
my ($s, $taken) = (undef, 0);
sub ask {
	my ($method, $path, $type, $body) = @_;
	$s //= IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port) or die "connect: $!";
	print $s "$method $path HTTP/1.1\r\nHost: x\r\nContent-Type: $type\r\nContent-Length: ", length($body), "\r\n\r\n", $body;
	$s->flush;
	my ($status) = <$s> =~ / (\d+)/ or die "no answer";
	my $n = 0;
	while (defined(my $l = <$s>)) { last if $l eq "\r\n"; $n = $1 if $l =~ /^Content-Length: (\d+)/i }
	my $answer = "";
	read($s, $answer, $n) == $n or die "cut" if $n;
	return ($status, $answer);
}
sub one { return $_[rand @_] }
sub blanks { return rand() < 0.2 ? one(" ", "  ", "\t") : "" }
# A string as JSON has it: what stands between the quotes.
sub text {
	return join "", map { one("a".."z", 0..9, " ", "é", "ß", "漢", "😀", "\\n", "\\t", "\\\"", "\\\\", "\\/", "\\u00e9",
		"\\ud83d\\ude00", "\\u0001", "{", "}", "[", ",", ":", "=") } 1 .. int rand 12;
}
sub number { return one("-", "") . one("0", 1 + int rand 9) . (rand() < 0.3 ? "." . int rand 1000 : "") . (rand() < 0.2 ? one("e", "E") . one("", "+", "-") . int rand 30 : "") }
sub big { return one("", "-") . (1 + int rand 9) . join "", map { int rand 10 } 1 .. 10 + int rand 30 }
sub value {
	my ($depth) = @_;
	my $k = int rand($depth > 3 ? 5 : 7);
	return $k == 0 ? number() : $k == 1 ? big() : $k == 2 ? one("true", "false", "null") : $k < 5 ? '"' . text() . '"' :
		$k == 5 ? "[" . join(",", map { blanks() . value($depth + 1) } 1 .. int rand 4) . blanks() . "]" :
		"{" . join(",", map { blanks() . "\"n$_\"" . blanks() . ":" . value($depth + 1) } 1 .. int rand 4) . "}";
}
sub document {
	my @m = ('"text":' . blanks() . '"' . text() . '"', '"big":' . big(), '"more":' . value(0), '"in":{"deep":{"big":' . big() . '}}');
	@m = sort { rand() <=> 0.5 } @m;
	return "{" . join(",", map { blanks() . $_ . blanks() } @m) . "}" . blanks();
}
sub varint { my ($v) = @_; my $b = ""; while ($v > 127) { $b .= chr($v & 127 | 128); $v >>= 7 } return $b . chr $v }
sub field { my ($n, $bytes) = @_; return varint($n << 3 | 2) . varint(length $bytes) . $bytes }
sub snappy {
	my ($bytes) = @_;
	my $b = varint(length $bytes);
	while (length $bytes) {
		my $piece = substr($bytes, 0, 1 + int rand 5000, "");
		$b .= length($piece) <= 60 ? chr(length($piece) - 1 << 2) : chr(61 << 2) . pack("v", length($piece) - 1);
		$b .= $piece;
	}
	return $b;
}
sub quoted { my ($v) = @_; $v =~ s/(["\\])/\\$1/g; return "\"$v\"" }
sub push_line {
	my ($labels, $ts, $line) = @_;
	return ask("POST", "/loki/api/v1/push", "application/json", $json->encode({ streams => [{ stream => $labels, values => [[$ts, $line]] }] }))
		if rand() < 0.5;
	my $text = "{" . join(", ", map { "$_=" . quoted($labels->{$_}) } sort keys %$labels) . "}";
	my $entry = field(1, "\x08" . varint(substr $ts, 0, 10) . "\x10" . varint(0 + substr $ts, 10)) . field(2, encode_utf8($line));
	return ask("POST", "/loki/api/v1/push", "application/x-protobuf", snappy(field(1, field(1, encode_utf8($text)) . field(2, $entry))));
}
sub found {
	my ($query, $from, $to) = @_;
	$query =~ s/([^A-Za-z0-9_])/sprintf "%%%02X", ord $1/ge;
	my ($status, $answer) = ask("GET", "/loki/api/v1/query_range?query=$query&start=$from&end=$to", "text/plain", "");
	die "query: $status: $answer" if $status != 200;
	return @{ $json->decode($answer)->{data}{result} };
}
# Nanoseconds as text, of 19 digits: as strings they compare as the numbers do.
sub moved { my ($ts, $by) = @_; my ($a, $b) = (substr($ts, 0, 10), substr($ts, 10) + $by); $a += int($b / 1e9) if $b >= 1e9; ($a, $b) = ($a - 1, $b + 1e9) if $b < 0; return sprintf "%d%09d", $a, $b % 1e9 }

my $now = time();
for my $i (1 .. $cases) {
	my %labels = map { $_ => one("a", "b-1", "ü \"x\"", "\\ / {}", "prod", "=,") } @enforced, one("", "x", "app");
	delete $labels{""};
	$labels{task_id} = "task/$i";
	delete $labels{$_} for rand() < 0.2 ? grep { rand() < 0.4 } @enforced : ();
	my @missing = grep { !defined $labels{$_} } @enforced;
	my $ts = sprintf "%d%09d", $now - 1000 + int rand 900, int rand 1e9;
	my $line = document();
	my ($status, $answer) = %labels ? push_line(\%labels, $ts, $line) : (0, "");
	if (@missing) {
		my $want = "missing required labels " . join(",", @missing) . " for user fake for stream {";
		die "case $i: @missing are missing: $status $answer" if %labels && ($status != 400 || index($answer, $want) != 0);
		next;
	}
	die "case $i: push: $status $answer" if $status != 204;
	$taken++;
	my $is_json = $property eq "json";
	my ($from, $to) = $property eq "range" ? (moved($ts, one(-2, -1, 0, 1, -int rand 1e9)), moved($ts, one(0, 1, 2, 3, int rand 1e9))) : (moved($ts, -1), moved($ts, 1));
	next if $from ge $to;
	my $in = $from le $ts && $ts lt $to;
	my @streams = found("{task_id=\"task/$i\"}" . ($is_json ? " | json" : ""), $from, $to);
	die "case $i: $ts from $from to $to: found " . @streams if @streams != ($in ? 1 : 0);
	next if !$in;
	my ($stream, @values) = ($streams[0]{stream}, @{ $streams[0]{values} });
	die "case $i: " . @values . " values" if @values != 1;
	die "case $i: time $values[0][0], not $ts" if $values[0][0] ne $ts;
	die encode_utf8("case $i: $values[0][1], not $line") if $values[0][1] ne $line;
	if ($is_json) {
		my %want = (text => $json->decode(encode_utf8($line))->{text}, in_deep_big => $line =~ /"deep":\{"big":(-?\d+)/);
		for my $k (keys %want) {
			die encode_utf8("case $i: $k is " . ($stream->{$k} // "none") . ", not $want{$k}: $line") if ($stream->{$k} // "") ne $want{$k};
		}
	} else {
		die encode_utf8("case $i: labels " . $json->encode($stream)) if $json->canonical->encode($stream) ne $json->canonical->encode(\%labels);
	}
}
my ($status, $answer) = ask("GET", "/loki/api/v1/query?query=sum(count_over_time(%7Btask_id%3D~%22.%2B%22%7D%5B1h%5D))", "text/plain", "");
my $n = $status == 200 ? $json->decode($answer)->{data}{result}[0]{value}[1] : $answer;
die "$n entries are there, $taken were taken" if $n != $taken;
print "ok $cases\n";
END

# property NAME WORD: with data of its own.
property() {
	rm -rf data
	lokid_start --config lokid.yaml || { fail "the daemon starts" "$(cat lokid.log)"; exit 1; }
	perl ask.pl "$LOKID_PORT" "$cases" "${SEED:-1}" "$2" >answer 2>&1
	is "$1" "$(cat answer)" "ok $cases"
	lokid_stop
}
lokid_stop
echo "# SEED=${SEED:-1}, $cases cases"
property "S4-4 JSON preservation: a line of JSON comes back byte for byte, and its fields with it" json
property "S4-2 label consistency: streams have the labels that they are to have, with their values" labels
property "S1-2 time range accuracy: a query finds what lies in its range and nothing else, by HTTP" range
done_testing
