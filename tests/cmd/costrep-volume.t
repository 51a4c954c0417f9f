#!/bin/sh
# costrep volume: what the lines of services come to.
. "${0%/*}/../lib/tap.sh"

# The four services of an estimate: 4,300 lines a minute of 970 bytes are 6.0 GB a day, 180 a month,
# and a tenth of that where ten bytes are stored as one.
cat >services.csv <<'EOF'
service,lines_per_minute
web,1200
language,1500
vault,800
agents,800
EOF
ok "an estimate is made" exits 0 costrep volume --bytes-per-line 970 --compression 10 services.csv
ok "as it was by hand" stdout_is_golden costrep-volume.txt
ok "in all" stdout_matches "^total +4300 +71.7 +6.01 +180.2 +0.60 +18.0$"
ok "exactly, for programs" exits 0 costrep volume --bytes-per-line 970 --compression 10 -o jsonl services.csv
ok "to the byte" stdout_has '{"sum":"total","lines_per_minute":4300,"bytes_a_day":6006240000,"bytes_a_month":180187200000,"stored_a_day":600624000,"stored_a_month":18018720000}'
ok "as CSV" exits 0 costrep volume --bytes-per-line 970 -o csv services.csv
ok "to the byte, too" stdout_has "web,1200,1676160000,50284800000"
ok "with compression" exits 0 costrep volume --bytes-per-line 970 --compression 10 -o csv services.csv
ok "what is stored" stdout_is "service,lines_per_minute,bytes_a_day,bytes_a_month,stored_a_day,stored_a_month
web,1200,1676160000,50284800000,167616000,5028480000
language,1500,2095200000,62856000000,209520000,6285600000
vault,800,1117440000,33523200000,111744000,3352320000
agents,800,1117440000,33523200000,111744000,3352320000"
ok "stdin is read" exits 0 sh -c 'costrep volume --bytes-per-line 1 <services.csv'
ok "bytes may be the service's own" exits 0 sh -c 'sed "1s/$/,bytes_per_line/; 2,\$s/$/,100/" services.csv | costrep volume -o jsonl'
ok "of each" stdout_has '{"service":"web","lines_per_minute":1200,"bytes_a_day":172800000,"bytes_a_month":5184000000}'
ok "a month may have other days" exits 0 costrep volume --bytes-per-line 1000 --month-days 31 -o jsonl services.csv
ok "as many" stdout_has '"bytes_a_day":6192000000,"bytes_a_month":191952000000}'

for i in 0 1 2 3 4 5 6 7 8 9; do
	echo "{\"ts\":\"176800000000000000$i\",\"labels\":{\"app\":\"web\"},\"line\":\"GET /$i 200, and the same again and again and again\"}"
done | chunkpack --store S | idxbuild --store S >/dev/null
ok "the compression may be a store's" exits 0 costrep volume --bytes-per-line 970 --store S -o jsonl services.csv
ok "and counts" stdout_has '"stored_a_day":'
ok "of one that has nothing it is exit 3" exits 3 costrep volume --bytes-per-line 970 --store S -t none services.csv
ok "and said" stderr_has "'S': there is nothing to measure the compression of"

refused() {
	status=$1 message=$2
	shift 2
	ok "$message: exit $status" exits "$status" "$@"
	ok "and said" stderr_has "$message"
}
refused 3 "services.csv:1: the heading lacks 'bytes_per_line': give the column, or --bytes-per-line" costrep volume services.csv
refused 3 "stdin:1: the heading lacks 'lines_per_minute'" sh -c 'echo service | costrep volume'
refused 3 "stdin:1: 'service' heads two columns" sh -c 'echo service,lines_per_minute,service | costrep volume'
refused 3 "stdin:1: there is no heading" sh -c ': | costrep volume'
refused 3 "stdin:3: 'lines_per_minute': expected a whole number, found '-1500'" sh -c 'sed s/1500/-1500/ services.csv | costrep volume --bytes-per-line 1'
refused 3 "stdin:3: 'lines_per_minute': expected a whole number, found 'nan'" sh -c 'sed s/1500/nan/ services.csv | costrep volume --bytes-per-line 1'
refused 3 "stdin:2: 'lines_per_minute' times 'bytes_per_line': more than can be counted" sh -c 'sed s/1200/9999999999999999/ services.csv | costrep volume --bytes-per-line 1000'
refused 3 "stdin: line 2: " sh -c 'sed "2s/web/\"web/" services.csv | costrep volume --bytes-per-line 1'
refused 2 "option '--compression': expected 0.001 to 1000000, found '0'" costrep volume --compression 0 services.csv
refused 2 "option '--tenant': only of --store" costrep volume -t a --bytes-per-line 1 services.csv
refused 2 "options '--compression', '--store': one says it, the other measures it" costrep volume --compression 2 --store S --bytes-per-line 1 services.csv
refused 2 "option '--month-days': expected" costrep volume --month-days 0 services.csv

refused 2 "'./services.csv' is given twice, as 'services.csv' too" costrep volume --bytes-per-line 1 services.csv ./services.csv
head -n 1 services.csv >none.csv
refused 1 "costrep: warning: none.csv: there is no service in it" costrep volume --bytes-per-line 1 none.csv
ok "among others it is no failure" exits 0 costrep volume --bytes-per-line 1 none.csv services.csv
ok "but told" stderr_is "costrep: warning: none.csv: there is no service in it"

printf 'service,lines_per_minute\na,1\n' >small.csv
ok "what is small is not nothing" exits 0 costrep volume --bytes-per-line 100 small.csv
ok "in the table" stdout_matches '^a +1 +0.0 +0.0001 +0.004$'
gzip -c services.csv >services.csv.gz
for verb in volume check compare capacity iam-check; do
	refused 3 "'services.csv.gz': it is compressed: read it by way of zcat or zstdcat" costrep $verb services.csv.gz
done

done_testing
