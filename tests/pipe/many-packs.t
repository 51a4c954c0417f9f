#!/bin/sh
# A query of more packs than may be open at once.
. "${0%/*}/../lib/tap.sh"

for i in $(seq 60); do
	echo "{\"ts\":\"$((1000 + i))\",\"labels\":{\"app\":\"a$((i % 3))\"},\"line\":\"line $i of 60\"}" |
		chunkpack --store S
done | idxbuild --store S >/dev/null
is "packs" "$(find S -name '*.pack' | wc -l)" 60

few() {
	# shellcheck disable=SC3045
	(ulimit -n 40 && exec "$@")
}
for jobs in 1 4; do
	ok "lines of all of them, -j$jobs" exits 0 few logql --store S -j$jobs --limit 0 -o raw '{app=~".+"} |= "line"'
	ok "60 lines" stdout_lines 60
	ok "and a count of what is read, -j$jobs" exits 0 few logql --store S -j$jobs --at 2 \
		'sum by (app) (count_over_time({app=~".+"} |= "line" [1h]))'
	ok "20 of each app" stdout_is '{app="a0"} 20
{app="a1"} 20
{app="a2"} 20'
done
done_testing
