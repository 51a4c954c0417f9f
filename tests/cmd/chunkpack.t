#!/bin/sh
# chunkpack: entries into packs: order, duplicates, tenants and days, provenance, bounds.
. "${0%/*}/../lib/tap.sh"

F=$GOLDEN/frozen

# entry TS LINE [LABELS] [MORE]: one JSON line.
entry() { printf '{"ts":"%s","labels":%s,"line":"%s"%s}\n' "$1" "${3:-{\"app\":\"web\"\}}" "$2" "${4:-}"; }
packs() { find "$1" -name '*.pack' | sort; }
# field NAME FILE: of the trailer
field() { chunkcat --header "$2" | sed -n "/\"kind\":\"trailer\"/s/.*\"$1\":\(\[[^]]*\]\|[^,}]*\).*/\1/p"; }

t=1760522400000000000 # 2025-10-15T10:00:00Z
{
	entry 1760522400000000003 c
	entry 1760522400000000001 a
	entry 1760522400000000002 b1
	entry 1760522400000000002 b2
	entry 1760522400000000001 a
	entry 1760522400000000002 b1 '{"app":"web"}' ',"metadata":{"k":"v"}'
	entry 1760522400000000002 b1 '{"app":"db"}'
} >in.jsonl
ok "JSON lines are packed" exits 0 chunkpack -v --store S in.jsonl
ok "the path of one pack is printed" stdout_matches '^S/fake/chunks/2025-10-15/[0-9a-f]{32}\.pack$'
ok "it is all of stdout" stdout_lines 1
ok "-v says what was left out" stderr_has "7 entries, 11 B of lines, 2 duplicates left out; 1 pack, "
cp "$TAP/stdout" list
ok "the pack verifies" exits 0 chunkcat --verify "$(cat list)"
ok "it is read" exits 0 chunkcat "$(cat list)"
{
	entry 1760522400000000002 b1 '{"app":"db"}'
	entry 1760522400000000001 a
	entry 1760522400000000002 b1
	entry 1760522400000000002 b2
	entry 1760522400000000003 c
} | sed 's/,"labels"/,"tenant":"fake"&/' >expected
ok "streams by labels, entries by time, equal times as they came, the first of equals" stdout_is_file expected
is "entries from JSON lines cover no segment" "$(field segments "$(cat list)")" "[]"
is "and say that they came from elsewhere" "$(field mixed "$(cat list)")" "true"

# No labels: absent and {} are one stream, which the whole read path answers.
printf '%s\n' '{"ts":"1760522400000000001","line":"bare"}' \
	'{"ts":"1760522400000000002","labels":{},"line":"empty"}' \
	'{"ts":"1760522400000000003","labels":{"app":"web"},"line":"one"}' >bare.jsonl
ok "entries without labels are packed" exits 0 chunkpack --store N bare.jsonl
cp "$TAP/stdout" bare.list
ok "one stream of them" exits 0 sh -c 'chunkcat --header $(cat bare.list) | grep -c "\"labels\":{}.*\"entries\":2}" | grep -qx 1'
ok "they are indexed" exits 0 idxbuild --store N <bare.list
ok "they verify" exits 0 idxbuild --verify --store N
ok "and are found" exits 0 logql --store N -o raw --direction forward '{app=""}'
ok "with what has no such label" stdout_is "bare
empty"
ok "and counted" exits 0 logql --store N --at 2025-10-16T00:00:00Z 'count_over_time({app=""}[1d])'
ok "as a series without labels" stdout_is "{} 2"
ok "the same from the lines" exits 0 logql -o raw --direction forward '{app=""}' bare.jsonl
ok "without a store" stdout_is "bare
empty"
ok "a push of them is refused, as Loki does" exits 3 lokid-ingest -q --wal nw --input jsonl bare.jsonl
ok "saying why" stderr_has "'bare.jsonl': line 1: a stream needs at least one label"

