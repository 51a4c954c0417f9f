#!/bin/sh
# costrep report: what it says, and what it refuses.
. "${0%/*}/../lib/tap.sh"

# refuses DESC MESSAGE RECORD...: each record a line
refuses() {
	desc=$1
	message=$2
	shift 2
	printf '%s\n' "$@" >bad
	ok "$desc is exit 3" exits 3 costrep report bad
	ok "$desc: file, line and field" stderr_has "'bad': line $message"
	ok "$desc: there is no report" stdout_is_empty
}

good='{"date":"2024-01-15","cost_usd":1}'
refuses "a record without a date" "2: 'date': missing" "$good" '{"cost_usd":1}'
refuses "one without a cost" "1: 'cost_usd': missing" '{"date":"2024-01-15"}'
refuses "a day that is none" "1: 'date': there is no such day or time: '2023-02-29'" \
	'{"date":"2023-02-29","cost_usd":1}'
refuses "an hour that is none" "1: 'date': there is no such day or time: '2024-01-15T25:00:00Z'" \
	'{"date":"2024-01-15T25:00:00Z","cost_usd":1}'
refuses "a date that is none" "1: 'date': expected a day as 2024-01-15, found '15.1.2024'" '{"date":"15.1.2024","cost_usd":1}'
refuses "an object that is no record" "1: no cost record: 'date' and 'cost_usd': missing (costrep usage makes some with --prices)" \
	'{"tenant":"a","class":"standard","objects":6}'
refuses "a date that is null" "1: 'date': missing" '{"date":null,"cost_usd":1}'
refuses "a negative cost" "1: 'cost_usd': expected 0 or more, found '-1'" '{"date":"2024-01-15","cost_usd":-1}'
refuses "a cost that is NaN" "1: 'cost_usd': expected a JSON value, found NaN" '{"date":"2024-01-15","cost_usd":NaN}'
refuses "a cost that is no number" "1: 'cost_usd': expected an amount as 125.50, found 'NaN'" \
	'{"date":"2024-01-15","cost_usd":"NaN"}'
refuses "a cost that cannot be counted" "1: 'cost_usd': more than can be counted: '1e10'" \
	'{"date":"2024-01-15","cost_usd":1e10}'
printf '%s\n' '{"date":"2024-01-15","cost_usd":9000000000}' '{"date":"2024-01-15","cost_usd":"300000000"}' >large
ok "a sum that cannot be counted is exit 3" exits 3 costrep report large
ok "and told" stderr_has "the sum of 2024-01-15 is more than can be counted (up to 9223372036.85)"
ok "there is no report then" stdout_is_empty
refuses "a second currency" "2: 'currency': found 'EUR' behind records in 'USD'" \
	"$good" '{"date":"2024-01-15","cost":1,"currency":"EUR"}'
refuses "a cost without its currency" "1: 'currency': missing" '{"date":"2024-01-15","cost":1}'
refuses "a currency that is none" "1: 'currency': expected three capital letters as USD, found a\"b" \
	'{"date":"2024-01-15","cost":1,"currency":"a\"b"}'
refuses "a member that stands twice" "1: 'date': given twice" \
	'{"date":"2024-01-15","cost_usd":1,"date":"2024-01-16"}'
refuses "a negative usage" "1: 'metrics': 's3_requests': expected a number of 0 or more, found -5" \
	'{"date":"2024-01-15","cost_usd":1,"metrics":{"s3_requests":-5}}'
refuses "a resource that is no string" "1: 'resource': expected a string, found 7" \
	'{"date":"2024-01-15","cost_usd":1,"resource":7}'
refuses "a label that is an object" "1: 'labels': 'team': expected a string, a number, true or false, found {" \
	'{"date":"2024-01-15","cost_usd":1,"labels":{"team":{"name":"a"}}}'
