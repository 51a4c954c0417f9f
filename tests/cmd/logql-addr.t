#!/bin/sh
# logql --addr: a running server in place of a store: equal answers, pages, who asks, what is refused.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"
need python3 openssl jq
unset LOKI_USERNAME LOKI_PASSWORD LOKI_BEARER_TOKEN

lokid_start || bail "the daemon starts" "$(cat lokid.log)"

# Three entries share each millisecond, so that pages end among equal times; 2000 share one.
NOW=$(date +%s)
jq -nc --argjson now "$NOW" '{streams: [
	{stream: {app: "many"}, values: [range(2500) | ["\($now - 60)\(1000000000 + (. / 3 | floor) * 1000000 | tostring | .[1:])", "level=\(if . % 2 == 0 then "info" else "error" end) n=\(.)"]]},
	{stream: {app: "one", q: "a\"b"}, values: [range(2000) | ["\($now - 120)000000000", "same time \(.)"]]},
	{stream: {app: "few"}, values: [["\($now - 20)000000001", "the last \u00e9\n", {trace: "7"}]]}]}' >body.json
push @body.json
ok "three streams are pushed" code_is 204

# same ARGS...: the server gives what the log gives, and something.
same() {
	logql --wal data/wal -t fake "$@" >local 2>local.err || { cat local.err; return 1; }
	logql --addr "$URL" -t fake "$@" >remote 2>remote.err || { cat remote.err; return 1; }
	[ -s remote ] && same_file local remote
}
for format in default raw jsonl csv api; do
	for direction in backward forward; do
		ok "$direction, $format: pages of a log query are one answer" same --since 5m -o $format --direction $direction '{app=~"many|few"}'
	done
	ok "$format: a limit" same --since 5m -o $format --limit 1700 '{app="many"}'
	ok "$format: parsed labels" same --since 5m -o $format --limit 5 '{app="many"} | logfmt'
	ok "$format: a range" same --from $((NOW - 600)) --to $((NOW + 600)) --step 1m -o $format 'sum by (app) (count_over_time({app=~".+"}[5m]))'
	ok "$format: a moment" same --at $((NOW + 1)) -o $format 'topk(2, sum by (app) (count_over_time({app=~".+"}[5m])))'
	ok "$format: a number" same --at $((NOW + 1)) -o $format '1.5 + 2'
	ok "$format: names of labels" same labels --since 5m -o $format
	ok "$format: values of one" same values q --since 5m -o $format '{app="one"}'
	ok "$format: label sets" same series --since 5m -o $format '{app="one"}' '{app="few"}'
	ok "$format: bytes by label" same volume --from $((NOW - 3600)) --to $((NOW + 1)) -o $format --target-labels app '{app=~".+"}'
done
ok "entries further apart, over pages" same --since 5m -o raw --interval 200ms '{app="many"}'
ok "more of one time than a page holds" same --since 5m -o raw --direction forward '{app="one"}'
is "each once" "$(sort -u remote | wc -l)" 2000
ok "equal lines of one time are as many as they are" same --since 5m -o raw '{app="one"} | line_format "x"'
is "all of them" "$(wc -l <remote)" 2000
# A page of them asks for those before, too, which a server has a limit for; as the manual says.
jq -nc --argjson now "$NOW" '{streams: [{stream: {app: "crowd"}, values: [range(5100) | ["\($now - 30)000000000", "n=\(.)"]]}]}' >crowd.json
push @crowd.json
ok "more of one time than a server gives at once" exits 2 logql --addr "$URL" --since 5m -o raw --limit 0 '{app="crowd"}'
ok "are refused" stderr_has 'answered 400: max entries limit per query exceeded'
ok "and come in parts" same --since 5m -o raw '{app="crowd"} |~ "[02468]$"'
ok "categories, when they are asked for" same --since 5m -o api --encoding-flags categorize-labels '{app="few"}'
ok "a server has what is not in its log yet, too" exits 0 logql --addr "$URL/" --since 5m stats '{app="one"}'
ok "counted" stdout_has 'entries 2000'
ok "the last hour, unless said otherwise" exits 0 logql --addr "$URL" -o raw '{app="few"}'
ok "which an old time is not in" exits 1 logql --addr "$URL" --now $((NOW - 86400)) '{app="few"}'
ok "and is told" stderr_has 'without --from or --since a server is asked for the last hour'
ok "nothing found is exit 1" exits 1 logql --addr "$URL" --since 1h '{app="none"}'
ok "without a word when a time was given" stderr_is ''
ok "a file is written" exits 0 logql --addr "$URL" -o raw --output out '{app="few"}'
is "whole" "$(cat out)" "the last é"

