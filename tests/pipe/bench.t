#!/bin/sh
# The benchmark runs from end to end on little data, and its own checks of the answers hold. What it
# says about speed means nothing here.
. "${0%/*}/../lib/tap.sh"

export BENCH_DIR="$PWD/bench" BENCH_BYTES=300K BENCH_RUNS=1 BENCH_WAL_GB=0 BENCH_COSTS=1000
PATH=$B/bench:$PATH
speed=$REPO/tests/bench/speed.sh

for part in data ingest frames pack compact size scan labels open closed costs; do
	run sh "$speed" $part
	# A part that broke off says so by a row without a value.
	ok "$part has figures" stdout_matches "^[a-z0-9_]+	[0-9]"
	is "$part came to its end" "$(grep "^$part	-" "$TAP/stdout"; grep error "$TAP/stderr")" ""
done
is "each row has seven columns" "$(awk -F '\t' 'NF != 7' bench/rows.new)" ""

ok "measure says three figures" exits 0 measure -n 3 true
ok "of the right form" stdout_matches '^[0-9.]+	[0-9.]+	[0-9]+$'
ok "it ends as the command did" exits 3 measure sh -c 'exit 3'
ok "without a command it is exit 2" exits 2 measure -n 3
head -c 3000000 /dev/zero >zeros
ok "snappy-sync says a speed" exits 0 snappy-sync zeros out
ok "of the right form too" stdout_matches '^[0-9]+\.[0-9]$'
ok "nothing to read is exit 4" exits 4 snappy-sync absent out

compare=$REPO/tests/bench/compare
row() { printf '%s\t%s\t%s\t-\t-\t%s\t-\n' "$@"; }
{ row table_bytes 1000 bytes info; row table_count 10 ms info; row speed_x 10 ms info; } >before
{ row table_bytes 1000 bytes info; row table_count 20 ms info; row speed_x 10 ms info; } >after
ok "what got slower is exit 1" exits 1 sh "$compare" -c before after
ok "and told" stdout_is "slower	table_count	20	10	ms	+100.0%	20.0%"
sed -i 's/1000/50/' after
ok "of data of another size" exits 0 sh "$compare" -c before after
ok "nothing is told" stdout_is_empty
ok "but that" stderr_has "of other data, 50 bytes, not 1000"
echo garbage >none
ok "a file without a row of a run is exit 2" exits 2 sh "$compare" -c before none
ok "and said" stderr_has "no file has a row of a run"

done_testing
