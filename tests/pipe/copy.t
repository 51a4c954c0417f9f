#!/bin/sh
# chunkpack --copy: the copy gives the same answers, from the same packs where it can; what is there is not copied again;
# who is killed, has damage before him or others at work beside him does no harm.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/flush.sh"

# ask STORE TENANT SELECTOR: what is found, and how often.
ask() {
	logql --store "$1" -t "$2" --limit 0 -o jsonl "$3" | sed 's/"tenant":"[^"]*",//' | sort
	logql --store "$1" -t "$2" --at 1768600000 -o jsonl "sum by (app) (count_over_time($3 [3d]))" | sort
	logql --store "$1" -t "$2" --at 1768600000 -o jsonl "sum(bytes_over_time($3 [3d]))"
}
# same STORE1 TENANT1 STORE2 TENANT2 SELECTOR
same() {
	ask "$1" "$2" "$5" >answer1
	ask "$3" "$4" "$5" >answer2
	test -s answer1 && diff answer1 answer2
}
all_same() {
	for t in fake t0 t1; do same store "$t" "$1" "$t" '{app=~".+"}' || return; done
}
copy() { chunkpack --copy --from store --store "$@"; }
packs() { find "$1" -name '*.pack' | wc -l; }
# fields of the lines that tell of days: "copied made there"
sums() { sed -E 's/.*: ([0-9]+) (would be )?copied, ([0-9]+) (would be )?made anew, ([0-9]+) there.*/\1 \3 \5/' "$TAP/stdout" |
	awk '{ c += $1; m += $2; t += $3 } END { print c, m, t }'; }
verifies() { idxbuild --verify --store "$1" && find "$1" -name '*.pack' -exec chunkcat --verify {} +; }

for n in 1 2 3; do
	flush_ingest_json json-$n 300
	flush_ingest plain-$n 50
	flush_pipe >/dev/null
done
n=$(packs store)

# ---- as it is

ok "a dry run" exits 0 copy none --dry-run
is "tells of all packs" "$(sums)" "$n 0 0"
ok "and makes nothing" test ! -e none
ok "a copy" exits 0 copy copy
is "has all packs" "$(sums)" "$n 0 0"
ok "each day is a line" stdout_matches '^t0 2026-01-15: 3 packs, [0-9.]+ KiB, 360 entries: 3 copied, 0 made anew, 0 there; checksum [0-9a-f]{32}$'
for t in fake t0 t1; do ok "$t is the same, byte for byte" diff -r store/$t copy/$t; done
ok "so are the answers" all_same copy
ok "all verifies" exits 0 verifies copy
ok "again" exits 0 copy copy
is "nothing is left to do" "$(sums)" "0 0 $n"
ok "one tenant and day" exits 0 copy part -t t1 --day 2026-01-15
ok "is one line" stdout_lines 1
ok "and those alone" diff -r store/t1/chunks/2026-01-15 part/t1/chunks/2026-01-15
is "no others" "$(find part -name '*.pack' | grep -c -v part/t1/chunks/2026-01-15)" 0

for i in 0 1 2; do chunkpack --copy --from store --store shards --shard $i/3; done >shards.sums
is "of three shards each day is one's" "$(cut -d : -f 1 shards.sums | sort)" "$(chunkpack --copy --from store --store none --dry-run | cut -d : -f 1 | sort)"
ok "together they copy all" all_same shards

# ---- the source moves on: merges, and more comes

flush_ingest_json json-4 300
flush_pipe >/dev/null
find store copy -type f -exec touch -d '2026-02-01T00:00:00Z' {} +
ok "the source is compacted" exits 0 chunkpack --compact --store store --fan-in 2 --delete-delay 0
ok "a copy of that over the old one" exits 0 copy copy
ok "takes the new packs alone" test "$(sums)" = "$(packs store) 0 0"
ok "answers are the same" all_same copy
find copy -type f -exec touch -d '2026-02-01T00:00:00Z' {} +
ok "what they replaced can go there, too" exits 0 idxbuild --compact --store copy --delete-delay 0
is "and goes" "$(packs copy)" "$(packs store)"
ok "all verifies" exits 0 verifies copy

# The target does work of its own: it is not undone.
ok "an old copy" exits 0 copy other
flush_ingest_json json-5 300
flush_pipe >/dev/null
copy other >/dev/null
find other -type f -exec touch -d '2026-02-01T00:00:00Z' {} +
ok "is compacted" exits 0 chunkpack --compact --store other --fan-in 2 --delete-delay 0
before=$(find other -type f | sort)
ok "and copied to again" exits 0 copy other
is "which does nothing" "$(sums)" "0 0 $(packs store)"
is "at all" "$(find other -type f | sort)" "$before"
ok "answers are the same" all_same other

