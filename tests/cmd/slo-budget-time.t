#!/bin/sh
# slo-budget gate, simulate and burndown.
. "${0%/*}/../lib/tap.sh"

need jq

# field FILTER: of the last answer.
field() {
	jq -c "$1" "$TAP/stdout"
}

# --- gate ---
ok "enough are good" exits 0 slo-budget gate --min 0.99 --total 1000 --bad 10
ok "it is said" stdout_is "slo: pass: 99% of events are good, at least 99% are to be"
ok "one less is not enough" exits 1 slo-budget gate --min 0.99 --total 1000 --bad 11 -o jsonl
ok "as JSON" stdout_is '{"name":"slo","gate":"fail","min":0.99,"sli":0.989,"total":1000,"bad":11}'
ok "all may be asked for" exits 0 slo-budget gate --min 100% --total 5 --bad 0
ok "without --min it is the target" exits 1 slo-budget gate --target 99% --total 100 --bad 2
ok "no traffic is no evidence" exits 1 slo-budget gate --min 0.99 --total 0 --bad 0
ok "it is said" stdout_has "slo: no traffic"
ok "unless it is to pass" exits 0 slo-budget gate --min 0.99 --no-traffic pass --total 0 --bad 0 -o jsonl
ok "as JSON" stdout_is '{"name":"slo","gate":"no_traffic","min":0.99,"sli":null,"total":0,"bad":0}'
printf 'name,total,bad\na,100,0\nb,100,5\n' >counts
ok "one of several closes it" exits 1 slo-budget gate --min 99% --counts counts
ok "both are told" stdout_lines 2
ok "as csv" exits 1 slo-budget gate --min 99% --counts counts -o csv
ok "it is the gate's answer, and no budget" stdout_is "name,gate,min,sli,total,bad
a,pass,0.99,1,100,0
b,fail,0.99,0.95,100,5"
ok "no traffic has no share" exits 1 slo-budget gate --target 90% --total 0 --bad 0 -o csv
ok "which is empty" stdout_has "slo,no_traffic,0.9,,0,0"
lokid-ingest -q --wal wal -l app=nginx "$REPO/examples/logs/nginx.log"
ok "a query with a window of its own" exits 0 slo-budget gate --min 97% --wal wal \
	--error-query 'sum(count_over_time({app="nginx"} |= " 504 " [1h]))' --total-query 'sum(count_over_time({app="nginx"}[1h]))'
ok "counts" stdout_has "97.586872586872587% of events are good"
ok "which others refuse" exits 2 slo-budget --target 97% --wal wal --error-query 'a' --total-query 'b'
ok "it is said" stderr_has "option '--error-query': has no {{.window}}"
# hours AGO: hourly rows, of which the last ended so many hours ago.
hours() {
	echo time,total,bad
	seq 48 | awk -v end=$(($(date +%s) - $1 * 3600)) '{ print end - (49 - $1) * 3600 ",10,0" }'
}
hours 1 >fresh
hours 5 >stale
hours 7 >old
hours 696 >month
sed 's/,0$/,10/' old >failed
ok "fresh rows" exits 0 slo-budget gate --min 99% --counts fresh
ok "pass without a word" stderr_is_empty
ok "those that ended more than two intervals ago" exits 1 slo-budget gate --min 99% --counts stale
ok "are no evidence" stdout_is "slo: old: 100% of events are good, at least 99% are to be"
ok "it is said when they ended" stderr_matches "warning: stale: counts end at .*, 5h[0-9ms]* ago, which is answered as if it were now"
ok "unless they are to pass" exits 0 slo-budget gate --min 99% --counts stale --no-traffic pass -o jsonl
ok "as JSON" stdout_is '{"name":"slo","gate":"old","min":0.99,"sli":1,"total":480,"bad":0}'
ok "a time that is said is meant" exits 0 slo-budget gate --min 99% --counts stale --at -5h
ok "without a word" stderr_is_empty
ok "too few are too few then" exits 1 slo-budget gate --min 99% --counts failed --no-traffic pass
ok "it is said" stdout_has "slo: fail: 0% of events are good"
ok "alerts may look at windows that are longer" exits 0 slo-budget check --target 99% --counts stale
ok "so that is fresh enough" stderr_is_empty
for counts in old month; do
	ok "longer ago than the longest short window: $counts" exits 1 slo-budget check -q --target 99% --counts $counts
	ok "it is said" stderr_has "warning: $counts: counts end at "
	ok "it may pass" exits 0 slo-budget check -q --no-traffic pass --target 99% --counts $counts
	ok "but not without a word" stderr_has "warning: $counts: counts end at "
	ok "a budget of it" exits 0 slo-budget --target 99% --counts $counts
	ok "is warned of" stderr_has "warning: $counts: counts end at "
