#!/bin/sh
# walreplay --mend: what is good of a damaged segment takes its place, and the damaged one is set aside.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/later.sh"

S=$REPO/examples/logs
# One batch of many sections: what lies outside the damage can be read.
awk 'BEGIN { srand(7); for (i = 0; i < 6000; i++) {
	printf "{\"ts\":\"%d\",\"labels\":{\"app\":\"shop\",\"n\":\"%d\"},\"line\":\"%d", 1760000000000000000 + i, i % 50, i
	for (k = 0; k < 8; k++) printf "%06x", 16777216 * rand()
	print "\"}" } }' >shop.jsonl
lokid-ingest -q --wal wal --input jsonl shop.jsonl || bail "a log"
shop=$(echo wal/*.wal)
name=$(basename "$shop" .wal)
lokid-ingest -q --wal wal -l app=web "$S/nginx.log" || bail "a log"
walreplay --match '{app="shop"}' wal | sort >all
cp -r wal was

# --- nothing is damaged ---
ok "a log without damage" exits 0 walreplay --mend -v wal
ok "nothing is said of it" stderr_is_empty
ok "nothing is set aside" test ! -e wal/damaged
walreplay --unpacked --store s wal >given # makes sidecars
ok "nor with sidecars" exits 0 walreplay --mend wal
ok "all is as it was" sh -c 'for f in was/*.wal; do cmp "$f" "wal/${f#was/}" || exit 1; done'

# --- bytes in the middle ---
flip_byte "$shop" 150000
cp "$shop" bad.wal

# --- which nobody has met yet ---
cp -r was unmet
walreplay --unpacked --store none unmet >given # sidecars that say that all is well
flip_byte "unmet/$name.wal" 150000
ok "damage that is in no sidecar" exits 3 walreplay --mend unmet
ok "is mended" stdout_has "set aside as unmet/damaged/$name.wal"
ok "and that is all" exits 0 walreplay --verify unmet

# --- one that is killed while it saves: no file may have so many bytes ---
cp -r wal killed
ok "a flush notes the damage" exits 3 sh -c 'walreplay --unpacked --store s killed >given'
ok "--mend is killed" exits 153 sh -c 'ulimit -c 0; ulimit -f 64; exec walreplay --mend killed'
ok "the segment is where it was" same_file bad.wal "killed/$name.wal"
is "and nothing lies aside that counts as one" "$(find killed/damaged -name '*.wal')" ""
echo left >killed/damaged/0123456789abcdef.tmp
touch -d '2 hours ago' killed/damaged/0123456789abcdef.tmp
ok "the next mends it" exits 3 walreplay --mend killed
is "and leaves what it should" "$(cd killed/damaged && echo ./*)" "./$name.rest ./$name.sum ./$name.wal"

cp "wal/$name.sum" bad.sum
ok "a query meets the damage" exits 3 logql -o raw --limit 0 --wal wal '{app="shop"}'
ok "as a flush does, which notes it" exits 3 sh -c 'walreplay --unpacked --store s wal >given'
ok "what can be read is given, that once" test "$(grep -c '"app":"shop"' given)" -gt $(($(wc -l <all) / 2))
ok "and names what mends it" exits 3 walreplay --unpacked --store s wal
not_ok "giving none of it" stdout_has '"app":"shop"'
ok "the next time" stderr_has "'$shop': damaged, left out; see --verify and --mend"
cp "wal/$name.sum" bad.sum
ok "--mend" exits 3 walreplay --mend wal
ok "says what was saved, and where all lies" stdout_matches "^$shop: [0-9]+ entries in [0-9]+ batch(es)? saved to $shop; lost: [0-9]+ bytes in 1 place, kept in wal/damaged/$name.rest, [0-9]+ unreadable entries; set aside as wal/damaged/$name.wal$"
ok "and that something is lost" stderr_is "walreplay: error: '$shop': damaged: not all of it could be saved"
saved=$(sed -n 's/^[^:]*: \([0-9]*\) entries.*/\1/p' "$TAP/stdout")
ok "the damaged one is whole in there" same_file bad.wal "wal/damaged/$name.wal"
ok "with its sidecar" same_file bad.sum "wal/damaged/$name.sum"
is "and nothing else but the rest" "$(cd wal/damaged && echo ./*)" "./$name.rest ./$name.sum ./$name.wal"
is "in the log lie as many segments as before" "$(echo wal/*.wal)" "$(for f in was/*.wal; do echo "wal/${f#was/}"; done | paste -sd ' ')"
ok "a query meets none any more" exits 0 logql -o raw --limit 0 --wal wal '{app="shop"}'
ok "it finds what was saved" stdout_lines "$saved"
ok "which is most" test "$saved" -gt $(($(wc -l <all) / 2))
walreplay --match '{app="shop"}' wal | sort >left
ok "nothing is new" test -z "$(comm -13 all left)"
ok "--verify agrees" exits 0 walreplay --verify wal
ok "it is packed" sh -c 'walreplay --frames --unpacked --store s wal | chunkpack --store s | idxbuild --store s >packed'
ok "and all of it is found there" sh -c 'logql --store s "{app=\"shop\"}" -o raw --limit 0 | wc -l | grep -qx "$1"' sh "$saved"
ok "a second time" exits 0 walreplay --mend -v wal
ok "nothing is damaged" stderr_is_empty
ok "pruned" sh -c 'walreplay --prune --store s wal | wc -l | grep -qx 2'
ok "what was set aside stays" same_file bad.wal "wal/damaged/$name.wal"

# --- the same name once more; damage that takes no entry ---
rm -rf wal/*.wal wal/*.sum
cp "was/$name.wal" wal
cp "wal/damaged/$name.rest" bad.rest
put_byte "wal/$name.wal" 20 $(($(byte_at "wal/$name.wal" 20) ^ 1))
cp "wal/$name.wal" header.wal
ok "a damaged header" exits 0 walreplay --mend wal/
ok "costs no entry" stdout_matches "saved to wal//$name.wal; lost: 64 bytes in 1 place, kept in wal//damaged/$name-2.rest, no entry; set aside as wal//damaged/$name-2.wal$"
ok "nothing else is said" stderr_is_empty
ok "all are there" sh -c 'walreplay wal | sort | cmp - all'
ok "the one before is still there" same_file bad.wal "wal/damaged/$name.wal"
ok "and what could not be read of it" same_file bad.rest "wal/damaged/$name.rest"
ok "and the new one" same_file header.wal "wal/damaged/$name-2.wal"

# --- one of which nothing is left ---
rm -rf wal
mkdir wal
head -c 70 "was/$name.wal" | tr '\0-\377' x >wal/x.wal
cp wal/x.wal x.wal
ok "of junk" exits 3 walreplay --mend wal
ok "nothing is saved" stdout_has "wal/x.wal: no entry could be saved; lost: "
ok "that is told" stderr_is "walreplay: error: 'wal/x.wal': damaged: nothing of it could be saved"
ok "it is set aside" same_file x.wal wal/damaged/x.wal
ok "and in nobody's way" test ! -e wal/x.wal

# --- one that was cut, which only its sidecar tells ---
rm -rf wal
mkdir wal
cp "was/$name.wal" wal
walreplay --unpacked --store none wal >given
cut_file "wal/$name.wal" 400
cp "wal/$name.wal" cut.wal
ok "one that was cut off" exits 3 walreplay --mend wal
ok "is known by its sidecar" stdout_has "set aside as wal/damaged/$name.wal"
ok "which is kept with it" sh -c 'walreplay --verify wal/damaged 2>&1 | grep -q "cut off: 400 bytes"'
ok "and no word more of it in the log" exits 0 walreplay --verify wal

# --- a sidecar that says so of one that is sound again ---
rm -rf wal
mkdir wal
cp "was/$name.wal" wal
flip_byte "wal/$name.wal" 150000
walreplay --unpacked --store none wal >given 2>said
flip_byte "wal/$name.wal" 150000
ok "what was damaged on its way here" exits 0 walreplay --mend -v wal
ok "is left as it is" stderr_is "walreplay: 'wal/$name.wal': undamaged after all, left out"
ok "and packed" sh -c 'walreplay --unpacked --store none wal | wc -l | grep -qx "$(wc -l <all)"'

# --- what is no damage ---
rm -rf wal
mkdir wal
later_segment wal/v2.wal
ok "a segment of a later version" exits 3 walreplay --mend wal
ok "is not mended" stderr_has "'wal/v2.wal': WAL version 2, flags 0000"
ok "nor set aside" test ! -e wal/damaged
ok "it is where it was" test -e wal/v2.wal
ok "it is not to be packed" exits 3 walreplay --unpacked --store none wal
ok "and told as what it is" stderr_is "walreplay: error: 'wal/v2.wal': WAL version 2, flags 0000: this program reads version 1"
rm wal/v2.wal

# --- one that is open; one that is mended while we look at it ---
mkfifo lines
spawn sh -c 'exec lokid-ingest -q --wal wal -l app=open <lines >/dev/null'
WRITER=$PID
exec 5>lines
echo one >&5
ok "a writer has a segment open" wait_for 10 sh -c 'ls wal/*.wal >/dev/null 2>&1'
ok "it is left out" exits 0 walreplay --mend -v wal
ok "with a note" stderr_has "its writer still has it open, left out"
exec 5>&-
wait "$WRITER"

# --- where nothing can be written ---
rm -rf wal
mkdir wal
head -c 70 "was/$name.wal" | tr '\0-\377' x >wal/x.wal
echo >wal/damaged
ok "a file where damaged ones are to go" exits 4 walreplay --mend wal
ok "all stays as it was" same_file x.wal wal/x.wal

done_testing
