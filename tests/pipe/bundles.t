#!/bin/sh
# Packs of many small chunks, which lie in bundles: every program reads them, damage costs one bundle, and what is merged, copied,
# deleted, salvaged and rebuilt has the entries that it should.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/bundles.sh"

{ bundle_streams 3000 5 && large_stream; } >in.jsonl
sorted() { jq -cS . | sort; }
jq -cS '.tenant = "fake"' in.jsonl | sort >all

chunkpack --store plain --level 3 in.jsonl | idxbuild --store plain >/dev/null
chunkpack --store s in.jsonl | idxbuild --store s >index
PACK=s/$(cd s && find fake -name '*.pack')

# ---- chunkcat

ok "heads" exits 0 chunkcat --header "$PACK"
cp "$TAP/stdout" heads
BUNDLES=$(jq -c 'select(.kind == "bundle")' heads | wc -l)
ok "several bundles" test "$BUNDLES" -gt 2
is "which have all chunks but one" "$(jq -s 'map(select(.kind == "bundle").chunks) | add' heads)" 3000
is "the trailer says how many" "$(jq 'select(.kind == "trailer").bundles' heads)" "$BUNDLES"
is "offsets are those of a pack without any" "$(jq -s '[.[] | select(.kind == "chunk")] | [.[1:], .[:-1]] | transpose | map(.[0].offset - .[1].offset - .[1].length) | unique | tostring' heads)" '"[0]"'
ok "sums" exits 0 chunkcat --stats "$PACK"
ok "of bundles" stdout_matches "^bundles +$BUNDLES$"
ok "of their chunks" stdout_matches '^  chunks +3000$'
ok "the file's size" stdout_matches "^bytes stored +$(size_of "$PACK")$"
ok "much smaller" test $((2 * $(size_of "$PACK"))) -lt "$(size_of plain/fake/chunks/*/*.pack)"
chunkcat "$PACK" | sorted >got
ok "the entries" cmp all got
# shellcheck disable=SC2002
chunkcat - <"$PACK" >piped.1 && chunkcat "$PACK" >piped.2 && cat "$PACK" | chunkcat >piped.3
ok "from a pipe, too" cmp piped.1 piped.2
ok "in small pieces" cmp piped.2 piped.3
cat "$PACK" "$PACK" | chunkcat >twice
is "two in a row" "$(wc -l <twice)" 36000
ok "all is right" exits 0 chunkcat --verify "$PACK"
ok "also of a pipe" exits 0 sh -c 'chunkcat --verify <"$1"' sh "$PACK"

# ---- damage

LOST=$(jq -s '[.[] | select(.kind == "bundle")][1].chunks * 5' heads)
cp "$PACK" bad.pack
flip_byte bad.pack "$(bundle_end 1 "$PACK")"
ok "a byte of a bundle" exits 3 chunkcat bad.pack
is "costs that one" "$(wc -l <"$TAP/stdout")" $((18000 - LOST))
ok "is told once" stderr_lines 1
ok "and where" stderr_matches "'bad.pack': bytes that cannot be read at offset [0-9]+: bundle: crc32c mismatch"
ok "in a pipe" exits 3 sh -c 'chunkcat <bad.pack'
is "the same" "$(wc -l <"$TAP/stdout")" $((18000 - LOST))
ok "verified" exits 3 chunkcat --verify bad.pack
truncate -s "$(($(size_of "$PACK") / 2))" "$(cp "$PACK" cut.pack && echo cut.pack)"
ok "cut" exits 3 chunkcat cut.pack
ok "has what is before" test "$(wc -l <"$TAP/stdout")" -gt 2000

# ---- index and queries