ok "stdin" exits 0 sh -c 'chunkpack --store S2 <in.jsonl'
is "the same input gives the same bytes" "$(packs S2 | sed 's|.*/||')" "$(packs S | sed 's|.*/||')"
ok "nothing in, nothing out" exits 0 sh -c 'chunkpack --store S3 </dev/null'
ok "no path" stdout_is_empty
is "no pack" "$(packs S3)" ""

{
	entry $t x
	entry 1760572800000000000 next-day
	entry 1760572799999999999 last-of-day
	entry $t y '{"app":"web"}' ',"tenant":"other"'
} >days.jsonl
ok "tenants and days" exits 0 chunkpack -t me --store S4 days.jsonl
is "a pack for each" "$(sed 's|/[^/]*$||' "$TAP/stdout" | tr '\n' ' ')" \
	"S4/me/chunks/2025-10-15 S4/me/chunks/2025-10-16 S4/other/chunks/2025-10-15 "
# shellcheck disable=SC2046
ok "all verify" exits 0 chunkcat --verify $(packs S4)
ok "times before 1970" exits 0 sh -c "echo '{\"ts\":\"-1\",\"labels\":{\"a\":\"b\"},\"line\":\"x\"}' | chunkpack --store S5"
ok "have their day" stdout_has "S5/fake/chunks/1969-12-31/"

# What comes out goes in again, whatever the encoding, the sizes and the threads.
for how in '--encoding none' '--encoding snappy' '--level 1' '--level 9 -j1' '--block-size 1KiB' \
	'--max-entries 3' '--chunk-size 1KiB --block-size 1KiB -j7'; do
	rm -rf R
	# shellcheck disable=SC2086
	chunkpack $how --store R "$F/chunk-v1.jsonl" >list
	ok "back and forth: $how" exits 0 chunkcat "$(cat list)"
	ok "byte for byte" stdout_is_file "$F/chunk-v1.jsonl"
	ok "it verifies" exits 0 chunkcat --verify "$(cat list)"
done
ok "--max-entries bounds blocks" test "$(chunkpack --max-entries 3 --store R "$F/chunk-v1.jsonl" | xargs chunkcat --blocks | awk 'NR > 1 && $5 > m { m = $5 } END { print m }')" = 3

# Bad input is named, the rest is packed.
{
	entry 1 good
	echo '{"ts":"2","labels":{"app":"web"}}'
	echo 'rubbish'
	echo
	entry 3 nolabel '{"1a":"x"}'
	entry 4 tenant '{"app":"web"}' ',"tenant":"../x"'
	echo '{"labels":{"app":"web"},"line":"no ts"}'
	entry 5 good
} >bad.jsonl
ok "bad lines are exit 3" exits 3 chunkpack --store S6 bad.jsonl
ok "each is named once" stderr_lines 5
ok "by file and line" stderr_matches "^chunkpack: error: 'bad.jsonl': line 3: "
ok "a label's name" stderr_has "line 5: "
ok "a tenant cannot leave the store" stderr_has "line 6: "
ok "a missing time" stderr_has 'line 7: no "ts"'
ok "the others are packed" exits 0 sh -c "find S6 -name '*.pack' | xargs chunkcat"
ok "both" stdout_lines 2
gzip -c in.jsonl >in.gz
head -c $(($(size_of in.gz) - 6)) in.gz >cut.gz
ok "gzip that is cut short is exit 3" exits 3 chunkpack --store S6 cut.gz
ok "and told" stderr_has "'cut.gz': offset $(size_of cut.gz): compressed data is cut short"
cat in.gz in.jsonl >tail.gz
ok "so is text behind gzip" exits 3 chunkpack --store S6 tail.gz
ok "by where it stands" stderr_has "'tail.gz': offset $(size_of in.gz): something that is no gzip stands behind"

for _ in $(seq 50); do echo x; done >many.jsonl
ok "many bad lines" exits 3 chunkpack --store S6 many.jsonl
ok "are not all printed" stderr_lines 21

ok "an unknown encoding is exit 2" exits 2 chunkpack --encoding lz4 --store S in.jsonl
ok "level 0 is exit 2" exits 2 chunkpack --level 0 --store S in.jsonl
for encoding in snappy none; do
	ok "--level and --encoding $encoding are exit 2" exits 2 chunkpack --level 3 --encoding $encoding --store S in.jsonl
	ok "both are named" stderr_has "option '--level' has no effect with another '--encoding' than zstd"
