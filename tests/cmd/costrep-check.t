#!/bin/sh
# costrep check: totals of documents, and their parts.
. "${0%/*}/../lib/tap.sh"

cp "$GOLDEN/cost/estimate.md" "$GOLDEN/cost/migration.md" .

# Four services, their lines and volume; tiers and what they cost; what was said of it elsewhere.
ok "an estimate that contradicts itself is exit 1" exits 1 costrep check estimate.md
ok "a tier of 30 GB a day beside a total of 6.0" stdout_has "estimate.md:23: 30GB/day is not the total 6.0GB a day of line 15"
ok "as in the text" stdout_has "estimate.md:5: 30GB raw/day is not the total 6.0GB a day of line 15"
ok "a cost of tiering that is not that of the tiers" stdout_has "estimate.md:4: \$150/month is not the sum of the table 44.595 to 47.605 a month of line 20"
ok "two costs of the same" stdout_has "estimate.md:28: \$15-30/month is not \$14/month of line 3"
ok "and nothing else" stdout_lines 5
ok "since the table's sums hold as they are rounded" stdout_has "4 of 22 relations do not hold"
ok "a document whose sums and products hold is exit 0" exits 0 costrep check migration.md
ok "each of them was looked at" stdout_is "0 of 9 relations do not hold"
ok "stdin is read" exits 1 sh -c 'costrep check <estimate.md'
ok "as objects" exits 1 costrep check -o jsonl estimate.md
ok "with line and rule" stdout_has '{"file":"estimate.md","line":23,"rule":"statement","message":"30GB/day is not the total 6.0GB a day of line 15"}'
ok "as CSV" exits 1 costrep check -o csv estimate.md
ok "with a header" stdout_has "file,line,rule,message"

changed() {
	sed "$2" "$1" >changed.md
	ok "$3: exit 1" exits 1 costrep check changed.md
	ok "and said" stdout_has "$4"
}
holds() {
	sed "$2" "$1" >changed.md
	ok "$3: exit 0" exits 0 costrep check changed.md
}
changed migration.md 's/~\$34.50/~$35.50/' "a total that is not the sum" "changed.md:11: 'Monthly Cost': the total is ~\$35.50/month, and its parts add up to 34.48 to 34.52"
changed migration.md 's/\$2.50/$2.60/; s/11.69/11.79/' "a cost that is not the product" "changed.md:18: '500K' times '\$0.005/1K' is 2.5, and not \$2.60"
changed migration.md 's/\$274/$284/' "a year that is not twelve months" "is 273.66 to 273.78, and not \$284"
changed estimate.md 's/4,300/4,200/' "a total of whole numbers" "'Lines/min': the total is 4,200, and its parts add up to 4298 to 4302"
changed estimate.md 's/51GB/61GB/; s/180GB/190GB/' "a month that is not thirty days" "'Daily Volume' is 1.7GB, so that 'Monthly Storage' is 46.2 to 54.25 GB, and not 61GB"
changed estimate.md 's/1.5Gi/2.5Gi/' "a size that is not its product" "'512Mi × 3' is 1.498535156 to 1.501464843 Gi, and not 2.5Gi"
echo '| A | B |
|---|---|
| x | 1.25 |
| y | 1.25 |
| Total | 2.4 |' >round.md
ok "what no rounding makes of its parts is exit 1" exits 1 costrep check round.md
holds round.md 's/2.4/2.5/' "the sum as it is"
holds round.md 's/1.25/1.2/; s/2.4/2.5/' "2.5 of 1.2 and 1.2, which may be 1.249 each"
changed round.md 's/1.25/1.2/; s/2.4/2.6/' "but not 2.6" "'B': the total is 2.6, and its parts add up to 2.3 to 2.5"
holds round.md 's/2.4/-/' "no total is none"
echo '| Item | Cost |
|---|---|
| storage | $10.00 |
| credit | -$2.00 |
| Total | $8.00 |' >credit.md
for minus in '-$2.00' '-2.00' '($2.00)' '(2.00)' '−$2.00' '−2.00' '$-2.00' '$−2.00'; do
	case $minus in *\$*) sign='$' ;; *) sign= ;; esac
	sed "s/-[$]2.00/$minus/; s/[$]\\(10.00\\|8.00\\)/$sign\\1/" credit.md >minus.md
	ok "$minus is taken off" exits 0 costrep check minus.md
	ok "$minus is looked at" stdout_is "0 of 1 relations do not hold"
	sed 's/8.00/12.00/' minus.md >wrong.md
	ok "$minus is not added" exits 1 costrep check wrong.md
	ok "$minus: what it comes to" stdout_has "parts add up to 7.99 to 8.01"