ok "the index agrees" exits 0 idxbuild --verify --store s
ok "and says where they lie" exits 0 idxbuild --dump "s/$(cd s && find fake -name '*.idx')"
is "of each" "$(jq -c 'select(.bundle != null)' "$TAP/stdout" | wc -l)" "$BUNDLES"
ok "all is right" exits 0 idxbuild --fsck --blocks --store s
bundle_answers plain >want
bundle_answers s >got
ok "the same answers" cmp want got
ok "of the file" exits 0 logql --limit 0 -o jsonl '{pod="p0777"}' "$PACK"
ok "five lines" stdout_lines 5
logql -o jsonl --limit 0 '{app=~".+"}' "$PACK" | sorted >got
ok "all of them" cmp all got
stored() { logql --store "$1" --queued 0s -o api --limit 0 '{app=~".+"}' | grep -o '"compressedBytes":[0-9]*' | sed -n 's/.*://p;q'; }
ok "what was read of it counts as it is stored" test "$(stored s)" -lt "$(size_of "$PACK")" -a "$(stored s)" -gt $(($(size_of "$PACK") / 3))
# shellcheck disable=SC3045
(ulimit -n 24 && bundle_answers s) >got # too few to keep packs open
ok "with packs that are mapped" cmp want got
cp -rp s damaged
flip_byte damaged/"${PACK#s/}" "$(bundle_end 1 "$PACK")"
ok "a damaged bundle" exits 3 logql --store damaged --limit 0 -o jsonl '{app=~".+"}'
is "costs that one, too" "$(wc -l <"$TAP/stdout")" $((18000 - LOST))
ok "and is named" stderr_matches "$(basename "$PACK")': bundle at offset [0-9]+: crc32c mismatch"
ok "of one stream in it nothing" exits 3 logql --store damaged -o jsonl "$(jq -rs '[.[] | select(.kind == "bundle" or .kind == "chunk")] | (map(.kind == "bundle") | indices(true)[1]) as $i | .[$i + 1].labels | "{pod=\"" + .pod + "\"}"' heads)"
ok "of others all" exits 0 logql --store damaged -o jsonl '{x="large"} |= "id=7"'

# ---- repairs

cp -rp damaged mended
find mended -type f -exec touch -d '2026-02-01T00:00:00Z' {} +
ok "fsck tells of it" exits 3 idxbuild --fsck --blocks --store mended
ok "and saves the rest" exits 3 idxbuild --fsck --blocks --repair --salvage --store mended
ok "saying what is lost" stderr_matches "$LOST entries, .* can no longer be read"
is "which is there" "$(logql --store mended --limit 0 -o jsonl '{app=~".+"}' | wc -l)" $((18000 - LOST))
ok "then all is right" exits 0 idxbuild --fsck --blocks --delete-delay 0 --store mended
cp -rp s rebuilt
rm -r rebuilt/fake/index
ok "the index made anew" exits 0 idxbuild --rebuild --store rebuilt
ok "is the same" cmp "rebuilt/$(cd rebuilt && find fake -name '*.idx')" "s/$(cd s && find fake -name '*.idx')"

# ---- merged, deleted from, copied, kept

for k in 0 1 2; do
	awk -v k=$k 'NR % 3 == k' in.jsonl | chunkpack --store merged --level $((k + 3)) | idxbuild --store merged >/dev/null
done
find merged -type f -exec touch -d '2026-02-01T00:00:00Z' {} +
cp -rp merged one
ok "merged by one thread" exits 0 chunkpack --compact --fan-in 2 --delete-delay 0 -j 1 --store one
ok "merged" exits 0 chunkpack --compact --fan-in 2 --delete-delay 0 -j 4 --store merged
ok "to the same pack" cmp merged/fake/chunks/*/*.pack one/fake/chunks/*/*.pack
ok "with bundles" test "$(bundles_of merged/fake/chunks/*/*.pack)" -gt 2
bundle_answers merged >got
ok "the same answers" cmp want got
ok "all is right" exits 0 idxbuild --fsck --blocks --delete-delay 0 --store merged

# ---- what chunks take as stored: those in bundles a share of them

ok "what each app costs" exits 0 costrep usage --store s --label app -o jsonl
cp "$TAP/stdout" usage
is "is of all entries" "$(jq -s 'map(.entries) | add' usage)" 18000
ok "all of it less than the pack" test "$(jq -s 'map(select(.value != "").bytes) | add' usage)" -le "$(size_of "$PACK")"
cat >limits.yaml <<'X'
limits_config:
  retention_period: 0s
  retention_stream: [{selector: '{pod=~"p0[1-9].*|p1.*|p2.*"}', priority: 1, period: 24h}]
X
cp -rp s expired
ok "most expires" exits 0 idxbuild --retain --limits limits.yaml --delete-delay 0 --store expired
gone=$(sed -n 's/.* entries, \([0-9]*\) bytes: .*/\1/p' "$TAP/stdout")
ok "less than the pack had" test "$gone" -gt 0 -a "$gone" -le "$(size_of "$PACK")"
find expired -type f -exec touch -d '2026-02-01T00:00:00Z' {} +
ok "and is given back" exits 0 chunkpack --compact --delete-delay 0 --pack-size 100KiB --store expired
ok "in a smaller pack" test "$(size_of expired/fake/chunks/*/*.pack)" -lt $(($(size_of "$PACK") / 4))

# ---- many packs: a query of all streams unpacks each bundle once, not once for each stream

for k in $(seq 60); do
	awk -v day="$k" 'BEGIN {
		for (s = 0; s < 1000; s++)
			for (i = 0; i < 2; i++)
				printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a%d\",\"pod\":\"p%04d\"},\"line\":\"line %d, stream %d\"}\n",
					1768471200 - day * 86400 + i, s, s % 3, s, i, s
	}' | chunkpack --store many | idxbuild --store many >/dev/null
done
ok "in seconds" exits 0 sh -c 'ulimit -t 3; logql -j 1 --store many --at 2026-01-15T12:00:00Z -o raw "sum(count_over_time({pod=~\".+\"} |= \"stream 7\" [100d]))"'
ok "of all" stdout_is 13320

ok "what a copy would make anew" exits 0 chunkpack --copy --dry-run -o jsonl --from s --store none -t fake --to-tenant other
ok "is no more than the pack" test "$(jq .bytes "$TAP/stdout")" -le "$(size_of "$PACK")"
ok "a copy" exits 0 chunkpack --copy --from s --store copied
ok "is the same" cmp "copied/${PACK#s/}" "$PACK"
ok "for another tenant" exits 0 chunkpack --copy --from s --store other -t fake --to-tenant other
logql --store other -t other --limit 0 -o jsonl '{app=~".+"}' | jq -cS 'del(.tenant)' | sort >got
jq -cS 'del(.tenant)' all | sort >wanted
ok "has the entries" cmp wanted got
ok "in bundles" test "$(bundles_of other/other/chunks/*/*.pack)" -gt 2

cp -rp s less
ok "a request to delete" exits 0 logql delete create --store less --from 2026-01-01 --to 2026-02-01 '{app="a0"} |= "line 3"'
find less -type f -exec touch -d '2026-02-01T00:00:00Z' {} +
ok "is carried out" exits 0 chunkpack --delete --cancel-period 0 --delete-delay 0 --store less
is "of what it means nothing is left" "$(find less -name '*.pack' -exec chunkcat {} + | grep -c '"a0".*line 3 of')" 0
is "and all else" "$(find less -name '*.pack' -exec chunkcat {} + | wc -l)" 17000
ok "is right" exits 0 idxbuild --fsck --blocks --delete-delay 0 --store less

done_testing
