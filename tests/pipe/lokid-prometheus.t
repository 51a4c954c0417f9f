#!/bin/sh
# A Prometheus as examples/prometheus/prometheus.yml has it, but for ports and how often it looks,
# watches lokid: it is up, its counters get there, and an alert fires when it goes.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need jq
command -v prometheus >/dev/null 2>&1 ||
	skip_all "prometheus is not here (package prometheus; scripts/setup --check installs it)"

lokid_start || exit 99
push "{\"streams\":[{\"stream\":{\"app\":\"web\"},\"values\":[[\"$(date +%s)000000000\",\"hello\"]]}]}"
ok "a line is pushed" code_is 204

cp "$REPO/examples/prometheus/lokid-alerts.yml" .
sed -i 's/for: [0-9]*[mh]/for: 0s/' lokid-alerts.yml
sed "s/localhost:3100/127.0.0.1:$LOKID_PORT/; s/_interval: 15s/_interval: 1s/" \
	"$REPO/examples/prometheus/prometheus.yml" >prometheus.yml

is_ready() {
	curl -sf "$PROM/-/ready"
}

# It takes no port 0 that one could find out afterwards, so ports are tried.
prometheus_start() {
	for try in 1 2 3 4 5; do
		PROM=http://127.0.0.1:$((20000 + ($$ * 7 + try * 997) % 30000))
		spawn prometheus --config.file prometheus.yml --storage.tsdb.path tsdb \
			--web.listen-address "${PROM#http://}" --log.level warn 2>prometheus.log
		wait_for 10 is_ready && kill -0 "$PID" && return 0
		kill -9 "$PID" 2>/dev/null
	done
	cat prometheus.log
	return 1
}

# asked EXPR: the first value, or nothing.
asked() {
	curl -s -G "$PROM/api/v1/query" --data-urlencode "query=$1" | jq -r '.data.result[0].value[1]'
}

# gives EXPR VALUE
gives() {
	[ "$(asked "$1")" = "$2" ]
}

ok "Prometheus runs" prometheus_start
ok "lokid is up" wait_for 20 gives 'up{job="lokid"}' 1
ok "the line was counted" wait_for 20 gives 'loki_distributor_lines_received_total{tenant="fake"}' 1
ok "a quantile comes of the histogram" wait_for 20 gives \
	'count(loki_request_duration_seconds_bucket{route="loki_api_v1_push",le="100.0"} or loki_request_duration_seconds_bucket{route="loki_api_v1_push",le="100"})' 1
is "no sample was refused" "$(asked 'prometheus_target_scrapes_sample_duplicate_timestamp_total + prometheus_target_scrapes_sample_out_of_order_total')" null
ok "LokiDown is quiet" wait_for 20 gives 'count(ALERTS{alertname="LokiDown"}) or vector(0)' 0
lokid_stop TERM
ok "LokiDown fires when it has gone" wait_for 20 gives 'ALERTS{alertname="LokiDown",alertstate="firing"}' 1

done_testing