done
ok "--min is for gate" exits 2 slo-budget --min 0.9 --target 99% --total 1 --bad 0
ok "it is said" stderr_has "option '--min' has no effect without 'gate'"
ok "--min is a share" exits 2 slo-budget gate --min 99 --total 1 --bad 0
ok "it is said" stderr_has "expected a share from 0 to 100 %, found '99'; a percentage has '%' behind it"
ok "neither is exit 2" exits 2 slo-budget gate --total 1 --bad 0
ok "it is said" stderr_has "no --target is given"

# --- simulate ---
# 2 % is 20 times what may fail: the hour's window has 14.4 times when 0.72 h of it are bad, six hours have six
# times never. An hour of it is 20/720 of the budget.
ok "a short outage" exits 0 slo-budget simulate --target 99.9% --errors 6h:0,1h:2%,12h:0
ok "is told minute by minute" stdout_is '               6h44m  page   fires: above 14.4 over 1h and 5m; left 97.96%
                7h2m  page   resets: above 14.4 over 1h and 5m; left 97.22%
                 19h  end; left 97.22%'
# A third of the budget is gone before. The hour leaves the window thirty days behind it; when 17 of its 60 minutes
# have, the other 43 are less than 0.1 % of 30 days, which is 43.2.
ok "a long one" exits 1 slo-budget simulate --target 99.9% --errors 10d:0.1%,1h:100%,40d:0 -o jsonl
is "spends it all; it comes back when the outage leaves the window" "$(jq -c 'select(.event | test("gone|recovered|end")) | [.time, .event]' "$TAP/stdout")" \
	'["10d29m","gone"]
["40d17m","recovered"]
["50d1h","end"]'
is "alerts as their windows fill" "$(jq -r 'select(.event == "fires") | [.time, .severity, .factor] | join(" ")' "$TAP/stdout")" \
	"10d1m page 14.4
10d1m ticket 1
10d2m page 6
10d3m ticket 3"
ok "alerts of one's own, in seconds" exits 0 slo-budget simulate --target 90% --window 1h --alert 5:1m:10s --errors 1m:0,1m:60%,1m:0
ok "are looked at each second" stdout_has "               1m51s  page   fires: above 5 over 1m and 10s"
ok "--step" exits 0 slo-budget simulate --target 99.9% --step 5m --errors 6h:0,1h:2%,12h:0
ok "is how often it is looked" stdout_has "               6h45m  page   fires"
ok "as a picture" exits 0 slo-budget simulate --target 99.9% --errors 1h:0,1h:2% -o svg
ok "is SVG" stdout_has "</svg>"
ok "as rows" exits 0 slo-budget simulate --target 99.9% --errors 1h:0,1h:2% -o csv
ok "of what is left" stdout_has "slo,2h,0.9722222222"
ok "what was" sh -c 'printf "time,total,bad\n2026-01-01,100,1\n2026-01-02,100,20\n2026-01-03,100,0\n" >days'
ok "as alerts would have had it" exits 1 slo-budget simulate --target 90% --window 2d --alert 1:2d:1d --counts days
ok "told by date" stdout_is '2026-01-03T00:00:00Z  page   fires: above 1 over 2d and 1d; left -5%
2026-01-03T00:00:00Z  budget is gone; left -5%
2026-01-04T00:00:00Z  page   resets: above 1 over 2d and 1d; left 0%
2026-01-04T00:00:00Z  end; left 0%'
ok "alerts that need shorter intervals" exits 2 slo-budget simulate --target 90% --window 2d --counts days
ok "are refused" stderr_is "slo-budget: error: the window 5m is no multiple of the intervals of the counts: --alert and --window name others"
ok "so is such a window" exits 2 slo-budget simulate --target 90% --window 36h --alert 1:2d:1d --counts days
ok "it is said when" stderr_is "slo-budget: error: the window 1d12h that ends at 2026-01-03T00:00:00Z begins inside of an interval: --window names another"
# The clock is put forward on the 29th, which has 23 hours.
printf 'time,total,bad\n2026-03-%s,100,0\n2026-03-%s,100,20\n2026-03-%s,100,0\n2026-03-%s,100,0\n' \
	27T00:00:00+01:00 28T00:00:00+01:00 29T00:00:00+01:00 30T00:00:00+02:00 >clock