refuses "broken JSON" "2: no JSON object: it breaks off at column 21" "$good" '{"date":"2024-01-15"'
refuses "a cost that is no JSON number" "1: 'cost_usd': expected a JSON value, found 01" '{"date":"2024-01-15","cost_usd":01}'
refuses "one that ends in a point" "1: 'cost_usd': expected a JSON value, found 12." '{"date":"2024-01-15","cost_usd":12.}'
refuses "a cost just below nothing" "1: 'cost_usd': expected 0 or more, found '-1e-10'" '{"date":"2024-01-15","cost_usd":-1e-10}'
refuses "an object that is none, of no meaning" "1: 'more': expected a JSON value, found {"'"a"'":}" \
	'{"date":"2024-01-15","cost_usd":1,"more":{"a":}}'
refuses "a list that is none, of no meaning" "1: 'more': expected a JSON value, found [1,]" \
	'{"date":"2024-01-15","cost_usd":1,"more":[1,]}'
refuses "a label that is no value, of no meaning" "1: 'labels': 'x': expected a JSON value, found +1" \
	'{"date":"2024-01-15","cost_usd":1,"labels":{"x":+1}}'
refuses "a label that is no object, of no meaning" "1: 'labels': 'x': expected a JSON value, found {1}" \
	'{"date":"2024-01-15","cost_usd":1,"labels":{"x":{1}}}'
refuses "an escape that is none, of no meaning" "1: 'more': expected a JSON value, found \q" '{"date":"2024-01-15","cost_usd":1,"more":"\q"}'
refuses "a value that breaks off" "1: no JSON object: it breaks off at column 22" '{"date":"2024-01-15","cost_usd":'
refuses "a string that breaks off" "1: no JSON object: it breaks off at column 22" '{"date":"2024-01-15","id":"x}'
refuses "something behind a record" "1: something stands behind the object, at column 35" "$good$good"

# What is passed over is JSON, and that is all that is asked of it.
{
	echo '{"date":"2024-01-15","cost_usd":1,"more":{"a":1,"a":[{}]}}'
	printf '{"date":"2024-01-15","cost_usd":1,"more":%s1%s}\n' "$(printf '%0150d' 0 | tr 0 '[')" "$(printf '%0150d' 0 | tr 0 ']')"
	printf '{"date":"2024-01-15","cost_usd":1,"more":[%s1]}\n' "$(awk 'BEGIN { for (i = 0; i < 50000; i++) printf "1," }')"
} >passed
ok "names that stand twice, depth and length of what is passed over" exits 0 costrep report -o csv passed
ok "are all the same" stdout_has "total,total,total,,,,3.00,USD"

awk 'BEGIN { for (i = 0; i < 12; i++) print "{}" }' >bad
ok "of many wrong records" exits 3 costrep report bad
ok "ten are told" sh -c 'grep -c "line .*missing" "$1" | grep -qx 10' - "$TAP/stderr"
ok "and all are counted" stderr_has "no report: 12 records cannot be counted"
ok "a sum over days that cannot be counted is exit 3" exits 3 sh -c "printf '%s\n' \
	'{\"date\":\"2024-01-15\",\"cost_usd\":9000000000}' '{\"date\":\"2024-01-16\",\"cost_usd\":900000000}' | costrep report"
ok "the period is named" stderr_has "the sum of all days is more than can be counted (up to 9223372036.85)"

echo "$good" >good
long=$(printf '%0257d' 1)
ok "a resource's name that is too long is exit 2" exits 2 costrep report --resource-of "$long=*" good
ok "and told" stderr_has "option '--resource-of': a name longer than 256 bytes"
ok "the longest one is taken" exits 0 costrep report --resource-of "${long#0}=*" good
printf '{"date":"2024-01-15","cost_usd":1,"labels":{"team":%s}}\n' 7 true null '"7"' >labels
is "labels that are numbers and words are as written" "$(costrep report --by team -o csv labels | grep '^month,.*team')" \
	"month,2024-01,team,,,,7,2.00,USD
