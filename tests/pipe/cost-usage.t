#!/bin/sh
# costrep usage: what lies in a store, priced, and read by costrep report.
. "${0%/*}/../lib/tap.sh"

cp "$REPO/examples/cost/prices.yaml" prices.yaml

# Two tenants, three days, two values of a label, one stream without it.
entries() {
	for day in 2026-01-10 2026-01-11 2026-01-12; do
		for i in 0 1 2 3 4 5 6 7 8 9; do
			ts=$(date -u -d "$day" +%s)
			echo "{\"ts\":\"${ts}00000000$i\",\"tenant\":\"a\",\"labels\":{\"app\":\"web\"},\"line\":\"GET /$i 200 of $day\"}"
			echo "{\"ts\":\"${ts}00000000$i\",\"tenant\":\"a\",\"labels\":{\"app\":\"db\"},\"line\":\"query $i of $day\"}"
			echo "{\"ts\":\"${ts}00000000$i\",\"tenant\":\"b\",\"labels\":{\"job\":\"cron\"},\"line\":\"run $i of $day\"}"
		done
	done
}
entries | chunkpack --store S | idxbuild --store S >/dev/null

bytes_of() {
	find "$@" -type f -printf '%s\n' | awk '{ n += $1 } END { print n }'
}
usage() {
	costrep usage --store S --at 2026-01-20 "$@"
}
all=$(bytes_of S/a S/b)

ok "a store's usage is told" exits 0 usage
ok "a row for each tenant" stdout_matches "^a +standard +2026-01-10 +2026-01-12 +6 "
ok "with its entries" stdout_matches "^b .* 30 +[0-9.]+$"
ok "and all of it" stdout_matches "^all +2026-01-10 +2026-01-12 +12 .* 90 +[0-9.]+$"
ok "as objects" exits 0 usage -o jsonl
ok "to the byte" stdout_has "\"objects\":6,\"bytes\":$(bytes_of S/a),\"entries\":60,"
ok "as CSV, by day" exits 0 usage -o csv --by-day
ok "a row for each" stdout_lines 7
ok "of one tenant" exits 0 usage -t b -o jsonl
ok "alone" stdout_lines 1
ok "of an earlier day" exits 0 usage --at 2026-01-11 -o jsonl -t a
ok "what is of later ones does not count" stdout_has "\"bytes\":$(bytes_of S/a/*/2026-01-1[01]),\"entries\":40,"

cat >dear.yaml <<'EOF'
currency: USD
prices:
  - { name: storage.standard, price: 1000000, per: GB-month }
  - { name: storage.cold, price: 1000, per: GB-month }
  - { name: requests.put, price: 0.005, per: 1000 }
  - { name: requests.get, price: 0.0004, per: 1000 }
EOF
ok "with prices it says what that costs" exits 0 usage --prices dear.yaml
ok "a month" stdout_matches "^tenant .* a month$"
# A GB is a million dollars a month: a byte is 0.001, and a day of January a 31st of that.
ok "as records" exits 0 usage --prices dear.yaml -o jsonl
ok "exactly" stdout_has "$(printf '"tenant":"a","labels":{"item":"storage.standard"},"metrics":{"bytes":%s,"s3_object_count":6},"cost_usd":%s' "$(bytes_of S/a)" \
	"$(awk -v n="$(bytes_of S/a)" 'BEGIN { printf "%.9f", n / 1000 / 31 }' | sed 's/0*$//')")"
cp "$TAP/stdout" records
ok "which a report reads" exits 0 costrep report --by tenant -o jsonl records
ok "by tenant" stdout_has '"period":"day","of":"2026-01-20","by":"tenant","tenant":"b"'
sum=$(usage --prices dear.yaml --label app -o jsonl | costrep report -o jsonl --by app | head -n 1)
ok "by a label the total is the same, but for what each record is rounded" sh -c \
	'echo "$1 $2" | sed "s/[^0-9.]*cost\":/ /g" | awk "{ d = \$1 - \$2; exit !(d * d < 1e-16) }"' x \
	"$(printf %s "$sum" | sed 's/.*cost":\([0-9.]*\).*/\1/')" "$(costrep report -o jsonl records | head -n 1 | sed 's/.*cost":\([0-9.]*\).*/\1/')"
