#!/bin/sh
# costrep whatif: a store as it is, and as it would be.
. "${0%/*}/../lib/tap.sh"

cat >prices.yaml <<'EOF'
currency: USD
prices:
  - { name: storage.standard, price: 1000000, per: GB-month }
  - { name: storage.cold, price: 500000, per: GB-month }
  - { name: requests.put, price: 0.005, per: 1000 }
EOF
# Ten days of one tenant, each alike, in zstd.
for d in 01 02 03 04 05 06 07 08 09 10; do
	ts=$(date -u -d "2026-01-$d" +%s)
	for i in $(seq 10 99); do
		echo "{\"ts\":\"${ts}0000000$i\",\"labels\":{\"app\":\"web\"},\"line\":\"GET /$i 200 in 12 ms, as the one before\"}"
	done
done | chunkpack --store S | idxbuild --store S >/dev/null
bytes_of() {
	find "$@" -type f -printf '%s\n' | awk '{ n += $1 } END { print n }'
}
whatif() {
	costrep whatif --store S --at 2026-01-11 "$@"
}

ok "a shorter retention" exits 0 whatif --retention 4d -o jsonl
ok "now is what there is" stdout_has "{\"side\":\"now\",\"bytes\":$(bytes_of S/fake),\"objects\":20,"
ok "then is what stays, to the byte" stdout_has "{\"side\":\"then\",\"bytes\":$(bytes_of S/fake/*/2026-01-0[89] S/fake/*/2026-01-10),\"objects\":6,"
ok "a longer one goes on as the last days" exits 0 whatif --retention 21d -o jsonl
ok "by ten more" stdout_matches '"side":"then",.*"objects":40,.*"extra_days":10'
ok "which is said" exits 0 whatif --retention 21d
ok "as an assumption" stdout_has "assumed: each flush is 2 PUT requests of each tenant; 10 more days as the mean of the last 7"
ok "as it is nothing changes" exits 0 whatif --retention 11d -o csv
ok "at all" stdout_has "stored,$(bytes_of S/fake),$(bytes_of S/fake),0,+0.0"

ok "the encoding that the store has is measured" exits 0 whatif --encoding zstd
ok "and nothing changes" stdout_matches "^stored .* 0 B +\+0.0$"
ok "which is said" stdout_matches "^measured: 10 days of entries; [0-9.]+ bytes of lines for each of chunks in zstd$"
ok "another is assumed" exits 0 whatif --encoding snappy -o jsonl
ok "and said to be" stdout_has '"ratio":4.000,"ratio_assumed":true}'
ok "or given" exits 0 whatif --encoding snappy --ratio 2 -o jsonl
lines=$(costrep usage --store S -o jsonl | sed 's/.*"line_bytes":\([0-9]*\).*/\1/')
chunks=$(costrep usage --store S -o jsonl | sed 's/.*"chunk_bytes":\([0-9]*\).*/\1/')
ok "to the byte" stdout_has "{\"side\":\"then\",\"bytes\":$(($(bytes_of S/fake) - chunks + lines / 2)),"

ok "more flushes take more requests" exits 0 whatif --flush 15s -o jsonl
ok "twenty times as many of 5 minutes" stdout_has '"puts_a_month":350400,'
ok "as of now" stdout_has '"puts_a_month":17520}'
ok "which are priced" exits 0 whatif --flush 15s --prices prices.yaml
ok "in all" stdout_matches "^PUT requests' cost +0.0876 +1.752 +1.6644 +\+1900.0$"
ok "how often it is now can be said" exits 0 whatif --flush 15s --flush-now 1m -o jsonl
ok "and counts" stdout_has '"puts_a_month":87600}'

ok "tiers by age" exits 0 whatif --tier 0d=cold --prices prices.yaml -o jsonl
# A GB is a million: a byte 0.001, and half of it in the other class.
ok "at their price" stdout_matches "\"side\":\"then\",\"bytes\":$(bytes_of S/fake),.*\"storage_cost\":$(awk -v n="$(bytes_of S/fake)" 'BEGIN { printf "%.4f", n / 2000 }' | sed 's/0*$//')0?,"
ok "the total is the sum" exits 0 whatif --tier 0d=cold --prices prices.yaml -o csv
is "of both sides" "$(awk -F , '/^(storage a month|PUT requests. cost)/ { n += $2; t += $3 } /^cost a month/ { printf "%.9f %.9f", n - $2, t - $3 }' "$TAP/stdout" | tr -d -)" "0.000000000 0.000000000"
cat >thirds.yaml <<'EOF'
currency: USD
prices:
  - { name: storage.standard, price: 0.333333333, per: GB-month }
  - { name: storage.cold, price: 0.1, per: GB-month }
  - { name: requests.put, price: 0.005, per: 1000 }
