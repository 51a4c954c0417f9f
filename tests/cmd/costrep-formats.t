#!/bin/sh
# costrep report: a page, a picture, metrics.
. "${0%/*}/../lib/tap.sh"

awk 'BEGIN {
	for (i = 0; i < 60; i++) {
		printf "{\"resource\":\"%s\",\"cluster\":\"%s\",\"date\":\"2024-%02d-%02d\",\"cost_usd\":%d.%02d", i % 3 ? "loki" : "alloy",
			i % 2 ? "prod" : "<dev> & \\\"co\\\"", i / 30 + 1, i % 30 / 2 + 1, i * 7 % 40, i
		if (i % 3)
			printf ",\"metrics\":{\"s3_object_count\":%d}", 1000 + i
		print "}"
	}
}' >costs.jsonl

for format in text jsonl csv html svg prom; do
	ok "-o $format" exits 0 costrep report -o $format costs.jsonl
	ok "-o $format: as it was" stdout_is_golden costrep-report.$format
done

ok "a page with alerts" exits 1 costrep report -o html --threshold 1000 --threshold 30/day --output page.html costs.jsonl
ok "has them" grep -q "total: 1167.70 USD, above 1000.00" page.html
ok "and a line at what is too much a day" grep -q 'class="mark"' page.html
not_ok "but no script" grep -q "<script" page.html
not_ok "nor a name that is taken for a tag" grep -q "<dev>" page.html
if command -v xmllint >/dev/null; then
	costrep report -o svg costs.jsonl >a.svg
	ok "the picture is XML" xmllint --noout a.svg
fi

ok "bars below nothing are not there" sh -c 'printf "date,cost_usd,cluster\n2024-01-15,1,a\n2024-01-16,-1,a\n" | costrep report --allow-negative "*" -o html >below.html'
ok "which the page says" grep -q "Daily cost in USD, by cluster (what is below 0 has no bar)" below.html
ok "and not where there are none" sh -c '! grep -q "below 0" page.html'
not_ok "one alert is not folded" sh -c 'costrep report -o html --threshold 1000 costs.jsonl | grep -q "<details>"'
costrep report -o html --threshold 'cluster=*:0/day' --threshold 'resource=*:0/day' --threshold 0/day costs.jsonl >many.html
ok "ten of many alerts are seen" sh -c 'sed "/<details>/,\$d" many.html | grep -c "above 0.00" | grep -qx 10'
n=$(costrep report -q --threshold 'cluster=*:0/day' --threshold 'resource=*:0/day' --threshold 0/day costs.jsonl | wc -l)
ok "the others are folded" grep -q "<details><summary>$((n - 10)) more alerts</summary>" many.html
is "and there" "$(grep -c 'above 0.00' many.html)" "$n"
ok "a chart of 100 days at most is by day" sh -c 'costrep report -o svg costs.jsonl | grep -q "Daily cost in USD, by resource"'
awk 'BEGIN { for (i = 0; i < 1000; i++) printf "{\"date\":\"%04d-01-%02d\",\"cost_usd\":1}\n", 2020 + i / 30, i % 30 + 1 }' >long.jsonl
ok "one of years is by month" sh -c 'costrep report -o svg long.jsonl | grep -q "Monthly cost in USD"'
ok "and has its bars" sh -c 'costrep report -o svg --to 2021-01-31 long.jsonl | grep -q "Weekly cost in USD"'

costrep report -o prom costs.jsonl >costs.prom
is "the newest day has no cost of most" "$(grep -c '^daily_cost_usd{.*} 0$' costs.prom)" 2
ok "metrics of the newest month" grep -q '^monthly_cost_usd{resource="loki",cluster="prod"} [1-9]' costs.prom
ok "objects, as the newest day counts them" grep -q '^s3_object_count{resource="loki",cluster="prod"} 1059$' costs.prom
ok "--by says which labels there are" sh -c 'costrep report -o prom --by cluster costs.jsonl | grep -q "^daily_cost_usd{cluster=\"prod\"} "'
if command -v promtool >/dev/null; then
	ok "promtool has nothing against them" sh -c 'promtool check metrics <costs.prom'
else
	skip "promtool has nothing against them" "promtool is not here (package prometheus; scripts/setup --check installs it)"