# What is wrong.
ok "a query that is none is not sent" exits 2 logql --addr http://127.0.0.1:1 '{app="x"'
ok "its place is told" stderr_has 'parse error at line 1, col 9'
ok "the server's refusal" exits 2 logql --addr "$URL" '{}'
ok "is told in its words" stderr_matches "^logql: error: $URL/loki/api/v1/query_range answered 400: parse error : queries require"
ok "no API there" exits 2 logql --addr "$URL/nothing" '{app="x"}'
ok "says so" stderr_has "answered 404: 404 page not found (is that the address of a server with Loki's API?)"
ok "no server there is exit 5" exits 5 logql --addr http://127.0.0.1:1 '{app="x"}'
ok "and the query is not in the message" stderr_matches "^logql: error: http://127.0.0.1:1/loki/api/v1/query_range: .*onnect"
ok "no address" exits 2 logql --addr localhost:3100 '{app="x"}'
ok "says what one is" stderr_has "option '--addr': expected http://HOST or https://HOST"
ok "a password in it is refused" exits 2 logql --addr http://me:secret@localhost '{app="x"}'
not_ok "and not repeated" stderr_has secret
not_with() { # OPTION... -- WHY
	not_with_why=$1
	shift
	ok "not with --addr: $*" exits 2 logql --addr "$URL" "$@" '{app="x"}'
	ok "$1: why" stderr_has "$not_with_why"
}
not_with "option '--store': not with --addr: a server is asked in its place" --store s
not_with "option '--wal': not with --addr: a server is asked in its place" --wal w
not_with "option '--match': not with --addr: a server decides" --match '{a="b"}'
not_with "option '--limits': not with --addr: a server has its own" --limits l
not_with "option '--cache': not with --addr: a server has its own" --cache c
not_with "option '--store-stats': not with --addr: no store is read" --store-stats
not_with "option '--explain': not with --addr: a server does not tell its plan" --explain
not_with "option '--analyze': not with --addr: a server does not tell its plan" --analyze
not_with "option '--interactive': not with --addr" -i
not_with "option '--completeness': not with --addr" --completeness x
not_with "option '--pcre': not with --addr" --pcre
not_with "option '--input': not with --addr: a server has no raw lines" --input lines
not_with "option '--time': not with --addr" --time line
not_with "option '--time-field': not with --addr" --time-field t
not_with "option '--memory': not with --addr: a server has limits of its own" --memory 1MB
not_with "option '--jobs': not with --addr" -j 2
not_with "option '--queued': not with --addr" --queued 1s
not_with "'--refuse': not with --addr: a server has limits of its own" --max-bytes 1
not_with "tail is asked of a store, a log or files themselves" tail
not_with "patterns is asked of a store, a log or files themselves" patterns
not_with "fmt only formats a query" fmt
ok "no files" exits 2 logql --addr "$URL" '{app="x"}' body.json
ok "no files: why" stderr_has "option '--addr': a server is asked, and no FILE"
ok "no files behind selectors" exits 2 logql --addr "$URL" series '{app="x"}' body.json
ok "one selector is what labels take" exits 2 logql --addr "$URL" labels '{app="x"}' '{app="y"}'
ok "and told" stderr_has 'labels of one selector at most'
ok "a name that is none" exits 2 logql --addr "$URL" values '../x'
ok "credentials are for --addr" exits 2 logql --token-file t '{app="x"}'
ok "that is told" stderr_has 'headers, credentials, certificates and proxies are for --addr'
ok "an option that means nothing for a query of lines" exits 2 logql --addr "$URL" --at 5 '{app="x"}'
lokid_stop

