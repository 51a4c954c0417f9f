#!/bin/sh
# walreplay: what it prints, what it leaves out, what it says of damage, what it deletes and saves.
. "${0%/*}/../lib/tap.sh"

F=$GOLDEN/frozen
X=$GOLDEN/expected

# Segments of version 1 stay readable for ever.
for s in one many; do
	ok "$s: the entries are as they were" exits 0 walreplay "$F/wal-v1-$s"
	ok "$s: every byte of them" stdout_is_file "$X/wal-v1-$s.jsonl"
	ok "$s: verifies" exits 0 walreplay --verify "$F/wal-v1-$s"
	ok "$s: --verify prints nothing" stdout_is_empty
	ok "$s: frames are its own bytes" exits 0 walreplay --frames "$F/wal-v1-$s"
	ok "$s: to the end record" stdout_is_file "$F/wal-v1-$s"
done
ok "without an end record: the same entries" exits 0 walreplay "$F/wal-v1-no-end"
ok "every byte of them" stdout_is_file "$X/wal-v1-many.jsonl"
ok "frames get the end record that its writer did not write" exits 0 walreplay --frames "$F/wal-v1-no-end"
ok "it is the same" stdout_is_file "$F/wal-v1-many"

# Frames and text are twins.
mkdir twin
walreplay --frames "$F/wal-v1-many" | lokid-ingest -q --wal twin --input frames
walreplay twin >twin.jsonl
sort "$X/wal-v1-many.jsonl" >a.sorted
sort twin.jsonl >b.sorted
ok "frames hold what the lines hold" same_file a.sorted b.sorted
lokid-ingest -q --wal twin2 --input jsonl "$X/wal-v1-many.jsonl"
walreplay twin2 | sort >b.sorted
ok "lines go in as they came out" same_file a.sorted b.sorted

# Filters.
ok "--tenant" exits 0 walreplay -t acme "$F/wal-v1-many"
grep '"tenant":"acme"' "$X/wal-v1-many.jsonl" >want
ok "gives that tenant's entries" stdout_is_file want
ok "--match" exits 0 walreplay --match '{app="nginx", pod=~"p[12]"}' "$F/wal-v1-many"
grep '"app":"nginx","pod":"p[12]"' "$X/wal-v1-many.jsonl" >want
ok "gives those streams" stdout_is_file want
ok "--from is included, --to is not" exits 0 walreplay --from 1760000000250000000 --to 1760000001000000000 "$F/wal-v1-one"
ok "one entry is left" stdout_is "$(sed -n 2p "$X/wal-v1-one.jsonl")"
ok "frames that were filtered" exits 0 walreplay --frames -t acme "$F/wal-v1-many"
cp "$TAP/stdout" acme.wal
ok "hold what is left" exits 0 walreplay acme.wal
sort "$TAP/stdout" >b.sorted
grep '"tenant":"acme"' "$X/wal-v1-many.jsonl" | sort >a.sorted
ok "and nothing else" same_file a.sorted b.sorted
ok "and do not say that they are all" sh -c 'walreplay --stats -o jsonl acme.wal | grep -q "\"tail\":\"no end\""'
ok "a selector that is none is exit 2" exits 2 walreplay --match '{app=' "$F/wal-v1-one"
ok "a time that is none is exit 2" exits 2 walreplay --from yesterday "$F/wal-v1-one"
ok "the message names the option" stderr_has "--from"