done
ok "a chunk smaller than its blocks is exit 2" exits 2 chunkpack --block-size 2MiB --chunk-size 1MiB --store S in.jsonl
ok "both are named" stderr_has "option '--chunk-size' has no effect when it is smaller than '--block-size'"
ok "a small chunk alone has small blocks" exits 0 chunkpack --chunk-size 64KiB --store small in.jsonl
ok "as the trailer says" exits 0 sh -c 'chunkcat --header small/*/chunks/*/*.pack | grep -q "\"block_size\":65536,\"chunk_size\":65536"'
ok "level 20 is exit 2" exits 2 chunkpack --level 20 --store S in.jsonl
ok "a tiny block is exit 2" exits 2 chunkpack --block-size 12 --store S in.jsonl
ok "no entries in a block is exit 2" exits 2 chunkpack --max-entries 0 --store S in.jsonl
ok "no thread is exit 2" exits 2 chunkpack -j0 --store S in.jsonl
ok "a bad tenant is exit 2" exits 2 chunkpack -t a/b --store S in.jsonl
ok "too little memory is exit 2" exits 2 chunkpack --memory 1MiB --store S in.jsonl
ok "the message says what is needed" stderr_matches "need [0-9]+ MiB"
ok "a size that is none is exit 2" exits 2 chunkpack -j1 --memory 1k --store S in.jsonl
ok "and told the least that would do" stderr_has "option '--memory': expected a size as 64MiB, at least 76MiB, found '1k'"
ok "which is another for other work" exits 2 chunkpack --compact -j2 --memory 0 --store S
ok "and told, too" stderr_has "option '--memory': expected at least 243MiB, found '0'"
ok "with which it does" exits 0 chunkpack -j1 --memory 76MiB --store least in.jsonl
ok "a block that is too large is exit 2" exits 2 chunkpack --block-size 1GB --store S in.jsonl
ok "the limit is told as sizes are typed" stderr_has "option '--block-size': expected at most 64MiB, found '1GB'"
ok "a file that is not there is exit 4" exits 4 chunkpack --store S nothing
echo x >file
ok "a store that is a file is exit 4" exits 4 chunkpack --store file in.jsonl

# Frames: what the packs say of the segments.
awk 'BEGIN {
	srand(1)
	for (i = 0; i < 20000; i++)
		printf "{\"ts\":\"17605%05d%09d\",\"labels\":{\"app\":\"a%d\"},\"line\":\"%d\"}\n", 22400 + i / 10, i % 10 * 100000000, i % 7, rand() * 1e9
}' >wal.jsonl
lokid-ingest --wal W --input jsonl wal.jsonl 2>/dev/null
segment=$(find W -name '*.wal')
id=$(walreplay --stats -o jsonl "$segment" | sed 's/.*"seal":"\([0-9a-f]*\)".*/\1/')
ok "a segment is packed" exits 0 chunkpack --store T "$segment"
p=$(cat "$TAP/stdout")
is "it is covered" "$(field segments "$p")" "[\"$id\"]"
is "by this pack alone" "$(field parts "$p")" "[]"
is "which holds nothing else" "$(field mixed "$p")" "false"
chunkcat "$p" | sort >found
walreplay "$segment" | sort >expected
ok "with all its entries" same_file expected found
ok "again, through a pipe, twice the same segment" exits 0 sh -c "cat $segment $segment | chunkpack --store T2"
p2=$(cat "$TAP/stdout")
is "it is covered" "$(field segments "$p2")" "[\"$id\"]"
is "with the same bytes" "${p2##*/}" "${p##*/}"
ok "with JSON lines" exits 0 chunkpack --store T3 "$segment" in.jsonl
is "it is covered, and there is more" "$(field segments "$(cat "$TAP/stdout")") $(field mixed "$(cat "$TAP/stdout")")" "[\"$id\"] true"