ok "days of a clock that is put forward" exits 1 slo-budget simulate --target 90% --window 2d --alert 0.9:2d:1d --counts clock
ok "are whole ones" stdout_is '2026-03-28T23:00:00Z  page   fires: above 0.9 over 2d and 1d; left 0%
2026-03-28T23:00:00Z  budget is gone; left 0%
2026-03-29T22:00:00Z  page   resets: above 0.9 over 2d and 1d; left 0%
2026-03-30T21:00:00Z  budget is back; left 100%
2026-03-30T21:00:00Z  end; left 100%'
# The row of 10:20 is missing: what the last five minutes had is not known there, so nothing is said of it.
{
	echo time,total,bad
	for minute in 00 05 10 15 25 30 35; do echo "2026-01-01T10:$minute:00Z,100,$([ $minute = 10 ] && echo 100 || echo 0)"; done
} >missing
ok "where a row is missing" exits 1 slo-budget simulate --target 90% --alert 2:15m:5m --counts missing
is "an alert ends when that is known" "$(grep page "$TAP/stdout" | cut -d ';' -f 1)" "2026-01-01T10:15:00Z  page   fires: above 2 over 15m and 5m
2026-01-01T10:30:00Z  page   resets: above 2 over 15m and 5m"
for errors in 1h 1h:x 1h:2:3 x:1% 1h:101% ''; do
	[ "$errors" ] || continue
	ok "refused: $errors" exits 2 slo-budget simulate --target 99% --errors "$errors"
	ok "it is said" stderr_has "option '--errors': "
done
ok "90s of minutes" exits 2 slo-budget simulate --target 99% --errors 90s:1%
ok "are no multiple" stderr_has "'90s:1%': is no multiple of --step"
ok "a window that is none" exits 2 slo-budget simulate --target 99% --step 7m --errors 7m:1%
ok "is refused" stderr_is "slo-budget: error: the window 5m is no multiple of the intervals of 7m: --alert and --window name others"
ok "so is an objective's own" exits 2 slo-budget simulate --target 99% --step 7m --errors 7m:1% --alert 2:70m:7m
ok "it is said" stderr_has "the window 30d is no multiple of the intervals of 7m"
ok "too many intervals" exits 3 slo-budget simulate --target 99% --step 1s --errors 100d:1%
ok "are exit 3" stderr_has "more than 1000000 intervals: make --step longer"

# --- burndown ---
printf 'time,total,bad\n2026-01-01,100,1\n2026-01-02,200,2\n2026-01-03,100,1\n' >days
ok "a burn-down" exits 0 slo-budget burndown --target 98% --counts days
ok "in the terminal" stdout_is 'slo: what is left of the error budget
  2026-01-01T00:00:00Z  ########################################  100%
  2026-01-02T00:00:00Z  ###################################.....  87.5%
  2026-01-03T00:00:00Z  #########################...............  62.5%
  2026-01-04T00:00:00Z  ####################....................  50%'
