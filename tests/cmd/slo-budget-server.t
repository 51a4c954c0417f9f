#!/bin/sh
# slo-budget and servers that answer garbage, nothing, refusals, warnings; and who we are to them.
. "${0%/*}/../lib/tap.sh"

need python3 jq

# It answers with the file `body`, the status in `status`, and writes what it was asked to `asked`.
cat >server.py <<'END'
import http.server
import os



class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open("asked", "a") as f:
            f.write(self.path + "\n")
            for name in ("Authorization", "X-Scope-OrgID"):
                if name in self.headers:
                    f.write(name + ": " + self.headers[name] + "\n")
        status = int(open("status").read())
        name = "body-t" if os.path.exists("body-t") and "query=t" in self.path else "body"
        if os.path.exists("body-5m") and "5B5m" in self.path:
            name = "body-5m"
        body = open(name, "rb").read()
        if status == 1:  # none as long as somebody waits for it
            self.rfile.read()
        if status == 2:  # one without end
            self.send_response(200)
            self.end_headers()
            while True:
                self.wfile.write(b" " * 65536)
        if status <= 1:  # no answer at all
            self.connection.close()
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
with open("port.tmp", "w") as f:
    f.write(str(server.server_port))
os.rename("port.tmp", "port")
server.serve_forever()
END
echo 200 >status
: >body
spawn python3 server.py 2>/dev/null
wait_for 10 test -s port || bail "the server starts"
URL=http://127.0.0.1:$(cat port)

# ask EXIT STATUS BODY [ARG]...: one objective of a server that answers so.
ask() {
	expected=$1
	echo "$2" >status
	printf '%s' "$3" >body
	shift 3
	: >asked
	exits "$expected" slo-budget --prometheus "$URL/" --target 99% --alert 2:1h:5m -o jsonl \
		--total-query 't[{{.window}}]' --error-query 'e[{{.window}}]' "$@"
}
# ask_parts EXIT: the same of what is there
ask_parts() {
	exits "$1" slo-budget --prometheus "$URL/" --target 99% --total-query 't[{{.window}}]' --error-query 'e[{{.window}}]'
}
# vector VALUE
vector() {
	printf '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1700000000,"%s"]}]}}' "$1"
}

# What has died: there are counts of a month and of an hour, and no series of the last five minutes.
vector 1000 >body-t
printf '{"status":"success","data":{"resultType":"vector","result":[]}}' >body-5m
ok "an alert of a window without series" ask 1 200 "$(vector 0)" check
is "is not known" "$(jq -c '.alerts[].holds' "$TAP/stdout")" null
ok "which is warned of" stderr_is "slo-budget: warning: the total query gives no series in 5m (does it still come in?): alerts on that are not known"
ok "as of others that are not, it is no all clear" ask 1 200 "$(vector 0)" check -q
ok "unless it is to pass" ask 0 200 "$(vector 0)" check -q --no-traffic pass
ok "without a word" stderr_is_empty
ok "another alert that is known is enough" ask 0 200 "$(vector 0)" check --alert 3:2h:1h
ok "it is warned of as well" stderr_has "gives no series in 5m"
vector 0 >body-5m
ok "events that are none are known" ask 0 200 "$(vector 0)" check
ok "without a word" stderr_is_empty
rm body-t body-5m

ok "an answer without end is taken up to the limit" ask 3 2 '' --timeout 20s
ok "it is said" stderr_has "has more than 16 MiB"
printf '{"status":"success","data":{"resultType":"vector","result":[]}}' >body-t
ok "bad events of a total without series" ask 3 200 "$(vector 5)"
ok "it is said" stderr_has "window 30d: the total query gives no series, but the error query does"
rm body-t
ok "garbage is exit 3" ask 3 200 '<html>Bad gateway</html>'
ok "with what was expected" stderr_has "window 30d: the total query: the answer is none of Prometheus: expected 'status', found '<html>Bad gateway</html>'"
ok "an empty answer is exit 3" ask 3 200 ''
ok "it is said" stderr_has "expected JSON, found ''"
ok "half of one too" ask 3 200 '{"status":"success","data":{"resultType":"vector","res'
ok "it is said" stderr_has "expected JSON"
ok "another API too" ask 3 200 '{"took":3,"hits":{}}'
ok "it is said" stderr_has "expected 'status'"
ok "a status of 200 that is none" ask 3 200 '{"status":"error","errorType":"timeout","error":"query timed out"}'
ok "is said" stderr_has "expected the status success"
ok "nothing at all is exit 5" ask 5 0 ''
ok "and the address is named" stderr_has "$URL/api/v1/query: "
ok "no answer in time is exit 5" ask 5 1 '' --timeout 50ms
ok "it is said" stderr_matches "$URL/api/v1/query: .*timed out after [0-9]* milli"
for timeout in 0 0s 100us 2d x 30; do
	ok "refused: --timeout $timeout" ask 2 200 '' --timeout $timeout
	ok "it is said" stderr_has "option '--timeout': "