awk 'BEGIN {
	srand(1)
	for (i = 0; i < 330000; i++)
		printf "{\"ts\":\"17605%05d%09d\",\"labels\":{\"app\":\"a%d\"},\"line\":\"%d %d %d some longer text so that memory fills up\"}\n", 22400 + i / 10, i % 10 * 100000000, i % 50, rand() * 1e9, rand() * 1e9, rand() * 1e9
}' >big.jsonl
lokid-ingest --wal V --input jsonl big.jsonl 2>/dev/null
segment=$(find V -name '*.wal' | sort | head -n 1)
id=$(od -An -v -tx1 -j 8 -N 16 "$segment" | tr -d ' \n')
size=$(size_of "$segment")
for cut in 1 20 $((size / 4)); do
	ok "a segment cut by $cut bytes, in a record, is exit 3" exits 3 sh -c "head -c $((size - cut)) $segment | chunkpack --store C$cut"
	p=$(cat "$TAP/stdout")
	is "does not count as packed" "$(field segments "$p") $(field mixed "$p")" "[] true"
	ok "and is reported" stderr_matches "^chunkpack: error: 'stdin': segment $id: offset [0-9]+: "
done
ok "one without its end record is exit 0" exits 0 sh -c "head -c $((size - 22)) $segment | chunkpack --store C22"
ok "without a word" stderr_is_empty
is "it does not count as packed either" "$(field segments "$(cat "$TAP/stdout")")" "[]"
cp "$segment" damaged
flip_byte damaged $((size / 5))
ok "a damaged segment is exit 3" exits 3 chunkpack --store D damaged
ok "the message says where" stderr_matches "^chunkpack: error: 'damaged': segment $id: offset [0-9]+: "
is "it does not count as packed" "$(field segments "$(cat "$TAP/stdout")")" "[]"

chunkpack --store full in.jsonl >/dev/null
ok "packs that cannot be written while it reads: exit 4" exits 4 sh -c 'ulimit -f 1; trap "" XFSZ; exec chunkpack -j1 --chunk-size 1MiB --memory 72MiB --store full <big.jsonl'
ok "are no fault of stdin" stderr_matches "^chunkpack: error: '.*[.]tmp': .*File too large"

# Beyond --memory: further packs, of which the last says what all of them hold.
ok "more than memory holds" exits 0 sh -c 'chunkpack -j1 --chunk-size 1MiB --memory 72MiB --store M V/*.wal'
n=$(wc -l <"$TAP/stdout")
ok "gives several packs" test "$n" -gt 1
last=$(tail -n 1 "$TAP/stdout")
is "of one day" "$(sed 's|/[^/]*$||' "$TAP/stdout" | sort -u)" "M/fake/chunks/2025-10-15"
is "the last names the others" "$(field parts "$last" | sed 's/[]["]//g' | tr ',' '\n' | sort)" \
	"$(sed '$d; s|.*/||; s|\.pack||' "$TAP/stdout" | sort)"
is "and all segments" "$(field segments "$last" | tr ',' '\n' | wc -l)" "$(find V -name '*.wal' | wc -l)"
is "the others name none" "$(sed '$d' "$TAP/stdout" | while read -r p; do field segments "$p"; done | sort -u)" "[]"
while read -r p; do field order_key "$p"; done <"$TAP/stdout" >keys
is "equal times stay in the order of the parts" "$(sort -c keys 2>&1 && sort -u keys | wc -l)" "$n"
sed '$d' "$TAP/stdout" >others
# shellcheck disable=SC2046
ok "all entries are there" test "$(chunkcat $(packs M) | wc -l)" -eq 330000
if [ "$VARIANT" = default ] && ! [ "${WRAP:-}" ]; then
	ok "in little memory" sh -c 'ulimit -v 160000; chunkpack -j1 --chunk-size 1MiB --memory 72MiB --store M2 big.jsonl'
	seq 2000000 >numbers
	ok "so are two million faults" exits 3 sh -c 'ulimit -v 160000; chunkpack -j1 --chunk-size 1MiB --memory 72MiB --store M3 numbers'
	ok "of which twenty are told, and how many more there are" stderr_has "1999980 more faults"
	is "each in a line" "$(grep -c error: "$TAP/stderr")" 20
