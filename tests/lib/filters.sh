# A store with and without filters, for the tests of what they rule out. Source after tap.sh.

FILTERS_KINDS='none small full'

# filters_entries SEED BYTES: entries of many apps, with a few that are searched for.
filters_entries() {
	"$REPO/scripts/gen-logs" data made "$2" 6 "$1" || return
	cat >rare <<'END'
100	"line":"{\"msg\":\"\\u0061pple-\\u0070ie-escaped done\",\"n\":100}"
900	"line":"{\"msg\":\"apple-pie-escaped done\",\"n\":900}"
1700	"line":"{\"path\":\"\\/srv\\/www\\/quux-index.html\",\"q\":\"x \\u003cquagmire\\u003E\"}"
2500	"line":"\u001b[31mred\u001b[0malert zeppelin"
3300	"line":"{\"_entry\":\"in\\u006eer yonder\",\"host\":\"packed\\u0068ost\"}"
4100	"line":"3 \u212aelvinator-\u017fensor, n\u0130mbu\u0131s"
4900	"line":"id 5A0F3C1E-9B7D-4E21-8C66-0123456789AB seen"
5700	"line":"an order","metadata":{"order":"ord-quiz-778899","ref":"00112233445566778899aabbccddeeff"}
6500	"line":"level=warn who=\"quoted \\\"nimbus\\\" zephyr\" addr=192.0.2.77:65123"
7300	"line":"level=error trace=ffeeddccbbaa99887766554433221100 who=jumble"
END
	awk 'BEGIN {
		srand(7)
		while ((getline row <"rare") > 0)
			rare[substr(row, 1, index(row, "\t") - 1)] = substr(row, index(row, "\t") + 1)
		for (k = 0; k < 8000; k++) {
			id = sprintf("%08x%08x", rand() * 4294967295, rand() * 4294967295)
			labels = k % 2 ? "\"app\":\"odd\",\"site\":\"of-the-stream\"" : "\"app\":\"even\""
			line = k % 3 ? "\"line\":\"level=info msg=\\\"request " k % 91 " done\\\" id=" id " took=" k % 777 "ms\"" : \
				"\"line\":\"{\\\"level\\\":\\\"info\\\",\\\"id\\\":\\\"" id "\\\",\\\"user\\\":{\\\"name\\\":\\\"user" k % 50 "\\\"}}\""
			if (k in rare)
				line = rare[k]
			else if (k % 5 == 0)
				line = line ",\"metadata\":{\"user\":\"meta" k % 40 "\"}"
			printf "{\"ts\":\"%d%09d\",\"labels\":{%s},%s}\n", 1760520000 + k, k, labels, line
		}
	}' >own.jsonl
	cat made/entries.jsonl own.jsonl
}

# filters_pack STORE KIND ENTRIES [OPTION]...: one flush of a file of entries.
filters_pack() {
	filters_store=$1 filters_kind=$2
	rm -rf flush.wal
	lokid-ingest -q --wal flush.wal --input jsonl "$3" || return
	shift 3
	walreplay --frames --unpacked --store "$filters_store" flush.wal |
		chunkpack --filter "$filters_kind" --block-size 64KiB "$@" --store "$filters_store" |
		idxbuild --store "$filters_store" >/dev/null
}

# filters_of STORE: a line for each filter of its packs.
filters_of() { find "$1" -name '*.pack' -exec chunkcat --header {} + | grep '"kind":"filter"'; }

# ask STORE QUERY [OPTION]...: the answer, in an order of its own.
ask() {
	ask_store=$1 ask_query=$2
	shift 2
	case $ask_query in
	'{'*) logql --store "$ask_store" --limit 0 -o jsonl "$@" "$ask_query" ;;
	*) logql --store "$ask_store" --at 1760600000 -o jsonl "$@" "$ask_query" ;;
	esac | LC_ALL=C sort
}
