# bundles.sh - of stores whose chunks lie in bundles, with streams {app="a0".."a2", pod="p0000".."p2999"}: source it after tap.sh.
#
# shellcheck shell=sh

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