# ---- some streams

few='{app=~"a1|plain"}'
ok "some streams" exits 0 copy few --match "$few"
is "of packs that hold more, packs are made; the others are copied" \
	"$(sums | awk '{ print ($1 > 0), ($2 > 0), $3 }')" "1 1 0"
for t in fake t0; do
	same store $t few $t "$few" >"$TAP/log" || [ $t = fake ]
	ask store $t "$few" >answer1
	ask few $t '{app=~".+"}' >answer2
	ok "$t: those, and no others" diff answer1 answer2
done
ok "all verifies" exits 0 verifies few
before=$(find few -type f | sort)
ok "again" exits 0 copy few --match "$few"
is "nothing is left to do" "$(sums | cut -d ' ' -f 1,2)" "0 0"
is "at all" "$(find few -type f | sort)" "$before"
ok "other streams beside them" exits 0 copy few --match '{app=~"a0|a2"}'
ok "make it whole" all_same few
ok "the index from packs alone" exits 0 idxbuild --rebuild --store few
ok "is as good" all_same few
ok "nothing that fits" exits 0 copy nothing --match '{app="none"}'
ok "is nothing" stdout_is_empty
ok "which may be a slip" stderr_is "chunkpack: warning: there is nothing to copy in store 'store' that fits {app=\"none\"}"
is "and makes none" "$(packs nothing)" 0
ok "a day of nothing" exits 0 copy nothing -t t0 --day 2020-01-01
ok "neither" stderr_is "chunkpack: warning: there is nothing to copy in store 'store' of tenant 't0' of 2020-01-01"
ok "of shards one may have nothing" exits 0 copy nothing --match '{app="none"}' --shard 0/2
ok "without a word" stderr_is_empty

# ---- another tenant

ok "a tenant for another" exits 0 copy moved -t t0 --to-tenant u.0
ok "both are named" stdout_matches '^t0 as u\.0 2026-01-[0-9]{2}: '
is "makes a pack of each" "$(sums)" "0 $(packs store/t0) 0"
ok "again, as JSON lines" exits 0 copy moved -t t0 --to-tenant u.0 -o jsonl
ok "which name both, too" stdout_matches '^\{"tenant":"t0","day":"2026-01-[0-9]{2}","to_tenant":"u.0","packs":[0-9]+,"bytes":[0-9]+,"entries":[0-9]+,"copied":0,"made":0,"there":[1-9][0-9]*\}$'
ok "answers are the same" same store t0 moved u.0 '{app=~".+"}'
ok "all verifies" exits 0 verifies moved
ok "in the same store" exits 0 copy store -t t0 --to-tenant t9
ok "answers are the same" same store t0 store t9 '{app=~".+"}'
ok "once more elsewhere" exits 0 copy again -t t0 --to-tenant u.0
ok "gives the same bytes" diff -r again/u.0 moved/u.0
rm -rf store/t9
flush_ingest_json json-6 300
flush_pipe >/dev/null
find store moved -type f -exec touch -d '2026-02-01T00:00:00Z' {} +
chunkpack --compact --store store --fan-in 2 --delete-delay 0 >/dev/null
ok "what was merged since" exits 0 copy moved -t t0 --to-tenant u.0
ok "gives the same answers" same store t0 moved u.0 '{app=~".+"}'
find moved -type f -exec touch -d '2026-02-01T00:00:00Z' {} +
ok "and makes obsolete" exits 0 idxbuild --compact --store moved
idxbuild --dump --store moved | grep -c '^{"pack"' >live
is "what was copied before" "$(cat live)" "$(packs store/t0)"

# ---- requests to delete

