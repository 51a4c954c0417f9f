#!/bin/sh
# A Prometheus scrapes lokid, and slo-budget asks it for the objectives of examples/slo; the rules that slo-budget
# makes of these are loaded, fire when entries come too late, and the alert arrives in Alertmanager.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need jq
command -v prometheus >/dev/null 2>&1 ||
	skip_all "prometheus is not here (package prometheus; scripts/setup --check installs it)"

slos=$REPO/examples/slo/lokid.yaml

# Windows of seconds, so that all happens at once.
slo-budget rules --window 30s --alert 2:10s:5s:page --alert 1:20s:10s:ticket --interval 1s "$slos" >rules.yml
is "rules are made" $? 0
ok "promtool takes them" promtool check rules rules.yml
ok "with all windows" grep -q 'record: slo:sli_error:ratio_rate30s' rules.yml
slo-budget rules "$slos" >usual.yml
ok "promtool takes the usual ones" promtool check rules usual.yml

is_ready() {
	curl -sf "$1/-/ready"
}

# on_some_port NAME FLAG CMD...: sets URL_OF, the address of a server that takes it behind FLAG; ports are tried.
on_some_port() {
	name=$1
	flag=$2
	shift 2
	for try in 1 2 3 4 5; do
		URL_OF=http://127.0.0.1:$((20000 + ($$ * 7 + try * 997 + ${#name} * 131) % 30000))
		spawn "$@" "$flag${URL_OF#http://}" 2>"$name.log"
		wait_for 10 is_ready "$URL_OF" && kill -0 "$PID" && return 0
		kill -9 "$PID" 2>/dev/null
	done
	cat "$name.log"
	return 1
}

lokid_start || exit 99

AM=
if command -v prometheus-alertmanager >/dev/null 2>&1; then
	printf 'route: {receiver: none, group_wait: 0s}\nreceivers: [{name: none}]\n' >am.yml
	ok "Alertmanager runs" on_some_port alertmanager --web.listen-address= prometheus-alertmanager \
		--config.file am.yml --storage.path am --cluster.listen-address= --log.level warn
	AM=$URL_OF
else
	skip "Alertmanager runs" "prometheus-alertmanager is not here (package prometheus-alertmanager)"
fi

cat >prometheus.yml <<END
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
scrape_configs:
  - job_name: lokid
    static_configs: [{targets: ['127.0.0.1:$LOKID_PORT']}]
alerting:
  alertmanagers:
    - static_configs: [{targets: ['${AM#http://}']}]
END
[ "$AM" ] || sed -i '/^alerting/,$d' prometheus.yml
ok "Prometheus runs" on_some_port prometheus --web.listen-address= prometheus --config.file prometheus.yml \
	--storage.tsdb.path tsdb --log.level warn
PROM=$URL_OF

# budget ARG...: of the objectives over 30 s, as JSON.
budget() {
	run slo-budget --prometheus "$PROM" --window 30s --alert 2:10s:5s -o jsonl "$@" "$slos"
}

# counted FILTER: asks, and looks whether it holds of some objective.
counted() {
	budget
	jq -es "any(.[]; $1)" "$TAP/stdout"
}

# One line of now with each push, and queries, until the Prometheus has seen some.
fresh() {
	push "{\"streams\":[{\"stream\":{\"app\":\"web\"},\"values\":[[\"$(date +%s)000000000\",\"hello\"]]}]}"
	get "/loki/api/v1/query?query=count_over_time(%7Bapp=%22web%22%7D%5B1m%5D)"
}
seen() {
	fresh
	counted "$1"
}
budget
is "before anything is scraped there is no traffic, and that is no failure" "$STATUS $(jq -r .exhaustion "$TAP/stdout" | sort -u)" "0 no_traffic"
ok "requests are counted" wait_for 20 seen '.name == "availability" and .total > 0'
ok "and pushes" wait_for 20 seen '.name == "ingest-latency" and .total > 0'
ok "and queries" wait_for 20 seen '.name == "query-latency" and .total > 0'
ok "and entries" wait_for 20 seen '.name == "freshness" and .total > 0'
is "all is well" "$STATUS" 0
is "nothing is bad" "$(jq -r '.bad' "$TAP/stdout" | sort -u)" 0
is "nothing burns" "$(jq -r '.exhaustion' "$TAP/stdout" | sort -u)" not_burning
is "there is nothing to warn of" "$(cat "$TAP/stderr")" ""

# Lines of an hour ago are not fresh.
stale() {
	push "{\"streams\":[{\"stream\":{\"app\":\"web\"},\"values\":[[\"$(($(date +%s) - 3600))000000000\",\"late $1\"]]}]}"
}
burns() {
	stale "$(date +%N)"
	counted '.name == "freshness" and .bad > 0 and .remaining < 0'
}
ok "late entries are bad, and take the budget" wait_for 20 burns
is "exit 1" "$STATUS" 1
is "of the others all is left" "$(jq -r 'select(.name != "freshness") | .remaining' "$TAP/stdout" | sort -u)" 1

