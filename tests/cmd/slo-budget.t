#!/bin/sh
# slo-budget: budgets of counts on the command line, alerts, what is refused.
. "${0%/*}/../lib/tap.sh"

need jq


# field FILTER: of the last answer.
field() {
	jq -c "$1" "$TAP/stdout"
}

one() {
	run slo-budget -o jsonl --at 2026-01-15T10:00:00Z "$@"
}

one --target 99.9% --total 1000000 --bad 500
is "half is left" "$(field '[.remaining, .remaining_events, .budget, .sli]')" '[0.5,500,1000,0.9995]'
is "exit 0" "$STATUS" 0
is "from and to" "$(field '[.window, .from, .to]')" '["30d","2025-12-16T10:00:00Z","2026-01-15T10:00:00Z"]'
one --target 0.999 --total 1000000 --good 999500
is "a share and good ones say the same" "$(field '[.remaining, .bad, .target]')" '[0.5,500,0.999]'
one --target 99.999% --total 300000 --bad 3
ok "99.999 % is exact: nothing is left" stdout_has '"remaining":0,'
is "it is exhausted" "$(field .exhaustion)" '"exhausted"'
is "and exit 1" "$STATUS" 1
one --target 99.999% --total 300000 --bad 2
ok "and of one less a third is, rounded to 17 digits" stdout_has '"remaining":0.33333333333333333,'
one --target 99.9% --total 1000 --bad 2
ok "overdrawn is below 0" stdout_has '"remaining":-1,"burn_rate":{"30d":2}'
one --target 99.9% --total 123456789012345678901234567890 --bad 0.000001
ok "no digit of events is lost" stdout_has '"remaining_events":123456789012345678901234567.889999,'

one --target 99.9% --total 0 --bad 0
is "no traffic" "$(field '[.exhaustion, .remaining, .sli]')" '["no_traffic",1,1]'
is "is no failure" "$STATUS" 0
one --target 99.9% --total 1000 --bad 0
is "not burning" "$(field .exhaustion)" '"not_burning"'
one --target 99.9% --total 1000000 --bad 500 --in 1h:1000:0
is "not burning in the last hour" "$(field .exhaustion)" '"not_burning"'
one --target 99.9% --total 1000000 --bad 500 --in 1h:1000:20 --in 30m:9:9 --in 6h:1000:20
is "remaining * window / burn rate" "$(field '[.exhaustion, .exhaustion_seconds]')" '["18h",64800]'
one --target 99.9% --total 1000000 --bad 500 --in 1h:10000:5
is "what lasts a whole window is sustainable" "$(field .exhaustion)" '"sustainable"'
one --target 99.9% --total 1000000 --bad 501 --in 1h:10000:5
is "a bit less is not" "$(field .exhaustion)" '"29d22h33m36s"'
one --target 99.9% --total 1000000 --bad 500 --in 5m:1000:2 --in 30m:1000:20 --in 6h:1000:40
is "without an hour the next shorter one foretells" "$(field .exhaustion)" '"18h"'
one --target 99.9% --total 1000000 --bad 500 --in 1h:1000:20 --in 6h:1000:40 --pace 6h
is "--pace chooses" "$(field .exhaustion)" '"9h"'

ok "--pace of a window without counts" exits 2 slo-budget --target 99.9% --total 1000 --bad 0 --in 1h:10:0 --pace 6h
ok "is refused" stderr_has "--pace 6h: there are no counts of that window"
one --target 99.9% --total 1000000 --bad 500 --in 1h:1000:20 --pace 30d
is "the objective's own window has some" "$(field .exhaustion)" '"sustainable"'

# The month is 14 days and 10 hours old: 346 h * 0.5 / (2 - 1).
one --target 99.9% --window month --total 1000000 --bad 500 --in 1h:1000:2
is "a month: remaining * elapsed / (burn rate - 1)" "$(field '[.exhaustion, .window, .from]')" \
	'["7d5h","month","2026-01-01T00:00:00Z"]'