done
ok "--timeout of counts" exits 2 slo-budget --target 99% --total 1 --bad 0 --timeout 1s
ok "has no effect" stderr_has "option '--timeout' has no effect without '--prometheus' or '--addr'"
ok "503 is exit 5" ask 5 503 'starting up'
ok "with its words" stderr_has "starting up"
ok "400 is exit 2" ask 2 400 '{"status":"error","errorType":"bad_data","error":"parse error"}'
ok "with its words" stderr_has "parse error"
ok "and what was asked of whom" stderr_matches "the total query: $URL/api/v1/query answered 400: .*; the query was 't\[30d\]'$"
ok "401 is exit 2" ask 2 401 'who are you?'
ok "with a hint" stderr_has "(--user-file or --token-file says who asks)"
ok "a redirect is exit 2" ask 2 302 ''
ok "with a hint" stderr_has "(redirects are not followed: name who answers)"
ok "a number is a number" ask 1 200 "$(vector 7)"
is "everything is bad" "$(jq -c '[.total, .bad, .sli]' "$TAP/stdout")" '[7,7,0]'
is "each window was asked for" "$(sed -n 's/.*query?query=\([a-z]\)%5B\([0-9a-z]*\)%5D.*/\1 \2/p' asked | tr '\n' ',')" "t 30d,e 30d,t 5m,e 5m,t 1h,e 1h,"
ok "one that foretells too" ask 1 200 "$(vector 7)" --pace 3h
ok "is asked for" grep -q 'query?query=e%5B3h%5D' asked
ok "a negative number is exit 3" ask 3 200 "$(vector -7)"
ok "it is said" stderr_has "what the queries give cannot be: total: expected a number of 0 and above, found '-7'"
ok "too many digits are exit 3" ask 3 200 "$(vector 1e200)"
ok "it is said" stderr_has "the value '1e200' has more than 36 digits"
ok "stale is no traffic" ask 0 200 '{"status":"success","data":{"resultType":"vector","result":[]}}'
is "it is said" "$(jq -r .exhaustion "$TAP/stdout")" no_traffic
ok "what is not there looks like peace, and is warned of" stderr_is "slo-budget: warning: the total query gives no series in 30d (is there such a metric, with these labels?): nothing is known of it"
ok "no events are another thing" ask 0 200 "$(vector 0)"
ok "said otherwise" stderr_is "slo-budget: warning: there were no events in 30d: nothing is known of it"
ok "nothing by nothing is none" ask 0 200 "$(vector NaN)"
ok "said so, too" stderr_has "there were no events in 30d"
# check_it EXIT [ARG]...: of the same server
check_it() {
	expected=$1
	shift
	exits "$expected" slo-budget check --prometheus "$URL/" --target 99% --error-ratio-query 'r{w="{{.window}}"}' "$@"
}
printf '{"status":"success","data":{"resultType":"vector","result":[]}}' >body
ok "a check of what is not there is no all clear" check_it 1
ok "no alert is quiet" sh -c '! grep -q quiet "$1"' - "$TAP/stdout"
ok "it is warned of" stderr_has "warning: the ratio query gives no series in 30d"
ok "unless that is to pass" check_it 0 --no-traffic pass
ok "it is warned of as well" stderr_has "warning: the ratio query gives no series in 30d"
ok "but when only a no is to be told" check_it 0 --no-traffic pass -q
ok "nothing is" sh -c '! test -s "$1"' - "$TAP/stderr"
vector NaN >body
ok "nothing by nothing, too" check_it 1
ok "is said otherwise" stderr_has "warning: there were no events in 30d"

