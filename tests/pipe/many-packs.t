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

# ---- cut short, with lines taken apart: some of the packs are read, the others mapped

for i in $(seq 60); do
	awk -v i="$i" 'BEGIN {
		for (k = 0; k < 40; k++)
			printf "{\"ts\":\"%d\",\"labels\":{\"app\":\"j%d\"},\"line\":\"{\\\"n\\\":%d,\\\"of\\\":\\\"pack %d\\\",\\\"id\\\":\\\"%08x\\\"}\"}\n",
				i * 1000 + k, i % 3, k, i, k * 2654435761 % 4294967296
	}' | chunkpack --store J --level 3
done | idxbuild --store J >/dev/null
pack=$(find J -name '*.pack' | head -n 1)
is "lines are taken apart" "$(chunkcat --header "$pack" | grep -c '"blocks_apart":1')" 1
length=$(find J -name '*.pack' -exec chunkcat --header {} + | sed -n 's/.*"length":\([0-9]*\),"head_length".*/\1/p' | sort -n | head -n 1)
for cut in $((length - 1)) $((length * 3 / 4)) $((length / 2)) $((length / 4)) 30; do
	find J -name '*.pack' -exec truncate -s "$cut" {} +
	for query in '{app=~".+"}' '{app=~".+"} | json | n > 3' '{app=~".+"} |= "pack"'; do
		ok "cut to $cut bytes: $query" exits 3 few logql --store J -j2 --limit 0 -o raw "$query"
		ok "nothing of them" stdout_is_empty
		is "twenty faults are told" "$(grep -c '^logql: error: .*expected [0-9]* bytes, found' "$TAP/stderr")" 20
		ok "and how many more there are: two of each pack" stderr_has "logql: warning: 100 more faults"
	done
done

# ---- cut short, several chunks in each

awk 'BEGIN { for (k = 0; k < 400; k++)
	printf "{\"ts\":\"%d\",\"labels\":{\"app\":\"k%d\"},\"line\":\"line %d of this %08x\"}\n", 1000 + k, k % 4, k, k * 2654435761 % 4294967296
}' | chunkpack --store K --level 3 | tee packs | idxbuild --store K >/dev/null
pack=$(cat packs)
second=$(chunkcat --header "$pack" | sed -n '2s/.*"offset":\([0-9]*\).*/\1/p')
truncate -s "$second" "$pack"
ok "cut behind the first of four chunks" exits 3 few logql --store K --limit 0 -o raw '{app=~".+"}'
ok "that one is read" stdout_lines 100
is "each of the others is told with its place in the file" "$(grep -c "': offset [0-9]*: cut short$" "$TAP/stderr")" 3
ok "the first of them, too" stderr_has "': offset $second: cut short"
done_testing