one --target 99.9% --window month --total 1000000 --bad 500 --in 1h:10000:11
is "what is left at its end is sustainable" "$(field .exhaustion)" '"sustainable"'
one --target 99.9% --window month --total 1000000 --bad 500 --in 1h:10000:10
is "so is a burn rate of 1" "$(field .exhaustion)" '"sustainable"'
one --target 99.9% --window quarter --total 10 --bad 0 --at 2026-06-30T23:59:59Z
is "a quarter" "$(field .from)" '"2026-04-01T00:00:00Z"'
one --target 99.9% --window quarter --time-zone Europe/Berlin --total 10 --bad 0 --at 2026-06-30T22:00:00Z
is "begins earlier in Berlin" "$(field .from)" '"2026-06-30T22:00:00Z"'
one --target 99.9% --window month --time-zone Europe/Berlin --total 10 --bad 0 --at 2026-03-31T12:00:00Z
is "where the clock was put since" "$(field .from)" '"2026-02-28T23:00:00Z"'
one --target 99.9% --window calendar-week --total 10 --bad 0 --at 2026-11-22T12:00:00Z
is "a week begins on Monday" "$(field .from)" '"2026-11-16T00:00:00Z"'
one --target 99.9% --window year --total 10 --bad 0 --at 2024-02-29T12:00:00Z
is "a year" "$(field .from)" '"2024-01-01T00:00:00Z"'

# --- alerts ---
check() {
	run slo-budget check --target 99.9% --total 1000000 --bad 5000 "$@"
}
check --in 1h:100000:1440 --in 5m:1000:15
is "exactly 14.4 times is not above" "$STATUS" 0
check --in 1h:100000:1441 --in 5m:1000:15
is "both above is exit 1" "$STATUS" 1
ok "and says so" stdout_has "  page        BURNING: above 14.4 over 1h and 5m; found 14.41 over 1h, 15 over 5m"
check --in 1h:100000:1441 --in 5m:1000:14
is "the short one below is exit 0" "$STATUS" 0
ok "whatever is left of the budget" stdout_has "slo: -400% of the error budget is left"
check -q --in 1h:100000:1441 --in 5m:1000:14
ok "which -q does not show" stdout_is_empty
check --in 1h:100000:1 --in 5m:1000:1 --in 6h:100000:1
is "one alert that can be looked at is enough" "$STATUS" 0
ok "the others are not known" stdout_has "not known: above 6 over 6h and 30m"
check --in 1h:100000:1441
is "when none can be looked at that is no all clear" "$STATUS" 1
ok "none is known" stdout_has "not known: above 14.4 over 1h and 5m"
printf 'name,window,total,bad\na,30d,1000,0\na,1h,100,0\na,5m,100,0\nb,30d,1000,900\n' >counts
ok "nor when those of one objective cannot" exits 1 slo-budget check --target 99.9% --counts counts
ok "a report of it" exits 0 slo-budget report --target 99.9% --counts counts
ok "says of each which it is" stdout_matches '^\| a .* \| quiet \|$'
ok "and does not call it quiet" stdout_matches '^\| b .* \| not known \|$'
ok "as CSV" exits 0 slo-budget report --target 99.9% --counts counts -o csv
ok "it is false" stdout_matches '^a,.*,not_burning,false,'
ok "or empty" stdout_matches '^b,.*,exhausted,,'

# no_data EXIT WARNING ARG...: a check of what says nothing
no_data() {
	expected=$1
	warning=$2
	shift 2
	ok "nothing is known: $warning" exits "$expected" slo-budget check --target 99% "$@"
	ok "it is warned of" stderr_is "slo-budget: warning: $warning"
}
none="there were no events in 30d: nothing is known of it"
no_data 1 "$none" --total 0 --bad 0 --in 1h:0:0 --in 5m:0:0
ok "no alert is quiet" stdout_has "not known: above 14.4 over 1h and 5m"
no_data 0 "$none" --no-traffic pass --total 0 --bad 0 --in 1h:0:0 --in 5m:0:0
no_data 1 "$none" --no-traffic fail --total 0 --bad 0
ok "a longer window than the objective's may have some" exits 0 slo-budget check --target 99% --window 1h --alert 2:3h:5m --total 0 --bad 0 --in 3h:100:0 --in 5m:0:0 --no-traffic pass
ok "then that is looked at" stdout_has "quiet: above 2 over 3h and 5m"
printf 'time,total,bad\n2025-01-01,100,0\n2025-01-02,100,0\n' >days
no_data 1 "no row of its counts is of the time from 2025-12-16T00:00:00Z to 2026-01-15T00:00:00Z: nothing is known of it" --counts days --at 2026-01-15
ok "those of last year are not now" exits 1 slo-budget check --target 99% --alert 2:2d:1d --counts days
ok "which is said" stderr_matches "warning: days: counts end at 2025-01-03T00:00:00Z, [0-9a-z]* ago, which is answered as if it were now: --at says which time is meant"
ok "unless they are meant" exits 0 slo-budget check --target 99% --alert 2:2d:1d --counts days --at 2025-01-03
ok "without a word" stderr_is_empty
ok "a budget of last year" exits 0 slo-budget --target 99% --counts days --window month
ok "is one, with that word" stderr_has "days: counts end at 2025-01-03T00:00:00Z, "
ok "nor is there an answer to no" exits 2 slo-budget --target 99% --total 0 --bad 0 --no-traffic pass
ok "which is said" stderr_has "option '--no-traffic' has no effect without 'check' or 'gate'"
ok "a report of none" exits 0 slo-budget report --target 99% --total 0 --bad 0 --in 1h:0:0 --in 5m:0:0
ok "knows of no alert" stdout_matches '\| no\\_traffic \| not known \|$'
ok "and says why" stderr_is "slo-budget: warning: $none"