ok "records have no room for a second label 'item'" exits 2 usage --prices dear.yaml --label item -o jsonl
ok "and it is said" stderr_has "option '--label': records have a label 'item' of their own"
ok "a table has" exits 0 usage --label item --prices dear.yaml
ok "values have rows" exits 0 usage --label app -o jsonl
ok "with their entries" stdout_matches '"tenant":"a",.*"value":"web",.*"entries":30,'
ok "what has none is apart" stdout_matches '"tenant":"b",.*"value":"",.*"entries":30,'
is "and all bytes are there once" "$(sed 's/.*"bytes":\([0-9]*\).*/\1/' "$TAP/stdout" | awk '{ n += $1 } END { print n }')" "$all"

ok "several days are priced" exits 0 usage --prices dear.yaml --from 2026-01-09 -o jsonl
is "each as of then" "$(grep '"tenant":"a"' "$TAP/stdout" | sed 's/.*"date":"\([^"]*\)".*"s3_object_count":\([0-9]*\).*/\1 \2/' | head -n 4)" \
	"2026-01-10 2
2026-01-11 4
2026-01-12 6
2026-01-13 6"
ok "tiers by age" exits 0 usage --prices dear.yaml --tier 9d=cold
ok "two days lie in it" stdout_matches "^a +cold +2026-01-10 +2026-01-11 +4 "
ok "and one does not" stdout_matches "^a +standard +2026-01-12 +2026-01-12 +2 "
ok "more can be added" exits 0 usage --prices dear.yaml -o jsonl --add requests.put=500000 --cluster ops --resource logs
ok "which belongs to nobody" stdout_has '{"date":"2026-01-20","resource":"logs","cluster":"ops","labels":{"item":"requests.put"},"metrics":{"quantity":500000},"cost_usd":2.50}'

# Requests are those that the programs counted themselves: a log of a day, with other lines in it.
{
	echo "Jan 20 00:07:01 host cron[7]: (lokid) CMD (flush.sh)"
	entries | sed 's/ of / once more /' | chunkpack --store S | idxbuild --store-stats --store S 2>&1 >/dev/null |
		sed 's/^/Jan 20 00:07:02 host /'
	echo "idxbuild: 3 PUT, 2 GET, 1000 LIST, 40 HEAD, 7 DELETE; read 12 KB, written 4.2 MB; 0 retries; 3 rounds of requests"
} >day.log
put=$(awk '/ PUT, / { sub(/.*: /, ""); n += $1 + $5 } END { print n }' day.log)
get=$(awk '/ PUT, / { sub(/.*: /, ""); n += $3 + $7 } END { print n }' day.log)
ok "requests of a day's log are priced" exits 0 usage --prices dear.yaml -o jsonl --requests day.log
ok "PUT and LIST" stdout_has "\"item\":\"requests.put\"},\"metrics\":{\"quantity\":$put},"
ok "GET and HEAD" stdout_has "\"item\":\"requests.get\"},\"metrics\":{\"quantity\":$get},"
is "more than the line that was written by hand" "$((put > 1003))" 1
echo nothing >empty.log
ok "a log without any is exit 3" exits 3 usage --prices dear.yaml -o jsonl --requests empty.log
ok "and said" stderr_has "empty.log:1: no line of it is one of --store-stats"
ok "too many are exit 3" exits 3 sh -c 'echo "x: 18446744073709551615 PUT, 0 GET, 1 LIST, 0 HEAD, 0 DELETE; " >many.log
	costrep usage --store S --prices dear.yaml -o jsonl --requests many.log'
ok "and said with their line" stderr_has "many.log:1: the sum is too large"

# What compaction replaced lies there until it is deleted, and costs as long.
entries | sed 's/ of / again /' | chunkpack --store S | idxbuild --store S >/dev/null
chunkpack --compact --store S >/dev/null 2>&1 || true
ok "what is obsolete, and there, counts" exits 0 usage -o jsonl
is "to the byte" "$(sed 's/.*"bytes":\([0-9]*\).*/\1/' "$TAP/stdout" | awk '{ n += $1 } END { print n }')" "$(bytes_of S/a S/b)"
is "its entries count once" "$(sed 's/.*"entries":\([0-9]*\).*/\1/' "$TAP/stdout" | awk '{ n += $1 } END { print n }')" 270

ok "an operand is exit 2" exits 2 usage S
ok "and is said" stderr_has "unexpected operand 'S'"
chunkpack --store empty </dev/null >/dev/null
ok "of an empty store nothing is printed" exits 0 costrep usage --store empty -o jsonl
ok "at all" stdout_is_empty
mkdir -p folder/a
ok "a folder that is no store is exit 4" exits 4 costrep usage --store folder
ok "and said" stderr_is "costrep: error: 'folder' is no store: it has no '~lokid/format'"
ok "no store is exit 2" exits 2 costrep usage
ok "and is said" stderr_has "which store? Name it with --store"
ok "one that is not there is exit 4" exits 4 costrep usage --store missing
ok "a class without a price is exit 2" exits 2 usage --prices prices.yaml --class hdd
ok "which is named" stderr_has "prices.yaml: it has no price of 'storage.hdd'"
sed 's/USD/EUR/' dear.yaml >euro.yaml
ok "records are in USD alone" exits 2 usage --prices euro.yaml -o jsonl
ok "and it is said" stderr_has "euro.yaml: prices are in EUR, and cost records in USD"
ok "a table is in any" exits 0 usage --prices euro.yaml
ok "tiers come by age" exits 2 usage --tier 30d=a --tier 7d=b
ok "an age is in days" exits 2 usage --tier 30h=a
ok "and said how" stderr_has "expected an age in days and a storage class as 30d=glacier-ir, found '30h=a'"
ok "what is added needs prices" exits 2 usage --add requests.put=1 -o jsonl
for option in --add=requests.put=1 --requests=day.log --from=2026-01-10 --cluster=a --resource=a; do
	for form in text csv; do
		ok "a table has no $option: exit 2 ($form)" exits 2 usage --prices dear.yaml "$option" -o $form
		ok "and it is said" stderr_has "option '${option%%=*}': only of cost records, which -o jsonl with --prices makes"
	done
done
ok "and a number" exits 2 usage --prices dear.yaml --add requests.put=-1 -o jsonl
ok "which is said" stderr_has "expected a number, or a size as 10GB, behind 'requests.put=', found '-1'"
ok "a day is one" exits 2 usage --at 2026-02-30
ok "and said" stderr_has "option '--at': there is no such day or time: '2026-02-30'"

cp -a S lost
rm lost/a/index/2026-01-10/*.idx
ok "young packs may get their index file: exit 0" exits 0 costrep usage --store lost
ok "they are warned of" stderr_matches "warning: 'a/chunks/2026-01-10/': no index file has [0-9]+ of its packs: entries in them are not counted$"
find lost -name '*.pack' -exec touch -d '-1 hour' {} +
ok "old ones will not: exit 3" exits 3 costrep usage --store lost -o jsonl
ok "they are told" stderr_matches "error: 'a/chunks/2026-01-10/': no index file has [0-9]+ of its packs"
ok "once" stderr_lines 1
is "and their bytes count" "$(sed 's/.*"bytes":\([0-9]*\).*/\1/' "$TAP/stdout" | awk '{ n += $1 } END { print n }')" "$(bytes_of lost/a lost/b)"
ok "who measures the rest warns" exits 0 costrep whatif --store lost --retention 1d
ok "of the same" stderr_matches "warning: 'a/chunks/2026-01-10/': no index file has"
cp -a S torn
rm torn/b/chunks/2026-01-11/*.pack
ok "packs that are not there are exit 3" exits 3 costrep usage --store torn
ok "and told, with who has them" stderr_matches "error: '.*\.idx': its pack 'b/chunks/2026-01-11/[0-9a-f]+\.pack' is not there$"
ok "who measures refuses the store" exits 3 costrep whatif --store torn --retention 1d

for index in S/a/index/2026-01-10/*.idx; do
	flip_byte "$index" 20
done
ok "a damaged index file is exit 3" exits 3 usage -o jsonl
ok "and told" stderr_matches "error: '.*2026-01-10/.*\.idx'"
is "and its bytes count" "$(sed 's/.*"bytes":\([0-9]*\).*/\1/' "$TAP/stdout" | awk '{ n += $1 } END { print n }')" "$(bytes_of S/a S/b)"

done_testing