fi
printf '{"date":"2024-01-15","cost_usd":1%s}\n' '' ',"cluster":"unattributed"' ',"cluster":"a"' >none.jsonl
is "who is called unattributed is so, and counts: metrics" "$(costrep report -o prom --by cluster none.jsonl | grep '^daily_cost_usd')" \
	'daily_cost_usd{cluster="a"} 1
daily_cost_usd{cluster="unattributed"} 2'
is "rows" "$(costrep report -o csv --by cluster none.jsonl | grep '^total,total,cluster')" "total,total,cluster,,a,,1.00,USD
total,total,cluster,,unattributed,,2.00,USD"
echo '{"date":"2024-01-15","cost_usd":1,"labels":{"of":"a","cost_of":"b","x":"c"}}' >named.jsonl
ok "labels that are called as members are" exits 0 costrep report -o jsonl --by of,cost_of,x named.jsonl
ok "are told apart" stdout_has '{"period":"total","of":"total","by":"of,cost_of,x","cost_of":"a","cost_cost_of":"b","x":"c","cost":1.00,"currency":"USD"}'
ok "in CSV, too" sh -c 'costrep report -o csv --by of,cost_of,x named.jsonl | head -n 1 | grep -qx "period,of,by,resource,cluster,tenant,cost_of,cost_cost_of,x,cost,currency"'
printf '{"date":"2024-01-%s,"cluster":"a"}\n' '15","cost_usd":100.1' '16","cost_usd":0.000000445' >points.jsonl
ok "points of amounts are in line" exits 0 costrep report --by cluster points.jsonl
ok "of the short" stdout_matches "^2024-01-15  100\.10         100\.10$"
ok "and the long" stdout_matches "^2024-01-16    0\.000000445    0\.000000445$"
ok "two labels that metrics cannot tell apart are exit 2" exits 2 costrep report -o prom --by 'a.b,a:b' none.jsonl
ok "and named" stderr_has "option '--by': 'a.b' and 'a:b' are both the label 'a_b' of metrics"
ok "other formats have them" exits 0 costrep report -o csv --by 'a.b,a:b' none.jsonl
echo '{"date":"2024-01-15","cost":1,"currency":"EUR"}' >eur.jsonl
ok "metrics of another currency are exit 0" exits 0 costrep report -o prom --by cluster eur.jsonl
ok "with that as a label" stdout_has 'daily_cost{cluster="unattributed",currency="EUR"} 1'
ok "of the month too" stdout_has 'monthly_cost{cluster="unattributed",currency="EUR"} 1'
ok "which no other name can be" exits 2 costrep report -o prom --by currency eur.jsonl
ok "as is said" stderr_has "option '--by': 'currency' is the label of metrics that has their currency"
ok "of USD it can" exits 0 costrep report -o prom --by currency none.jsonl
ok "eight labels are exit 0" exits 0 costrep report -o prom --by a,b,c,d,e,f,g,h none.jsonl
ok "nine are exit 2" exits 2 costrep report -o prom --by a,b,c,d,e,f,g,h,i none.jsonl
ok "and told" stderr_has "option '--by': 9 names, where metrics have 8 at most"
ok "eight and a currency too" exits 2 costrep report -o prom --by a,b,c,d,e,f,g,h eur.jsonl
ok "and told" stderr_has "option '--by': 8 names, where metrics have 7 at most"
ok "a name that Prometheus keeps for itself is exit 0" exits 0 costrep report -o prom --by __name__ none.jsonl
ok "under another" stdout_has 'daily_cost_usd{cost___name__="unattributed"} 3'
echo good >keep.prom
ok "no record is exit 1" exits 1 costrep report -o prom --output keep.prom /dev/null
ok "and said" stderr_is "costrep: warning: there is no cost record in the input; 'keep.prom' stays as it is"
is "the file stays" "$(cat keep.prom)" good
ok "one that is not there is not made" exits 1 costrep report -o html --output new.html /dev/null
not_ok "really" test -e new.html
ok "what others may read stays so" sh -c 'umask 022; costrep report -o prom --output new.prom costs.jsonl; ls -l new.prom | grep -q "^-rw-r--r--"'

# A disk that is full says so in each form, however long that is.
for form in text jsonl csv html svg prom; do
	ok "$form to a full disk is exit 4" exits 4 sh -c 'costrep report -o "$1" costs.jsonl >/dev/full' - "$form"
	ok "and says why" stderr_is "costrep: error: stdout: cannot write: No space left on device"
done

done_testing
