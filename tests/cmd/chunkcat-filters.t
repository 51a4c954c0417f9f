#!/bin/sh
# Filters that rule out blocks for what these hold are found, by chunkcat and in a store, though each checksum is right.
. "${0%/*}/../lib/tap.sh"

awk 'BEGIN {
	srand(3)
	for (i = 0; i < 12000; i++)
		printf "{\"ts\":\"%d000000000\",\"labels\":{\"app\":\"%s\"},\"line\":\"request of %08x%08x by someone%d\"%s}\n",
			1768557600 + i, i % 3 ? "big" : "other", rand() * 4294967295, rand() * 4294967295, i % 1000,
			i % 4 ? "" : ",\"metadata\":{\"order\":\"quagmire" i % 70 "\"}"
}' >entries
for kind in small full; do
	rm -rf good
	chunkpack --store good --filter "$kind" --block-size 160KiB entries >packs
	idxbuild --store good <packs >/dev/null
	pack=$(find good -name '*.pack')
	ok "$kind: a pack is right" exits 0 chunkcat --verify "$pack"
	ok "$kind: so is the store" exits 0 idxbuild --fsck --blocks --store good

	"$REPO/tests/lib/forget-in-filter" "$pack" some
	ok "$kind: one whose filter has forgotten a block is damaged" exits 3 chunkcat --verify some
	ok "$kind: it says where" stderr_matches \
		"^chunkcat: error: 'some': chunk at offset [0-9]*: block [0-9]* at offset [0-9]*: the filter rules it out for [0-9]* of its [0-9]* values$"
	ok "$kind: of each block of the column, not of others" stderr_lines 1
	ok "$kind: not through a pipe, where it comes last" sh -c 'cat "$1" | chunkcat --verify' - some
	chunkcat "$pack" >wanted
	chunkcat some >found
	ok "$kind: the entries are as they were" same_file wanted found
done

# Called after the hash of its bytes, and in an index.
cp some 00000000000000000000000000000000.pack
hash=$(chunkcat --verify 00000000000000000000000000000000.pack 2>&1 | sed -n 's/.*hash of its bytes, which is \([0-9a-f]*\)$/\1/p')
cp -r good bad
find bad/fake -type f -exec rm {} +
pack=${pack#good/}
cp some "bad/${pack%/*}/$hash.pack"
echo "${pack%/*}/$hash.pack" >packs
ok "a store can have such a pack" exits 0 sh -c 'idxbuild --store bad <packs'
ok "without a look at blocks it seems right" exits 0 idxbuild --fsck --store bad
ok "with it not" exits 3 idxbuild --fsck --blocks --store bad
ok "it says which pack and block" stdout_matches "^damaged .*$hash.pack.*block [0-9]* at offset [0-9]*: the filter rules it out for "

done_testing
