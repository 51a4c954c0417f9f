#!/bin/sh
# Every path that the daemon answers is asked by some test: here those that no other asks.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need jq
mkdir -p data/rules/fake
printf 'groups:\n  - name: errors\n    rules: []\n' >data/rules/fake/web.yaml
lokid_start || bail "the daemon starts" "$(cat lokid.log)"
now=$(date +%s)

# asked PATH STATUS WORDS [CURL OPTION]...
asked() {
	asked_path=$1
	asked_status=$2
	asked_words=$3
	shift 3
	get "$asked_path" "$@"
	ok "$asked_path is $asked_status" code_is "$asked_status"
	[ -z "$asked_words" ] || ok "  with $asked_words" stdout_has "$asked_words"
}

# --- pushes ---
one="{\"streams\":[{\"stream\":{\"app\":\"shop\"},\"values\":[[\"${now}000000000\",\"level=info n=1\"]]}]}"
asked /api/prom/push 204 '' -H 'Content-Type: application/json' --data-binary "$one"
bulk=$(printf '{"create":{}}\n{"@timestamp":"%s","message":"by bulk","app":"bulk"}\n.' "$(date -u +%FT%TZ)")
asked '/insert/elasticsearch/_bulk?_stream_fields=app' 200 '"errors":false' -H 'Content-Type: application/json' --data-binary "${bulk%.}"
asked '/elasticsearch/_bulk?_stream_fields=app' 200 '"errors":false' -H 'Content-Type: application/json' --data-binary "${bulk%.}"
asked '/insert/jsonline?_stream_fields=app' 204 '' --data-binary "{\"_msg\":\"by line\",\"app\":\"line\"}"
for path in /insert/elasticsearch /insert/elasticsearch/ /elasticsearch /elasticsearch/; do
	asked "$path" 200 version
done

# --- questions ---
asked /loki/api/v1/label 200 '"app"'
selected='query={app="shop"}'
asked /loki/api/v1/index/stats 200 '"entries":1' -G --data-urlencode "$selected"
asked /loki/api/v1/index/volume 200 '"success"' -G --data-urlencode "$selected"
asked /loki/api/v1/index/volume_range 200 '"success"' -G --data-urlencode "$selected"
asked /loki/api/v1/index/shards 200 '"shards"' -G --data-urlencode "$selected"
asked /loki/api/v1/patterns 200 '"success"' -G --data-urlencode "$selected"
asked /loki/api/v1/detected_labels 200 '"app"' -G --data-urlencode "$selected"
asked /loki/api/v1/detected_fields 200 '"n"' -G --data-urlencode "$selected"
asked /loki/api/v1/detected_field/n/values 200 '"1"' -G --data-urlencode "$selected"
asked /loki/api/v1/delete 200 '[]'
asked /api/prom/tail 400 websocket -G --data-urlencode "$selected"
asked /api/prom/rules 200 'name: errors'
asked /api/prom/rules/web.yaml 200 'name: errors'
asked /api/prom/rules/web.yaml/errors 200 'name: errors'

# --- rings: one node, which owns everything ---
for path in /ring /distributor/ring /compactor/ring; do
	asked "$path" 200 ''
	is "  one node is active" "$(jq -c '[.shards[] | .state, .tokens]' "$TAP/stdout")" '["ACTIVE",[0]]'
done

# --- the end ---
marker=/ingester/prepare_shutdown
asked $marker 200 unset
asked $marker 204 '' -X POST
get $marker
is "it is set" "$(cat "$TAP/stdout")" set
asked $marker 204 '' -X DELETE
asked $marker 204 '' -X DELETE
asked $marker 200 unset
asked $marker 204 '' -X POST
asked '/ingester/shutdown?terminate=false' 204 '' -X POST
get /ready
ok "that ends nothing" code_is 200
lokid_stop
is "the daemon ends" "$STATUS" 0
is "a shutdown that is prepared packs the log" "$(ls data/wal)" ""
ok "into the store" sh -c 'find data/store -name "*.idx" | grep -q .'

rm -f data/prepare_shutdown
lokid_start || bail "the daemon starts" "$(cat lokid.log)"
asked /loki/api/v1/push 204 '' -H 'Content-Type: application/json' --data-binary "$one"
asked '/ingester/shutdown?flush=false' 204 '' -X POST
wait "$LOKID_PID"
is "a shutdown ends the daemon" $? 0
ok "and leaves the log" sh -c 'ls data/wal/*.wal'
lokid_start || bail "the daemon starts" "$(cat lokid.log)"
asked /ingester/shutdown 204 '' -X POST
wait "$LOKID_PID"
is "or packs it" $? 0
is "all of it" "$(ls data/wal)" ""

# --- none is missing ---
# The table's rows begin with the path: PUSH(API "/push", or { "/config/tenant...
sed -n '/^static const struct route routes/,/^};/p' "$REPO/libcore/server/route.c" | tr -d '\n' |
	grep -oE '(\(|\{ )(API |OLD )?"/[^"]*"' | sed 's|^[({ ]*||; s|API "|"/loki/api/v1|; s|OLD "|"/api/prom|; s|"||g' | sort -u >routes
ok "the table has its rows" [ "$(wc -l <routes)" -gt 50 ]
while read -r path; do
	pattern=$(printf %s "$path" | sed 's|[.]|\\.|g; s|\*|[^/ "?]+|g')
	grep -rqE "(URL|[]= \"'\`}]|^)$pattern([^/A-Za-z0-9_-]|\$)" "$REPO/tests" --include='*.t' || echo "$path"
done <routes >untested
is "each path is asked by a test" "$(cat untested)" ""
done_testing