# Who asks, and whom we trust.
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost -days 2 2>/dev/null
hash=$(printf token-of-bob | sha256sum | cut -d ' ' -f 1)
cat >lokid.yaml <<END
auth_enabled: true
server:
  http_tls_config: {cert_file: cert.pem, key_file: key.pem}
auth:
  roles: {reader: {read: "team-*", write: "team-*"}}
  users: {alice: {password: '\$5\$lokidlokid\$bf4TP9dx2r4axOzWxIqbmJa4BC3k35a1pAJryQYf9c2', roles: [reader]}}
  tokens: {bob: {token: "sha256:$hash", roles: [reader]}}
END
lokid_start --config lokid.yaml || bail "a daemon with users starts" "$(cat lokid.log)"
URL=https://localhost:$LOKID_PORT
printf 'token-of-bob\n' >token
printf 'alice:open sesame\n' >user
for team in a b; do
	push "{\"streams\":[{\"stream\":{\"app\":\"x\"},\"values\":[[\"$(date +%s)000000000\",\"of $team\"]]}]}" \
		--cacert cert.pem -H "X-Scope-OrgID: team-$team" -u 'alice:open sesame'
done
ask() { run logql --addr "$URL" -o raw "$@" '{app="x"}'; }
ask --ca-file cert.pem --token-file token -t team-a
ok "a token of a file, a tenant" stdout_is 'of a'
ask --ca-file cert.pem --user-file user -t team-b
ok "a user and password of a file" stdout_is 'of b'
LOKI_BEARER_TOKEN=token-of-bob ask --ca-file cert.pem -t team-b
ok "a token of the environment" stdout_is 'of b'
LOKI_USERNAME=alice LOKI_PASSWORD='open sesame' ask --ca-file cert.pem -t team-a
ok "a user of it" stdout_is 'of a'
ask --ca-file cert.pem --token-file token --header 'X-Scope-OrgID: team-a'
ok "a header" stdout_is 'of a'
ask --ca-file cert.pem -t team-a
is "nobody is exit 2" "$STATUS" 2
ok "and told what is missing" stderr_matches 'answered 401: .* \(-t names the tenant, --user-file or --token-file who asks\)$'
ask --token-file token -t team-a
is "a certificate that nobody vouches for is exit 2" "$STATUS" 2
ok "and told" stderr_matches '^logql: error: https://localhost.*: .*ertificate'
ask --ca-file cert.pem --token-file token --user-file user
is "two ways to be somebody" "$STATUS" 2
ask --ca-file cert.pem --token-file none
is "a file of secrets that is not there" "$STATUS" 4
printf 'no colon\n' >bad
ask --ca-file cert.pem --user-file bad
ok "or is none" stderr_has "'bad': expected USER:PASSWORD"
lokid_stop

# A server that answers what the file says: a status, a header, a body.
cat >server.py <<'END'
import http.server, sys
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, header, body = open("answer", "rb").read().split(b"\n", 2)
        open("asked", "a").write(self.path + "\n")
        self.send_response(int(status))
        if header:
            self.send_header(*header.decode().split(": "))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *a):
        pass