done
sed 's/-[$]2.00/$2.00 - $3.00/; s/[$]8.00/-/' credit.md >minus.md
ok "a dash between two is no minus" exits 0 costrep check minus.md
sed 's/10.00/1.00/; s/[$]8.00/-$1.00/' credit.md >minus.md
ok "a total may be negative" exits 0 costrep check minus.md
holds round.md 's/2.4/many/; s/y | 1.25/y | n.a./' "words are none"

product() {
	printf '| %s |\n' "$1" "$(echo "$1" | sed 's/[^|]*/---/g')" "$2" >product.md
	ok "$2: exit 0" exits 0 costrep check product.md
	ok "$2: is looked at" stdout_is "0 of 1 relations do not hold"
	printf '| %s |\n' "$1" "$(echo "$1" | sed 's/[^|]*/---/g')" "$3" >product.md
	ok "$3: exit 1" exits 1 costrep check product.md
	ok "$3: what it is" stdout_has "$4"
}
product 'What | A month' '50 GB at $0.023/GB | $1.15' '50 GB at $0.023/GB | $2.15' "'50 GB' times '\$0.023/GB' is 1.15, and not \$2.15"
product 'What | A month' '50 GB × $0.023/GB | $1.15' '50 GB x $0.023/GB | $2.15' "'50 GB' times '\$0.023/GB' is 1.15, and not \$2.15"
product 'What | Where' '50 GB at $0.023/GB = $1.15 | S3' '50 GB at $0.023/GB = $1.25 | S3' "is 1.15, and not \$1.25"
product 'Quantity | Unit price | Cost' '12 | $2.50 | $30.00' '12 | $2.50 | $40.00' "'12' times '\$2.50' is 30, and not \$40.00"
product 'Qty | Rate | Cost' '12 | $2.50 | $30.00' '12 | $2.50 | $40.00' "'12' times '\$2.50' is 30, and not \$40.00"
echo '| Quantity | Unit price | Annual cost |
|---|---|---|
| 12 | $2.50 | $360.00 |' >product.md
ok "a price and a cost of other periods are left alone" exits 0 costrep check product.md
ok "which is said" stdout_is "0 of 0 relations do not hold"
ok "as nothing else is there" stderr_has "warning: nothing was checked"


product 'What | Lines/min | Lines/day' 'a | 100 | 144,000' 'a | 100 | 100,000' "'Lines/min' is 100, so that 'Lines/day' is 143280 to 144720, and not 100,000"
product 'What | Lines/sec | Lines/hour' 'a | 10 | 36,000' 'a | 10 | 40,000' "'Lines/hour' is 34200 to 37800, and not 40,000"
product 'What | GB per day | GB per month' 'a | 5 | 150' 'a | 5 | 250' "'GB per day' is 5, so that 'GB per month' is 126 to 170.5, and not 250"
product 'What | Daily cost | Monthly cost' 'a | $5.00 | $150.00' 'a | $5.00 | $250.00' "'Daily cost' is \$5.00, so that 'Monthly cost' is 139.86 to 155.155, and not \$250.00"
product 'What | Price per hour | Price per month' 'a | $0.10 | $73.00' 'a | $0.10 | $7.30' "and not \$7.30"
printf '| What | Storage cost/day | Network cost/month |\n|---|---|---|\n| a | $5.00 | $9.00 |\n' >product.md
ok "costs of two things are left alone" exits 0 costrep check product.md
ok "which is said" stdout_is "0 of 0 relations do not hold"