EOF
whatif --tier 0d=cold --prices thirds.yaml -o csv >changed.csv
is "now is what usage says, to the billionth" "$(sed -n 's/^storage a month,\([^,]*\),.*/\1/p' changed.csv)" \
	"$(costrep usage --store S --at 2026-01-11 --prices thirds.yaml -o csv | sed -n '2s/.*,//p')"
is "then, too" "$(sed -n 's/^storage a month,[^,]*,\([^,]*\),.*/\1/p' changed.csv)" \
	"$(costrep usage --store S --at 2026-01-11 --prices thirds.yaml --tier 0d=cold -o csv | sed -n '2s/.*,//p')"
ok "all at once" exits 0 whatif --retention 30d --encoding zstd --flush 15s --prices prices.yaml

refused() {
	status=$1 message=$2
	shift 2
	ok "$message: exit $status" exits "$status" "$@"
	ok "and said" stderr_has "$message"
}
refused 2 "what if what? Say --retention, --encoding, --flush or --tier" whatif
refused 2 "--ratio is that of --encoding" whatif --ratio 2
refused 2 "option '--tier': only of --prices: it changes what is paid alone" whatif --tier 1d=cold
refused 2 "option '--retention': expected days as 30d, found '30h'" whatif --retention 30h
refused 2 "option '--flush': expected 1s or more, found '1ms'" whatif --flush 1ms
refused 2 "option '--encoding': expected none, snappy or zstd" whatif --encoding gzip
refused 2 "option '--ratio': expected 0.001 to 1000000" whatif --encoding zstd --ratio 0
refused 2 "it has no price of 'storage.hdd'" whatif --prices prices.yaml --tier 1d=hdd
refused 3 "the store has no whole day to go by" costrep whatif --store S --at 2026-01-01 --retention 30d
refused 2 "unexpected operand 'S'" costrep whatif S --retention 30d
chunkpack --store fresh </dev/null >/dev/null
refused 3 "'fresh': nothing lies there to reckon with" costrep whatif --store fresh --retention 30d

# Entries of days to come, by a clock that is wrong, lie there as well.
echo '{"ts":"4102444800000000000","labels":{"app":"web"},"line":"much later"}' | chunkpack --store S | idxbuild --store S >/dev/null
of() {
	sed -n "s/.*\"bytes\":\([0-9]*\).*/\1/p" "$TAP/stdout" | head -n 1
}
ok "today they count" exits 0 costrep usage --store S -o jsonl
is "usage: all of them" "$(of)" "$(bytes_of S/fake)"
ok "in whatif" exits 0 costrep whatif --store S --flush 1m -o jsonl
is "as well" "$(of)" "$(bytes_of S/fake)"
ok "as of a day before they do not" exits 0 whatif --flush 1m -o jsonl
is "in whatif" "$(of)" "$(bytes_of S/fake/*/2026-*)"
ok "nor in usage" exits 0 costrep usage --store S --at 2026-01-11 -o jsonl
is "at all" "$(of)" "$(bytes_of S/fake/*/2026-*)"

for index in S/fake/index/2026-01-10/*.idx; do
	flip_byte "$index" 20
done
echo service,lines_per_minute,bytes_per_line >services.csv
for verb in "whatif --flush 1m" "capacity --months 0" "volume services.csv"; do
	# shellcheck disable=SC2086 # words
	ok "$verb: a damaged index file is exit 3" exits 3 costrep $verb --store S
	ok "$verb: it is named" stderr_matches "error: '.*2026-01-10/.*\\.idx'"
	ok "$verb: and that there is no answer" stderr_has "'S': nothing is measured, since not all index files can be read"
	ok "$verb: really" stdout_is_empty
done

done_testing