# asked EXPR: the first value, or nothing.
asked() {
	curl -s -G "$PROM/api/v1/query" --data-urlencode "query=$1" | jq -r '.data.result[0].value[1]'
}
fires() {
	stale "$(date +%N)"
	[ "$(asked 'ALERTS{alertname="ErrorBudgetBurn",slo="freshness",severity="page",alertstate="firing"}')" = 1 ]
}
ok "the page fires" wait_for 20 fires
checked() {
	stale "$(date +%N)"
	run slo-budget check --prometheus "$PROM" --window 30s --alert 2:10s:5s "$slos"
	[ "$STATUS" = 1 ] && stdout_has "BURNING: above 2 over 10s and 5s"
}
ok "check finds the same" wait_for 20 checked
low() {
	[ "$(asked 'ALERTS{alertname="ErrorBudgetLow",slo="freshness",alertstate="firing"}')" = 1 ]
}
ok "the budget is low" wait_for 20 low
is "alerts of others are quiet" "$(asked 'count(ALERTS{slo!="freshness"}) or vector(0)')" 0
close_to() {
	recorded=$(asked 'slo:period_error_budget_remaining:ratio{slo="freshness"}')
	found=$(budget && jq -r 'select(.name == "freshness") | .remaining' "$TAP/stdout")
	echo "recorded $recorded, found $found"
	awk -v a="$recorded" -v b="$found" 'BEGIN { exit !(a < 0 && b < 0 && a / b > 0.5 && a / b < 2) }'
}
ok "what is recorded is what slo-budget says" wait_for 20 close_to
is "the objective is recorded" "$(asked 'slo:objective:ratio{slo="freshness",service="lokid"}')" 0.99

arrived() {
	curl -s "$AM/api/v2/alerts" | jq -e '.[] | select(.labels.alertname == "ErrorBudgetBurn" and .labels.slo == "freshness")'
}
if [ "$AM" ]; then
	ok "the alert arrives in Alertmanager" wait_for 20 arrived
else
	skip "the alert arrives in Alertmanager" "it is not here"
fi

# --- over time: query_range, and what it took ---
burnt() {
	run slo-budget burndown --prometheus "$PROM" --window 30s --step 2s --name freshness --target 99% -o jsonl \
		--good-query 'sum(rate(lokid_entry_age_when_queryable_seconds_bucket{le=~"30|30\\.0"}[{{.window}}]))' \
		--total-query 'sum(rate(lokid_entry_age_when_queryable_seconds_count[{{.window}}]))'
	[ "$STATUS" = 0 ] && jq -es 'length == 16 and .[0].remaining == 1 and .[-1].remaining < 0' "$TAP/stdout"
}
ok "the budget burns down" wait_for 10 burnt
# Until the second in which the late entries came is over.
told() {
	now=$(date +%s)
	run slo-budget report --postmortem --prometheus "$PROM" --window 1m --from $((now - 40)) --to "$now" --title "Late entries" \
		--impact 'sum by (tenant) (increase(lokid_entry_age_when_queryable_seconds_count[{{.window}}]))' "$slos"
	stdout_matches '\*\*Severity:\*\* SEV[1-3]'
}
ok "a post-mortem has its severity" wait_for 10 told
is "and is exit 0" "$STATUS" 0
ok "and by tenant" stdout_matches '^\| fake \| [0-9.]* \|'
ok "and objective" stdout_matches '^- \*\*Error Budget of freshness:\*\* .* events were bad, '

# --- queries of one's own, and servers that are none ---
run slo-budget --prometheus "$PROM" --target 99% --window 30s -o jsonl \
	--error-ratio-query '1 - sum(rate(lokid_entry_age_when_queryable_seconds_bucket{le=~"30|30.0"}[{{.window}}])) / sum(rate(lokid_entry_age_when_queryable_seconds_count[{{.window}}]))'
is "a share alone has no events" "$STATUS $(jq -c '[.total, .remaining < 0, .exhaustion]' "$TAP/stdout")" '1 [null,true,"exhausted"]'
ask_one() {
	exits "$1" slo-budget --prometheus "$PROM" --target 99% --total-query "$2" --error-query 'sum(rate(nothing[{{.window}}]))'
}
ok "a query that is wrong is exit 2" ask_one 2 'sum(rate(up[{{.window}}])'
ok "with Prometheus's words" stderr_has "parse error"
ok "several series are exit 2" ask_one 2 'rate(loki_request_duration_seconds_bucket[{{.window}}])'
ok "it is said so" stderr_matches "window 30d: the total query: expected one series, found [0-9]*: put sum"
ok "a text is exit 2" ask_one 2 '"{{.window}}"'
ok "it is said so" stderr_has "expected a number"
ok "NaN is nothing" ask_one 0 '0/0 + 0 * sum(rate(up[{{.window}}]))'
ok "no traffic" stdout_has "no traffic"
ok "infinite is exit 3" ask_one 3 '1/0 + 0 * sum(rate(up[{{.window}}]))'
ok "it is said so" stderr_has "the value is +Inf"
ok "more bad than there are is exit 3" exits 3 slo-budget --prometheus "$PROM" --target 99% \
	--total-query 'sum(count_over_time(up[{{.window}}]))' --error-query '2 * sum(count_over_time(up[{{.window}}]))'
ok "it is said so" stderr_has "what the queries give cannot be"
ok "a server that is no Prometheus is exit 2" exits 2 slo-budget --prometheus "$URL" --target 99% --total-query 'a[{{.window}}]' --error-query 'b[{{.window}}]'
ok "it is said so" stderr_has "is that the address of such a server?"
ok "one that is not there is exit 5" exits 5 slo-budget --prometheus http://127.0.0.1:1 "$slos"
ok "and named" stderr_has "http://127.0.0.1:1/api/v1/query: "

# --- LogQL, of the same lokid ---
run slo-budget --addr "$URL" --target 50% --window 2h -o jsonl --error-query 'sum(count_over_time({app="web"} |= "late" [{{.window}}]))' \
	--total-query 'sum(count_over_time({app="web"}[{{.window}}]))'
is "lokid itself answers LogQL" "$(jq -c '[.total > 2, .bad > 0, .bad < .total]' "$TAP/stdout")" '[true,true,true]'

done_testing
