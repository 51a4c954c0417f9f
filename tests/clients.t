#!/bin/sh
# Real clients of Loki's API push known lines to the daemon and read back exactly those: pino-loki, winston-loki,
# OpenTelemetry's SDK, a tail by websocket. They come from the npm registry into build/clients; without node, npm
# or the registry the test is skipped.
. "${0%/*}/lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need node npm jq
N=200

# Once per build folder and list of clients.
installed() {
	dir=$B/../clients
	cmp -s "$REPO/tests/clients/package.json" "$dir/installed.json" && return
	mkdir -p "$dir" && cp "$REPO/tests/clients/package.json" "$dir/" &&
		(cd "$dir" && npm install --no-audit --no-fund --ignore-scripts >"$TAP/npm.log" 2>&1) &&
		cp "$dir/package.json" "$dir/installed.json"
}
installed || skip_all "clients cannot be installed: $(tail -n 1 "$TAP/npm.log")"
cp "$REPO/tests/clients/"*.mjs "$dir/"

cat >lokid.yaml <<'END'
auth_enabled: false
END
lokid_start --config lokid.yaml || { fail "the daemon starts" "$(cat lokid.log)"; exit 1; }

# client NAME SELECTOR PREFIX ARG...: it pushes, and exactly its lines are there.
client() {
	name=$1
	selector=$2
	prefix=$3
	script=$4
	shift 4
	ok "$name pushes" exits 0 node "$dir/$script" "$URL" $N "$@"
	[ -s "$TAP/stderr" ] && note "$(head -n 5 "$TAP/stderr")"
	get /loki/api/v1/query_range -G --data-urlencode "query=$selector" -d limit=5000 -d direction=forward
	jq -r '.data.result[].values[][1]' "$TAP/stdout" | sed "s/.*\\($prefix [0-9]*\\).*/\\1/" | sort >got
	seq -f "$prefix %.0f" 1 $N | sort >want
	ok "exactly its lines are there" same_file want got
}

client pino-loki '{client="pino-loki"}' 'pino line' pino-loki.mjs
client 'winston-loki in JSON' '{client="winston-json"}' 'winston line' winston-loki.mjs json
client 'winston-loki in protobuf' '{client="winston-protobuf"}' 'winston line' winston-loki.mjs protobuf
client 'OpenTelemetry in JSON' '{service_name="otel-json"}' 'otel line' opentelemetry.mjs json
client 'OpenTelemetry in protobuf' '{service_name="otel-protobuf"}' 'otel line' opentelemetry.mjs protobuf

get /loki/api/v1/query_range -G --data-urlencode 'query={service_name="otel-protobuf"} | line_number="7"'
is "OpenTelemetry's attributes are metadata" \
	"$(jq -c '.data.result[0].stream | [.line_number, .host_name, .scope_name, .severity_text]' "$TAP/stdout")" \
	'["7","testhost","test","INFO"]'

# --- tail ---
spawn node "$dir/tail.mjs" "$URL" '{client="tailed"}' 100 >tailed 2>tailed.err
tail_pid=$PID
ok "a websocket opens" wait_for 10 grep -q open tailed.err
for i in $(seq 1 10); do
	now=$(date +%s%N)
	values=$(for k in $(seq 1 10); do printf '["%s","tailed line %s"],' $((now + k)) $(((i - 1) * 10 + k)); done)
	push "{\"streams\":[{\"stream\":{\"client\":\"tailed\"},\"values\":[${values%,}]}]}"
done
ok "every line comes" wait "$tail_pid"
cut -d ' ' -f 2- tailed | sort >got
seq -f 'tailed line %.0f' 1 100 | sort >want
ok "exactly those, once each" same_file want got
slowest=$(cut -d ' ' -f 1 tailed | sort -n | tail -n 1)
ok "within 200 ms of the push ($slowest ms)" test "${slowest:-9999}" -le 200

lokid_stop
done_testing