# A request is known by a hash, which only a program makes; by hand its file is copied all the same.
mkdir -p store/t1/deletes
echo one >store/t1/deletes/00000000000000aa.json
echo two >store/t1/deletes/00000000000000aa.cancel.json
ok "requests are copied, too" exits 0 copy asked -t t1
ok "as they are" diff -r store/t1/deletes asked/t1/deletes
echo three >store/t1/deletes/00000000000000aa.receipt.json
ok "what came since" exits 0 copy asked -t t1 -v
ok "alone" stderr_is "chunkpack: wrote 'asked/t1/deletes/00000000000000aa.receipt.json'"
ok "is there" diff -r store/t1/deletes asked/t1/deletes
mkdir store/t1/processed
echo four >store/t1/processed/00000000000000aa.json
ok "of what is processed" exits 0 copy asked -t t1 -v
ok "the receipt is" stderr_is "chunkpack: wrote 'asked/t1/processed/00000000000000aa.json'"
echo new >asked/t1/deletes/00000000000000aa.cancel.json
copy asked -t t1 >/dev/null
ok "a cancellation is written again, whatever is there" diff -r store/t1/deletes asked/t1/deletes
rm -r store/t1/deletes/*

# What it hides must not become visible under another name. The id is a hash, which whoever finds another one says.
body='"query":"{app=\"a1\"}","start":"0","end":"1800000000000000000","created":"1"}'
echo "{\"version\":1,\"id\":\"0000000000000000\",$body" >store/t1/deletes/0000000000000000.json
ok "a request that is damaged stops a copy for another tenant" exits 3 copy asked -t t1 --to-tenant u
id=$(sed -n 's/.*has the id \([0-9a-f]*\),.*/\1/p' "$TAP/stderr")
rm store/t1/deletes/0000000000000000.json
echo "{\"version\":1,\"id\":\"$id\",$body" >"store/t1/deletes/$id.json"
ok "one that was not applied yet does" exits 5 copy asked -t t1 --to-tenant u
ok "saying which" stderr_has "request $id hides entries that are not deleted yet"
not_ok "and not that there is nothing" stderr_has "there is nothing to copy"
is "nothing is copied" "$(find asked/u -name '*.pack' 2>/dev/null)" ''
ok "streams that it does not mean" exits 0 copy asked -t t1 --to-tenant u --match '{app!="a1"}'
ok "are copied" same store t1 asked u '{app!="a1"}'
rm -r store/t1/deletes

# ---- killed

for n in 1 2 3 4 5 6; do
	rm -rf killed
	set -- killed
	[ $((n % 2)) = 0 ] || set -- killed --match "$few"
	for k in 1 2 3; do
		chunkpack --copy --from store --store "$@" >/dev/null 2>&1 &
		flush_rand 30
		sleep "0.0$(printf %02d "$RAND")"
		kill -9 $! 2>/dev/null
		wait $! 2>/dev/null
		[ ! -e killed/~lokid/format ] || idxbuild --verify --store killed >/dev/null 2>verify.err ||
			fail "round $n.$k" "$(cat verify.err)"
	done
	ok "round $n: the last run is exit 0" exits 0 copy "$@"
	if [ $# = 1 ]; then
		ok "round $n: all is there" all_same killed
	else
		ask store t0 "$few" >answer1
		ask killed t0 '{app=~".+"}' >answer2
		ok "round $n: all is there" diff answer1 answer2
	fi
	before=$(find killed -name '*.pack' -o -name '*.idx' | sort)
	ok "round $n: nothing is left to do" exits 0 copy "$@"
	is "round $n: so nothing is done" "$(sums | cut -d ' ' -f 1,2) $(find killed -name '*.pack' -o -name '*.idx' | sort)" "0 0 $before"
done

# While the source works: flushes and compactions without a delay. What was there when the copy began is in it.
for n in 1 2 3; do
	ask store t0 '{app=~".+"}' | grep line >"had"
	(
		for k in 1 2 3; do
			flush_ingest_json busy-$n-$k 100
			flush_pipe
			chunkpack --compact --store store --fan-in 2 --delete-delay 0
		done >/dev/null
	) &
	worker=$!
	ok "beside others: exit 0 or to be tried again" sh -c "chunkpack --copy --from store --store busy >/dev/null || [ \$? -eq 5 ]"
	ask busy t0 '{app=~".+"}' | grep line >has
	wait $worker
	is "what was there is copied" "$(comm -23 had has | head -n 3)" ''
done
ok "and at the end all" exits 0 copy busy
ok "is the same" all_same busy

# ---- damage

rm -rf damaged copy
cp -r store damaged
pack=$(find damaged/t0 -name '*.pack' | head -n 1)
hash=$(basename "$pack" .pack)
flip_byte "$pack" 200
ok "a damaged pack is exit 3" exits 3 chunkpack --copy --from damaged --store copy
ok "it is named" stderr_has "$hash.pack': its bytes are not those that it is named after"
ok "once" stderr_lines 1
is "it is not copied" "$(find copy -name "$hash.pack")" ''
ok "nothing there names it" exits 0 idxbuild --verify --store copy
ok "other tenants are" same store t1 copy t1 '{app=~".+"}'
ok "for another tenant" exits 3 chunkpack --copy --from damaged --store copy2 -t t0 --to-tenant x
ok "the block is named" stderr_matches "$hash.pack': chunk at offset [0-9]+: .*crc32c"
ok "the rest is made" test "$(packs copy2)" -gt 0
cp "store/${pack#*/}" "$pack"
ok "when it is mended" exits 0 chunkpack --copy --from damaged --store copy
is "it alone is copied" "$(sums | cut -d ' ' -f 1,2)" "1 0"
ok "and all is there" all_same copy
rm "$pack"
rm -rf copy
ok "a lost pack is exit 3" exits 3 chunkpack --copy --from damaged --store copy
ok "and said to be lost" stderr_has "a pack is lost"
cp "store/${pack#*/}" "$pack"
idx=$(find damaged/t0 -name '*.idx' | head -n 1)
cp "$idx" good.idx
flip_byte "$idx" 5
rm -rf copy
ok "a damaged index file is exit 3" exits 3 chunkpack --copy --from damaged --store copy
ok "and named" stderr_has "${idx##*/}"
cp good.idx "$idx"
ok "when it is mended all is copied" exits 0 chunkpack --copy --from damaged --store copy
ok "and there" all_same copy
cut_file "$(find copy -name '*.pack' | head -n 1)" 100
ok "a pack that is cut at the target" exits 0 chunkpack --copy --from damaged --store copy
is "is copied again" "$(sums | cut -d ' ' -f 1,2)" "1 0"
ok "all verifies" exits 0 verifies copy

# One of two packs that an index file names.
rm -rf two rescued
for k in 1 2; do
	awk -v k=$k 'BEGIN { for (i = 0; i < 500; i++)
		printf "{\"ts\":\"%d000000000\",\"labels\":{\"app\":\"a%d\"},\"line\":\"%d of %d\"}\n", 1768435200 + i, k, i, k }' |
		chunkpack --store two | idxbuild --store two >/dev/null