# Inputs: folders in the order of creation, several operands, stdin, segments one after another.
mkdir wal
cp "$F/wal-v1-one" wal/b.wal
cp "$F/wal-v1-many" wal/a.wal
cat "$X/wal-v1-one.jsonl" "$X/wal-v1-many.jsonl" >both
ok "a folder's segments come in the order of their creation" exits 0 walreplay wal
ok "both" stdout_is_file both
ok "operands come as they are given" exits 0 walreplay wal/b.wal wal/a.wal
ok "both" stdout_is_file both
cat wal/b.wal wal/a.wal >cat.wal
ok "segments one after another in a file" exits 0 walreplay cat.wal
ok "both" stdout_is_file both
ok "and in a pipe" sh -c 'cat cat.wal | walreplay - >out'
ok "both" same_file both out
mkdir -p lokid-data
mv wal lokid-data/wal
ok "without operands: the default folder" exits 0 walreplay
ok "both" stdout_is_file both
rm -r lokid-data
ok "one that is not there is exit 4" exits 4 walreplay
ok "and said" stderr_is "walreplay: error: there is no log 'lokid-data/wal'; name a segment or a folder"
ok "an operand that is not there is exit 4" exits 4 walreplay nowhere "$F/wal-v1-one"
ok "the message names it" stderr_has "'nowhere'"
ok "the others are still done" stdout_is_file "$X/wal-v1-one.jsonl"
for mode in '' --verify --frames; do
	ok "a stdin that cannot be read is exit 4${mode:+: }$mode" \
		exits 4 sh -c 'walreplay $1 "$2" - "$3" </' sh "$mode" "$F/wal-v1-one" "$F/wal-v1-many"
	ok "it is named" stderr_matches "^walreplay: error: 'stdin': "
	cp "$TAP/stdout" out
	case $mode in
	--verify) continue ;;
	--frames) walreplay out >lines && mv lines out ;;
	esac
	cat "$X/wal-v1-one.jsonl" "$X/wal-v1-many.jsonl" >lines
	ok "what was read before, and what follows, is printed" same_file lines out
done

# A file of several segments: as frames it is read to its end, in the log it has no place.
for both in "$F/wal-v1-one $F/wal-v1-many" "$F/wal-v1-no-end $F/wal-v1-one" "cut.head $F/wal-v1-one" "$F/wal-v1-one $F/wal-v1-one"; do
	head -c 40000 "$F/wal-v1-many" >cut.head
	rm -rf several && mkdir -p several bare
	# shellcheck disable=SC2086
	{ cat $both >several/c.wal && walreplay $both | sort -u >want; }
	ok "all of $both" exits 0 logql -o raw '{app=~".+"}' several/c.wal
	lines=$(wc -l <want)
	ok "are read by a query" stdout_lines "$lines"
	ok "as stdin too" sh -c "logql -o raw '{app=~\".+\"}' <several/c.wal | wc -l | grep -qx $lines"
	ok "as a pipe too" sh -c "cat several/c.wal | logql -o raw '{app=~\".+\"}' - | wc -l | grep -qx $lines"
	ok "stats count them" sh -c "logql stats several/c.wal | grep -q '^entries [1-9]'"
	off=$(wc -c <"${both% *}")
	for ask in "walreplay" "walreplay --verify" "walreplay --stats" "walreplay --unpacked --store s" "walreplay --prune --store bare" \
		"logql '{app=~\".+\"}' --wal" "logql labels --wal" "logql stats --wal"; do
		ok "in a log: $ask is exit 3" exits 3 sh -c "$ask several"
		ok "and says where" stderr_is "${ask%% *}: error: 'several/c.wal': offset $off: another segment begins here; a file of the log holds one (see walreplay --mend)"
	done
	ok "the query reads all all the same" sh -c "logql -t fake -o raw '{app=~\".+\"}' --wal several 2>/dev/null | wc -l | grep -qx $(grep -c '"tenant":"fake"' want)"
	ok "it is still there, without a sidecar" test "$(ls several)" = c.wal
	ok "--salvage" exits 0 walreplay --salvage several several/c.wal
	rm several/c.wal
	ok "makes one of them" sh -c "walreplay several | sort -u | cmp - want"
done

# Statistics.
ok "--stats" exits 0 walreplay --stats "$F/wal-v1-many"
ok "says entries, streams, tenants" stdout_has "750 in 40 streams of 2 tenants"
ok "one is no plural" sh -c 'walreplay --stats -- acme.wal | grep -q "of 1 tenant\$"'
ok "--stats" exits 0 walreplay --stats "$F/wal-v1-many"
ok "says the end" stdout_has "ends with its end record"
ok "--stats -o jsonl" exits 0 walreplay --stats -o jsonl "$F/wal-v1-one"
ok "has the counts" stdout_matches '"batches":2,"entries":3,"line_bytes":19,"streams":2,"tenants":2'

