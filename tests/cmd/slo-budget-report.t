#!/bin/sh
# slo-budget report: tables, a page, and post-mortems with all that is known.
. "${0%/*}/../lib/tap.sh"

printf 'time,total,bad\n' >days
for day in 12 13 14 15; do echo "2026-01-$day,100000,20" >>days; done
echo "2026-01-16,100000,1580" >>days

ok "a report" exits 0 slo-budget report --target 99% --counts days --name 'a|b'
ok "is a table of Markdown" stdout_is '# Error budgets

| Objective | Service | Target | Window | Events | Bad | SLI | Budget left | Burn rate | Exhaustion | Alerts |
|---|---|---|---|---|---|---|---|---|---|---|
| a\|b |  | 99% | 30d | 500000 | 1660 | 99.668% | 66.8% | 0.332 | sustainable | not known |'
ok "names that are Markdown or HTML" exits 0 slo-budget report --target 99% --counts days --name "$(printf 'b\\| c\n# <b>*d*')"
ok "are texts on one line" stdout_has '| b\\\| c \# \<b\>\*d\* |'
ok "or a page" exits 0 slo-budget report --target 99% --counts days -o html
ok "with the table" stdout_matches '<td[^>]*>99.668%</td>'
ok "and the burn-down" stdout_has "<title>What is left of the error budget of slo</title>"
ok "without a script" sh -c '! grep -qi "<script" "$1"' - "$TAP/stdout"
ok "of a single number there is no picture" exits 0 slo-budget report --target 99% --total 5 --bad 0 -o html
not_ok "it is a page" stdout_has "<svg"
ok "rows" exits 0 slo-budget report --target 99% --counts days -o csv
ok "as elsewhere" stdout_has "slo,,0.99,30d,500000,1660,0.99668"
ok "JSON" exits 0 slo-budget report --target 99% --counts days -o jsonl
ok "as elsewhere" stdout_has '"remaining":0.668'

# --- post-mortems ---
mortem() {
	run slo-budget report --postmortem "$@"
}
mortem --target 99% --counts days --alert 1.5:1d:12h --alert 1:2d:1d --from 2026-01-16 --to 2026-01-17 --title 'Checkout *down*' --author 'A <b>'
is "exit 0" "$STATUS" 0
for heading in '# Post-Mortem: Checkout \*down\*' '## Executive Summary' '## Impact' '## Timeline (All times in UTC)' \
	'## Root Cause Analysis' '### What Happened' '### Why It Happened' '### 5 Whys Analysis' '## What Went Well' \
	'## What Went Poorly' '## Action Items' '## Lessons Learned' '## Appendix' '**Date:** 2026-01-16' \
	'**Duration:** 24 hours 0 minutes' '**Severity:** SEV3' '**Author:** A \<b\>' '**Status:** Draft'; do
	ok "it has $heading" grep -qxF -e "$heading" "$TAP/stdout"
done
ok "the summary has its figures" stdout_has "From 2026-01-16 00:00 to 2026-01-17 00:00 UTC 1.58% of the events of slo were bad, 1.58 times as many as may be."
ok "the budget that it took" stdout_has "- **Error Budget of slo:** 1580 of 100000 events were bad, 31.6% of the budget; burn rate 1.58; 66.8% of that of 30d is left"
ok "what is not known is to be written" stdout_has "- **Users Affected:** [X% of users / Y tenants]"
mortem --target 99% --counts days --alert 1.5:2d:1d --alert 0.7:2d:1d --from 2026-01-16 --to 2026-01-17
ok "when the alert fired" stdout_has "| 2026-01-17 00:00:00 | First alert fired: page alert of slo fired: burn rate above 0.7 over 2d and 1d |"
sed 's/-14,100000,20$/-14,100000,5000/; s/-15,100000,20$/-15,100000,5000/' days >early
mortem --target 99% --counts early --alert 1:2d:1d --alert 1.1:1d:12h --from 2026-01-16 --to 2026-01-17
ok "one that fires since before is told" stdout_has "| 2026-01-15 00:00:00 | First alert fired: page alert of slo fired: burn rate above 1 over 2d and 1d |"
sed 's/-13,100000,20$/-13,100000,5000/' days >early
mortem --target 99% --counts early --alert 2:2d:1d --from 2026-01-16 --to 2026-01-17
ok "but not when it had ended" stdout_has "| [HH:MM] | First alert fired |"
for level in '1.4%:SEV1' '0.7%:SEV2' '0.2%:SEV3' '0.1%:SEV4'; do
	bad=$(echo "${level%%%*}" | awk '{ print $1 * 1000 }')
	mortem --target 99.9% --total 1000000 --bad 5000 --in "1h:100000:$bad" --from 2026-01-16T10:00:00Z --to 2026-01-16T11:00:00Z
	[ "$level" = "1.4%:SEV1" ] && mortem --target 99.9% --total 1000000 --bad 5000 --in "1h:100000:1441" --from 2026-01-16T10:00:00Z --to 2026-01-16T11:00:00Z
	ok "burn rate of ${level%:*} is ${level#*:}" grep -qx -e "\*\*Severity:\*\* ${level#*:}" "$TAP/stdout"
