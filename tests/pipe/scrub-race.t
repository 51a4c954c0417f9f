#!/bin/sh
# Lines are rewritten while others work on the same packs without seeing the lock, as those of another machine, or after it
# expired: whatever commits first, and when both do at the same moment, every line is there once, and as the rules have it.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/deletes.sh"

flush() { # STORE NUMBER LINES: every tenth has a card
	awk -v f="$2" -v n="$3" 'BEGIN {
		for (k = 0; k < n; k++)
			printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a%d\"},\"line\":\"flush %d line %d %d%s\"}\n",
				1768471200 + f * 60 + int(k / 1000), k, k % 3, f, k, x = (x * 16807 + 5) % 2147483647, k % 10 ? "" : " card=" 1000 + k
	}' >in.jsonl
	jq -r .line in.jsonl >>"$1.lines"
	lokid-ingest -q --wal "$1.wal" --input jsonl in.jsonl
	walreplay --frames --unpacked --store "$1" "$1.wal" | chunkpack --store "$1" | idxbuild --store "$1" >/dev/null
}
copy() { # STORE TO
	cp -rp "$1" "$2"
	cp -rp "$1.wal" "$2.wal"
	cp "$1.lines" "$2.lines"
}
union() { # A B TO: both have committed at the same moment
	cp -rp "$1" "$3"
	cp -rp "$2/." "$3"
	sort -u "$1.lines" "$2.lines" >"$3.lines"
}
lines() { logql --store "$1" -o raw --limit 0 '{app=~".+"}' | sort; }
is_scrubbed() { # STORE: each line is found once, without cards
	sed 's/card=[0-9]*/card=***/' "$1.lines" | sort >wanted
	lines "$1" >found
	cmp wanted found
}
scrub() { chunkpack --scrub rules "$@"; }
all_right() { # STORE WHAT
	ok "$2: each line once, as the rules have it" is_scrubbed "$1"
	ok "$2: the store is right" exits 0 idxbuild --fsck --store "$1"
	ok "$2: and stays so" exits 0 chunkpack --compact --fan-in 2 --delete-delay 0 --store "$1"
	ok "$2: when what is replaced goes" is_scrubbed "$1"
	ok "$2: a further run" exits 0 scrub --delete-delay 0 --store "$1"
	ok "$2: has nothing left to do" is_scrubbed "$1"
	find "$1" -name "*.pack" -exec chunkcat {} + | jq -r .line | sort >stored
	ok "$2: nothing else is in any pack" cmp wanted stored
	ok "$2: the index is made anew" exits 0 idxbuild --rebuild --store "$1"
	ok "$2: from the packs alone" is_scrubbed "$1"
}

command -v jq >/dev/null || skip_all "jq is not here"
cat >rules <<'END'
{app=~".+"} |~ `card=[0-9]+` | line_format `{{ regexReplaceAll "card=[0-9]+" __line__ "card=***" }}`
END

# ---- both commit at the same moment

flush store 1 3000
flush store 2 300
copy store scrubbed
ok "rules are applied" exits 0 scrub --store scrubbed
copy store merged
ok "all is merged meanwhile" exits 0 chunkpack --compact --fan-in 2 --store merged
union scrubbed merged same
all_right same "the same packs replaced"

copy store more
flush more 3 300
copy more later
ok "what came too" exits 0 chunkpack --compact --fan-in 2 --pack-size 8KiB --store later
is "one pack is not merged" "$(find later -newer more.lines -name '*.pack' | wc -l)" 2
union scrubbed later crossing
is "no line is there twice, where packs are replaced that cross" \
	"$(lines crossing | sed 's/card=[0-9][0-9]*/card=***/' | sort | uniq -d | head -n 1)" ""
ok "nor anywhere" exits 0 idxbuild --fsck --store crossing
ok "what came is rewritten by the next run" exits 0 scrub --store crossing
all_right crossing "packs that cross"

# Of packs without segments only what they replace tells that they hold the same.
for n in 3000 300; do
	flush json 1 $n
	rm -rf json
	chunkpack --store lines in.jsonl | idxbuild --store lines >/dev/null
done
cp -rp lines two
ok "one merges two packs" exits 0 chunkpack --compact --fan-in 2 --store two
sed 's/"line":"flush 1/"line":"flush 4/' in.jsonl >in4.jsonl
chunkpack --store lines in4.jsonl | idxbuild --store lines >/dev/null
ok "another one of them and a third" exits 0 chunkpack --compact --fan-in 2 --pack-size 8KiB --store lines
union_of_lines=$(cp -rp two both-lines && cp -rp lines/. both-lines && idxbuild --fsck --store both-lines)
ok "what is there twice is told" sh -c 'echo "$1" | grep -q "^overlap .*: 0 packs, 0 segments and 1 replaced pack are also those of"' sh "$union_of_lines"

sed 's/card=\*\*\*/gone/' rules >others
copy store other
ok "other rules" exits 0 chunkpack --scrub others --store other
union scrubbed other rival
is "of two rules one counts" "$(lines rival | sed 's/card=\*\*\*/gone/' | uniq -d | wc -l)" 0
ok "the rest is done by the next run" exits 0 scrub --store rival
is "no card is left" "$(lines rival | grep -c 'card=[0-9]')" 0

id=$(request store fake '{app="a1"} |= "card="' 1768471200000000000 1768514400000000000)
copy store deleted
flush deleted 3 300
ok "a deletion" exits 0 chunkpack --delete --store deleted
mkdir -p scrubbed/fake/deletes
cp "store/fake/deletes/$id.json" scrubbed/fake/deletes/
union scrubbed deleted both
ok "is applied again" exits 0 chunkpack --delete --store both
ok "and the rules" exits 0 scrub --store both
awk '!(/card=/ && $4 % 3 == 1)' both.lines >kept
mv kept both.lines
all_right both "a deletion"

done_testing