# Damage.
cp "$F/wal-v1-many" bad.wal
flip_byte bad.wal 5000
ok "damage is exit 3" exits 3 walreplay bad.wal
ok "the message names segment and offset" stderr_matches "^walreplay: error: 'bad.wal': offset [0-9]+: crc32c mismatch: stored [0-9a-f]{8}, computed [0-9a-f]{8}"
cp "$TAP/stdout" rest
ok "what follows is read" test -s rest
grep -v -x -F -f "$X/wal-v1-many.jsonl" rest >strange
ok "and nothing that was not there" test ! -s strange
ok "--verify says the same" exits 3 walreplay --verify bad.wal
ok "--stats too" sh -c 'walreplay --stats bad.wal | grep -q "damaged in 1 place$"'
run walreplay --frames bad.wal
cp "$TAP/stdout" bad.frames
ok "frames of a damaged segment are not all of it" \
	sh -c 'walreplay --stats -o jsonl bad.frames | grep -q "\"tail\":\"no end\""'

cp "$F/wal-v1-many" series.wal
flip_byte series.wal 300
ok "lost labels are exit 3" exits 3 walreplay series.wal
ok "the message counts the entries" stderr_matches ": [2-9][0-9]* entries of a stream whose labels were lost"
mkdir single
echo x | lokid-ingest -q --wal single -l app=lonely
flip_byte single/*.wal "$(LC_ALL=C grep -abo lonely single/*.wal | cut -d : -f 1)"
rm -f single/*.sum
ok "of a single entry" exits 3 walreplay single
ok "too" stderr_has ": 1 entry of a stream whose labels were lost"

cp "$F/wal-v1-many" cut.wal
cut_file cut.wal 40000
ok "a torn tail is no damage" exits 0 walreplay cut.wal
ok "and no message" stderr_is_empty
ok "but with -v" exits 0 walreplay -v cut.wal
ok "it is said" stderr_matches "'cut.wal': torn tail, cut there: offset [0-9]+: "

# A bit of the last acknowledged record, which ends at 386: what a crash left behind it explains nothing.
mkdir torn
for behind in 'head -c 401 one' 'cat part zeros' 'cat part one' 'cat part'; do
	cp "$F/wal-v1-one" one
	head -c 386 one >part
	head -c 4000 /dev/zero >zeros
	$behind >torn/a.wal
	rm -f torn/a.sum
	[ "$behind" = 'cat part one' ] || ok "not flipped: $behind" exits 0 walreplay --verify torn
	for bit in '296 0' '298 2' '340 5'; do
		$behind >torn/a.wal
		rm -f torn/a.sum
		flip_bit torn/a.wal "${bit% *}" "${bit#* }"
		ok "bit $bit: $behind" exits 3 walreplay --verify torn/a.wal
		ok "is told with its place" stderr_matches "^walreplay: error: 'torn/a.wal': offset 290: "
		walreplay --frames --unpacked --store tornstore torn 2>err | chunkpack --store tornstore 2>err | idxbuild --store tornstore >out 2>err
		ok "--prune" exits 3 walreplay --prune --store tornstore torn
		ok "leaves it" test -s torn/a.wal
	done
done

cp "$F/wal-v1-one" head.wal
flip_byte head.wal 20
ok "a damaged header is exit 3" exits 3 walreplay head.wal
ok "the message says so" stderr_has "'head.wal': header: crc32c mismatch"
printf 'not a segment, but a line of text that is longer than a header would be\n' >text
ok "what is no segment is exit 3" exits 3 walreplay text
ok "the message says so" stderr_has "'text': not a WAL segment: no magic"

# Salvage.
cp head.wal 20251009T085320-00000000.wal
ok "--salvage" exits 3 walreplay -v --salvage saved bad.wal 20251009T085320-00000000.wal "$F/wal-v1-no-end" "$F/wal-v1-many"
ok "leaves out what is undamaged" stderr_has "/wal-v1-no-end': undamaged, left out"
ok "whether it has its end or not" stderr_has "/wal-v1-many': undamaged, left out"
is "and makes nothing of it" "$(find saved -name '*.wal' | wc -l)" 2
ok "says on stderr that something is lost" stderr_has "'bad.wal': damaged: not all of it could be saved"
ok "counts what is lost" stdout_matches "^bad.wal: [0-9]+ entries in 1 batch saved to saved/.*; lost: [0-9]+ bytes in 1 place, kept in saved/bad.rest$"
ok "passes over a header" stdout_matches "^2025.*.wal: 3 entries in 2 batches saved to saved/20251009T085320-.*; lost: 64 bytes in 1 place"
ok "whose time the name says" sh -c 'walreplay --stats saved/20251009T* | grep -q "created  2025-10-09T08:53:20"'
ok "the saved segments verify" exits 0 walreplay --verify saved
cat rest "$X/wal-v1-one.jsonl" | sort >a.sorted
walreplay saved | sort >b.sorted
ok "and hold every entry that could be read" same_file a.sorted b.sorted
ok "the rest is what was damaged" test -s saved/bad.rest
run walreplay series.wal
cp "$TAP/stdout" known
ok "entries whose labels are lost" exits 3 walreplay --salvage saved3 series.wal
ok "are counted" stdout_has "$((750 - $(wc -l <known))) entries of unknown streams"
ok "the others are saved" sh -c 'sort known >a.sorted; walreplay saved3 | sort | cmp - a.sorted'
lost=$(sed -n 's/.*lost: \([0-9]*\) bytes.*/\1/p' "$TAP/stdout")
is "the bytes that are lost are in the rest" "$(size_of saved3/series.rest)" "$lost"
ok "which has the batches" test "$lost" -gt 1000
for mend in head behind; do
	case $mend in
	head) cp head.wal all.wal ;;
	behind) { cat "$F/wal-v1-one"; printf 'more bytes'; } >all.wal ;;
	esac
	rm -rf saved6
	ok "$mend: damage that took no entry" exits 0 walreplay --salvage saved6 all.wal
	ok "$mend: bytes are lost, and that is said" stdout_matches "^all.wal: 3 entries in 2 batches saved to .*; lost: [0-9]+ bytes in 1 place, kept in saved6/all.rest, no entry$"
	ok "$mend: nothing else" stderr_is_empty
	ok "$mend: all are there" sh -c 'walreplay saved6 | cmp - "$1"' sh "$X/wal-v1-one.jsonl"