done
mortem --target 99.9% --total 1000000 --bad 5000 --from 2026-01-16T10:00:00Z --to 2026-01-16T11:05:30Z
ok "without counts of its time the severity is to be said" stdout_has "**Severity:** [SEV1/SEV2/SEV3]"
ok "its length is rounded up" stdout_has "**Duration:** 1 hour 6 minutes"
ok "the alert is to be said" stdout_has "| [HH:MM] | First alert fired |"
ok "nor is anything of the budget" stdout_has "- **Error Budget of slo:** nothing is known of its time; "
mortem --target 99% --counts days --alert 1:2d:1d --from 2026-01-20 --to 2026-01-21
is "of a time without rows a post-mortem" "$STATUS" 0
ok "says so" stdout_has "- **Error Budget of slo:** nothing is known of its time; "
ok "and warns" stderr_is "slo-budget: warning: there were no events from 2026-01-20T00:00:00Z to 2026-01-21T00:00:00Z: nothing is known of it"
mortem --target 99% --counts days --alert 1:2d:1d --from 2026-01-13T10:00:00Z --to 2026-01-14
ok "of a part of an interval, too" stderr_is "slo-budget: warning: there are no whole intervals of its counts from 2026-01-13T10:00:00Z to 2026-01-14T00:00:00Z: nothing is known of it"

# Two tenants of a log, and its lines.
line() {
	echo "{\"ts\":\"${1}000000000\",\"tenant\":\"$2\",\"labels\":{\"app\":\"web\"},\"line\":\"$3\"}"
}
{
	i=0
	while [ $i -lt 60 ]; do
		line $((1768557630 + i * 60)) acme "ok"
		line $((1768557630 + i * 60)) fake "ok"
		[ $i -lt 30 ] || line $((1768557630 + i * 60)) acme "failed | $i"
		i=$((i + 1))
	done
} >entries.jsonl
ok "entries" exits 0 sh -c 'chunkpack --store s entries.jsonl | idxbuild --store s'
queries() {
	mortem --store s -t 'acme|fake' --target 99% --from 2026-01-16T10:00:00Z --to 2026-01-16T11:00:00Z \
		--error-query 'sum(count_over_time({app="web"} |= "failed" [{{.window}}]))' \
		--total-query 'sum(count_over_time({app="web"}[{{.window}}]))' "$@"
}
queries --events '{app="web"} |= "failed"'
is "exit 0" "$STATUS" 0
ok "impact by tenant" stdout_has "| acme | 30 | 90 | 33.33% |"
ok "of all of them" stdout_has "| fake | 0 | 60 | 0% |"
ok "how many were affected" stdout_has "- **Users Affected:** 1 of 2 rows in the table below"
ok "what was logged" stdout_has '| 10:30:30 | log: failed \| 30 |'
ok "when the alert fired" stdout_has "| 10:35:00 | First alert fired: page alert of slo fired: burn rate above 6 over 6h and 30m |"
ok "severity by the burn rate" stdout_has "**Severity:** SEV1"
ok "lines beside counts from elsewhere" exits 0 slo-budget report --postmortem --total 10 --bad 0 --target 99% --store s -t acme \
	--from 2026-01-16T10:00:00Z --to 2026-01-16T11:00:00Z --events '{app="web"} |= "failed"'
ok "are told" stdout_has "| 10:59:30 | log: failed"

# refused MESSAGE ARG...
refused() {
	message=$1
	shift
	ok "refused: $message" exits 2 slo-budget report "$@"
	ok "it is said" stderr_has "$message"
}
refused "--postmortem: --from and --to say when it was" --postmortem --target 99% --total 1 --bad 0
refused "--from is not before --to" --postmortem --target 99% --total 1 --bad 0 --from 2026-01-16 --to 2026-01-16
refused "option '--from' has no effect without '--postmortem'" --target 99% --total 1 --bad 0 --from 2026-01-16
refused "--events: --store or --wal says whose lines" --postmortem --target 99% --total 1 --bad 0 --from 2026-01-15 --to 2026-01-16 --events '{a="b"}'
refused "--impact: is asked of --prometheus or --addr" --postmortem --target 99% --total 1 --bad 0 --from 2026-01-15 --to 2026-01-16 --impact 'x'
refused "--postmortem is Markdown" --postmortem --target 99% --total 1 --bad 0 --from 2026-01-15 --to 2026-01-16 -o html
refused "option '--events': expected a log query" --postmortem --target 99% --total 1 --bad 0 --from 2026-01-15 --to 2026-01-16 --store s --events 'count_over_time({a="b"}[1m])'

done_testing
