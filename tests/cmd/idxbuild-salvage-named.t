#!/bin/sh
# idxbuild --fsck --repair --salvage of damaged packs that right index files name: what can be read of them is packed anew, what
# is lost is said once, and nothing comes back that was gone for good.
. "${0%/*}/../lib/tap.sh"

lines() { # FROM TO
	awk -v from="$1" -v to="$2" 'BEGIN {
		for (i = from; i < to; i++)
			printf "{\"ts\":\"%d000000000\",\"labels\":{\"app\":\"a%d\"},\"line\":\"line %d %d %d\"}\n",
				1768435200 + i * 10, i % 3, i, i * 7919 % 10007, i * 104729 % 65537
	}'
}
answers() { logql --store s --limit 0 -o jsonl '{app=~".+"}' | jq -cS . | sort; }
readable() { chunkcat "$@" 2>/dev/null | jq -cS . | sort; }
the() { find s/fake -name "*.$1"; }
# hurt_block PACK N: a byte inside its block N, of as many entries as LOST then says.
hurt_block() {
	chunkcat --blocks "$1" | sed -n "$(($2 + 1))p" >block
	read -r off stored _ _ LOST _ <block
	flip_byte "$1" $((off + stored / 2))
}
salvage() { idxbuild --fsck --repair --salvage --store s "$@"; }
is_clean() { # WHAT
	ok "$1: the next check finds nothing" exits 0 idxbuild --fsck --blocks --delete-delay 0 --store s
	ok "$1: not a word" test ! -s "$TAP/stdout" -a ! -s "$TAP/stderr"
}

command -v jq >/dev/null || skip_all "jq is not here"
lines 0 4000 >in

# ---- options

ok "it is a way to repair" exits 2 idxbuild --fsck --salvage --store s
ok "which is said" stderr_has "option '--salvage' has no effect without '--repair'"
ok "of a check" exits 2 idxbuild --retain --salvage --store s

# ---- a block

chunkpack --block-size 4KiB --chunk-size 16KiB --store whole in | idxbuild --store whole >/dev/null
fresh() { rm -rf s && cp -rp whole s; }
PACK=$(cd whole && find fake -name '*.pack')
readable "whole/$PACK" >all

fresh
ok "of a right store" exits 0 salvage
ok "nothing is done" stderr_is_empty
hurt_block "s/$PACK" 6
readable "s/$PACK" >want
is "a block is damaged" "$(wc -l <want)" $((4000 - LOST))
cp -rp s hurt
ok "a repair" exits 3 idxbuild --fsck --repair --store s
ok "leaves it" stderr_has "'$PACK' stays: what is right in it is read by queries"
ok "a dry run" exits 3 salvage --dry-run
ok "says what it would do" stderr_has "would keep what can be read of '$PACK', and move it to '~lokid/lost/$PACK/'"
ok "and what is lost" stderr_matches "^idxbuild: error: '$PACK': $LOST entries, [0-9]+ bytes of lines, from 2026-01-15T.*Z to 2026-01-15T.*Z of it can no longer be read\$"
cp -rp s after
rm -f s/~lokid/locks after/~lokid/locks
ok "and does nothing" diff -r hurt after
ok "a salvage" exits 3 salvage
cp "$TAP/stderr" said
ok "says what it kept" grep -Eq "^idxbuild: kept $((4000 - LOST)) entries of '$PACK' in 'fake/chunks/2026-01-15/[0-9a-f]{32}.pack'$" said
ok "what is lost" grep -Eq "^idxbuild: error: '$PACK': $LOST entries, [0-9]+ bytes of lines, from 2026-01-15T.*Z to 2026-01-15T.*Z of it can no longer be read\$" said
is "once" "$(grep -c 'no longer' said)" 1
bytes=$(comm -13 want all | jq -j .line | wc -c)
ok "to the byte" grep -q " $LOST entries, $bytes bytes of lines, " said
ok "and that the damaged one is not deleted" grep -q "moved '$PACK' to '~lokid/lost/$PACK/" said
is_clean "a block"
ok "queries do not tell of damage any more" exits 0 logql --store s --limit 0 '{app=~".+"}'
answers >got
ok "and find what could be read" same_file want got
ok "of a dry run on what is right" exits 0 salvage --dry-run
ok "nothing is said" stderr_is_empty
ok "an index made anew" exits 0 idxbuild --rebuild --store s
answers >got
ok "has the same" same_file want got