done
mkdir healthy
lokid-ingest -q --wal healthy -l app=a "$REPO/examples/logs/shop.log"
cp bad.wal healthy
ok "into the log's own folder" exits 3 walreplay --salvage healthy healthy
is "only the damaged one is made again" "$(find healthy -name '*.wal' | wc -l)" 3
ok "--stats of damage" exits 3 walreplay --stats bad.wal
ok "says so on stderr too" stderr_is "walreplay: error: 'bad.wal': damaged in 1 place; --verify says where"
printf 'junk' >junk.wal
ok "of junk" exits 3 walreplay --salvage saved4 junk.wal
ok "nothing is saved" stdout_has "junk.wal: no entry could be saved; lost: 4 bytes in 1 place, kept in saved4/junk.rest"
ok "it says what to do" stderr_is "walreplay: error: 'junk.wal': damaged: nothing of it could be saved; move it out of the log, what it held is lost"
ok "it is set aside" same_file junk.wal saved4/junk.rest
: >none.wal
ok "of nothing" exits 0 walreplay --salvage saved5 -v none.wal
ok "there is nothing" test ! -e saved5

# A batch of many pages, one of them damaged: the sections outside it are read, by all alike.
mkdir broken
awk 'BEGIN { srand(7); for (i = 0; i < 6000; i++) { printf "{\"ts\":\"%d\",\"labels\":{\"app\":\"a%d\"},\"line\":\"%d", 1760000000000000000 + i, i % 50, i
	for (k = 0; k < 8; k++) printf "%06x", 16777216 * rand(); print "\"}" } }' >broken.jsonl
