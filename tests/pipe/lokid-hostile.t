#!/bin/sh
# What a hostile or broken client sends: the daemon refuses it, stays small, and goes on answering others.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need jq perl
cat >lokid.yaml <<'END'
auth_enabled: true
server:
  http_server_read_timeout: 2s
  http_server_idle_timeout: 60s
END
lokid_start --config lokid.yaml || { fail "the daemon starts" "$(cat lokid.log)"; exit 1; }

# raw TEXT: sends it as it is (printf's escapes), prints the first line of each answer until the server closes.
raw() {
	# shellcheck disable=SC2059
	printf "$1" | perl -MIO::Socket::INET -e '
		my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0]) or die;
		local $/; my $text = <STDIN>; $s->autoflush(1); print $s $text;
		alarm 20; $/ = "\n"; while (my $l = <$s>) { print $l if $l =~ /^HTTP/ }' "$LOKID_PORT"
}
rss_mb() { awk '/^VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$LOKID_PID/status"; }
alive() { get /ready && code_is 200; }

# --- too much before the body ---
get "/loki/api/v1/labels?query=$(head -c 70000 /dev/zero | tr '\0' a)" -H 'X-Scope-OrgID: a'
ok "an URL of 70,000 bytes is 414" code_is 414
get "/loki/api/v1/labels?x=$(head -c 30000 /dev/zero | tr '\0' a)" -H 'X-Scope-OrgID: a'
ok "one of 30,000 is taken" code_is 200

# --- requests that could be read in two ways ---
body='{"streams":[]}'
smuggled='GET /config HTTP/1.1\r\nHost: x\r\nX-Scope-OrgID: a\r\n\r\n'
push_head='POST /loki/api/v1/push HTTP/1.1\r\nHost: x\r\nX-Scope-OrgID: a\r\nContent-Type: application/json\r\n'
# refused NAME TEXT: no answer but 400 or 501, and the connection is closed.
refused() {
	got=$(raw "$2" | grep -v -e '^HTTP/1.1 400 ' -e '^HTTP/1.1 501 ')
	is "$1 is refused" "$got" ''
}
refused "Content-Length beside Transfer-Encoding" "${push_head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n$smuggled"
refused "two Content-Lengths" "${push_head}Content-Length: 14\r\nContent-Length: 0\r\n\r\n$body$smuggled"
refused "a Content-Length that is none" "${push_head}Content-Length: +14\r\n\r\n$body$smuggled"
refused "a Transfer-Encoding that is none" "${push_head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n$smuggled"
refused "a blank before the colon" "${push_head}Content-Length : 14\r\n\r\n$body$smuggled"
refused "a folded header" "${push_head}X-A: b\r\n c\r\nContent-Length: 14\r\n\r\n$body$smuggled"
refused "a header without a name" "${push_head}: x\r\nContent-Length: 14\r\n\r\n$body$smuggled"
refused "no request at all" '\001\002\003\r\n\r\n'
refused "no Host" 'GET /ready HTTP/1.1\r\n\r\n'
ok "others are answered" alive

# --- too large ---
get /ready -H "X-Long: $(head -c 100000 /dev/zero | tr '\0' a)"
ok "a head of 100 KB is refused" sh -c '[ "$1" = 431 ] || [ "$1" = 413 ] || [ "$1" = 400 ] || [ "$1" = 000 ]' - "$CODE"
head -c 1000000000 /dev/zero | gzip -1 >zeros.gz
before=$(rss_mb)
get /loki/api/v1/push -H 'X-Scope-OrgID: a' -H 'Content-Type: application/json' -H 'Content-Encoding: gzip' --data-binary @zeros.gz
ok "1 GB of zeros, packed, is refused" sh -c '[ "$1" = 400 ] || [ "$1" = 413 ]' - "$CODE"
head -c 1000000000 /dev/zero | zstd -q >zeros.zst
get /loki/api/v1/push -H 'X-Scope-OrgID: a' -H 'Content-Type: application/json' -H 'Content-Encoding: zstd' --data-binary @zeros.zst
ok "so it is by zstd" sh -c '[ "$1" = 400 ] || [ "$1" = 413 ]' - "$CODE"
after=$(rss_mb)
ok "and takes no memory for good ($before to $after MB)" test $((after - before)) -lt 100
perl -e 'print "[" x 1000000' >deep
get /loki/api/v1/push -H 'X-Scope-OrgID: a' -H 'Content-Type: application/json' --data-binary @deep
ok "a million brackets are refused" code_is 400
perl -e 'print "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[[\"1\",\"l\"," . "[" x 100000' >deep
get /loki/api/v1/push -H 'X-Scope-OrgID: a' -H 'Content-Type: application/json' --data-binary @deep
ok "so are they deep inside" code_is 400
perl -e 'print "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"body\":" . "{\"arrayValue\":{\"values\":[" x 100000' >deep
get /otlp/v1/logs -H 'X-Scope-OrgID: a' -H 'Content-Type: application/json' --data-binary @deep
ok "and in OpenTelemetry's" code_is 400
perl -e 'print "(" x 30000' >deep
get /loki/api/v1/query -H 'X-Scope-OrgID: a' --data-urlencode query@deep
ok "a query of 30,000 brackets is refused" code_is 400
head -c 300000 /dev/zero | tr '\0' a >deep
get /loki/api/v1/query -H 'X-Scope-OrgID: a' --data-urlencode query@deep
ok "and one of 300 KB" code_is 400
ok "others are answered" alive

# --- bodies that say little and mean much ---
# The processor time, in seconds, that the daemon has taken; children not counted.
cpu_s() { awk '{ sub(/^.*\) /, ""); print int(($12 + $13) / 100) }' "/proc/$LOKID_PID/stat"; }
# cheap NAME PATH STATUS [CURL OPTION]...: `body` is answered so, within two seconds of processor time
# (twenty under a sanitizer).
[ "$VARIANT" = default ] && cheap_s=2 || cheap_s=20
cheap() {
	cheap_name=$1 cheap_path=$2 cheap_code=$3
	shift 3
	cheap_before=$(cpu_s)
	get "$cheap_path" -H 'X-Scope-OrgID: a' --data-binary @body "$@"
	ok "$cheap_name are answered" code_is "$cheap_code"
	ok "$cheap_name cost little" test $(($(cpu_s) - cheap_before)) -le "$cheap_s"
}
perl -e 'print "{}\n" x 20000' >body
extra=$(perl -e 'print join ",", map { "l$_=1" } 1 .. 1000')
cheap "a thousand extra labels" "/insert/jsonline?extra_fields=$extra" 413
perl -e 'my $map = join ",", map { "{\"key\":\"k$_\",\"value\":{\"stringValue\":\"v\"}}" } 1 .. 1000;
	print "{\"resourceLogs\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"kvlistValue\":{\"values\":[$map]}}}]},",
		"\"scopeLogs\":[{\"logRecords\":[", join(",", ("{}") x 20000), "]}]}]}"' >body
cheap "records of a thousand labels" /otlp/v1/logs 400 -H 'Content-Type: application/json'
perl -e 'my $map = join ",", map { "{\"key\":\"k$_\",\"value\":{\"stringValue\":\"v\"}}" } 1 .. 120;
	print "{\"resourceLogs\":[{\"resource\":{\"attributes\":[$map]},",
		"\"scopeLogs\":[{\"logRecords\":[", join(",", ("{}") x 500000), "]}]}]}"' >body
cheap "records of a hundred attributes" /otlp/v1/logs 429 -H 'Content-Type: application/json'
perl -e 'my $l = join ",", map { "\\\"l$_\\\":\\\"" . "x" x 2000 . "\\\"" } 1 .. 14; $l =~ s/\\//g;
	print "{\"streams\":[{\"stream\":{$l},\"values\":[", join(",", ("[\"1\",\"\"]") x 20000), "]}]}"' >body
cheap "old entries of long labels" /loki/api/v1/push 400 -H 'Content-Type: application/json'
extra=$(perl -e 'print join ",", map { "l$_=" . "x" x 1000 } 1 .. 7')
perl -e 'print "{\"create\":{}}\n{\"\@timestamp\":1}\n" x 5000' >body
cheap "old records of long labels" "/insert/elasticsearch/_bulk?extra_fields=$extra" 200
ok "and are not told of all" test "$(wc -c <"$TAP/stdout")" -lt 3000000
is "but each is told of" "$(jq '[.items[] | select(.create.status == 400 and .create.error.reason != "")] | length' "$TAP/stdout")" 5000
perl -e 'print "{\"create\":{}}\n{}\n" x 262145' >body
cheap "more records than an answer lists" /insert/elasticsearch/_bulk 413
ok "the limit is named" stdout_has 'more than 262144 records in a request'

# --- names that are paths ---
for tenant in '../a' '..' '.' 'a/b' '/etc' '~lokid' 'a%2Fb' "$(head -c 151 /dev/zero | tr '\0' a)"; do
	get /loki/api/v1/push -H "X-Scope-OrgID: $tenant" -H 'Content-Type: application/json' --data-binary \
		'{"streams":[{"stream":{"a":"b"},"values":[["1","l"]]}]}'
	ok "tenant '$(printf %.10s "$tenant")' is refused" code_is 400
done
get '/loki/api/v1/label/..%2F..%2Fetc/values' -H 'X-Scope-OrgID: a' --path-as-is
ok "a label that is a path finds nothing" sh -c '[ "$1" = 200 ] || [ "$1" = 400 ]' - "$CODE"
get '/../../../../etc/passwd' --path-as-is
ok "a path out of all is 404" code_is 404
get /loki/api/v1/label/a%zz/values -H 'X-Scope-OrgID: a'
ok "a bad escape is 400" code_is 400
get '/loki/api/v1/labels?start=%zz' -H 'X-Scope-OrgID: a'
ok "in a parameter too" code_is 400
is "nothing is outside of the data" "$(ls)" "$(printf '%s\n' body data deep lokid.log lokid.yaml zeros.gz zeros.zst)"

# --- slow and many ---
perl -MIO::Socket::INET -e '
	my @s;
	for (1 .. 50) {
		my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0]) or die;
		print $s "POST /loki/api/v1/push HTTP/1.1\r\nHost: x\r\n";
		$s->flush; push @s, $s;
	}
	$| = 1; print "open\n";
	alarm 30; local $SIG{PIPE} = "IGNORE";
	# A byte now and then, which keeps each connection busy: the request as a whole is too slow.
	my $open = @s;
	while ($open) {
		$open = 0;
		for my $s (@s) {
			next unless $s;
			my $r = ""; vec($r, fileno($s), 1) = 1;
			if (select($r, undef, undef, 0) > 0) { my $n = sysread($s, my $b, 4096); if (!$n) { $s = undef; next } }
			syswrite($s, "X") ; $open++;
		}
		select(undef, undef, undef, 0.1);
	}
	print "closed\n"' "$LOKID_PORT" >slow &
ok "slow clients connect" wait_for 10 grep -q open slow
ok "others are answered meanwhile" alive
ok "slow clients are sent away" wait_for 20 grep -q closed slow
ok "others are answered" alive

lokid_stop
done_testing
