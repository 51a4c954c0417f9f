#!/bin/sh
# lokid-ingest --push: what reaches a server, what is tried again, what is dropped and said, and how it ends.
. "${0%/*}/../lib/tap.sh"
need python3
unset LOKI_USERNAME LOKI_PASSWORD LOKI_BEARER_TOKEN

# serve [CERT KEY CA]: a server of its own; URL, SERVER.
serve() {
	rm -f port got requests script
	: >got
	: >requests
	spawn python3 "$REPO/tests/lib/push-server" 0 "$@" 2>server.err
	SERVER=$PID
	wait_for 20 test -s port
	URL=http://127.0.0.1:$(cat port)
}

# lines_got: the lines that the server took, in order; requests_got: how many requests it saw.
lines_got() { python3 -c 'import json,sys
for l in open("got"): sys.stdout.write(json.loads(l)["line"] + "\n")'; }
requests_got() { wc -l <requests; }

serve

# What arrives.
cat >in.jsonl <<'END'
{"ts":"1760000000000000001","labels":{"app":"a","q":"say \"x\"\n"},"line":"one"}
{"ts":"-1","labels":{"app":"b"},"line":"before 1970","metadata":{"trace":"t1","user":"7"}}
{"ts":"1760000000000000002","labels":{"app":"a","q":"say \"x\"\n"},"line":"\u00e9 \"quoted\""}
{"ts":"1760000000000000003","tenant":"acme","labels":{"app":"a"},"line":"of another tenant"}
{"ts":"1760000000000000004","labels":{"app":"a","q":"say \"x\"\n"},"line":""}
END
ok "entries are sent" exits 0 lokid-ingest --push "$URL" --input jsonl in.jsonl
ok "the summary counts them" stderr_matches '^lokid-ingest: 5 entries, 42 B of lines in '
cat >want <<'END'
{"tenant": null, "labels": "{app=\"a\", q=\"say \\\"x\\\"\\n\"}", "ts": 1760000000000000001, "line": "one", "metadata": {}}
{"tenant": null, "labels": "{app=\"a\", q=\"say \\\"x\\\"\\n\"}", "ts": 1760000000000000002, "line": "\u00e9 \"quoted\"", "metadata": {}}
{"tenant": null, "labels": "{app=\"a\", q=\"say \\\"x\\\"\\n\"}", "ts": 1760000000000000004, "line": "", "metadata": {}}
{"tenant": null, "labels": "{app=\"b\"}", "ts": -1, "line": "before 1970", "metadata": {"trace": "t1", "user": "7"}}
{"tenant": "acme", "labels": "{app=\"a\"}", "ts": 1760000000000000003, "line": "of another tenant", "metadata": {}}
END
ok "as they are, each stream in its order, each tenant apart" same_file want got
is "in a request for each tenant, to Loki's path" "$(sed 's/.*"path": "\([^"]*\)".*/\1/' requests | sort | uniq -c | xargs)" "2 /loki/api/v1/push"
ok "as snappy protobuf" grep -q '"content-type": "application/x-protobuf"' requests
ok "without what nobody asked for" sh -c '! grep -q -i "expect\|authorization" requests'
: >requests
ok "a path of one's own, the default tenant when it is named, a header" exits 0 sh -c \
	'echo x | lokid-ingest -q --push "$1/my/push?a=b" -t fake -l app=x --header "X-More: a b"' sh "$URL"
ok "the path" grep -q '"path": "/my/push?a=b"' requests
ok "the tenant" grep -q '"x-scope-orgid": "fake"' requests
ok "the header" grep -q '"x-more": "a b"' requests

# Many.
: >got
seq 1 300000 >numbers
ok "more than one batch" exits 0 lokid-ingest -q --ack --push "$URL" -l app=n numbers
ok "each is acknowledged" sh -c '[ "$(tail -n 1 "$1")" = 300000 ] && [ "$(wc -l <"$1")" -gt 3 ]' sh "$TAP/stdout"
lines_got >lines
ok "all come, in order" same_file numbers lines

# A pipe: entries are not sent one by one, nor do they wait for long.
: >got
: >requests
mkfifo pipe
spawn sh -c 'exec lokid-ingest -q --ack --push "$1" -l app=x <pipe >acks' sh "$URL"
exec 8>pipe
echo one >&8
echo two >&8
ok "what a pipe brings arrives" wait_for 10 grep -qx 2 acks
is "together" "$(requests_got)" 1
printf 'three\nhalf' >&8
ok "so does what comes later" wait_for 10 grep -qx 3 acks
kill -TERM "$PID"
ok "SIGTERM is a clean end" wait "$PID"
exec 8>&-
is "what was read is sent" "$(lines_got | paste -sd ' ')" "one two three half"

# What is tried again.
again() { # DESC SCRIPT...: three lines come, each once, in spite of it
	again_desc=$1
	shift
	: >got
	: >requests
	printf '%s\n' "$@" >script
	ok "$again_desc" exits 0 sh -c 'seq 1 3 | lokid-ingest --push "$1" -l app=x' sh "$URL"
	is "$again_desc: all come" "$(lines_got | sort -u | paste -sd ' ')" "1 2 3"
	is "$again_desc: tried again" "$(requests_got)" $(($# + 1))
}
again "500" "500 oh no"
ok "it is said, and what follows" stderr_matches "^lokid-ingest: warning: http://.* answered 500: oh no; attempt 2 of 11 follows in 0\.[2-5] s$"
again "429" "429 Retry-After:1 slow down"
ok "Retry-After is kept" sh -c 'sed "s/.*\"at\": \([0-9.]*\).*/\1/" requests | paste -sd " " | awk "{ exit !(\$2 - \$1 >= 1) }"'
again "503, twice" 503 503
again "a reset connection" reset
ok "it is said" stderr_matches "^lokid-ingest: warning: http://.*: .*; attempt 2 of 11"
again "half an answer" half
again "an answer that is lost" lose
is "so the entries come twice, equal" "$(lines_got | paste -sd ' ')" "1 2 3 1 2 3"

: >requests
printf '500\n500\n500\n' >script
ok "when retries are used up it is exit 5" exits 5 sh -c 'seq 1 3 | lokid-ingest --retries 1 --push "$1" -l app=x' sh "$URL"
ok "it says what was not sent" stderr_matches "^lokid-ingest: error: 3 entries were refused, 0 were taken: http://.* answered 500"
ok "and so does the summary" stderr_has ", 3 refused: not sent (3 B)"
is "as often as was asked" "$(requests_got)" 2
rm script

# A server that is not there yet.
: >got
kill "$SERVER"
wait "$SERVER" 2>/dev/null
spawn sh -c 'seq 1 5 | lokid-ingest -q --push "$1" -l app=late 2>late.err' sh "$URL"
client=$PID
ok "no connection is tried again" wait_for 10 grep -q "onnect" late.err
spawn python3 "$REPO/tests/lib/push-server" "${URL##*:}"
ok "until there is a server" wait "$client"
is "all come" "$(lines_got | paste -sd ' ')" "1 2 3 4 5"

# What the server does not want.
: >got
seq 1 200000 >numbers
printf '204\n400 entry too far behind\n' >script
ok "400 is exit 3 at the end" exits 3 lokid-ingest --push "$URL" -l app=n numbers
ok "it says what the server said" stderr_matches "^lokid-ingest: warning: http://.* answered 400: entry too far behind$"
ok "and how many were refused" stderr_matches "^lokid-ingest: error: [0-9]+ entries were refused, [0-9]+ were taken: .*400"
n=$(lines_got | wc -l)
is "the others are sent" "$(sed -n 's/.*: error: \([0-9]*\) entries were refused, \([0-9]*\) .*/\1 \2/p' "$TAP/stderr" | awk '{ print $1 + $2, $2 }')" "200000 $n"
ok "also what comes behind" sh -c 'tail -n 1 got | grep -q "\"200000\""'
: >got
echo "partial 2 one of 3 was too old" >script
ok "a part of a batch too" exits 3 sh -c 'seq 1 3 | lokid-ingest -q --push "$1" -l app=x' sh "$URL"
ok "it is said" stderr_has "answered 400: one of 3 was too old"
is "and not sent again" "$(lines_got | paste -sd ' ')" "1 2"
seq 30 | sed 's/.*/400 not this/' >script
line=$(head -c 260000 /dev/zero | tr '\0' x)
for _ in $(seq 150); do echo "$line"; done >large # five to a request
: >requests
begun=$(date +%s)
ok "thirty refusals" exits 3 lokid-ingest -q --push "$URL" -l app=n large
again=$((($(date +%s) - begun + 1) / 10)) # so many more may be said: one every ten seconds
is "are seen" "$(requests_got)" 30
said=$(grep -c 'answered 400: not this$' "$TAP/stderr")
ok "are not all said" test "$said" -le $((11 + again))
ok "but the first ten, and what it ends with" test "$said" -ge 11
rm -f script
for status in 401 403 404 302; do
	: >requests
	printf '%s no\n' $status >script
	ok "$status ends it: exit 3" exits 3 lokid-ingest -q --push "$URL" -l app=n numbers
	is "$status: at once" "$(requests_got)" 1
	ok "$status: it is said" stderr_matches "error: [0-9]+ entries were refused, 0 were taken: .* answered $status: no"
done

# Who we are: from files and variables, never from the command line.
: >requests
printf 'jane:se:cret\n' >user
printf 'tok-1\n' >token
basic=$(printf jane:se:cret | base64)
ok "a user, from a file" exits 0 sh -c 'echo x | lokid-ingest -q --push "$1" --user-file user -l app=x' sh "$URL"
is "is told" "$(sed -n 's/.*"authorization": "\([^"]*\)".*/\1/p' requests)" "Basic $basic"
: >requests
ok "or from variables" exits 0 sh -c 'echo x | LOKI_USERNAME=jane LOKI_PASSWORD=se:cret lokid-ingest -q --push "$1" -l app=x' sh "$URL"
is "is told" "$(sed -n 's/.*"authorization": "\([^"]*\)".*/\1/p' requests)" "Basic $basic"
for how in '--token-file token' 'LOKI_BEARER_TOKEN=tok-1'; do
	: >requests
	case $how in
	LOKI*) ok "a token, from a variable" exits 0 sh -c 'echo x | env "$2" lokid-ingest -q --push "$1" -l app=x' sh "$URL" "$how" ;;
	*) ok "a token, from a file" exits 0 sh -c 'echo x | lokid-ingest -q --push "$1" --token-file token -l app=x' sh "$URL" ;;
	esac
	is "is told" "$(sed -n 's/.*"authorization": "\([^"]*\)".*/\1/p' requests)" "Bearer tok-1"
done
printf 'nocolon\n' >bad
ok "a file without a password is refused" exits 2 sh -c 'echo x | lokid-ingest -q --push "$1" --user-file bad -l app=x' sh "$URL"
ok "without its secret" sh -c '! grep -q nocolon "$1"' sh "$TAP/stderr"
ok "a file that is not there is exit 4" exits 4 sh -c 'echo x | lokid-ingest -q --push "$1" --token-file none -l app=x' sh "$URL"
ok "a password in the URL is exit 2" exits 2 lokid-ingest --push http://jane:secret@localhost/ -l app=x numbers
ok "and not said" sh -c '! grep -q secret "$1"' sh "$TAP/stderr"
: >requests
ok "proxies of the environment are not asked" exits 0 sh -c \
	'echo x | http_proxy=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1 lokid-ingest -q --push "$1" -l app=x' sh "$URL"
ok "one that is named is" exits 5 sh -c 'echo x | lokid-ingest -q --retries 0 --proxy http://127.0.0.1:1 --push "$1" -l app=x' sh "$URL"

# Frames.
lokid-ingest -q --wal w -l app=w numbers
: >got
ok "frames" exits 0 sh -c 'walreplay --frames w | lokid-ingest -q --push "$1" --input frames' sh "$URL"
lines_got >lines
ok "all come" same_file numbers lines

# Options that do not go together.
for o in '--wal w' '--sync none' '--segment-size 1MB' '--reserve 1GB' '--user-file user --token-file token' '--cert-file user'; do
	# shellcheck disable=SC2086
	ok "--push and $o" exits 2 lokid-ingest --push "$URL" -l app=x $o numbers
done
ok "a header without --push" exits 2 lokid-ingest --wal w -l app=x --header a:b numbers
ok "a URL that is none" exits 2 lokid-ingest --push localhost:3100 -l app=x numbers
ok "a header that is none" exits 2 lokid-ingest --push "$URL" -l app=x --header nocolon numbers

for o in '--ca-file user' '--cert-file user --key-file user'; do
	# shellcheck disable=SC2086
	ok "http:// and $o" exits 2 lokid-ingest --push "$URL" -l app=x $o numbers
	ok "is told: it has no TLS" stderr_has "--ca-file and --cert-file are for TLS, which http:// has not"
done
: >requests
ok "https:// where TLS is not spoken is exit 2, at once" exits 2 sh -c 'echo x | lokid-ingest --push "https://${1#http://}" -l app=x' sh "$URL"
ok "it is told what is wrong" stderr_has "the server does not speak TLS there: with http:// it may answer"
not_ok "nothing is tried again" stderr_has "attempt 2"

# TLS.
if command -v openssl >/dev/null; then
	make_cert() { # NAME ISSUER
		openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" 2>/dev/null
		printf 'subjectAltName=IP:127.0.0.1\n' >ext
		openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -extfile ext -days 2 -out "$1.pem" 2>/dev/null
	}
	openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=test-ca -days 2 2>/dev/null
	make_cert server
	make_cert client
	serve server.pem server.key ca.pem
	URL=https://127.0.0.1:${URL##*:}
	ok "TLS, with a certificate of ours" exits 0 sh -c \
		'seq 1 3 | lokid-ingest -q --push "$1" -l app=t --ca-file ca.pem --cert-file client.pem --key-file client.key' sh "$URL"
	is "all come" "$(lines_got | paste -sd ' ')" "1 2 3"
	ok "http:// where TLS is spoken is exit 5" exits 5 sh -c 'echo x | lokid-ingest --retries 0 --push "http://${1#https://}" -l app=t' sh "$URL"
	ok "it is told what may be wrong" stderr_matches 'does it speak TLS there|[Rr]eset'
	ok "a server that nobody vouches for is refused at once" exits 2 sh -c \
		'seq 1 3 | lokid-ingest -q --push "$1" -l app=t --cert-file client.pem --key-file client.key' sh "$URL"
	ok "it is said" stderr_matches "certificate"
else
	skip "TLS" "no openssl"
fi

done_testing
