#!/bin/sh
# chunkcat: entries and parts of packs and chunks; damage.
. "${0%/*}/../lib/tap.sh"

F=$GOLDEN/frozen

for encoding in none snappy zstd; do
	ok "a pack of version 1 is read: $encoding" exits 0 chunkcat "$F/chunk-v1-$encoding.pack"
	ok "its entries, byte for byte" stdout_is_file "$F/chunk-v1.jsonl"
	ok "nothing on stderr" stderr_is_empty
	ok "it verifies" exits 0 chunkcat --verify "$F/chunk-v1-$encoding.pack"
	ok "--verify prints nothing" stdout_is_empty
done
ok "a pack with lines taken apart" exits 0 chunkcat "$F/chunk-v1-apart.pack"
ok "its entries, byte for byte" stdout_is_file "$F/chunk-v1-apart.jsonl"
ok "it verifies" exits 0 chunkcat --verify "$F/chunk-v1-apart.pack"
ok "one with lists of words in the head" exits 0 chunkcat "$F/chunk-v1-listed.pack"
ok "its entries, byte for byte" stdout_is_file "$F/chunk-v1-apart.jsonl"
ok "it verifies" exits 0 chunkcat --verify "$F/chunk-v1-listed.pack"
ok "one with a single chunk" exits 0 chunkcat "$F/chunk-v1-apart-one.pack"
ok "its entries" stdout_lines 32
ok "the last of them" stdout_has '{"ts":"1760522431000000000","tenant":"fake","labels":{"app":"web"},"line":"n=31 level=info id=x"}'
ok "it verifies" exits 0 chunkcat --verify "$F/chunk-v1-apart-one.pack"
ok "a pack with a bundle" exits 0 chunkcat "$F/chunk-v1-bundle.pack"
ok "its entries, byte for byte" stdout_is_file "$F/chunk-v1-bundle.jsonl"
ok "it verifies" exits 0 chunkcat --verify "$F/chunk-v1-bundle.pack"
ok "its index file" exits 0 idxbuild --dump "$F/index-v1-bundle"
ok "says where it lies" stdout_has '{"bundle":0,"pack":0,"offset":0,"length":6477,"stored_offset":0,"stored_length":774,"chunks":40}'
p=$F/chunk-v1-zstd.pack

ok "stdin" exits 0 sh -c "chunkcat <$p"
ok "the same entries" stdout_is_file "$F/chunk-v1.jsonl"
ok "a pipe" exits 0 sh -c "cat $p | chunkcat -"
ok "the same entries" stdout_is_file "$F/chunk-v1.jsonl"
ok "packs and chunks one after another" exits 0 sh -c "cat $F/chunk-v1-four-blocks $p $p | chunkcat --verify"
run sh -c "cat $F/chunk-v1-four-blocks $p | chunkcat"
ok "all their entries" stdout_lines $((85 + 56))
: >empty
ok "an empty file holds no chunks" exits 0 chunkcat empty
ok "it prints nothing" stdout_is_empty

ok "--limit 0 is all" exits 0 chunkcat -n 0 "$p"
chunkcat "$p" >expected
ok "of them" stdout_is_file expected
for mode in header blocks stats verify; do
	ok "--limit and --$mode are exit 2" exits 2 chunkcat -n 3 --$mode "$p"
	ok "both are named" stderr_has "option '--limit' has no effect with '--$mode'"
done
ok "two modes are exit 2" exits 2 chunkcat --stats --header "$p"
ok "both are named" stderr_has "--stats and --header: one at a time"
ok "--limit" exits 0 chunkcat -n 3 "$p" "$p"
ok "counts for each file" stdout_lines 6
ok "--from and --to" exits 0 chunkcat --from 2025-10-15T10:00:05Z --to 2025-10-15T10:00:06Z "$p"
grep -F "\"ts\":\"1760522405" "$F/chunk-v1.jsonl" >expected
ok "from is in, to is out" stdout_is_file expected
ok "--match" exits 0 chunkcat --match '{app=~"db|java"}' "$p"
ok "only those streams" stdout_lines 16
ok "a bad matcher is exit 2" exits 2 chunkcat --match '{app' "$p"
ok "a bad time is exit 2" exits 2 chunkcat --from noon "$p"
ok "two ways to print are exit 2" exits 2 chunkcat --stats --blocks "$p"
ok "a file that is not there is exit 4" exits 4 chunkcat nothing "$p"
ok "the others are printed all the same" stdout_lines 56
ok "a full stdout is exit 4" exits 4 sh -c "chunkcat $p >/dev/full"