month,2024-01,team,,,,true,1.00,USD
month,2024-01,team,,,,unattributed,1.00,USD"
ok "--currency with none is exit 2" exits 2 costrep report --currency usd good
ok "and told" stderr_has "option '--currency': expected three capital letters as USD, found 'usd'"
ok "a file that is given twice is exit 2" exits 2 costrep report good ./good
ok "and named" stderr_has "'./good' is given twice, as 'good' too"
good2='{"date":"2024-01-16","cost_usd":1}'
printf '%s\n' "$good2" "$good" >other
cat good other >both
ok "equal records are costs" exits 0 costrep report good other
ok "of both" stdout_has "3.00 USD"
ok "with --unique they are exit 3" exits 3 costrep report --unique good other
ok "where they stand is said" stderr_has "'other': line 2: the same record as 'good': line 1"
ok "and that there is no report" stderr_has "no report: 1 record stands twice"
ok "on stdin too" exits 3 sh -c 'costrep report --unique <both'
ok "with its lines" stderr_has "stdin: line 3: the same record as stdin: line 1"
ok "what differs is none" exits 0 costrep report --unique good
printf '%s\n' date,cost_usd,id 2024-01-15,1,a '2024-01-15,1,"b"' 2024-01-16,2,a >ids.csv
ok "the same id is exit 3 without it" exits 3 costrep report ids.csv
ok "and said" stderr_has "'ids.csv': line 4: the same record as 'ids.csv': line 2"
ok "but not of records that are left out" exits 0 costrep report --to 2024-01-16 ids.csv
awk 'BEGIN { for (i = 0; i < 400000; i++) printf "{\"date\":\"2024-01-15\",\"cost_usd\":1,\"id\":\"%d\"}\n", i % 399999 }' >ids
ok "of many it is found" exits 3 costrep report ids
ok "the last one" stderr_has "'ids': line 400000: the same record as 'ids': line 1"

good3='{"date":"2024-01-15","cost":1,"currency":"EUR"}'
printf '%s\n' "$good" "$good2" "$good3" >three
ok "a range without records is exit 1" exits 1 costrep report --from 2025-01-01 three
ok "and it is said why" stderr_is "costrep: warning: none of 3 cost records is left: '--from' left out 3"
ok "options that leave none together" exits 1 costrep report --from 2024-01-15 --to 2024-01-16 --match resource=x --currency USD three
ok "are all named" stderr_is "costrep: warning: no record names 'resource' (they name nothing)
costrep: warning: none of 3 cost records is left: '--from', '--to' left out 1, '--match' left out 2"
ok "a currency that none has" exits 1 costrep report --currency CHF --output none.txt good
ok "is named" stderr_is "costrep: warning: none of 1 cost record is left: '--currency' left out 1; 'none.txt' stays as it is"
for at in 2024-01-15 2024-02-01; do
	printf '%s\n' '{"date":"2024-01-01","cluster":"a","cost_usd":9000000000}' "{\"date\":\"$at\",\"cluster\":\"a\",\"cost_usd\":900000000}"
done >large
ok "a month that is too much is exit 3" exits 3 costrep report --by cluster -o csv --to 2024-02-01 large
ok "and told with the sum that it is" stderr_has "is more than can be counted (up to 9223372036.85)"
ok "no record is exit 1" exits 1 costrep report /dev/null
ok "and said" stderr_has "there is no cost record"
ok "but all periods are there" sh -c 'for p in daily weekly monthly; do grep -qx $p "$1" || exit 1; done' - "$TAP/stdout"

echo "$good" >good
: >empty
ok "a file without a record, among others, is warned of" exits 0 costrep report good empty
ok "by its name" stderr_is "costrep: warning: 'empty': there is no cost record in it"
ok "not one of which all records are left out" exits 0 costrep report --from 2024-01-16 good --by tenant --threshold 1 /dev/stdin <<END
{"date":"2024-01-16","tenant":"a","cost_usd":1}
END
ok "really" stderr_is ""
for n in $(seq 300) $(seq 300); do echo "{\"date\":\"2024-01-15\",\"cost_usd\":$n}"; done >doubles
ok "records that stand twice" exits 3 costrep report --unique doubles
is "are told in their order, the first ten" "$(sed -n "s/.*'doubles': line \([0-9]*\): the same record as 'doubles': line \([0-9]*\)$/\1 \2/p" "$TAP/stderr" | tr '\n' ,)" \
	"301 1,302 2,303 3,304 4,305 5,306 6,307 7,308 8,309 9,310 10,"
ok "a breakdown that is given twice is exit 2" exits 2 costrep report --by cluster --by resource,team --by resource,team good
ok "and named" stderr_has "option '--by': 'resource,team' is given twice"

done_testing