lokid-ingest -q --wal broken --input jsonl broken.jsonl
seg=$(echo broken/*.wal)
flip_byte "$seg" 150000
rm broken/*.sum
ok "a query" exits 3 logql --wal broken -o raw --limit 0 '{}'
sort "$TAP/stdout" >want
n=$(wc -l <want)
ok "reads most of it" test "$n" -gt 4000 -a "$n" -lt 6000
ok "walreplay" exits 3 walreplay broken
ok "gives as much" stdout_lines "$n"
ok "says where it is damaged" stderr_matches "^walreplay: error: '$seg': offset [0-9]+: crc32c mismatch: "
ok "and what that cost" stderr_matches "^walreplay: error: '$seg': offset [0-9]+: $((6000 - n)) entries of this batch are lost$"
ok "--verify says the same" exits 3 walreplay --verify broken
ok "and what that cost" stderr_has ": $((6000 - n)) entries of this batch are lost"
app=$(sed 's/.*"line":"\([0-9a-f]*\)".*/\1/' broken.jsonl | sort | comm -23 - want | head -n 1 | xargs -I L grep L broken.jsonl | grep -o '"a[0-9]*"')
ok "--match" exits 3 walreplay --match "{app=$app}" broken
ok "counts what was asked for" stderr_has ": 120 entries of this batch are lost"
ok "frames" exits 3 walreplay --frames broken
cp "$TAP/stdout" frames
ok "hold them" sh -c 'walreplay frames >out && sort -u out | wc -l | grep -qx "$1"' sh "$n"
ok "and are not all of it" sh -c 'walreplay --stats -o jsonl frames | grep -q "\"tail\":\"no end\""'
ok "chunkpack takes them from the file itself" exits 3 chunkpack --store brokenstore "$seg"
ok "and says what is lost" stderr_has ": $((6000 - n)) entries of this batch are lost"
idxbuild --store brokenstore <"$TAP/stdout" >out
ok "all" sh -c 'logql --store brokenstore -o raw --limit 0 "{}" | sort | cmp - want'
ok "so does lokid-ingest" exits 3 lokid-ingest -q --wal brokenagain --input frames "$seg"
ok "and says so" stderr_has ": $((6000 - n)) entries of this batch are lost"
ok "all" sh -c 'logql --wal brokenagain -o raw --limit 0 "{}" | sort | cmp - want'
ok "--salvage" exits 3 walreplay --salvage broken broken
ok "saves them, and counts the others" stdout_matches "^$seg: $n entries in 1 batch saved to broken/.*, $((6000 - n)) unreadable entries$"
ok "--unpacked makes a sidecar" exits 3 sh -c 'walreplay --unpacked --store s broken >out'
ok "of what was saved all is given" sh -c 'wc -l <out | grep -qx "$1"' sh "$n"
rm "$seg"
ok "the new one is whole" exits 0 logql --wal broken -o raw --limit 0 '{}'
ok "and has them" sh -c 'sort "$1" | cmp - want' sh "$TAP/stdout"

# The store.
mkdir wal
lokid-ingest -q --wal wal -l app=a "$REPO/examples/logs/syslog.log"
lokid-ingest -q --wal wal -l app=b "$REPO/examples/logs/nginx.log"
ok "a store that is not there covers nothing" sh -c 'walreplay --unpacked --store s wal | wc -l >n'
is "all entries are to be packed" "$(cat n)" "$(cat "$REPO/examples/logs/syslog.log" "$REPO/examples/logs/nginx.log" | wc -l)"
ok "nothing is pruned" exits 4 walreplay --prune --store s wal
ok "that is said" stderr_is "walreplay: error: there is no store 's'"
ok "nothing" stdout_is_empty
ok "the pipe" sh -c 'walreplay --frames --unpacked --store s wal | chunkpack --store s | idxbuild --store s'
ok "packed segments are left out" exits 0 walreplay --unpacked -v --store s wal
ok "nothing is to be packed" stdout_is_empty
ok "-v says why" stderr_has "packed, left out"
lokid-ingest -q --wal wal -l app=c "$REPO/examples/logs/shop.log"
ok "a new one is to be packed" sh -c 'walreplay --unpacked --store s wal | wc -l >n'
is "it alone" "$(cat n)" "$(wc -l <"$REPO/examples/logs/shop.log")"
cp "$F/wal-v1-many" wal/bad.wal
flip_byte wal/bad.wal 5000
ok "a damaged one is exit 3" exits 3 walreplay --unpacked --store s wal
ok "left out, and named for --mend" stderr_has "'wal/bad.wal': damaged, left out; see --verify and --mend"
ok "the others are done" stdout_lines "$(wc -l <"$REPO/examples/logs/shop.log")"
ln -s away.wal wal/away.wal # for root too
ok "one that cannot be opened beside it does not hide that" exits 3 walreplay --unpacked --store s wal
ok "and is told, too" stderr_has "cannot open 'wal/away.wal'"
rm wal/bad.* wal/away.wal
ok "--prune" exits 0 walreplay --prune --store s wal
ok "deletes the two that are packed" stdout_lines 2
is "and leaves the third" "$(find wal -name '*.wal' | wc -l)" 1
ok "with its entries" sh -c 'walreplay wal | cmp - <<X
$(walreplay --unpacked --store s wal)
X'
mv s/fake/chunks moved
walreplay --frames --unpacked --store s wal | chunkpack --store s | idxbuild --store s >/dev/null
rm -r s/fake/chunks
ok "what is covered by packs that are gone is not deleted" exits 3 walreplay --prune --store s wal
ok "the message says so" stderr_has "packed, but a pack or an index file of the store is missing or damaged, left"
is "it is still there" "$(find wal -name '*.wal' | wc -l)" 1
ok "it is given again, and reported" exits 3 sh -c 'walreplay --frames --unpacked --store s wal >again'
ok "the message says so" stderr_has "given again"
chunkpack --store s <again | idxbuild --store s >/dev/null
ok "which mends the store" exits 0 walreplay --unpacked --store s wal
ok "nothing is left to be packed" stdout_is_empty
# shellcheck disable=SC2012
f=$(ls -t s/fake/index/*/*.idx | head -n 1)
cp "$f" whole.idx
flip_byte "$f" 10
ok "a damaged index file covers nothing" exits 3 walreplay --prune --store s wal
ok "it is named" stderr_has "$f"
is "the segment is still there" "$(find wal -name '*.wal' | wc -l)" 1
ok "it is given again" exits 3 sh -c 'walreplay --frames --unpacked --store s wal >again'
chunkpack --store s <again | idxbuild --store s >/dev/null
ok "which makes the same index file" cmp "$f" whole.idx
ok "now the segment goes" exits 0 walreplay --prune --store s wal
is "it is gone" "$(find wal -name '*.wal' | wc -l)" 0

# What the dead left behind.
mkdir left
touch -d '2 hours ago' left/0123456789abcdef.tmp left/20260115T100000-89abcdef.wal.tmp left/mine.tmp
touch left/0123456789abcde0.tmp left/20260115T100000-89abcdef.sum left/mine.sum
ok "--prune" exits 0 walreplay --prune --store s left
# shellcheck disable=SC2012
is "deletes what is old and ours, and a sidecar without its segment" "$(ls left | tr '\n' ' ')" \
	"0123456789abcde0.tmp mine.sum mine.tmp "
mkdir -p s2/fake/chunks/2025-10-09 s2/fake/index/2025-10-09
touch -d '2 hours ago' s2/fake/chunks/2025-10-09/0123456789abcdef.tmp s2/fake/index/2025-10-09/0123456789abcdef.tmp
touch s2/fake/chunks/2025-10-09/0123456789abcde0.tmp
mkdir s2/~lokid
echo 'lokid store 1' >s2/~lokid/format
ok "packing and indexing" sh -c 'walreplay --frames "$1" | chunkpack --store s2 | idxbuild --store s2' sh "$F/wal-v1-one"
is "delete such files of the store" "$(find s2/fake -name '*.tmp')" s2/fake/chunks/2025-10-09/0123456789abcde0.tmp

# A file that something has cut, which its sidecar witnesses.
mkdir cut
seq 1 50000 | lokid-ingest -q --wal cut -l app=cut
seg=$(echo cut/*.wal)
was=$(size_of "$seg")
for part in 2 1000000; do
	cut_file "$seg" $((was / part))
	walreplay --frames cut >frames 2>err
	not_ok "frames of it are not all of it: 1/$part" sh -c 'walreplay --stats -o jsonl frames | grep "\"tail\":\"clean\""'
	ok "a segment cut to 1/$part is damage to --verify" exits 3 walreplay --verify cut
	ok "the message has the sizes" stderr_has "'$seg': cut off: $((was / part)) bytes, of $was that its sidecar tells of"
	ok "to --unpacked" exits 3 walreplay --unpacked --store s cut
	ok "which leaves it out" stdout_is_empty
	ok "to --prune" exits 3 walreplay --prune --store s cut
	ok "which leaves it there" test -f "$seg"
	ok "to --stats" exits 3 walreplay --stats cut
	[ $part -gt 2 ] || ok "which has no other word for it" stdout_has "state    closed, cut off: $((was / part)) bytes, of $was"
	[ $part -gt 2 ] || ok "nor in JSON" sh -c 'walreplay --stats -o jsonl cut 2>/dev/null | grep -q "\"tail\":\"damaged\""'
	ok "and to a query" exits 3 logql --wal cut -o raw '{app="cut"}'
	[ $part -eq 2 ] || ok "which says the same" stderr_is "logql: error: '$seg': cut off: 0 bytes, of $was that its sidecar tells of"
	ok "again and again" exits 3 walreplay --verify cut
done

# A closed segment whose end became NULs: its sidecar witnesses that it was good.
rm -rf zeroed && mkdir zeroed
seq 1 50000 | lokid-ingest -q --wal zeroed -l app=z
seg=$(echo zeroed/*.wal)
sum=${seg%.wal}.sum
cp "$seg" whole.wal
cp "$sum" whole.sum
was=$(size_of "$seg")
for n in 10 600 20000 $((was - 300)); do
	cp whole.wal "$seg"
	cp whole.sum "$sum"
	truncate -s $((was - n)) "$seg"
	truncate -s "$was" "$seg"
	for ask in "walreplay --verify zeroed" "walreplay --verify $seg" "walreplay --frames --unpacked --store s zeroed" \
		"walreplay --verify zeroed" "walreplay --unpacked --store s zeroed" "walreplay --salvage salvaged $seg" \
		"logql -o raw '{app=\"z\"}' --wal zeroed" "logql -o raw '{app=\"z\"}' $seg"; do
		case $ask in logql*) [ $n -gt 100 ] || continue ;; esac
		ok "$n NULs at its end: $ask" exits 3 sh -c "$ask"
		ok "are told" stderr_has "error: '$seg': "
		not_ok "and the frames are not all of it" sh -c 'walreplay --stats -o jsonl - <"$1" | grep "\"tail\":\"clean\""' sh "$TAP/stdout"
	done
	ok "--stats says so" sh -c 'walreplay --stats -o jsonl zeroed | grep -q "\"tail\":\"damaged\""'
	ok "--prune leaves it" exits 3 walreplay --prune --store s zeroed
done

# An empty file, and what is no segment at all: a writer names a segment when its header is durable, so
# one that ends within it was cut.
mkdir young
: >young/a.wal
for mode in --verify '--unpacked --store s' --stats; do
	# shellcheck disable=SC2086
	ok "an empty file is nothing: $mode" exits 0 walreplay $mode young
	ok "and says nothing" stderr_is_empty
done
ok "but with -v" exits 0 walreplay -v --verify young
ok "it is said" stderr_has "'young/a.wal': empty, nothing is in it"
ok "a query finds nothing, without a word" exits 1 logql --wal young '{}'
ok "no damage" sh -c "! grep -q error \"\$1\"" sh "$TAP/stderr"
ok "--prune" exits 0 walreplay --prune --store s young
ok "deletes it" stdout_is young/a.wal
for n in 1 5 40 63; do
	head -c $n "$F/wal-v1-one" >young/d.wal
	for mode in --verify --stats; do
		ok "$n bytes of a header are damage: $mode" exits 3 walreplay $mode young
		ok "told with its place" stderr_is "walreplay: error: 'young/d.wal': a segment's header has 64 bytes, found $n"
	done
	for mode in --unpacked --prune; do
		ok "to $mode" exits 3 walreplay $mode --store s young
		ok "which names it" stderr_has "'young/d.wal': damaged, left out"
	done
	ok "to a query" exits 3 logql --wal young '{}'
	ok "which says the same" stderr_is "logql: error: 'young/d.wal': a segment's header has 64 bytes, found $n"
	ok "it stays" test -s young/d.wal
done
printf 'junk' >young/d.wal
for mode in --verify '--unpacked --store s' '--prune --store s'; do
	# shellcheck disable=SC2086
	ok "a few bytes of junk are damage: $mode" exits 3 walreplay $mode young
	ok "which is named" stderr_has "'young/d.wal'"
done
ok "to a query too" exits 3 logql --wal young '{}'
ok "and stay" test -s young/d.wal

# A segment that is open.
mkfifo pipe
spawn sh -c 'exec lokid-ingest -q --ack --wal open -l app=live <pipe >acks'
exec 8>pipe
echo first >&8
ok "an entry is there at once" wait_for 10 grep -q '^1$' acks
ok "open segments are read" sh -c 'walreplay open | grep -q first'
ok "--stats says that it is open" sh -c 'walreplay --stats open | grep -q "state    open"'
ok "--unpacked leaves them out" exits 0 walreplay --unpacked -v --store s open
ok "nothing" stdout_is_empty
ok "-v says why" stderr_has "its writer still has it open, left out"
ok "--prune too" exits 0 walreplay --prune --store s open
ok "nothing" stdout_is_empty
ok "--salvage wants it closed" exits 5 walreplay --salvage saved2 open
exec 8>&-
wait "$PID"
ok "closed, it is to be packed" sh -c 'walreplay --unpacked --store s open | grep -q first'

# What makes no sense together is refused by name.
for pair in "stats prune" "prune salvage" "unpacked stats" "frames verify" "frames prune" "verify stats" "from prune" "to salvage" \
	"tenant stats" "match prune"; do
	set --
	for opt in $pair; do
		case $opt in
		from | to) set -- "$@" "--$opt" 1 ;;
		tenant) set -- "$@" -t fake ;;
		match) set -- "$@" --match '{a="b"}' ;;
		salvage) set -- "$@" --salvage dir ;;
		*) set -- "$@" "--$opt" ;;
		esac
	done
	ok "$pair is exit 2" exits 2 walreplay "$@" young
	ok "the message names the one" stderr_has "--${pair% *}"
	ok "and the other" stderr_has "--${pair#* }"
done
ok "--store-stats without a store" exits 2 walreplay --store-stats young
ok "--store-stats" exits 3 walreplay --unpacked --store none --store-stats young
ok "tells what was asked of it" stderr_matches '^walreplay: 0 PUT, [0-9]* GET, '
ok "--format without --stats" exits 2 walreplay -o jsonl young
ok "is said" stderr_has "--format is for --stats alone"
ok "--store with neither --unpacked nor --prune" exits 2 walreplay --store s young
ok "is said" stderr_has "--store is for --unpacked and --prune alone"
mkdir other && : >other/file
for mode in --unpacked --prune; do
	ok "a folder that is no store: $mode" exits 4 walreplay $mode --store other young
	ok "is said" stderr_is "walreplay: error: 'other' is no store: it has no '~lokid/format', and 'file' lies in it"
done
mkdir blank
ok "an empty one covers nothing" exits 0 walreplay --unpacked --store blank twin
ok "all is given" stdout_lines 750
if script -qec true /dev/null >/dev/null 2>&1; then
	ok "frames to a terminal" sh -c 'script -qec "walreplay --frames $1; echo is \$?" /dev/null >tty </dev/null' sh "$F/wal-v1-one"
	ok "are refused" grep -q 'is 2' tty
	ok "with a hint" grep -q 'frames are not for a terminal' tty
else
	skip "frames to a terminal" "no script(1)"
fi
ok "stdin cannot be pruned" exits 2 walreplay --prune --store s -
if [ -c /dev/full ]; then
	ok "a full stdout is exit 4" exits 4 sh -c 'walreplay "$1" >/dev/full' sh "$F/wal-v1-many"
	ok "the message says so" stderr_has "stdout"
fi

# --- what is salvaged, and where to

ok "--salvage with one folder alone" exits 2 walreplay --salvage elsewhere
ok "says what it is" stderr_has "--salvage 'elsewhere' says where new segments go; name the segment or folder that is read, too"
ok "and makes nothing" test ! -e elsewhere
mkdir -p lokid-data/wal
ok "the default log in its own folder" exits 0 walreplay --salvage ./lokid-data/wal

done_testing
