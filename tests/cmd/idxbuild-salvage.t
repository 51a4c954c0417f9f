#!/bin/sh
# idxbuild --fsck --repair of packs that no index file can name: what can be read of them is kept, and how much is lost is said.
. "${0%/*}/../lib/tap.sh"

awk 'BEGIN {
	for (i = 0; i < 4000; i++)
		printf "{\"ts\":\"%d000000000\",\"labels\":{\"app\":\"a%d\"},\"line\":\"line %d %d %d\"}\n",
			1768435200 + i * 10, i % 3, i, i * 7919 % 10007, i * 104729 % 65537
}' >in
chunkpack --block-size 4KiB --chunk-size 16KiB --store whole in | idxbuild --store whole >/dev/null
find whole -type f -exec touch -d '2026-02-01T00:00:00Z' {} +
PACK=$(cd whole && find fake -name '*.pack')
INDEX=$(cd whole && find fake -name '*.idx')
SIZE=$(size_of "whole/$PACK")
CUT=$((SIZE * 5 / 8)) # inside a block

fresh() { rm -rf s && cp -rp whole s; }
cut() { # BYTES: of the pack these are left
	truncate -s "$1" "s/$PACK"
	touch -d '2026-02-01T00:00:00Z' "s/$PACK"
}
answers() { logql --store s --limit 0 -o jsonl '{app=~".+"}' | sort; }
readable() { chunkcat "$1" 2>/dev/null | jq -cS . | sort; }
# salvaged WHAT STATUS ENTRIES: a repair keeps as many, and then all is right, and found.
salvaged() {
	readable "s/$PACK" >want
	is "$1: as many can be read" "$(wc -l <want)" "$3"
	ok "$1: a dry run" exits 3 idxbuild --fsck --repair --dry-run --store s
	ok "$1: says what it would do" stderr_has "would keep what can be read of '$PACK', and move it to '~lokid/lost/$PACK/' unless it can be made anew as it was"
	grep 'can no longer be read' "$TAP/stderr" >foretold
	ok "$1: repair" exits "$2" idxbuild --fsck --repair --store s
	grep 'can no longer be read' "$TAP/stderr" >told
	ok "$1: the dry run told the same loss" same_file told foretold
	ok "$1: says what it kept" stderr_matches "^idxbuild: kept $3 entries of '$PACK' in 'fake/chunks/2026-01-15/[0-9a-f]{32}.pack'$"
	ok "$1: and moved" stderr_has "moved '$PACK' to '~lokid/lost/$PACK/"
	cp "$TAP/stderr" said
	is "$1: it is found" "$(answers | wc -l)" "$3"
	find s/fake -name '*.pack' -exec chunkcat {} + | jq -cS . | sort >got
	ok "$1: as it was" same_file want got
	ok "$1: all is right" exits 0 idxbuild --fsck --blocks --delete-delay 0 --store s
	ok "$1: packs too" exits 0 sh -c 'find s/fake -name "*.pack" -exec chunkcat --verify {} +'
	is "$1: only the new pack is left" "$(find s/fake -name '*.pack' | wc -l)" 1
}
said() { grep -Eq "$1" said; }
not_said() { ! grep -Eq "$1" "$TAP/stderr"; }

command -v jq >/dev/null || skip_all "jq is not here"

fresh
cut $CUT
rm "s/$INDEX"
salvaged "cut, its index file lost" 3 "$(readable "s/$PACK" | wc -l)"
ok "what is known to be lost is said" said "^idxbuild: error: '$PACK': [0-9]+ entr(y|ies), [0-9]+ bytes? of lines, from 2026-01-15T[0-9:]+Z to 2026-01-15T[0-9:]+Z of it can no longer be read; what else it had can no longer be read, and no index file that can be read tells how much that was$"

fresh
cut $CUT
mkdir -p "s/~lokid/lost/$INDEX"
mv "s/$INDEX" "s/~lokid/lost/$INDEX/00000000000000000000000000000001"
n=$(readable "s/$PACK" | wc -l)
salvaged "cut, its index file set aside" 3 "$n"
lost=$((4000 - n))
ok "what is lost is said to the entry" said "^idxbuild: error: '$PACK': $lost entries, [0-9]+ bytes of lines, from 2026-01-15T00:00:20Z to 2026-01-15T11:06:20Z of it can no longer be read$"
is "and the cut pack is in ~lokid/lost" "$(readable "s/~lokid/lost/$PACK/"* | wc -l)" "$n"
kept=$(chunkcat "$(find s/fake -name '*.pack')" | jq -j .line | wc -c)
all=$(jq -j .line in | wc -c)
ok "and to the byte" said "^idxbuild: error: .* $lost entries, $((all - kept)) bytes of lines, "

fresh
cut $CUT
flip_byte "s/$INDEX" 30
salvaged "cut, its index file damaged" 3 "$n"

