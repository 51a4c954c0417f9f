#!/bin/sh
# Filters that rule out blocks for what these hold are found, by chunkcat and in a store, though each checksum is right; what
# chunkcat --filters tells of packs.
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

# ---- what filters are ----

# No random numbers: the awks differ in them. How small a pack becomes is zstd's.
awk 'BEGIN {
	for (i = 0; i < 12000; i++)
		printf "{\"ts\":\"%d000000000\",\"labels\":{\"app\":\"%s\"},\"line\":\"request of %08x%08x by someone%d at 10.0.%d.%d\"}\n",
			1768557600 + i, i % 40 ? i % 3 ? "big" : "other" : "small" i % 7,
			i * 2654435761 % 4294967296, i * 40503 % 65537 * 65537, i % 1000, i % 251, i % 13
}' >regular
for kind in none small full; do
	chunkpack --store "$kind" --filter "$kind" --block-size 160KiB regular >packs
	mv "$kind/$(sed "s,^$kind/,," packs)" "$kind.pack"
done
told() {
	chunkcat --filters "$@" >told || return
	sed -e 's/^\(  of the pack *\)[0-9.]* %$/\1N %/' -e 's/"of_pack":[0-9.e-]*/"of_pack":N/' told
}
# length KIND PACK: of its filter, or its trailer.
length() { chunkcat --header "$2" | sed -n "s/.*\"kind\":\"$1\".*\"length\":\([0-9]*\),.*/\1/p"; }

for kind in small full; do
	ok "$kind: it is told" exits 0 told "$kind.pack"
	ok "$kind: as it is" stdout_is_golden "chunkcat-filters-$kind.txt"
	ok "$kind: for programs too" exits 0 told -o jsonl "$kind.pack"
	ok "$kind: the same numbers" stdout_is_golden "chunkcat-filters-$kind.jsonl"
	length=$(sed 's/.*"filter":"[a-z]*","length":\([0-9]*\).*/\1/' told)
	is "$kind: its length is that of the filter" "$length" "$(length filter "$kind.pack")"
	share=$(chunkcat --filters -o jsonl "$kind.pack" | sed 's/.*"of_pack":\([0-9.]*\).*/\1/')
	ok "$kind: and its share of the file is right" \
		awk -v is="$share" -v n="$length" -v of="$(size_of "$kind.pack")" 'BEGIN { d = is - n / of; exit d * d > 1e-10 }'
done

ok "a pack without one" exits 0 chunkcat --filters -o jsonl none.pack
ok "has none" stdout_has '"filter":"none","length":0,"of_lines":0,"of_pack":0,'
ok "it is told of in few lines" exits 0 chunkcat --filters none.pack
ok "no tables" stdout_lines 12
chunkcat --filters -o jsonl small.pack | sed 's/"pack":"[^"]*"/"pack":"stdin"/' >wanted
ok "through a pipe it is the same" sh -c 'cat small.pack | chunkcat --filters -o jsonl | cmp - wanted'
cat small.pack small.pack >both
ok "packs one behind the other" exits 0 chunkcat --filters -o jsonl both
ok "are told of one by one" sh -c 'sed "s/stdin/both/" wanted >one; cat one one | cmp - "$1"' - "$TAP/stdout"
ok "several files" exits 0 chunkcat --filters -o jsonl none.pack small.pack full.pack
ok "a line each" stdout_lines 3
ok "several texts" exits 0 chunkcat --filters none.pack none.pack
ok "an empty line between" stdout_lines 25

# One byte of the last page, one of the table. Messages have the offset in the raw image.
start=$(chunkcat --header small.pack | sed -n 's/.*"kind":"filter","offset":\([0-9]*\).*/\1/p')
trailer_at=$(($(size_of small.pack) - $(length trailer small.pack)))
filter_at=$((trailer_at - $(length filter small.pack)))
cp small.pack page.pack
flip_byte page.pack $((trailer_at - 9))
ok "a page that is damaged" exits 3 chunkcat --filters -o jsonl page.pack full.pack
ok "is told" stderr_matches "^chunkcat: error: 'page.pack': filter at offset $start: filter: page at [0-9]*: crc32c mismatch$"
ok "only that" stderr_lines 1
ok "and nothing is said of its filter, but of the next" stdout_lines 1
cp small.pack head.pack
flip_byte head.pack $((filter_at + 30))
ok "a table that is damaged" exits 3 chunkcat --filters -o jsonl head.pack full.pack
ok "is told too" stderr_has "'head.pack'"
ok "and nothing is said of its filter" stdout_lines 1
ok "of the next it is" stdout_has '"pack":"full.pack"'

# Without its trailer a pack is cut, and its filter is read all the same.
head -c "$trailer_at" small.pack >no-trailer
ok "a pack without its trailer" exits 0 chunkcat --filters -o jsonl no-trailer
ok "has a filter that is small" stdout_has '"filter":"small","length":'
head -c "$trailer_at" page.pack >no-trailer
ok "one whose filter is damaged" exits 3 chunkcat --filters -o jsonl no-trailer
ok "has nothing told of it" stdout_is_empty
head -c "$filter_at" small.pack >chunks
ok "chunks alone" exits 0 chunkcat --filters -o jsonl chunks
ok "have none that is known" stdout_has '"filter":"unknown","length":0,'
not_ok "and of no kind it is said how often it is wrong" stdout_has '"false":0'
ok "nothing has nothing" exits 0 chunkcat --filters /dev/null
ok "to tell" stdout_is_empty

# A table that names more blocks than the bytes before it can have been: 4.3e9 of them, of 20 chunks of 4 GiB, behind eight bytes of
# damage, which may have been a bundle.
base64 -d >hostile <<'END'
Z2FyYmFnZSFMT0tJARAAAAAAANkAAADBAAAAAAAAAAAAFP////8PzJmzZv////8PzJmzZv////8PzJmzZv////8PzJmzZv////8PzJmzZv////8PzJmzZv//
//8PzJmzZv////8PzJmzZv////8PzJmzZv////8PzJmzZv////8PzJmzZv////8PzJmzZv////8PzJmzZv////8PzJmzZv////8PzJmzZv////8PzJmzZv//
//8PzJmzZv////8PzJmzZv////8PzJmzZv////8PzJmzZgHw////DwAAgC85
END
for how in --filters --verify; do
	ok "$how: a table that asks for 34 GB" exits 3 chunkcat $how hostile
	ok "$how: is refused" stderr_matches "filter at offset 8.* chunk 0: bad length"
done

ok "a filter is of a whole pack" exits 2 chunkcat --filters --match '{app="big"}' small.pack
ok "so chunks are not chosen" stderr_has "--filters: "
ok "nor times" exits 2 chunkcat --filters --from -1h small.pack
ok "other forms have no formats" exits 2 chunkcat --stats -o jsonl small.pack
ok "it says so" stderr_has "'--format'"
ok "one form at a time" exits 2 chunkcat --filters --stats small.pack

done_testing