# parts TOTAL PART: the answer of queries of t, and of others
parts() {
	vector "$2" >body
	vector "$1" >body-t
}
parts 190 NaN
ok "what is no number, of some events, is exit 3" ask_parts 3
ok "with the query" stderr_has "window 30d: the error query: the value is NaN, of a total of 190"
parts 190 +Inf
ok "infinite too" ask_parts 3
ok "with the query" stderr_has "window 30d: the error query: the value is +Inf"
parts 0 5
ok "bad ones of none are exit 3" ask_parts 3
ok "it is said" stderr_has "what the queries give cannot be: 5 bad of a total of 0"
parts NaN 0
ok "none of none are none" ask_parts 0
rm body-t
ok "several values where one was asked for are exit 2" ask 2 200 '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1700000000,"7"]]}]}}'
ok "with the query" stderr_has "window 30d: the total query: expected a number, found a result of the type 'matrix'"

ok "a warning is one" ask 0 200 '{"status":"success","warnings":["store \u0041 is away"],"data":{"resultType":"vector","result":[]}}'
is "it is told once" "$(grep 'the server' "$TAP/stderr")" "slo-budget: warning: the server warns: store A is away"

# --- who we are ---
PROMETHEUS_BEARER_TOKEN=abc ask 1 200 "$(vector 7)"
ok "a token of the environment" grep -qx 'Authorization: Bearer abc' asked
unset PROMETHEUS_BEARER_TOKEN
LOKI_BEARER_TOKEN=abc ask 1 200 "$(vector 7)"
not_ok "not that for Loki" grep -q Authorization asked
unset LOKI_BEARER_TOKEN
PROMETHEUS_USERNAME=me PROMETHEUS_PASSWORD=pw ask 1 200 "$(vector 7)"
ok "a user of the environment" grep -qx 'Authorization: Basic bWU6cHc=' asked
unset PROMETHEUS_USERNAME PROMETHEUS_PASSWORD
echo secret >token
ok "a token of a file" ask 1 200 "$(vector 7)" --token-file token
ok "is shown" grep -qx 'Authorization: Bearer secret' asked
ok "a tenant is of Loki" exits 2 slo-budget --prometheus "$URL" --target 99% --total-query 't[{{.window}}]' --error-query 'e[{{.window}}]' -t acme
ok "it is said" stderr_has "option '--tenant' has no effect without"
: >asked
LOKI_BEARER_TOKEN=abc
export LOKI_BEARER_TOKEN
printf '{"status":"success","data":{"resultType":"vector","result":[]}}' >body
ok "a stream that is not there" exits 0 slo-budget --addr "$URL" -t acme --target 99% --total-query 't[{{.window}}]' --error-query 'e[{{.window}}]'
ok "is warned of" stderr_has "warning: the total query finds nothing in 30d (are there such streams?)"
vector 7 >body
ok "Loki's API" exits 1 slo-budget --addr "$URL" -t acme --target 99% --total-query 't[{{.window}}]' --error-query 'e[{{.window}}]'
unset LOKI_BEARER_TOKEN
ok "has its path" grep -q '^/loki/api/v1/query?query=t%5B30d%5D&time=' asked
ok "its tenant" grep -qx 'X-Scope-OrgID: acme' asked
ok "its token" grep -qx 'Authorization: Bearer abc' asked
ok "credentials without a server" exits 2 slo-budget --token-file token --target 99% --total 1 --bad 0
ok "are refused" stderr_has "are for --prometheus and --addr"

# --- several objectives ---
cat >slos.yaml <<'END'
slos:
  - {name: a, objective: 99, sli: {events: {error_query: 'e[{{.window}}]', total_query: 't[{{.window}}]'}}}
  - {name: b, objective: 99, sli: {events: {error_query: 'e[{{.window}}]', total_query: 't[{{.window}}]'}}}
END
vector -7 >body
echo 200 >status
ok "what cannot be of one leaves the others their turn" exits 3 slo-budget --prometheus "$URL" slos.yaml
ok "both are told" stderr_lines 2
ok "with their places" stderr_has "slos.yaml:3: objective 'b': window 30d: what the queries give cannot be"
echo 503 >status
ok "a server that is away is asked once" exits 5 slo-budget --prometheus "$URL" slos.yaml
ok "and told once" stderr_lines 1

done_testing
