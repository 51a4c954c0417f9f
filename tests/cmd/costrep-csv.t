#!/bin/sh
# costrep report on CSV: our own columns, bills of AWS, FOCUS.
. "${0%/*}/../lib/tap.sh"

# of_groups FILE OPTION...: "GROUP COST" of the whole time, by the breakdowns that are asked for; - is unattributed
of_groups() {
	costrep report -o jsonl "$@" | sed -n '/"by":"total"/d
		s/^{"period":"total","of":"total","by":"[^"]*","[^"]*":\(.*\),"cost":\([^,]*\),.*/\1 \2/
		t found
		d
		:found
		s/^null,"unattributed":true/-/
		s/^"\(.*\)" /\1 /
		p'
}

cat >plain.csv <<'END'
resource,cluster,date,s3_requests,team,cost_usd
loki,ops,2024-01-15,1000000,"search, ""web""",125.50
alloy,,2024-01-16,,,0.25
END
ok "our own columns are exit 0" exits 0 costrep report plain.csv
ok "the total is that of all" stdout_has "125.75 USD from 2024-01-15 to 2024-01-16, in 2 records"
is "what is empty belongs to nobody" "$(of_groups --by cluster plain.csv)" "ops 125.50
- 0.25"
is "any column is a label" "$(of_groups --by team plain.csv)" 'search, \"web\" 125.50
- 0.25'
printf '\357\273\277date,cost,currency\r\n2024-01-15,1,EUR\r\n' >crlf.csv
ok "a mark and CR LF mean nothing" exits 0 costrep report crlf.csv
ok "the currency is the records' own" stdout_has "1.00 EUR"
gzip -c plain.csv >plain.csv.gz
is "gzip" "$(costrep report plain.csv.gz)" "$(costrep report plain.csv)"

cat >cur.csv <<'END'
identity/LineItemId,lineItem/LineItemType,lineItem/UsageStartDate,lineItem/ProductCode,lineItem/ResourceId,lineItem/UnblendedCost,lineItem/BlendedCost,lineItem/CurrencyCode,resourceTags/user:cluster
a,Usage,2024-01-15T23:59:59Z,AmazonS3,loki-chunks,0.0000004450,3,USD,prod
b,Usage,2024-01-16T01:00:00Z,AmazonEC2,i-0abc,12.34,4,USD,
c,Credit,2024-01-16T01:00:00Z,AmazonEC2,i-0abc,-2.34,5,USD,
END
ok "a bill is exit 0" exits 0 costrep report cur.csv
ok "credits are taken off" stdout_has "10.000000445 USD from 2024-01-15 to 2024-01-16"
is "resources are services" "$(of_groups --by resource cur.csv)" "AmazonEC2 10.00
AmazonS3 0.000000445"
is "or what they are called" "$(of_groups --by resource --resource-of 'loki=loki-*' --resource-of alloy=i-0abc cur.csv)" \
	"alloy 10.00
loki 0.000000445"
is "of others none" "$(of_groups --by resource --resource-of loki=AmazonS3 cur.csv)" "loki 0.000000445
- 10.00"
is "tags are labels" "$(of_groups --by cluster cur.csv)" "prod 0.000000445
- 10.00"
is "--match leaves out what is not like that" "$(of_groups --by cluster --match 'cluster=p*' cur.csv)" "prod 0.000000445"
is "--column takes another cost" "$(of_groups --by cluster --column cost=lineItem/BlendedCost cur.csv)" "prod 3.00
- 9.00"
is "--from and --to leave out days" "$(of_groups --by cluster --from 2024-01-15 --to 2024-01-16 cur.csv)" "prod 0.000000445"

cat >cur2.csv <<'END'
line_item_line_item_type,line_item_usage_start_date,line_item_product_code,line_item_resource_id,line_item_unblended_cost,line_item_currency_code,resource_tags
Usage,2024-01-15 00:00:00.000,AmazonS3,loki,1.5,USD,"{""user_cluster"":""prod \u00e9"",""aws_created_by"":""me""}"
EdpDiscount,2024-01-15 00:00:00.000,AmazonS3,loki,-0.5,USD,"{""user_cluster"":""prod \u00e9"",""user_team"":""a""}"
END
is "the second version of a bill, with all tags in a column" "$(of_groups --by cluster --by team cur2.csv)" "prod é 1.00
a -0.50
- 1.50"
cat >focus.csv <<'END'
BilledCost,EffectiveCost,BillingCurrency,ChargePeriodStart,ServiceName,ResourceId,ChargeCategory,ChargeClass,Tags
1.5,1.25,USD,2024-01-15T00:00:00Z,S3,arn:aws:s3:::loki,Usage,,"{""cluster"":""prod""}"
-1,-1,USD,2024-01-15T00:00:00Z,S3,arn:aws:s3:::loki,Usage,Correction,"{""env"":{""x"":1}}"
END
is "FOCUS" "$(of_groups --by cluster focus.csv)" "prod 1.50
- -1.00"
is "its other cost, and a key of its tags" "$(of_groups --by cluster --column cost=EffectiveCost --column cluster=Tags.cluster focus.csv)" "prod 1.25
- -1.00"


# tags_are DESC EXPECTED TAGS...: the groups of --by team, each record with one of these texts of all its tags, and 1.00
tags_are() {
	desc=$1
	expected=$2
	shift 2
	{
		echo BilledCost,BillingCurrency,ChargePeriodStart,Tags
		for tags; do
			echo "1,USD,2024-01-15T00:00:00Z,\"$(echo "$tags" | sed 's/"/""/g')\""
		done
	} >tags.csv
	is "$desc" "$(of_groups --by team tags.csv)" "$expected"
}
tags_are "tags as a database prints a map" "a 2.00
b, c 1.00" '{user_cluster=ops, user_team=a}' '{team=a}' '{user_team=b, c, user_cluster=x}'
tags_are "numbers and words are as written" "1.50 1.00
true 1.00" '{"team":1.50}' '{"team":true}'
tags_are "null is no tag" "- 4.00" null '{"team":null}' '{}' '{"teams":"x"}'
tags_are "the case of letters is another only beside the same" "a 3.00
b 1.00" '{"user:Team":"a"}' '{"TEAM":"a"}' '{"Team":"x","user:team":"a"}' '{"user_Team":"a","team":"b"}'
sed '1s/cluster/Cluster/' cur.csv >upper.csv
is "in the name of a column too" "$(of_groups --by cluster upper.csv)" "$(of_groups --by cluster cur.csv)"
for zone in -05:00 +05:00; do
	sed "s/00:00:00.000/23:00:00$zone/" cur2.csv >zone.csv
	costrep report -o csv zone.csv | grep '^day,.*,total' >>days
done
is "a moment with a zone has its day in UTC" "$(cut -d , -f 2 days)" "2024-01-16
2024-01-15"

# refuses DESC MESSAGE FILE [OPTION]...
refuses() {
	desc=$1
	message=$2
	shift 2
	ok "$desc is exit 3" exits 3 costrep report "$@"
	ok "$desc: file, line and field" stderr_has "'$1': $message"
	ok "$desc: there is no report" stdout_is_empty
}

sed '3s/-1,-1/-1e,-1/' focus.csv >bad
refuses "a cost that is no number" "line 3: 'BilledCost': expected an amount as 125.50, found '-1e'" bad
sed '3s/Correction//' focus.csv >bad
refuses "a negative cost of what was used" "line 3: 'BilledCost': expected 0 or more, found '-1'" bad
sed '3s/Usage,Correction/Purchase,/' focus.csv >bad
refuses "a negative cost of another type" "line 3: 'BilledCost': expected 0 or more, found '-1' (report --allow-negative 'Purchase' takes it)" bad
ok "--allow-negative takes it" exits 0 costrep report --allow-negative Fee --allow-negative 'Purch*' bad
ok "and it counts" stdout_has "0.50 USD"
ok "another type does not" exits 3 costrep report --allow-negative Fee bad
cut -d , -f 1,3- cur.csv >typeless.csv
refuses "a bill without types" "line 4: 'lineItem/UnblendedCost': expected 0 or more, found '-2.34': there is no column 'lineItem/LineItemType' that would say what gives money back (report --allow-negative '*' takes it)" typeless.csv
ok "all are taken" exits 0 costrep report --allow-negative '*' typeless.csv
ok "and count" stdout_has "10.000000445 USD"
printf 'date,cost_usd\n2024-01-15,-1\n' >bad
refuses "a record that has no type" "line 2: 'cost_usd': expected 0 or more, found '-1' (report --allow-negative '*' takes it)" bad
ok "is taken, too" exits 0 costrep report --allow-negative '*' bad
sed '3s/USD/EUR/' focus.csv >bad
refuses "a second currency" "line 3: 'BillingCurrency': found 'EUR' behind records in 'USD'" bad
ok "--currency takes one" exits 0 costrep report --currency EUR bad
ok "the others are left out" stdout_has "-1.00 EUR"
ok "which is said" stderr_has "1 record is in other currencies than EUR left out"
printf 'date,cost,currency\n2024-01-15,1,euro\n' >bad
refuses "a currency that is none" "line 2: 'currency': expected three capital letters as USD, found 'euro'" bad
sed '2s/,USD,/,,/' focus.csv >bad
refuses "no currency" "line 2: 'BillingCurrency': missing" bad
sed '3s/}}"/}}/' focus.csv >bad
refuses "a quote that is not closed" "line 3: field 9: its quote is not closed" bad
sed '2s/""}"/"""/' focus.csv >bad
refuses "tags that are no object" "line 2: 'Tags': expected a JSON object or {key=value}, found" bad --by cluster
sed '2s/}"/,""note"": ""a=b"",}"/' focus.csv >bad
refuses "JSON that is broken, though a sign = is in it" "line 2: 'Tags': expected a JSON object or {key=value}, found" bad --by cluster
refuses "a tag that is an object" "line 3: 'Tags': 'env': expected a string, a number, true or false, found '{" focus.csv --by env
sed '2s/""prod""/01/' focus.csv >bad
refuses "a tag that is no value" "line 2: 'Tags': 'cluster': expected a string, a number, true or false, found '01'" bad
sed '2s/""prod""/""\\x""/' focus.csv >bad
refuses "a tag with a bad escape" "line 2: 'Tags': a bad escape in '" bad
sed '2s/""cluster""/""Env"":""a"",""ENV""/' focus.csv >bad
refuses "two tags of one name" "line 2: 'Tags': two tags are called 'env'" bad --by env
sed '1s/$/,resourceTags\/user:CLUSTER/; 2,$s/$/,x/; 1s/user:cluster/user:Cluster/' cur.csv >bad
refuses "two columns of one tag" "line 1: 'resourceTags/user:Cluster' and 'resourceTags/user:CLUSTER' are columns of one tag" bad
ok "--column takes one" exits 0 costrep report --column cluster=resourceTags/user:Cluster bad
sed 's/00:00:00.000/00:00:00-05:0/' cur2.csv >bad
refuses "a moment that is none" "line 2: 'line_item_usage_start_date': there is no such day or time: '2024-01-15 00:00:00-05:0'" bad
sed '2s/$/,/' focus.csv >bad
refuses "a row that is too long" "line 2: found 10 fields, where the heading has 9" bad
sed 's/1000000/-1/' plain.csv >bad
refuses "a negative usage" "line 2: 's3_requests': expected a number of 0 or more, found '-1'" bad
sed 's/1000000/nan/' plain.csv >bad
refuses "a usage that is NaN" "line 2: 's3_requests': expected a number of 0 or more, found 'nan'" bad
sed 's/cost_usd/cost/' plain.csv >bad
refuses "a cost without a currency" "line 1: there is no column 'currency' beside 'cost'" bad
sed 's/team/date/' plain.csv >bad
refuses "two columns of one name" "line 1: two columns are called 'date'" bad
sed 's/cost_usd/price/' plain.csv >bad
refuses "a heading of no form" "line 1: expected a record as JSON, or a heading with date and cost_usd" bad
ok "how to name columns is said" stderr_has "(others are named: report --column date=COLUMN --column cost=COLUMN)"
refuses "a column that is not there" "line 1: there is no column 'x' for 'cluster'" plain.csv --column cluster=x
echo '[{"date":"2024-01-15","cost_usd":1}]' >bad
refuses "an array" "an array, where an object a line is expected" bad
awk 'BEGIN { printf "date,cost_usd\n\"2024-01-15"; for (i = 0; i < 40000; i++) print "long line"; print "\",1" }' >bad
refuses "a row that does not end" "line 2: longer than 131072 bytes: is a quote in it not closed?" bad
awk 'BEGIN { print "date,cost_usd"; print "2024-01-15,1"; printf "2024-01-15,1"; for (i = 0; i < 140000; i++) printf "0" }' >bad
refuses "a row that is too long" "line 3: longer than 131072 bytes" bad
not_ok "of which no quote is told" grep -q quote "$TAP/stderr"
awk 'BEGIN { printf "date,\"cost_usd"; for (i = 0; i < 40000; i++) print "long line" }' >bad
refuses "a heading that does not end" "line 1: a heading longer than 131072 bytes: is a quote in it not closed?" bad
head -c 60 plain.csv.gz >bad
refuses "a compressed file that is cut" "" bad
# A reader that takes a short read for the end would count what stands before the damage.
cut_refused() {
	for n in $(seq 4 $(($(size_of "$1") - 1))); do
		head -c "$n" "$1" >bad
		costrep report bad >out 2>&1
		[ $? -eq 3 ] || return 1
	done
}
ok "gzip that is cut anywhere gives no sum of a part" cut_refused plain.csv.gz
if command -v python3 >/dev/null; then
	python3 -c "import sys, zlib
z = zlib.compressobj(9, zlib.DEFLATED, 31)
for line in open('cur.csv', 'rb'):
    sys.stdout.buffer.write(z.compress(line) + z.flush(zlib.Z_FULL_FLUSH))
sys.stdout.buffer.write(z.flush())" >flushed.gz
	ok "nor where it was flushed behind each record" cut_refused flushed.gz
else
	skip "nor where it was flushed behind each record" "python3 is not here"
fi
head -c $(($(size_of plain.csv.gz) - 6)) plain.csv.gz >bad
refuses "gzip that is short" "offset " bad
ok "and says so" stderr_has "compressed data is cut short"
cat plain.csv.gz plain.csv >bad
refuses "text behind gzip" "offset $(size_of plain.csv.gz): something that is no gzip stands behind" bad
if command -v zstd >/dev/null; then
	zstd -q --check -c plain.csv >plain.csv.zst
	ok "zstd that is cut anywhere" cut_refused plain.csv.zst
else
	skip "zstd that is cut anywhere" "zstd is not installed"
fi

ok "a day that is none in --from is exit 2" exits 2 costrep report --from 2023-02-29 plain.csv
ok "and named" stderr_has "option '--from': expected a time"
ok "an empty range is exit 2" exits 2 costrep report --from 2024-01-02 --to 2024-01-02 plain.csv
ok "a match without a pattern is exit 2" exits 2 costrep report --match cluster plain.csv
ok "and says what is expected" stderr_has "option '--match': expected NAME=PATTERN, found 'cluster'"
ok "a column without a name is exit 2" exits 2 costrep report --column =x plain.csv
ok "a resource without a pattern is exit 2" exits 2 costrep report --resource-of x= plain.csv

# Blocks of 128 KiB: records that lie across their ends, and lines behind them, are as all others.
awk 'BEGIN { print "date,cost_usd,team"; for (i = 0; i < 60000; i++) printf "2024-%02d-%02d,0.%02d,\"t\n%d\"\n", i % 12 + 1, i % 28 + 1, i % 100, i % 7 }' >long.csv
is "many blocks have one sum" "$(costrep report -o csv long.csv | grep ^total,total,total,)" "total,total,total,,,,29700.00,USD"
is "and the groups of all" "$(of_groups --by team long.csv | wc -l)" 7
echo "2024-01-15,x,y" >>long.csv
refuses "behind many blocks a fault" "line 120002: 'cost_usd': expected an amount as 125.50, found 'x'" long.csv

# Whether a sum fits is not for the order of its parts to say.
bill() {
	echo line_item_line_item_type,line_item_usage_start_date,line_item_product_code,line_item_resource_id,line_item_unblended_cost,line_item_currency_code
	for row; do
		echo "${row%:*},S3,logs,${row#*:},USD"
	done
}
day=2024-01-15 next=2024-01-16
for rows in "Usage,$day:9e9 Usage,$day:9e9 Refund,$day:-9e9" "Usage,$day:9e9 Refund,$day:-9e9 Usage,$day:9e9" \
	"Usage,$day:9e9 Usage,$next:9e9 Refund,2024-01-17:-9e9"; do
	# shellcheck disable=SC2086
	bill $rows >bill.csv
	ok "$rows is exit 0" exits 0 costrep report -o csv bill.csv
	ok "with its sum" stdout_has "total,total,total,,,,9000000000.00,USD"
done
bill Refund,$day:-9e9 Refund,$day:-9e9 >bill.csv
ok "a sum far below nothing is exit 3" exits 3 costrep report bill.csv
ok "and told" stderr_has "the sum of 2024-01-15 is more than can be counted"
bill Usage,2024-01-01:9e9 Usage,2024-01-30:9e9 Refund,2024-01-31:-9e9 >bill.csv
ok "a month of a forecast is no other thing" exits 0 costrep forecast --growth=-50 --months 1 bill.csv
ok "with its sum" stdout_has "9000000000.00 USD in 2024-01"
bill Usage,2024-01-30:9e9 Usage,2024-01-31:9e9 >bill.csv
ok "one that does not fit is exit 3" exits 3 costrep forecast --growth=-50 bill.csv
ok "and told" stderr_has "the sum of 2024-01 is more than can be counted (up to 9223372036.85)"

printf 'date,cost_usd,cost,currency\n2024-01-15,1,2,USD\n' >both.csv
ok "two columns of a cost are exit 3" exits 3 costrep report both.csv
ok "and told" stderr_has "'both.csv': line 1: 'cost' and 'cost_usd': only one of them (report --column cost=COLUMN takes one)"
ok "unless one is taken" exits 0 costrep report --column cost=cost -o csv both.csv
ok "which counts" stdout_has "total,total,total,,,,2.00,USD"

done_testing