else
	skip "in little memory" "this build needs more"
fi

# Killed at some moment: no half pack under its name.
wrong=
for round in 1 2 3 4 5 6; do
	rm -rf K
	chunkpack -j2 --encoding none --block-size 64KiB --store K big.jsonl >/dev/null 2>&1 &
	pid=$!
	wait_for 20 sh -c "[ \$(find K -name '*.tmp' -size +$((round * 1000))k 2>/dev/null | wc -l) -gt 0 ] || ! kill -0 $pid"
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	find K -type f ! -name '*.tmp' ! -path 'K/~lokid/*' >files
	while read -r f; do
		chunkcat --verify "$f" >/dev/null 2>&1 || wrong="$wrong $f"
	done <files
done
is "a killed chunkpack leaves complete packs or .tmp files" "$wrong" ""
rm -rf K
chunkpack --store K big.jsonl >list
ok "run again it packs all" test "$(chunkcat "$(cat list)" | wc -l)" -eq 330000

# Thousands of streams of a few lines.
awk 'BEGIN { for (i = 0; i < 30000; i++) printf "{\"ts\":\"%d\",\"labels\":{\"pod\":\"p%d\"},\"line\":\"x %d\"}\n", 1760522400 + i, i % 3000, i }' |
	sed 's/"ts":"\([0-9]*\)"/"ts":"\1000000000"/' >tiny.jsonl
ok "3000 streams of ten lines" exits 0 chunkpack --store Y tiny.jsonl
ok "are 3000 chunks" test "$(chunkcat --header "$(cat "$TAP/stdout")" | grep -c '"kind":"chunk"')" -eq 3000

ok "--cache is for those who read index files" exits 2 chunkpack --cache c --store S in.jsonl
ok "that is said" stderr_has "option '--cache' has no effect without '--compact'"
ok "a size of no cache" exits 2 chunkpack --compact --cache-size 1MiB --store S

# --- what is no store

is_none() {
	ok "refused: $*" exits 2 "$@"
}
for place in S3://b gs://b/p s3:/x file:///x ' ' ''; do
	is_none chunkpack --store "$place"
	is_none chunkpack --compact --store "$place"
	is_none chunkpack --copy --store s --from "$place"
	is_none idxbuild --fsck --store "$place"
	is_none idxbuild --retain --store "$place"
	is_none logql '{a="b"}' --store "$place"
	is_none walreplay --unpacked --store "$place"
	is_none lokid-ingest -q -l a=b --wal "$place"
done
ok "it is said what there is" exits 2 chunkpack --store gs://b/p
ok "and how such a folder is named" stderr_is "chunkpack: error: expected a store, which is a folder or s3://BUCKET/PREFIX, found 'gs://b/p' (a folder of this name is './gs://b/p')"
is "nothing of such a name is made" "$(find . -name '*:*' -o -name ' ')" ''
ok "a parameter that is none" exits 2 chunkpack --store 's3://b?endpont=http://localhost:1'
echo '{"ts":"1760522400000000000","line":"x"' >cut.jsonl
ok "input that is wrong from the beginning" exits 3 chunkpack --store typo cut.jsonl
ok "makes no store" test ! -e typo
echo '{"ts":"1760522400000000000","line":"x"}' >one.jsonl
ok "an entry does, in a folder that is named so" sh -c 'chunkpack --store ./gs: one.jsonl | idxbuild --store ./gs: >/dev/null && test -e gs:/~lokid/format'

if [ -c /dev/full ]; then
	ok "a full stdout is exit 4" exits 4 sh -c 'chunkpack --store full one.jsonl >/dev/full'
	ok "told once" stderr_is "chunkpack: error: cannot write to stdout: No space left on device"
else
	skip "a full stdout" "no /dev/full here"
fi
entry 1760522400000000001 counted >one.jsonl
ok "what is written to a folder is counted" exits 0 chunkpack --store counted --store-stats one.jsonl
ok "the pack" stderr_has "chunkpack: 1 PUT, "
done_testing