# The pack turns up in a backup.
cp "whole/$PACK" "s/$PACK"
ok "with the pack from a backup" exits 0 idxbuild --fsck --repair --delete-delay 0 --store s
answers >got
ok "all is there again, once" same_file all got
is_clean "a backup"

# ---- killed on the way: whatever is there already, it is done again

# again WHAT: a salvage comes to an end, and nothing else is found than can be read.
again() {
	ok "$1: again" exits 3 salvage --delete-delay 0
	ok "$1: what is lost is said" stderr_matches "'$PACK': $LOST entries, .* can no longer be read"
	answers >got
	ok "$1: what can be read is found" same_file want got
	is_clean "$1"
}
rm -rf s && cp -rp hurt s
salvage >/dev/null 2>&1
cp -rp s salvaged
NEW=$(cd salvaged && find fake -name '*.pack')
rm -rf s && cp -rp hurt s
cp "salvaged/$NEW" "s/$NEW"
again "killed when the new pack was there"
rm -rf s && cp -rp hurt s
cp -p "salvaged/$NEW" "s/$NEW"
(cd salvaged && find fake -name '*.idx') | while read -r f; do cp "salvaged/$f" "s/$f"; done
answers >got 2>/dev/null
ok "killed when the index file was there: nothing is seen twice" same_file want got
again "killed when the index file was there"
rm -rf s && cp -rp salvaged s
cp "hurt/$PACK" "s/$PACK"
again "killed when the old index file was gone"

# ---- a pack that was cut, or of which nothing is left, or only its trailer damaged

fresh
cut_file "s/$PACK" 12000
readable "s/$PACK" >want
LOST=$((4000 - $(wc -l <want)))
ok "of a cut pack" exits 3 salvage
ok "what is lost is said" stderr_matches "'$PACK': $LOST entries, .* can no longer be read"
answers >got
ok "what is left is found" same_file want got
is_clean "a cut pack"

fresh
cut_file "s/$PACK" 100
ok "of a pack without a whole block" exits 3 salvage
ok "all is lost" stderr_matches "'$PACK': 4000 entries, .* can no longer be read"
is_clean "no whole block"

fresh
flip_byte "s/$PACK" $(($(size_of "s/$PACK") - 30))
ok "of one whose trailer alone is damaged" exits 0 salvage
ok "all is kept" stderr_has "kept 4000 entries of '$PACK' in "
ok "nothing is said to be lost" sh -c "! grep -q longer \"$TAP/stderr\""
answers >got
ok "and found" same_file all got
is_clean "a trailer"

# ---- two packs of a day, of which one index file names both

rm -rf s
lines 0 2000 >one
lines 2000 4000 >two
for f in one two; do chunkpack --block-size 4KiB --chunk-size 16KiB --store s $f | idxbuild --store s >/dev/null; done
idxbuild --compact --delete-delay 0 --store s >/dev/null
is "one index file names two packs" "$(the pack | wc -l) $(the idx | wc -l)" "2 1"
# shellcheck disable=SC2046
set -- $(the pack)
hurt_block "$1" 3
flip_byte "$2" $(($(size_of "$2") - 30))
readable "$1" "$2" >want
ok "both damaged, one without a loss" exits 3 salvage
is "only what is lost is told" "$(grep -c 'no longer' "$TAP/stderr")" 1
answers >got
ok "what can be read is found" same_file want got
is_clean "two packs"

# ---- from the log

flush() { walreplay --frames --unpacked --store s wal | chunkpack --block-size 4KiB --store s | idxbuild --store s >/dev/null; }
rm -rf s wal
lokid-ingest -q --wal wal --input jsonl in
flush
pack=$(the pack)
hurt_block "$pack" 3
ok "of a flushed pack" exits 3 salvage
ok "what is lost is told" stderr_matches "$LOST entries, .* can no longer be read"
is_clean "a flushed pack"
flush
answers >got
ok "the log that is still there gives it again" same_file all got
is_clean "flushed again"
rm -rf s
flush
pack=$(the pack)
flip_byte "$pack" $(($(size_of "$pack") - 30))
ok "of a flushed pack whose trailer is damaged" exits 0 salvage
answers >got
ok "nothing is lost" same_file all got
is_clean "a flushed pack's trailer"
flush
answers >got
ok "and what is flushed again is there once" same_file all got

# ---- what was replaced