fresh
flip_byte "s/$PACK" $((SIZE - 30))
rm "s/$INDEX"
find s -type f -exec touch -d '2026-02-01T00:00:00Z' {} +
salvaged "its trailer damaged, its index file lost" 0 4000
ok "nothing is said to be lost" not_said "can no longer be read"

fresh
second=$(chunkcat --header "s/$PACK" | jq -r 'select(.kind == "chunk") | .offset' | sed -n 2p)
flip_byte "s/$PACK" $((second + 40))
flip_byte "s/$INDEX" 30
find s -type f -exec touch -d '2026-02-01T00:00:00Z' {} +
n_left=$(readable "s/$PACK" | wc -l)
ok "a chunk's head damaged" test "$n_left" -lt 4000
salvaged "a chunk's head and the index file damaged" 3 "$n_left"

fresh
cut 5
rm "s/$INDEX"
ok "of a pack of 5 bytes" exits 3 idxbuild --fsck --repair --store s
ok "nothing can be kept" stderr_has "'$PACK': what it had can no longer be read, and no index file that can be read tells how much that was"
ok "and then all is right" exits 0 idxbuild --fsck --store s

# What is made of one whose trailer alone is damaged may have the bytes that it had: it is put right in its place.
rm -rf s
chunkpack --store s --filter none in | idxbuild --store s >/dev/null
answers >all
pack=$(find s/fake -name '*.pack')
cp "$pack" before
flip_byte "$pack" $(($(size_of "$pack") - 30))
find s/fake -name '*.idx' -exec rm {} +
ok "a dry run" exits 3 idxbuild --fsck --repair --dry-run --delete-delay 0 --store s
ok "says that this may be so" stderr_has "would keep what can be read of '${pack#s/}', and move it to '~lokid/lost/${pack#s/}/' unless it can be made anew as it was"
ok "with the options that are the default, but for the filter" exits 0 idxbuild --fsck --repair --delete-delay 0 --store s
ok "the pack is made as it was" stderr_has "made '${pack#s/}' anew, as it was"
ok "in its place" same_file before "$pack"
answers >got
ok "and read" same_file all got
ok "all is right" exits 0 idxbuild --fsck --delete-delay 0 --store s

# Run again after a kill: the index file is made, and the cut pack still there.
fresh
cut $CUT
rm "s/$INDEX"
idxbuild --fsck --repair --store s >/dev/null 2>&1
cp "$(echo s/~lokid/lost/"$PACK"/*)" "s/$PACK"
touch -d '2026-02-01T00:00:00Z' "s/$PACK"
find s/fake -type f ! -path "s/$PACK" | sort >before
ok "once more" exits 3 idxbuild --fsck --repair --store s
find s/fake -type f | sort >after
ok "the same is made" same_file before after
ok "and all is right" exits 0 idxbuild --fsck --delete-delay 0 --store s

# By hand, with chunkcat and chunkpack: of packs made with the options that are the default the new one may have the old one's name.
by_hand() { # WHAT STATUS PACK
	readable "$3" >want
	mv "$3" damaged.pack
	chunkcat damaged.pack 2>/dev/null | chunkpack --store s | idxbuild --store s >/dev/null
	ok "by hand, $1: repair" exits "$2" idxbuild --fsck --repair --delete-delay 0 --store s
	cp "$TAP/stderr" said
	ok "by hand, $1: all is right" exits 0 idxbuild --fsck --delete-delay 0 --store s
	find s/fake -name '*.pack' -exec chunkcat {} + | jq -cS . | sort >got
	ok "by hand, $1: what can be read is there" same_file want got
	is "by hand, $1: and found" "$(answers | wc -l)" "$(wc -l <want)"
}
default_options() {
	rm -rf s
	chunkpack --store s in | idxbuild --store s >/dev/null
	pack=$(find s/fake -name '*.pack')
}
fresh
cut $CUT
rm "s/$INDEX"
by_hand "cut, without an index file" 0 "s/$PACK"
default_options
flip_byte "$pack" $(($(size_of "$pack") - 30))
by_hand "its trailer damaged" 0 "$pack"
ok "by hand: the new one has its name" test -e "$pack"
default_options
flip_byte "$pack" $(($(size_of "$pack") / 2))
by_hand "a block damaged" 3 "$pack"
ok "by hand: what the damaged one had is said" said "'${pack#s/}': .*4000 entries, "

# A copy in which a pack of a compaction is missing, and the packs that it replaced are not: nothing is lost.
rm -rf s
for i in 1 2; do
	awk -v k=$i 'NR % 2 == k - 1' in | chunkpack --store s | idxbuild --store s >/dev/null
done
find s -type f -exec touch -d '2026-02-01T00:00:00Z' {} +
answers >all
rm "$(chunkpack --compact --fan-in 2 --store s)"
ok "what was replaced counts again" exits 0 idxbuild --fsck --repair --store s
ok "without a loss" not_said "can no longer be read"
answers >got
ok "all is there" same_file all got

done_testing
