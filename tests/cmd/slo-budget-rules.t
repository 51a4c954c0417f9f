#!/bin/sh
# slo-budget rules: what is recorded, what is told, and what cannot be written.
. "${0%/*}/../lib/tap.sh"

# has_rule TEXT: the rules hold these lines, each without its indentation.
has_rule() {
	printf '%s\n' "$1" | sed 's/^ *//' >wanted
	sed 's/^ *//' "$TAP/stdout" | tr '\n' '\1' | grep -qF -e "$(tr '\n' '\1' <wanted)"
}

# with_promtool DESC: the last answer is rules.
with_promtool() {
	if command -v promtool >/dev/null 2>&1; then
		cp "$TAP/stdout" rules.yml
		ok "$1" promtool check rules rules.yml
	else
		skip "$1" "promtool is not here (package prometheus; scripts/setup --check installs it)"
	fi
}

cat >slos.yaml <<'END'
service: shop
labels: {team: checkout}
slos:
  - name: a
    objective: 99.9
    sli: {events: {error_query: 'sum(rate(e[{{.window}}]))', total_query: 'sum(rate(t[{{.window}}]))'}}
    alerting:
      name: ShopFails
      labels: {channel: "#shop"}
      annotations: {runbook: 'say "hello" \ there'}
      page_alert: {labels: {severity: critical}}
  - name: b
    objectives: [{target: 0.99, window: quarter}]
    sli:
      events:
        good_query: |
          # a comment
          sum(increase(g[{{.window}}]))
        total_query: sum(rate(t[{{.window}}]))
    alerting: {page_alert: {disable: true}}
  - name: c
    objective: 99.9999
    sli: {raw: {error_ratio_query: 'ratio{w="{{.window}}"}'}}