ok "as JSON" exits 0 slo-budget burndown --target 98% --counts days -o jsonl
is "all points" "$(field '.remaining' | tr '\n' ' ')" "1 0.875 0.625 0.5 "
ok "as CSV" exits 0 slo-budget burndown --target 98% --counts days -o csv
ok "with times" stdout_has "slo,2026-01-04T00:00:00Z,0.5"
ok "as a picture" exits 0 slo-budget burndown --target 98% --counts days -o svg --name 'a<b'
ok "with its name" stdout_has "budget of a&lt;b"
command -v xmllint >/dev/null 2>&1 && ok "that is XML" xmllint --noout "$TAP/stdout"
printf 'time,total,bad\n2026-01-01,100,50\n2026-02-01,100,50\n2026-03-01,100,0\n' >months
ok "of months" exits 0 slo-budget burndown --target 50% --window quarter --counts months -o csv
ok "has one of each" stdout_is "name,time,remaining
slo,2026-01-01T00:00:00Z,1
slo,2026-02-01T00:00:00Z,0.66666666666666667
slo,2026-03-01T00:00:00Z,0.33333333333333333
slo,2026-03-29T00:00:00Z,0.33333333333333333"
ok "only of the period" exits 0 slo-budget burndown --target 98% --window 1d --counts days
ok "is the last day" stdout_lines 3
ok "of a log, by queries" exits 0 slo-budget burndown --wal wal --target 97% --window 1h --step 10m -o jsonl \
	--error-query 'sum(count_over_time({app="nginx"} |= " 504 " [{{.window}}]))' --total-query 'sum(count_over_time({app="nginx"}[{{.window}}]))'
is "ends with what is left" "$(jq -s -c '[length, .[0].remaining, .[-1].remaining]' "$TAP/stdout")" "[7,1,0.1956241956241956]"
ok "--step of counts" exits 2 slo-budget burndown --target 98% --counts days --step 1h
ok "has no effect" stderr_has "--step is of queries and --errors: counts have intervals of their own"
ok "nor where what was is told" exits 2 slo-budget simulate --target 98% --counts days --step 1h
ok "a name with what XML cannot hold" exits 0 slo-budget burndown --target 98% --counts days -o svg --name "$(printf 'a\001b\377c\t')"
ok "has U+FFFD in its place" stdout_has "budget of a$(printf '\357\277\275')b$(printf '\357\277\275')c"
command -v xmllint >/dev/null 2>&1 && ok "that is XML" xmllint --noout "$TAP/stdout"
ok "so has a page" exits 0 slo-budget report --target 98% --counts days -o html --name "$(printf 'a\001b')"
ok "in its table" stdout_has "<td>a$(printf '\357\277\275')b</td>"
ok "of a time without rows" exits 0 slo-budget burndown --target 98% --counts days --at 2027-01-01
ok "it is warned of" stderr_has "warning: there were no events from 2026-12-02T00:00:00Z to 2027-01-01T00:00:00Z: nothing is known of it"
ok "a single number" exits 2 slo-budget burndown --target 98% --total 1 --bad 0
ok "is no burn-down" stderr_has "--total is a single number: counts over time"
printf 'total,bad\n1,0\n' >counts
ok "nor are counts without times" exits 2 slo-budget burndown --target 98% --counts counts
ok "it is said" stderr_has "its counts have no field 'time'"
printf 'name,time,total,bad\na,2026-01-01,100,1\nb,2026-01-02,200,2\n' >days
ok "other times are other pictures" exits 2 slo-budget burndown --target 98% --counts days -o svg
ok "it is said" stderr_has "each needs a picture of its own"
ok "a budget is no picture" exits 2 slo-budget --target 98% --total 1 --bad 0 -o svg
ok "it is said" stderr_has "option '--format svg' has no effect without"

done_testing
