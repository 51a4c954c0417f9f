#!/bin/sh
# An alert of costrep arrives in a real Alertmanager and goes on to its receiver; the next run is the same alert, and it ends
# when nobody sends it any more.
. "${0%/*}/../lib/tap.sh"

components=$SHARED/components
need curl
[ -x "$components/am-start" ] || skip_all "there is no $components/am-start"
command -v prometheus-alertmanager >/dev/null ||
	skip_all "prometheus-alertmanager is not here (package prometheus-alertmanager; scripts/setup --check installs it)"
need python3 ss jq

# shellcheck disable=SC2154
trap 'at_end=$?; "$components/comp-stop" -9 -w "$PWD/am" >/dev/null 2>&1; (exit $at_end); tap_end' EXIT

spawn python3 "$REPO/tests/lib/http-sink"
wait_for 10 test -s port || bail "the receiver starts"

# A free port of our own may be taken until it is used: once more, then.
start() {
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	"$components/am-start" -w "http://127.0.0.1:$(cat port)/notify" am "$port" >am.log 2>&1
}
start || start || bail "Alertmanager starts" "$(tail -n 1 am.log)"
url=http://127.0.0.1:$port

# alerts FILTER: of what Alertmanager has
alerts() {
	curl -sS "$url/api/v2/alerts" | jq -r "$1"
}

{
	echo '{"resource":"loki","cluster":"prod","date":"2024-01-15","cost_usd":125.50}'
	echo '{"resource":"loki","cluster":"dev","date":"2024-01-15","cost_usd":100}'
} >costs.jsonl

report() {
	costrep report -q --alertmanager "$url" --threshold 'cluster=*:100/month' "$@" costs.jsonl
}

ok "a cost above its threshold is exit 1" exits 1 report
ok "and said" stdout_is "cluster prod: 125.50 USD in 2024-01, above 100.00"
ok "Alertmanager has it" wait_for 10 sh -c "curl -sS $url/api/v2/alerts | grep -q CostAboveThreshold"
is "with its labels, and that of dev, which is equal, is not there" "$(alerts '.[].labels | to_entries | map("\(.key)=\(.value)") | sort | join(" ")')" \
	"alertname=CostAboveThreshold cluster=prod currency=USD period=month severity=warning threshold=cluster=*:100/month"
is "and says what it is" "$(alerts '.[].annotations.summary')" "cluster prod: 125.50 USD in 2024-01, above 100.00"
is "for 25 hours" "$(alerts '.[] | ((.endsAt | sub("\\..*"; "Z") | fromdate) - (.startsAt | sub("\\..*"; "Z") | fromdate)) / 3600 | round')" 25
ok "its receiver is told" wait_for 30 grep -q '^POST /notify .*"status":"firing".*CostAboveThreshold' requests

echo '{"resource":"loki","cluster":"prod","date":"2024-01-16","cost_usd":1}' >>costs.jsonl
ok "the next day it is sent again" exits 1 report
is "and is the same alert" "$(alerts length)" 1
is "with what it has come to" "$(alerts '.[].annotations.cost')" 126.50

ok "another one, for a second" exits 1 costrep report -q --alertmanager "$url" --alert-for 1s --threshold 226 costs.jsonl
ok "ends by itself" wait_for 30 grep -q '^POST /notify .*"status":"resolved".*"threshold":"226"' requests

done_testing