# two flushes, and a pack that a compaction made of them
compacted() {
	rm -rf s
	for f in one two; do chunkpack --block-size 4KiB --chunk-size 16KiB --store s $f | idxbuild --store s >/dev/null; done
	old=$(the pack)
	chunkpack --compact --fan-in 2 --block-size 4KiB --store s >new
	new=$(cat new)
	rm -rf old
	mkdir old
	# shellcheck disable=SC2086
	cp $old old
}
compacted
hurt_block "$new" 3
ok "of one whose originals are still there" exits 0 salvage
answers >got
ok "nothing is lost" same_file all got
ok "nor said to be" test "$(grep -c 'no longer' "$TAP/stderr")" = 0
ok "in the end" exits 0 idxbuild --fsck --repair --delete-delay 0 --store s
is_clean "what was replaced"

compacted
chunkpack --compact --delete-delay 0 --store s >/dev/null
idxbuild --compact --delete-delay 0 --store s >/dev/null
is "the originals are gone" "$(the pack)" "$new"
cp "$new" whole.pack
hurt_block "$new" 3
readable "$new" >want
ok "of one whose originals are gone" exits 3 salvage
answers >got
ok "some is lost" same_file want got
is_clean "replaced and gone"
rm -rf salvaged && cp -rp s salvaged
cp -p old/*.pack "$(dirname "$new")"
ok "with the originals from a backup" exits 0 idxbuild --fsck --repair --delete-delay 0 --store s
answers >got
ok "all is there again" same_file all got
is_clean "the originals from a backup"
rm -rf s && cp -rp salvaged s
cp whole.pack "$new"
chunkpack --compact --delete-delay 0 --store s >out
ok "the pack from a backup is no leftover to a compaction" test -e "$new"
ok "and a repair" exits 0 idxbuild --fsck --repair --delete-delay 0 --store s
ok "leaves it where it is" test -e "$new"
answers >got
ok "all is there again, once" same_file all got
is_clean "a compacted pack from a backup"
chunkpack --compact --fan-in 2 --delete-delay 0 --store s >out
chunkpack --compact --delete-delay 0 --store s >out
answers >got
ok "also after a compaction" same_file all got

# The same where no index file can name the pack, and its trailer can be read.
rm -rf s && cp -rp salvaged s
rm -rf s/fake/chunks/*/* && cp "$(find s/~lokid/lost -path '*.pack/*' -type f)" "$new"
rm -f s/fake/index/*/*
first=$(chunkcat --header "$new" 2>/dev/null | jq -r 'select(.kind == "chunk") | .offset' | sed -n 2p)
flip_byte "$new" $((first + 40))
readable "$new" >want
ok "of one that no index file can name" exits 3 idxbuild --fsck --repair --delete-delay 0 --store s
cp old/*.pack "$(dirname "$new")"
ok "an index made anew" exits 0 idxbuild --rebuild --store s
answers >got
ok "finds what it had replaced" same_file all got

# ---- lines that were rewritten: not even what is lost of them comes back as it was

live_packs() { idxbuild --dump --store s | jq -r 'select(has("pack") and has("name")) | .name'; }
rm -rf s
chunkpack --block-size 4KiB --chunk-size 16KiB --store s in | idxbuild --store s >/dev/null
printf '%s\n' '{app=~".+"} |~ `line 1?7 ` | line_format `nothing to see`' >rules
chunkpack --scrub rules --store s >/dev/null
new=$(live_packs)
is "a scrub made a new pack, and the old one is still there" "$(live_packs | wc -l) $(the pack | wc -l)" "1 2"
new=s/fake/chunks/2026-01-15/$new.pack
cp -rp s scrubbed
hurt_block "$new" 9
readable "$new" >want
ok "of a scrubbed pack" exits 3 salvage
ok "what is lost is said" stderr_matches "$LOST entries, .* can no longer be read"
answers >got
ok "what was left of it is found" same_file want got
is "what was rewritten is not to be seen" "$(grep -c 'line 1\?7 ' got)" 0
is_clean "a scrubbed pack"
ok "an index made anew" exits 0 idxbuild --rebuild --store s
answers >got
ok "has the same" same_file want got
rm -rf s && cp -rp scrubbed s
flip_byte "$new" $(($(size_of "$new") - 30))
readable "$new" >want
ok "of one whose trailer is damaged" exits 0 salvage
answers >got
ok "the same holds" same_file want got
is_clean "a scrubbed pack's trailer"

# ---- what has expired stays away

printf '%s\n' 'limits_config: {retention_stream: [{selector: "{app=\"a1\"}", priority: 1, period: 24h}]}' >limits.yaml
expire() {
	fresh
	idxbuild --retain --store s --limits limits.yaml --now 2026-01-20 >/dev/null
	readable "s/$PACK" | grep -v '"app":"a1"' >want
}
expire
flip_byte "s/$PACK" $(($(size_of "s/$PACK") - 30))
ok "of a pack of which some has expired" exits 0 salvage
answers >got
ok "that stays away" same_file want got
readable "$(the pack)" >got
ok "and is not packed anew" same_file want got
is_clean "expired"
expire
hurt_block "s/$PACK" 2 # of a0
readable "s/$PACK" | grep -v '"app":"a1"' >want
ok "with a loss" exits 3 salvage
ok "which is said" stderr_matches "$LOST entries, .* can no longer be read"
answers >got
ok "the same" same_file want got
is_clean "expired and lost"
rm "$(the pack)"
cp "whole/$PACK" "s/$PACK"
ok "with the pack from a backup, and without the new one" exits 0 idxbuild --fsck --repair --delete-delay 0 --store s
answers >got
ok "all is there" same_file all got

# ---- nor does it come back where nothing is left of the damaged pack

# nothing_left WHAT STATUS PACK: one of several packs that the index file of a thinned day names.
nothing_left() {
	cp -rp s after
	ok "$1: a dry run" exits 3 salvage --dry-run
	ok "$1: says what it would do" stderr_has "would move '${3#s/}' to '~lokid/lost/${3#s/}/'"
	rm -f s/~lokid/locks after/~lokid/locks
	ok "$1: and does nothing" diff -r s after
	rm -rf after
	ok "$1: a salvage" exits "$2" salvage
	ok "$1: moves it" stderr_has "moved '${3#s/}' to '~lokid/lost/${3#s/}/"
	answers >got
	ok "$1: what has expired stays away" same_file want got
	is_clean "$1"
	ok "$1: again" exits 0 salvage --delete-delay 0
	answers >got
	ok "$1: the same" same_file want got
}

rm -rf s after
for f in one two; do chunkpack --block-size 4KiB --chunk-size 16KiB --store s $f | idxbuild --store s >/dev/null; done
idxbuild --retain --store s --limits limits.yaml --now 2026-01-20 --delete-delay 0 >/dev/null
is "one index file of a thinned day names two packs" "$(the pack | wc -l) $(the idx | wc -l)" "2 1"
# shellcheck disable=SC2046
set -- $(the pack)
readable "$1" | grep -v '"app":"a1"' >want
cp "$2" whole.pack
cut_file "$2" 100
nothing_left "no whole block" 3 "$2"
cp whole.pack "$2"
ok "with the pack from a backup, an index made anew" exits 0 idxbuild --rebuild --store s
answers >got
ok "has all" same_file all got

# Day one is packed when memory is full; at the end a pack without chunks says that it has all of the log's entries.
rm -rf s wal
{
	lines 0 30
	awk 'BEGIN {
		for (x = "x"; length(x) < 131072; x = x x);
		for (i = 0; i < 150; i++)
			printf "{\"ts\":\"%d000000000\",\"labels\":{\"app\":\"big\"},\"line\":\"%d %s\"}\n", 1768521600 + i, i, x
	}'
} | lokid-ingest -q --wal wal --input jsonl
walreplay --frames --unpacked --store s wal |
	chunkpack -j 1 --block-size 4KiB --chunk-size 16KiB --memory 52MiB --store s | idxbuild --store s >/dev/null
idxbuild --retain --store s --limits limits.yaml --now 2026-01-17 --delete-delay 0 >/dev/null
pack=$(find s/fake/chunks/2026-01-15 -size -300c)
is "one of two packs has no chunk" "$(find s/fake/chunks/2026-01-15 -name '*.pack' | wc -l) $(chunkcat --header "$pack" | jq -r .kind)" "2 trailer"
rm -rf s/fake/*/2026-01-16
answers >want
is "and of the other some has expired" "$(grep -c '"app":"a1"' want) $(wc -l <want)" "0 20"
flip_byte "$pack" $(($(size_of "$pack") - 30))
nothing_left "no chunk" 0 "$pack"

done_testing