ok "--header" exits 0 chunkcat --header "$p"
ok "one line a chunk and one for the trailer" stdout_lines 4
ok "it says what a chunk holds" stdout_has '"labels":{"app":"web","host":"a"}'
ok "it says where the pack belongs" stdout_has '"kind":"trailer","offset":1261,"length":79,"tenant":"fake","day":"2025-10-15"'
ok "--blocks" exits 0 chunkcat --blocks "$F/chunk-v1-four-blocks"
ok "a title and a line each" stdout_lines 5
ok "with offsets, sizes, ratio, entries, times" stdout_matches '^ +[0-9]+ +[0-9]+ +[0-9]+ +[0-9.]+ +[0-9]+  2025-10-15T10:00:00Z '
ok "--stats" exits 0 chunkcat --stats "$p" "$F/chunk-v1-four-blocks"
ok "entries" stdout_matches '^entries +141$'
ok "chunks" stdout_matches '^chunks +4$'
ok "times" stdout_matches '^through +2025-10-15T10:01:24Z$'

# One byte in the third block of four.
cp "$F/chunk-v1-four-blocks" bad.chunk
at=$(chunkcat --blocks bad.chunk | awk 'NR == 4 { print $1 + 300 }')
flip_byte bad.chunk "$at"
ok "a damaged block is exit 3" exits 3 chunkcat bad.chunk
ok "the message names file, block and cause" stderr_matches "^chunkcat: error: 'bad.chunk': chunk at offset 0: block 2 at offset [0-9]+: lines: crc32c mismatch: stored [0-9a-f]{8}, computed [0-9a-f]{8}$"
chunkcat "$F/chunk-v1-four-blocks" >good
chunkcat bad.chunk 2>/dev/null >found
ok "only its entries are missing" test "$(grep -c -v -x -F -f found good)" -eq "$(chunkcat --blocks bad.chunk | awk 'NR == 4 { print $5 }')"
ok "--verify is exit 3 as well" exits 3 chunkcat --verify bad.chunk
ok "with one fault" stderr_lines 1

# The head of the second chunk, then the trailer.
cp "$p" bad.pack
flip_byte bad.pack 330
ok "a damaged head is exit 3" exits 3 chunkcat bad.pack
ok "the next chunk is found by the trailer" stdout_lines 52
ok "the message says where" stderr_has "'bad.pack': bytes that cannot be read at offset 324:"
ok "in a pipe by the next head" exits 3 sh -c 'cat bad.pack | chunkcat'
ok "with the same entries" stdout_lines 52
ok "--verify sees it" exits 3 chunkcat --verify bad.pack
cp "$p" bad.pack
flip_byte bad.pack 1300
ok "a damaged trailer is exit 3" exits 3 chunkcat bad.pack
ok "all entries are there" stdout_is_file "$F/chunk-v1.jsonl"
cp "$p" bad.pack
cut_file bad.pack 1261
ok "a pack without its trailer is exit 3" exits 3 chunkcat bad.pack
ok "the message says so" stderr_has "'bad.pack': cut short: no trailer at offset 1261"
mv bad.pack loose
ok "chunks under another name are whole" exits 0 chunkcat --verify loose
cut_file loose 800
ok "a chunk that is cut short is exit 3" exits 3 chunkcat loose
ok "what is whole is printed" stdout_lines 16
ok "the message names block and lengths" stderr_has "'loose': chunk at offset 561: block 0 at offset 694: cut short: 106 of 288 bytes"
echo "not a chunk at all, but some text that is longer than a head" >text
ok "another file is exit 3" exits 3 chunkcat text
ok "the message says so" stderr_has "'text': bytes that cannot be read at offset 0: not a chunk: no magic"
cp "$p" 00000000000000000000000000000000.pack
ok "--verify compares the name with the hash" exits 3 chunkcat --verify 00000000000000000000000000000000.pack
ok "the message says so" stderr_has "its name is not the hash of its bytes"

# Every byte of the heads and of the trailer, and a cut at every tenth: exit 0 never comes with a wrong entry.
wrong=
for off in $(seq 0 7 96) $(seq 561 7 694) $(seq 1261 3 1339); do
	cp "$p" flip.pack
	flip_byte flip.pack "$off"
	run chunkcat flip.pack
	[ "$STATUS" -eq 3 ] || wrong="$wrong flip:$off:$STATUS"
	grep -v -x -F -f "$F/chunk-v1.jsonl" "$TAP/stdout" && wrong="$wrong flip:$off:entries"
done
for off in $(seq 10 10 1330); do
	cp "$p" cut.pack
	cut_file cut.pack "$off"
	run chunkcat --verify cut.pack
	[ "$STATUS" -eq 3 ] || wrong="$wrong cut:$off:$STATUS"
	run chunkcat cut.pack
	grep -v -x -F -f "$F/chunk-v1.jsonl" "$TAP/stdout" && wrong="$wrong cut:$off:entries"
done
is "flipped and cut packs are exit 3 and give no wrong entry" "$wrong" ""

done_testing