# sums TOTAL FILE: of two parts with a subtotal, two more and a total of TOTAL
sums() {
	printf '| Item | Cost |\n|---|---|\n| a | $1.00 |\n| b | $2.00 |\n| Subtotal | $3.00 |\n| c | $4.00 |\n| d | $5.00 |\n%s' \
		"$1" >sums.md
}
for rows in '| Grand total | $12.00 |' '| Total | $12.00 |' '| Total | $9.00 |' '| Subtotal | $9.00 |
| Grand total | $12.00 |' '| Subtotal | $9.00 |
| tax | $0.50 |
| Total | $12.50 |'; do
	sums "$rows"
	ok "behind a subtotal: $rows" exits 0 costrep check sums.md
done
sums '| Grand total | $13.00 |'
ok "a total of all that is wrong is exit 1" exits 1 costrep check sums.md
ok "and said of all" stdout_has "sums.md:8: 'Cost': the total is \$13.00, and its parts add up to 11.98 to 12.02"
sums '| Subtotal | $12.00 |'
ok "a subtotal is that of the rows behind the one before" exits 1 costrep check sums.md
ok "as is said" stdout_has "its parts add up to 8.99 to 9.01"

# comma AMOUNTS: three parts and a total
comma() {
	desc=$1
	rc=$2
	shift 2
	printf '| Item | Cost |\n|---|---|\n| a | %s |\n| b | %s |\n| Total | %s |\n' "$@" >comma.md
	ok "$desc: exit $rc" exits "$rc" costrep check comma.md
}
comma "decimal commas" 0 1,50 2,25 3,75
comma "are no rounding to units" 1 1,50 2,25 4,25
ok "as is said" stdout_has "its parts add up to 3.74 to 3.76"
comma "points that divide thousands" 0 '1.234,50 €' '2.000,25 €' '3.234,75 €'
comma "a wrong sum of them" 1 '1.234,50 €' '2.000,25 €' '3.334,75 €'
comma "commas that divide thousands" 0 1,234.50 2,000.25 3,234.75
comma "lists are no numbers" 0 1,2,3 4,5,6 9,9,9
ok "which is said" stdout_is "0 of 0 relations do not hold"

cat >parts.csv <<'EOF'
item,"cost, a month"
disk,"$1,000.00"
"net, out",$20.50
total,"$1,020.50"
EOF
ok "CSV is read by its name" exits 0 costrep check parts.csv
ok "with its one sum" stdout_is "0 of 1 relations do not hold"
ok "or as it is said to be" exits 1 sh -c 'sed s/1,020/1,120/ parts.csv | costrep check --input csv'
ok "with its line" stdout_has "stdin:4: 'cost, a month': the total is \$1,120.50, and its parts add up to 1020.49 to 1020.51"
ok "broken CSV is exit 3" exits 3 sh -c 'echo "a,\"b" | costrep check --input csv'
ok "with file and line" stderr_matches "stdin: line 1: "
ok "a form that is none is exit 2" exits 2 costrep check --input html parts.csv
ok "a file that is not there is exit 4" exits 4 costrep check missing.md

# text RC DESCRIPTION LINE...: what is said of a document of these lines
text() {
	rc=$1
	desc=$2
	shift 2
	printf '%s\n' "$@" >text.md
	ok "$desc: exit $rc" exits "$rc" costrep check text.md
}
text 0 "a total's own parts are no statements of it" '| s | Volume |' '|---|---|' '| shop | 20 GB/day |' \
	'| billing | 10 GB/day |' '| total | 30 GB/day |'
ok "their sum is looked at" stdout_is "0 of 1 relations do not hold"
text 0 "nor are those of a table without one" '| s | Volume |' '|---|---|' '| shop | 20 GB/day |' '| billing | 10 GB/day |'
text 0 "nor in a text beside it" 'shop sends 20 GB/day.' '' '| s | Volume |' '|---|---|' '| shop | 20 GB/day |' \
	'| billing | 10 GB/day |' '| total | 30 GB/day |'