done
idxbuild --compact --store two --delete-delay 0 >/dev/null
is "an index file of two packs" "$(find two/fake -type f | sed 's/.*\.//' | sort | xargs)" "idx pack pack"
pack=$(find two -name '*.pack' | head -n 1)
cp "$pack" whole.pack
flip_byte "$pack" 200
ok "of which one is damaged" exits 3 chunkpack --copy --from two --store rescued
is "the other is copied" "$(sums | cut -d ' ' -f 1,2)" "1 0"
is "and seen" "$(logql --store rescued --limit 0 '{app=~".+"}' | wc -l)" 500
find rescued -type f | sort >files
ok "again" exits 3 chunkpack --copy --from two --store rescued
ok "nothing is done twice" sh -c 'find rescued -type f | sort | diff - files'
cp whole.pack "$pack"
ok "when it is mended" exits 0 chunkpack --copy --from two --store rescued
is "all is seen, once" "$(logql --store rescued --limit 0 '{app=~".+"}' | wc -l)" 1000
ok "and right" exits 0 idxbuild --fsck --store rescued

# ---- receipts, and what has expired

cp -rp store large
mkdir -p large/t0/deletes large/t0/receipts/00000000000000cc
head -c 3000000 /dev/zero >large/t0/deletes/00000000000000cc.receipt.json
head -c 2000000 /dev/zero >large/t0/receipts/00000000000000cc/2026-01-15.json
ok "receipts that are large" exits 0 chunkpack --copy --from large --store large2
ok "are copied" cmp large/t0/deletes/00000000000000cc.receipt.json large2/t0/deletes/00000000000000cc.receipt.json
ok "those of days too" cmp large/t0/receipts/00000000000000cc/2026-01-15.json large2/t0/receipts/00000000000000cc/2026-01-15.json
cp -rp store expired
cat >expired/~lokid/limits.yaml <<'END'
limits_config:
  retention_period: 24h
  retention_stream:
    - selector: '{app="a1"}'
      priority: 1
      period: 10000d
END
seen() { logql --store "$1" -t "$2" -o raw --limit 0 '{app=~".+"}' | sort; }
ok "a tenant with entries that have expired" exits 0 chunkpack --copy --from expired --store kept -t t0 --to-tenant u
seen expired t0 >answer1
seen kept u >answer2
ok "some are left" test -s answer1
ok "only they are copied" diff answer1 answer2

# ---- what makes no sense

for args in "--from store" "--copy" "--copy --from store --compact" "--copy --from store --to-tenant x" \
	"--copy --from store --level 3" "--copy --from store --memory 1GiB" "--to-tenant x" "--match {}" \
	"--copy --from store --match {" "--copy --from store x.pack" "--copy --from ./store/ --store store" \
	"--copy --from store --store store -t t0 --to-tenant t0" "--copy --from store --fan-in 3"; do
	# shellcheck disable=SC2086
	ok "chunkpack $args is exit 2" exits 2 chunkpack $args
	ok "and a line" stderr_matches '^chunkpack: error: '
done
ok "a store that is not there is exit 4" exits 4 chunkpack --copy --from absent --store copy
ok "and named" stderr_has "there is no store 'absent'"

done_testing