END
ok "rules are made" exits 0 slo-budget rules slos.yaml
with_promtool "promtool takes them"
ok "a series that is not there is 0, and nothing has no ratio" has_rule '- record: slo:sli_error:ratio_rate1h
expr: |
(
(
sum(rate(e[1h]))
)
or 0 *
(
sum(rate(t[1h]))
)
)
/ (
(
sum(rate(t[1h]))
)
> 0)
labels:
team: "checkout"
slo: "a"
service: "shop"
window: "1h"'
ok "bad is what is not good; events and rates are made alike" has_rule 'clamp_min(
(
sum(rate(t[5m]))
) * 300
- (
(
# a comment
sum(increase(g[5m]))
)
or 0 *'
ok "a share is as it is" has_rule 'expr: |
(
ratio{w="3d"}
)'
ok "the threshold is exact" has_rule 'max without (window) (slo:sli_error:ratio_rate1h{slo="c",service="shop"} > 0.0000144)
and
max without (window) (slo:sli_error:ratio_rate5m{slo="c",service="shop"} > 0.0000144)'
ok "what is left goes by what may fail, and not by the target" has_rule '- record: slo:period_error_budget_remaining:ratio
expr: |
1 - slo:sli_error:ratio_rate30d{slo="a",service="shop"} / 0.001'
ok "a quarter becomes its longest" has_rule '1 - slo:sli_error:ratio_rate92d{slo="b",service="shop"} / 0.01'
ok "which is said" stdout_has "# Prometheus knows no calendar"
ok "alerts have their name, labels and annotations" has_rule '- alert: ShopFails
expr: |
(
max without (window) (slo:sli_error:ratio_rate1h{slo="a",service="shop"} > 0.0144)'
ok "those of the severity last" has_rule 'severity: "critical"
channel: "#shop"
annotations:
summary: "The error budget of a burns too fast"
description: "{{ $value | humanizePercentage }} of events are bad; 99.9% are to be good."
runbook: "say \"hello\" \\ there"'
ok "tickets have their own" has_rule 'severity: "ticket"
channel: "#shop"'
ok "the low budget is told" has_rule '- alert: ShopFailsBudgetLow
expr: |
slo:period_error_budget_remaining:ratio{slo="a",service="shop"} < 0.25'
is "a page that is disabled is not there" "$(grep -c 'severity: "page"\|severity: "critical"' "$TAP/stdout")" 2

sed 's/runbook:/summary: mine, description: mine, &/' slos.yaml >said.yaml
ok "what a file says of its alerts" exits 0 slo-budget rules said.yaml
is "is said of those that burn" "$(grep -c 'summary: "mine"\|description: "mine"' "$TAP/stdout")" 4
ok "and not of a low budget, but for the rest" has_rule 'annotations:
summary: "Little is left of the error budget of a"
description: "{{ $value | humanizePercentage }} of the budget of 30d is left; below 0 more failed than may."
runbook: "say \"hello\" \\ there"'
ok "--low, --alert, --interval, --window" exits 0 slo-budget rules --low 0 --alert 2:2h:10m --interval 30s --window 7d slos.yaml
with_promtool "promtool takes these too"
not_ok "no low budget is told" stdout_has "BudgetLow"
ok "the interval is there" stdout_has "    interval: 30s"
is "windows are those of the alerts, and the objective's" "$(sed -n 's/.*ratio_rate\([0-9]*[a-z]\)$/\1/p' "$TAP/stdout" | sort -u | tr '\n' ' ')" "10m 2h 7d 92d "

ok "an objective of the command line" exits 0 slo-budget rules --name 'x"y' --target 99% --total-query 'sum(rate(t[{{.window}}]))' --good-query 'sum(rate(g[{{.window}}]))'
with_promtool "promtool takes it"
ok "the name is quoted; those of services are not meant" stdout_has '{slo="x\"y",service=""}'
ok "objectives on stdin" exits 0 slo-budget rules <slos.yaml

# names "SERVICE NAME"...: a file of these objectives, names.yaml
names() {
	echo "slos:"
	for pair; do
		echo "  - {service: '${pair% *}', name: '${pair#* }', objective: 99, sli: {raw: {error_ratio_query: 'r[{{.window}}]'}}}"
	done
}
names 'a-b c' 'a b-c' 'a/b c' 'a b/c' ' a/b' 'a b' '~1 x' '/ x' >names.yaml
ok "services and names that read alike" exits 0 slo-budget rules names.yaml
with_promtool "promtool takes them"
is "are groups of their own" "$(sed -n 's/^  - name: //p' "$TAP/stdout" | tr '\n' ' ')" \
	'slo-a-b/c slo-a/b-c slo-a~1b/c slo-a/b~1c slo-a~1b slo-a/b slo-~01/x slo-~1/x '
names 'web {{x' >names.yaml
ok "a name with braces" exits 0 slo-budget rules names.yaml
with_promtool "promtool takes it"
ok "is a text in templates" has_rule 'slo: "{{\"{{\"}}x"
service: "web"
severity: "page"'
ok "and as it is where nothing is expanded" has_rule 'labels:
slo: "{{x"'

sed 's/objective: 99.9$/objective: 90/; s/target: 0.99,/target: 0.93,/' slos.yaml >low.yaml
ok "alerts that can never fire" exits 0 slo-budget rules low.yaml
is "are warned of, but those that are disabled" "$(cat "$TAP/stderr")" \
	"slo-budget: warning: low.yaml:4: objective 'a': the alert above 14.4 over 1h and 5m can never hold: with a target of 90% the burn rate is 10 at most"

# refused MESSAGE ARG...
refused() {
	message=$1
	shift
	ok "refused: $message" exits 2 slo-budget rules "$@"
	ok "it is said" stderr_has "$message"
	ok "nothing is printed" stdout_is_empty
}
refused "objective 'slo': has no queries" --target 99%
for format in text jsonl csv; do
	refused "--format: rules are YAML, as Prometheus reads them" -o $format slos.yaml
done
sed 's/team: checkout/te-am: checkout/' slos.yaml >bad.yaml
refused "bad.yaml:4: objective 'a': label 'te-am': is no name of a label" bad.yaml
sed 's/team: checkout/window: checkout/' slos.yaml >bad.yaml
refused "label 'window': is set by the rules themselves" bad.yaml
sed 's/runbook:/run-book:/' slos.yaml >bad.yaml
refused "annotation 'run-book': is no name of a label" bad.yaml
cp slos.yaml again.yaml
refused "again.yaml:4:5: objective 'a': has the name of that in slos.yaml, line 4" slos.yaml again.yaml
# Others see the end of a line there, and rules behind it; or refuse the file.
for bad in '\\r' '\\x85' '\\u2028' '\\u2029' '\\x7f' '\\e' '\\uFEFF'; do
	sed "s/error_query: '\(sum[^']*\)'/error_query: \"\1$bad      - record: injected\"/" slos.yaml >bad.yaml
	refused "bad.yaml:4: objective 'a': error query " bad.yaml
	sed "s/name: c/name: \"c${bad}d\"/" slos.yaml >bad.yaml
	refused ": name 'c" bad.yaml
	sed "s/team: checkout/team: \"checkout$bad\"/" slos.yaml >bad.yaml
	refused ": label 'checkout" bad.yaml
done
refused "has a character that rules cannot have" bad.yaml
refused "name 'a" --name "$(printf 'a\nb')" --target 99% --error-ratio-query 'r[{{.window}}]'
refused "is not UTF-8" --name "$(printf 'a\377')" --target 99% --error-ratio-query 'r[{{.window}}]'
refused "option '--low': expected a share from 0 to 100 %, found '25'; a percentage has '%' behind it" --low 25 slos.yaml
ok "--low is for rules alone" exits 2 slo-budget --low 25% slos.yaml
ok "which is said" stderr_has "option '--low' has no effect without 'rules'"

done_testing