text 0 "two in one sentence" 'shop sends 20 GB/day and billing 10 GB/day.'
text 0 "two in one line" 'Growth: 20 GB/day -> 40 GB/day'
text 0 "of two times" 'Today we ingest 20 GB/day. In 2027 it will be 40 GB/day.'
text 0 "in two lines" 'Today we ingest 20 GB/day.' 'In 2027 we ingest 40 GB/day.'
text 0 "of two plans" 'Plan A: $10/month' 'Plan B: $20/month'
text 0 "in two sections" '## Plan A' 'Baseline: $10/month' '## Plan B' 'Baseline: $20/month'
text 0 "in two lists" 'Shop:' '- Baseline: $10/month' '' 'Billing:' '- Baseline: $20/month'
text 0 "in lists below items" '- Shop' '  - Baseline: $10/month' '- Billing' '  - Baseline: $20/month'
text 0 "with other words behind" 'Storage: $10/month for shop' 'Storage: $20/month for billing'
text 0 "or in brackets" 'Storage fee: $10/month (shop)' 'Storage fee: $20/month (billing)'
text 0 "totals of two tables" '## Production' '| s | GB per day |' '|---|---|' '| a | 20 |' '| total | 20 GB |' \
	'## Staging' '| s | GB per day |' '|---|---|' '| a | 5 |' '| total | 5 GB |' '' 'The limit is 50 GB/day.'
text 0 "of words that begin alike" 'Server shop: $10/month' 'Servers of billing: $20/month'
text 1 "called alike in one section" '## Plan A' 'Baseline: $10/month' '### Details' 'The baseline is $20/month (shop).'
ok "which is said" stdout_has "text.md:4: \$20/month is not \$10/month of line 2"
text 1 "ingestion in two lines" 'Ingestion: 20 GB/day' 'Ingestion: 40 GB/day'
text 1 "the same total in a table and the text" '| Item | Value |' '|---|---|' '| Total monthly cost | $150.00 |' '' 'Total monthly cost: $175.00'
ok "which is said" stdout_has "text.md:5: \$175.00 a month is not the total \$150.00 a month of line 3"
text 1 "with a month beside it" '| Item | Cost |' '|---|---|' '| a | $150.00/month |' '| Total | $150.00/month |' '' 'Total: $175.00/month'
ok "which is said once" stdout_has "text.md:6: \$175.00/month is not the total \$150.00/month of line 4"
text 0 "totals of two tables and one of the text" '| Item | Cost |' '|---|---|' '| Total | $150.00/month |' '' \
	'| Item | Cost |' '|---|---|' '| Total | $50.00/month |' '' 'Total: $50.00/month'
text 1 "what is called as the table is" '## Log volume' '| s | Daily volume |' '|---|---|' '| shop | 20 GB |' \
	'| total | 20 GB |' '## Summary' 'Log volume: 10 GB/day'
ok "which is said" stdout_has "text.md:7: 10 GB/day is not the total 20 GB a day of line 5"
text 1 "a time in other words" 'Ingestion: 1024 GB per day' 'Ingestion: 1000 GB/day'
ok "is not said twice" stdout_has "text.md:2: 1000 GB/day is not 1024 GB per day of line 1"

# A total of another time than its parts.
cat >totals.md <<'END'
| Item | Cost |
|---|---|
| shop | $100 |
| billing | $200 |
| Monthly total | $300 |
| Annual total | $3600 |
END
ok "a total of the month and one of the year are exit 0" exits 0 costrep check totals.md
ok "and looked at" stdout_is "0 of 3 relations do not hold"
holds totals.md 's/Monthly total/Total per month/; s/Annual total/Total per year/' "totals per month and year"
holds totals.md 's/Monthly total/Total (monthly)/; s/Annual total/Total (annual)/' "totals with them in brackets"
holds totals.md 's/Cost/Monthly cost/' "parts of a month"
holds totals.md 's/Cost/Annual cost/; s/[$]300 /$25 /; s/[$]3600/$300/' "parts of a year"
changed totals.md 's/[$]3600/$3700/' "a wrong total of the year" "changed.md:6: 'Cost': the total is \$3700, and its parts add up to 299 to 301"
changed totals.md 's/[$]300 /$310 /' "a wrong total of the month" "changed.md:5: 'Cost': the total is \$310, and its parts add up to 299 to 301"
changed totals.md 's/Cost/Monthly cost/; s/[$]3600/$300/' "a total of the year that is that of the month" "changed.md:6: 'Monthly cost': the total is \$300"
text 0 "a total of something else" '| Metric | Value |' '|---|---|' '| Requests | 100 |' '| Errors | 5 |' '| Total hosts | 12 |'
text 1 "a total of one part" '| Item | Cost |' '|---|---|' '| shop | $10 |' '| Total | $12 |'
text 1 "a subtotal of one row" '| Item | Cost |' '|---|---|' '| a | $1.00 |' '| b | $2.00 |' '| Subtotal | $3.00 |' '| c | $4.00 |' '| Subtotal | $5.00 |'
ok "which is said" stdout_has "text.md:7: 'Cost': the total is \$5.00, and its parts add up to 3.995 to 4.005"
text 1 "cents below a total with a sign" '| Item | Cost |' '|---|---|' '| a | 1.00 |' '| b | 2.00 |' '| Total | **$4.00** |'
text 0 "counts beside money" '| Item | Value |' '|---|---|' '| nodes | 3 |' '| Total | $40.00 |'

