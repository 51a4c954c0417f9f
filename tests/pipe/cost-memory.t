#!/bin/sh
# The memory of costrep report grows with groups and days, not with records, and there is a bound to these.
. "${0%/*}/../lib/tap.sh"

measure=${BIN%/bin}/bench/measure
[ "$VARIANT" = default ] || skip_all "a sanitizer needs memory of its own"
[ -x "$measure" ] || skip_all "the bench's measure is not built"

# records N TENANTS: as CSV, one of each tenant a day, over 720 days again and again
records() {
	awk -v n="$1" -v tenants="$2" 'BEGIN {
		print "resource,cluster,tenant,date,cost_usd"
		for (i = 0; i < n; i++) {
			day = int(i / tenants) % 720
			printf "loki,c%d,team-%d,%d-%02d-%02d,0.%02d\n", i % 3, i % tenants, 2000 + int(day / 336), int(day / 28) % 12 + 1, day % 28 + 1, i % 100
		}
	}'
}

# within MIB COMMAND...: it ends well, and had no more at any time.
within() {
	mib=$1
	shift
	"$measure" -o made "$@" >cost || return
	peak=$(cut -f 3 cost)
	note "$((peak / 1024)) of $mib MiB"
	[ "$peak" -le $((mib * 1024)) ]
}

records 300000 10 >few
ok "300,000 records of few groups" within 12 costrep report -o csv few
ok "are all counted" grep -qx "total,total,total,,,,148500.00,USD" made
tail -n +2 few >rest
cat few rest rest rest rest >again
ok "five times as many" within 12 costrep report -o csv again
ok "are too" grep -qx "total,total,total,,,,742500.00,USD" made

records 720000 900 >many
for format in text jsonl csv html prom; do
	ok "600,000 groups and days, $format" within 64 costrep report -o $format many
done
records 792000 1100 >many
ok "more than there is room for are exit 3" exits 3 costrep report many
ok "which is said with the line" stderr_has "'many': line 7"
ok "and what helps" stderr_has "more than 786432 groups and days: fewer of --by, or a shorter time"
ok "--by does" exits 0 costrep report --by cluster many
ok "a shorter time does" exits 0 costrep report --from 2000-06-01 many

# names N LENGTH: as CSV, one record of each of N clusters
names() {
	awk -v n="$1" -v length_of="$2" 'BEGIN {
		print "cluster,date,cost_usd"
		for (i = 0; i < n; i++)
			printf "%0*d,2024-01-15,1\n", length_of, i
	}'
}

names 250000 8 >many
ok "250,000 groups of a day" within 64 costrep report --by cluster -o csv many
names 90000 180 >many
ok "90,000 with long names" within 64 costrep report --by cluster -o csv many
names 100000 200 >many
ok "more names than there is room for are exit 3" exits 3 costrep report --by cluster many
ok "which is said with the line" stderr_has "'many': line 89"
ok "and what helps" stderr_has "more than 24 MiB of groups and their names: fewer of --by, or fewer records by --match"
ok "--match does" exits 0 costrep report --by cluster --match 'cluster=*1' many

awk 'BEGIN { print "date,cost_usd,id"; for (i = 0; i < 400000; i++) print "2024-01-15,1," i }' >ids
ok "ids are kept in one file" sh -c 'ulimit -n 32 && exec costrep report -o csv ids'

done_testing