s = http.server.HTTPServer(("127.0.0.1", 0), H)
open("port.new", "w").write(str(s.server_port))
import os; os.rename("port.new", "port")
s.serve_forever()
END
spawn python3 server.py
wait_for 20 test -s port || bail "a server of answers starts"
URL=http://127.0.0.1:$(cat port)
# answers STATUS EXIT BODY [HEADER] [OPERAND]...: what becomes of it.
answers() {
	printf '%s\n%s\n%s' "$1" "${4-}" "$3" >answer
	answers_exit=$2
	[ $# -gt 3 ] && shift
	shift 3
	[ $# -gt 0 ] || set -- '{app="x"}'
	exits "$answers_exit" logql --addr "$URL" "$@"
}
ok "too many requests are exit 5" answers 429 5 'slow down'
ok "429: the text" stderr_has 'answered 429: slow down'
ok "503 is" answers 503 5 ''
ok "500 is" answers 500 5 'oh'
ok "413 is a limit" answers 413 3 'too large'
ok "403 is not" answers 403 2 'no'
ok "a redirect" answers 302 2 '' 'Location: /x'
ok "is not followed" stderr_has '(redirects are not followed: name who answers)'
ok "a page of something else" answers 200 3 '<html>'
ok "is told so" stderr_has "the server's answer is none of Loki's API: expected streams"
ok "an answer of another kind" answers 200 3 '{"status":"success","data":{"resultType":"vector","result":[]}}'
ok "half an answer" answers 200 3 '{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[["1","a"]'
ok "a time that is none" answers 200 3 '{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[["x","a"]]}]}}'
ok "nothing" answers 200 1 '{"status":"success","data":{"resultType":"streams","result":null}}'
ok "labels that are told apart by nobody" answers 200 0 '{"status":"success","data":{"resultType":"streams","result":[{"stream":{"b":"\u00e9","a":"1"},"values":[["5","l\t"],["7","m"]]}],"stats":{}}}' '' --from 0 --to 10 --limit 2 '{app="x"}'
ok "come in order" stdout_is "1970-01-01T00:00:00.000000007Z {a=\"1\", b=\"é\"} m
1970-01-01T00:00:00.000000005Z {a=\"1\", b=\"é\"} l	"
two='{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[["5","l"],["7","m"]]}]}}'
ok "more entries than were asked for" answers 200 3 "$two" '' --from 0 --to 10 --limit 1 '{app="x"}'
ok "are refused" stderr_is "logql: error: the server's answer: stream 1, entry 2: asked for 1 entries, found more"
ok "entries of another time" answers 200 3 "$two" '' --from 0 --to 1970-01-01T00:00:00.000000007Z '{app="x"}'
ok "are, too" stderr_is "logql: error: the server's answer: stream 1, entry 2: asked for times from 1970-01-01T00:00:00Z to before 1970-01-01T00:00:00.000000007Z, found 1970-01-01T00:00:00.000000007Z"
ok "values of a matrix with gaps" answers 200 0 '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[10,"1"],[40.5,"NaN"]]},{"metric":{},"values":[[20.25,"+Inf"]]}]}}' '' -o csv --since 1h 'rate({a="b"}[1m])'
ok "stand at their times" stdout_is 'timestamp,labels,value
1970-01-01T00:00:20.250Z,{},+Inf
1970-01-01T00:00:10Z,"{a=""b""}",1
1970-01-01T00:00:40.500Z,"{a=""b""}",NaN'
ok "a value that is none" answers 200 3 '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"x"]}]}}' '' '1+1'
ok "a list that is none" answers 200 3 '{"status":"success","data":{}}' '' labels
ok "label sets that are none" answers 200 3 '{"status":"success","data":[1]}' '' series
ok "counts that are none" answers 200 3 '{"streams":-1}' '' stats
: >asked
ok "what is asked is escaped" answers 200 1 '{"status":"success"}' '' values app --from 5 --to 1970-01-02 '{a="b&c"}'
ok "and times cannot be mistaken" grep -qxF '/loki/api/v1/label/app/values?start=1970-01-01T00%3A00%3A05Z&end=1970-01-02T00%3A00%3A00Z&query=%7Ba%3D%22b%26c%22%7D' asked

done_testing