ok "what can never hold" exits 0 slo-budget check --target 90% --total 1000 --bad 0 --in 3d:100:0 --in 6h:100:0
ok "is warned of, and nothing else is" stderr_is "slo-budget: warning: the alert above 14.4 over 1h and 5m can never hold: with a target of 90% the burn rate is 10 at most"
ok "all that fails is not above it" exits 0 slo-budget check --target 90% --alert 10:1h:5m --total 1000 --bad 0 --in 1h:100:0 --in 5m:100:0
ok "so that is none either" stderr_has "the alert above 10 over 1h and 5m can never hold"
ok "a bit below it is one" exits 0 slo-budget check --target 90% --alert 9.999:1h:5m --total 1000 --bad 0 --in 1h:100:0 --in 5m:100:0
ok "without a word" stderr_is_empty

printf 'name,window,total,bad\na,30d,1000,0\na,1h,100,0\na,5m,100,0\nb,30d,1000,900\nb,1h,100,90\nb,5m,100,90\n' >counts
for format in text csv jsonl; do
	ok "-q tells of no objective but those that burn: $format" exits 1 slo-budget check -q -o $format --target 99% --counts counts
	ok "of these it does" grep -q '^b\|"b"' "$TAP/stdout"
	ok "not of the others" sh -c '! grep -q "^a\|\"a\"" "$1"' - "$TAP/stdout"
	ok "when all is well: $format" exits 0 slo-budget check -q -o $format --target 1% --alert 1.005:1h:5m --counts counts
	ok "nothing" stdout_is_empty
done
ok "-q is of check" exits 2 slo-budget -q --target 99% --total 1 --bad 0
ok "which is said" stderr_has "option '--quiet' has no effect without 'check'"

check --in 3d:1000:2 --in 6h:1000:2 -o jsonl
is "a ticket" "$(field '[.alerts[] | select(.holds)]')" \
	'[{"severity":"ticket","factor":1,"long":"3d","short":"6h","holds":true}]'
check --alert 2:10s:5s:ticket --in 10s:10:1 --in 5s:10:1
is "alerts of one's own" "$STATUS" 1
ok "are instead of the others" sh -c '[ $(grep -c "page" "$1") = 0 ]' - "$TAP/stdout"

# --- text ---
run slo-budget --target 99% --total 123456789012.123456789 --bad 12.3456789012345678
ok "people read no twenty digits" stdout_has "  events      123456789012, bad of these 12.3456789"
ok "nor of what is left" stdout_has "  budget      1234567890 bad events, left of these 1234567878"

# --- csv ---
run slo-budget --target 99.9% --total 10 --bad 0 -o csv --in 1h:5:0 --name 'a,b'
ok "csv has names" stdout_has "name,service,target,window,total,bad,sli,budget,remaining,remaining_events,burn_rate,exhaustion,burning,burn_rate_1h"
ok "and quotes" stdout_has '"a,b",,0.999,30d,10,0,1,0.01,1,0.01,0,not_burning,,0'

# --- what is refused ---
# refused MESSAGE ARG...
refused() {
	message=$1
	shift
	ok "refused: $*" exits 2 slo-budget "$@"
	ok "it is said why: $message" stderr_has "$message"
	ok "nothing is printed" stdout_is_empty
}
for target in 0 0% 100% 1 100 99.9 -5% 1e2%; do
	refused "option '--target': a target lies between 0 and 100 %" --target $target --total 1 --bad 0