# years A B: rows of a month and a year
years() {
	text 1 "$1, $2" '| What | Value |' '|---|---|' "| $1 | \$900.00 |" "| $2 | \$9999.00 |"
	ok "$1, $2: what follows" stdout_has "text.md:4: '$1' is \$900.00, so that '$2' is 10799.94 to 10800.06, and not \$9999.00"
	text 0 "$1, $2, as they are" '| What | Value |' '|---|---|' "| $1 | \$900.00 |" "| $2 | \$10800.00 |"
	ok "$1, $2: looked at" stdout_is "0 of 1 relations do not hold"
}
years 'Monthly cost' 'Annual cost'
years 'Monthly' 'Annual'
years 'Per month' 'Per year'
years 'Month' 'Year'
text 0 "a date is no period" '| What | Value |' '|---|---|' '| Month | 3 |' '| Year | 2026 |'
text 0 "of two things" '| What | Value |' '|---|---|' '| Monthly server cost | $10.00 |' '| Annual server licence | $99.00 |'
text 0 "of several alike" '| What | Value |' '|---|---|' '| Monthly cost | $10.00 |' '| Annual cost | $120.00 |' '| Monthly cost | $20.00 |' '| Annual cost | $240.00 |'
text 0 "what is paid at once may be less" '| What | Value |' '|---|---|' '| Monthly cost, billed | $10.00 |' '| Annual cost, billed | $100.00 |'

text 1 "a bar behind a backslash is none" '| Item | Cost |' '|---|---|' '| a \| x | $1.00 |' '| b | $2.00 |' '| Total | $4.00 |'
ok "so that the part counts" stdout_has "its parts add up to 2.99 to 3.01"
text 1 "tables without bars about them" 'Item | Cost' '--- | ---' 'a | $1.00' 'b | $2.00' 'Total | $4.00' '' 'a | b'
ok "are read" stdout_has "text.md:5: 'Cost': the total is \$4.00, and its parts add up to 2.99 to 3.01"
ok "CSV with semicolons is read" exits 1 sh -c 'printf "item;cost\na;1,50\nb;2,25\ntotal;4,75\n" | costrep check --input csv'
ok "with decimal commas" stdout_has "stdin:4: 'cost': the total is 4,75, and its parts add up to 3.74 to 3.76"
printf 'Total 3 GB\0' >zero
ok "what is no text is exit 3" exits 3 costrep check zero
ok "and said" stderr_has "zero: it is no text"

# An amount behind many others is compared, too.
many() {
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) print "Ingestion: 5 GB/day."; print "Ingestion is 9 GB/day." }'
}
many 300 >many.md
ok "of 300 amounts the last is another" exits 1 costrep check many.md
ok "which is said" stdout_has "many.md:301: 9 GB/day is not 5 GB/day of line 1"
many 2000 >many.md
ok "more than 2000 are exit 3" exits 3 costrep check many.md
ok "and told" stderr_has "many.md: more than 2000 amounts a day or a month, each of which is to be compared with all others"
awk 'BEGIN { print "a,b"; for (i = 0; i < 20000; i++) print "Monthly savings,$1\nAnnual savings,$12\nMonthly cost" i ",$1.00\nAnnual cost" i ",$13.00" }' >years.csv
ok "many months and years are compared" exits 1 costrep check years.csv
ok "where each stands once" stdout_has "20000 of 20000 relations do not hold"

done_testing
