#!/bin/sh
# costrep forecast: what will be paid, by growth that is given or seen.
. "${0%/*}/../lib/tap.sh"

# Whole months of 2026: 100 in January, 110 in February, 121 in March; of December and April a part.
for month in 01:100 02:110 03:121; do
	for day in 01 28; do
		echo "{\"date\":\"2026-${month%:*}-$day\",\"resource\":\"store\",\"cost_usd\":$((${month#*:} / 2))}"
	done
	[ $((${month#*:} % 2)) = 0 ] || echo "{\"date\":\"2026-${month%:*}-31\",\"resource\":\"store\",\"cost_usd\":1}"
done >whole.jsonl
for day in 01-01 02-01 03-01; do # of each day there is a record
	seq 0 30 | while read -r n; do date -d "2026-$day $n days" +'{"date":"%F","cost_usd":0}'; done | grep "2026-${day%-*}"
done >each.jsonl
{
	cat each.jsonl
	echo '{"date":"2025-12-30","resource":"store","cost_usd":3}'
	cat whole.jsonl
	echo '{"date":"2026-04-02","resource":"store","cost_usd":5}'
} >costs.jsonl

ok "growth is seen in whole months" exits 0 costrep forecast costs.jsonl
ok "and said" stdout_has "121.00 USD in 2026-03, and 10 % more each month"
ok "the next month" stdout_matches "^2026-04 +133.10 +133.10$"
ok "and the last of twelve" stdout_matches "^2027-03 +379.75 +2846.25$"
ok "stdin is read" exits 0 sh -c 'costrep forecast <costs.jsonl'
ok "growth may be given" exits 0 costrep forecast --growth -50 --months 2 -o jsonl costs.jsonl
ok "exactly" stdout_has '{"month":"2026-05","cost":30.25,"sum":90.75,"growth_percent":-50,"currency":"USD"}'
ok "people read cents" exits 0 costrep forecast --cost 34.506 --growth 2.5 --at 2025-12-31
ok "in the heading too" stdout_has "34.51 USD in 2025-12, and 2.5 % more each month"
ok "and the cost" exits 0 costrep forecast --cost 34.50 --growth 2.5 --months 14 --at 2025-12-31 -o csv
ok "months go on over a year's end" stdout_has "2026-01,35.3625,35.3625"
ok "to the billionth" stdout_has "2027-02,48.747596824,"

ok "below a budget is exit 0" exits 0 costrep forecast --cost 100 --growth 10 --months 2 --budget 121 --at 2026-01-01
ok "above it is exit 1" exits 1 costrep forecast --cost 100 --growth 10 --months 2 --budget 120.999999999 --at 2026-01-01
ok "the month is told" stdout_matches "^2026-03 +121.00 +231.00 +above$"
ok "as objects, too" exits 1 costrep forecast --cost 100 --growth 10 --months 1 --budget 1 --at 2026-01-01 -o jsonl
ok "with a member" stdout_has '"over_budget":true}'
ok "as a picture" exits 0 costrep forecast --budget 900 -o svg costs.jsonl
ok "with the months" stdout_has "2026-04"
ok "of large amounts" exits 0 costrep forecast --cost 5e7 --growth 0 -o svg
ok "with short labels" stdout_has '>$50 M<'
ok "as a page" exits 0 costrep forecast -o html costs.jsonl
ok "with a table" stdout_has "<table"
ok "a first month that begins late is no base of growth" stderr_is ""
for day in 2026-03-15 2026-03-31; do echo "{\"date\":\"$day\",\"cost_usd\":5}"; done >late.jsonl
ok "months have growth by the day" exits 0 sh -c 'seq 0 59 | while read -r n; do
	date -d "2026-02-01 $n days" +"{\"date\":\"%F\",\"cost_usd\":10}"; done | costrep forecast --budget 310'
ok "what is the same each day grows by nothing" stdout_has "310.00 USD in 2026-03, and 0 % more each month"
ok "really" stderr_is ""
ok "a month that lacks days is warned of" exits 0 sh -c 'grep -v 2026-01-0[2-4] costs.jsonl | costrep forecast'
ok "where growth begins" stderr_is "costrep: warning: there are records of 28 of the 31 days of 2026-01 alone: what the others cost is not in the forecast"
ok "the last one too" exits 0 sh -c 'grep -v 2026-03-03 costs.jsonl | costrep forecast --growth 1'
ok "and no more" stderr_is "costrep: warning: there are records of 30 of the 31 days of 2026-03 alone: what the others cost is not in the forecast"
ok "what falls is less" exits 0 sh -c 'sed s/:50/:70.001/ costs.jsonl | costrep forecast'
ok "and said so" stdout_has "121.00 USD in 2026-03, and 7.033696 % less each month"
ok "but of the forecast, when it is the only one" exits 0 costrep forecast --growth 10 late.jsonl
ok "which is said" stderr_is "costrep: warning: the first record of 2026-03 is of 2026-03-15: it is taken for a whole month"

refused() {
	status=$1 message=$2
	shift 2
	ok "$message: exit $status" exits "$status" "$@"
	ok "and said" stderr_has "$message"
}
refused 2 "by how much does it grow? Say it with --growth" costrep forecast --cost 1
refused 2 "records ('costs.jsonl') and --cost are one too many" costrep forecast --cost 1 --growth 1 costs.jsonl
refused 2 "option '--cost': expected an amount of 0 to 9223372036, found '-1'" costrep forecast --cost=-1 --growth 1
refused 2 "option '--budget': expected an amount of 0 to 9223372036, found 'nan'" costrep forecast --cost 1 --growth 1 --budget nan
refused 2 "option '--growth': expected more than -100 and at most 1000 percent, found '-100'" costrep forecast --growth -100
refused 2 "option '--months': expected" costrep forecast --months 121
refused 1 "there is no whole month among the records: say what a month costs with --cost" sh -c 'tail -n 1 costs.jsonl | costrep forecast'
refused 1 "there is no cost record in the input: say what a month costs with --cost" costrep forecast
echo old >kept
ok "then the file that is there" exits 1 costrep forecast --output kept
ok "stays" grep -qx old kept
refused 3 "the records show no growth from one whole month to another: say it with --growth" sh -c 'head -n 2 whole.jsonl | sed s/28/31/ | costrep forecast'
refused 2 "option '--at': only of --cost: records have days of their own" costrep forecast --at 2026-01-01 costs.jsonl
refused 3 "the last month gave money back" sh -c \
	'{ echo lineItem/UsageStartDate,lineItem/LineItemType,lineItem/UnblendedCost,lineItem/CurrencyCode; echo 2026-03-31,Credit,-1,USD; } | costrep forecast --growth 1'
refused 3 "the records show a growth of more than 1000 percent a month, or a fall to nothing: say how much is to come with --growth" \
	sh -c 'sed "s/2026-03\(.*\)60/2026-03\19000/" whole.jsonl | costrep forecast'
refused 3 "the cost of 2026-03 is more than can be counted (up to 9223372036.85)" costrep forecast --cost 8e9 --growth 10 --at 2026-01-31
refused 3 "the sum up to 2026-02 is more than can be counted" costrep forecast --cost 9e9 --growth 0 --at 2025-12-31
refused 3 "'cost_usd'" sh -c 'sed s/55/-55/ costs.jsonl | costrep forecast'
refused 3 "no forecast: 2 records cannot be counted" sh -c 'sed s/55/-55/ costs.jsonl | costrep forecast'
refused 3 "'currency': found 'EUR' behind records in 'USD', which cannot be added up" sh -c \
	'{ cat costs.jsonl; echo "{\"date\":\"2026-01-01\",\"resource\":\"x\",\"cost\":1,\"currency\":\"EUR\"}"; } | costrep forecast'

refused 2 "'./whole.jsonl' is given twice, as 'whole.jsonl' too" costrep forecast whole.jsonl ./whole.jsonl
sed 's/}$/,"id":"one"}/' whole.jsonl >ids.jsonl
refused 3 "'ids.jsonl': line 2: the same record as 'ids.jsonl': line 1" costrep forecast ids.jsonl
ok "there is no forecast then" stderr_has "no forecast: 6 records stand twice"

done_testing
