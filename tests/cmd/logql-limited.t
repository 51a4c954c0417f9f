#!/bin/sh
# A limit gives the first of all that there are: whatever the stages behind the last filter make of them, whatever is
# hidden, and however many come at one time.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/deletes.sh"

# Twelve streams, small blocks, every third entry with metadata, four entries of a stream at each time.
awk 'BEGIN {
	for (i = 0; i < 24000; i++) {
		app = i % 12
		ts = 1768557600 + int(i / 48)
		meta = i % 3 ? "" : sprintf(",\"metadata\":{\"ref\":\"r%d\",\"part\":\"p%d\"}", i % 700, i % 2)
		printf "{\"ts\":\"%d000000000\",\"labels\":{\"app\":\"web\",\"pod\":\"p%02d\"},", ts, app
		printf "\"line\":\"{\\\"n\\\":%d,\\\"level\\\":\\\"%s\\\",\\\"path\\\":\\\"/a/%d\\\"}\"%s}\n", i,
			i % 7 ? "info" : "error", i % 90, meta
	}
}' >entries
chunkpack --store store --block-size 8KiB entries | idxbuild --store store >/dev/null
chunkpack --store hidden --block-size 8KiB entries | idxbuild --store hidden >/dev/null
request hidden fake '{app="web"} |= "/a/7"' 1768557900000000000 1768558090000000000 >/dev/null
request hidden fake '{pod="p03"}' 1768558000000000000 1768558099000000000 >/dev/null
lokid-ingest -q --wal log --input jsonl entries

# prefixes WHERE QUERY: the answers with limits are the begins of that without one, in either direction and with any
# number of threads.
prefixes() {
	for direction in backward forward; do
		# shellcheck disable=SC2086
		logql $1 -j1 -o jsonl --limit 0 --direction $direction "$2" >all || return
		for limit in 1 47 48 49 997 5000 23000; do
			head -n "$limit" all >wanted
			for jobs in 1 4; do
				# shellcheck disable=SC2086
				logql $1 -j$jobs -o jsonl --limit $limit --direction $direction "$2" >found || return
				cmp found wanted >&2 || return
			done
		done
	done
}

while read -r query; do
	ok "in packs: $query" prefixes "--store store" "$query"
	ok "with requests to delete: $query" prefixes "--store hidden" "$query"
	ok "in the log: $query" prefixes "--wal log" "$query"
	ok "in both: $query" prefixes "--store store --wal log" "$query"
done <<'END'
{app="web"}
{app="web"} != "error"
{app="web"} |= "info" | json | line_format "{{.n}} {{.ref}} {{.pod}}"
{app="web"} != "/a/3" | json | label_format where="{{.path}}-{{.part}}" | drop n
{app="web"} | json | level="error" | line_format "{{.n}}"
{app="web"} | json | level="error" or n="3" | line_format "{{.n}} {{.part}}"
{app="web"} | json | line_format "{{.level}}" |= "error" | line_format "{{.n}} {{.part}}"
END

# What is hidden must not count: all that are newest are.
request hidden fake '{app="web"}' 1768558010000000000 1768558200000000000 >/dev/null
ok "a limit below what is hidden" exits 0 logql --store hidden -o raw --limit 3 '{app="web"} | json | line_format "{{.n}}"'
ok "gives as many as there are" stdout_lines 3
ok "none of the hidden ones" sh -c 'sort -n "$1" | tail -n 1 | grep -qx 19679' x "$TAP/stdout"

done_testing