done
for target in 99,9% nan% % inf 99.9%%; do
	refused "option '--target': expected a share such as 0.999" --target $target --total 1 --bad 0
done
refused "found '99.9'; a percentage has '%' behind it" --target 99.9 --total 1 --bad 0
refused "no --target is given" --total 1 --bad 0
refused "no queries are given: --total-query with --error-query or --good-query, or --error-ratio-query" --target 99% --store s
refused "option '--total': expected a number of 0 and above" --target 99% --total -1 --bad 0
refused "option '--bad': expected a number of 0 and above" --target 99% --total 1 --bad nan
refused "option '--bad': expected a number of 0 and above" --target 99% --total 1 --bad 1x
refused "option '--total': expected a number of 0 and above" --target 99% --total 1234567890123456789012345678901234567 --bad 0
refused "7 bad of a total of 5: there cannot be more" --target 99% --total 5 --bad 7
refused "option '--good': there are more than --total" --target 99% --total 5 --good 7
refused "--bad and --good: one at a time" --target 99% --total 5 --good 5 --bad 0
refused "option '--total': --bad or --good says how many" --target 99% --total 5
refused "option '--bad': --total says of how many" --target 99% --bad 5
refused "option '--in': window 1h: 3 bad of a total of 2" --target 99% --total 5 --bad 1 --in 1h:2:3
refused "option '--in': window 1h: is counted twice" --target 99% --total 5 --bad 1 --in 1h:2:1 --in 60m:3:1
refused "option '--in': window 1h: cannot have more than --total and --bad" --target 99% --total 1000 --bad 0 --in 1h:100:50
refused "option '--in': window 1h: cannot have more than --total and --bad" --target 99% --total 1000 --bad 0 --in 1h:1001:0
refused "option '--in': window 30d: is the objective's own, of --total and --bad" --target 99% --total 1000 --bad 5 --in 30d:1000:5
refused "option '--in': window 31d: cannot have less than --total and --bad, which are part of it" --target 99% --total 1000 --bad 5 --in 31d:100:5
refused "option '--in': window 2h: cannot have less than window 1h" --target 99% --total 1000 --bad 5 --in 1h:100:5 --in 2h:100:4
refused "option '--in': window 1h: cannot have more than window 2h" --target 99% --total 1000 --bad 5 --in 2h:100:5 --in 1h:101:5
ok "a window that is longer than the period may" exits 0 slo-budget --target 99% --window 1h --total 10 --bad 0 --in 3d:100:50
for in in 1h 1h:2 1h:2:3:4; do
	refused "option '--in': expected DURATION:TOTAL:BAD" --target 99% --total 5 --bad 1 --in $in
done
refused "option '--in': 'x:2:1': " --target 99% --total 5 --bad 1 --in x:2:1
refused "option '--in': '1h:-2:1': expected a number of 0 and above" --target 99% --total 5 --bad 1 --in 1h:-2:1
refused "option '--window': expected a duration from 1s to ten years such as 30d" --target 99% --window fortnight --total 5 --bad 1
refused "option '--window': expected a duration from 1s" --target 99% --window 0s --total 5 --bad 1
refused "option '--pace': expected whole seconds" --target 99% --pace 1.5s --total 5 --bad 1
refused "option '--time-zone': " --target 99% --time-zone Mars/Olympus --total 5 --bad 1
refused "option '--at': expected a time from 1970 to 2200" --target 99% --at 2262-04-11 --window year --total 5 --bad 1
refused "option '--at': expected a time from 1970 to 2200" --target 99% --at 1900-01-01 --total 5 --bad 1
for time in 1768471200000 1768471200000000; do
	refused "option '--at': expected Unix seconds or nanoseconds, and none between, found '$time'" --target 99% --at $time --total 5 --bad 1
done
one --target 99% --total 10 --bad 0 --at 1768471200000000000
is "nanoseconds" "$(field .to)" '"2026-01-15T10:00:00Z"'
for alert in 1 1:2h 1:2h:1h:call 1:2h:1h:page:x -1:2h:1h 0:2h:1h; do
	refused "option '--alert': expected FACTOR:LONG:SHORT" --target 99% --alert=$alert --total 5 --bad 1
done
refused "the second window is to be the shorter one" --target 99% --alert 1:1h:1h --total 5 --bad 1

done_testing
