#!/bin/sh
# logql --limit: the answer is the start of that without one, whatever is read for it. Blocks of several
# parts, timestamps that many entries have, entries in packs, in the log and in both.
. "${0%/*}/../lib/tap.sh"

# entries STREAMS FIRST LAST: three of one stream have a timestamp, and each stream has those.
entries() {
	awk -v streams="$1" -v first="$2" -v last="$3" 'BEGIN {
		for (s = 1; s <= streams; s++)
			for (i = first; i <= last; i++)
				printf "{\"ts\":\"%d000000000\",\"labels\":{\"app\":\"web\",\"host\":\"h%d\"}," \
					"\"line\":\"{\\\"n\\\":%d,\\\"m\\\":\\\"%x of some length, so that blocks are large\\\"}\"}\n",
					1760522400 + int(i / 3), s, i, i * 2654435761 % 4294967296
	}'
}

entries 3 1 9000 | chunkpack --store store 2>/dev/null | idxbuild --store store >/dev/null
# overlaps with what is packed, some of it the same
entries 2 8990 9020 | lokid-ingest -q --wal wal --input jsonl
entries 1 4000 4100 | chunkpack --store store 2>/dev/null | idxbuild --store store >/dev/null
ok "blocks are large" test "$(chunkcat --blocks store/fake/chunks/*/*.pack | awk '$3 + 0 > 600000' | wc -l)" = 3

same_start() # LIMIT OPTION... QUERY
{
	n=$1
	shift
	logql --store store --wal wal -o jsonl --limit "$n" "$@" >found &&
		head -n "$n" all >expected && cmp -s expected found
}

for direction in backward forward; do
	for query in '{app="web"}' '{app="web"} |= "7"' '{app="web"} != "7" | json | m=~"[a-c].*"' \
		'{app="web"} | json | line_format "{{.n}}"' '{host="h1"}'; do
		logql --store store --wal wal -j1 -o jsonl --limit 0 --direction "$direction" "$query" >all
		for limit in 1 2 100 2500; do
			for jobs in 1 4; do
				ok "$direction, $limit of $query, -j$jobs" \
					same_start "$limit" -j "$jobs" --direction "$direction" "$query"
			done
		done
		logql --store store --wal wal -j1 -o jsonl --limit 0 --direction "$direction" --from 1760523733 \
			--to 1760524400 "$query" >all
		ok "$direction, in the middle of the time, of $query" same_start 1000 -j 2 \
			--direction "$direction" --from 1760523733 --to 1760524400 "$query"
	done
done

done_testing
