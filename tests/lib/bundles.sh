# bundles.sh - stores whose chunks lie in bundles: source it after tap.sh.
#
# shellcheck shell=sh

# bundle_streams STREAMS ENTRIES: JSON lines of so many small streams {app="a0".."a2", pod="p0000".."p9999"}, every second entry of
# one with metadata.
bundle_streams() {
	awk -v streams="$1" -v entries="$2" 'BEGIN {
		for (s = 0; s < streams; s++)
			for (k = 0; k < entries; k++)
				printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a%d\",\"pod\":\"p%04d\"},\"line\":\"line %d of stream %d id=%d\"%s}\n",
					1768471200 + k * 60 + s % 50, s, s % 3, s, k, s, s * 7919 % 100003,
					k % 2 ? "" : ",\"metadata\":{\"user\":\"u" s % 9 "\"}"
	}'
}

# large_stream: of one stream beside them that is not small, 3,000 entries.
large_stream() {
	awk 'BEGIN {
		for (k = 0; k < 3000; k++)
			printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a1\",\"pod\":\"p1500\",\"x\":\"large\"},\"line\":\"line %d large id=%d\"}\n",
				1768471200 + k / 10, k, k, k * 104729 % 65537
	}'
}

# bundles_of PACK: how many it has.
bundles_of() { chunkcat --header "$1" | jq 'select(.kind == "trailer").bundles'; }

# bundle_answers STORE: what queries of all streams, of one and of some find, in both directions, with a limit and without.
bundle_answers() {
	for q in '{app=~".+"}' '{pod="p0777"}' '{app="a2"} |= "id=7"' '{app="a1"} | user="u3"' '{pod=~"p1.*"} |~ "line [34]"'; do
		for dir in forward backward; do
			logql --store "$1" -o jsonl --limit 0 --direction $dir "$q"
			logql --store "$1" -o jsonl --limit 77 --direction $dir "$q"
		done
	done
	logql --store "$1" --at 1768475000 'sum by (app) (count_over_time({app=~".+"} |= "3" [1d]))'
}

# bundle_end N PACK: where one of the last bytes of its N-th bundle, from 0, is.
bundle_end() {
	chunkcat --header "$2" | jq -s --argjson n "$1" '[.[] | select(.kind == "bundle")][$n] | .stored_offset + .stored_length - 9'
}
