#!/bin/sh
# Damage to packs with bundles: it costs what is damaged, one damage is told once, and what is salvaged lies in bundles again.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/bundles.sh"
need jq

{ bundle_streams 3000 5 && large_stream; } >in.jsonl
chunkpack --store whole in.jsonl | idxbuild --store whole >/dev/null
find whole -type f -exec touch -d '2026-02-01T00:00:00Z' {} +
PACK=$(cd whole && find fake -name '*.pack')
SIZE=$(size_of "whole/$PACK")
chunkcat --header "whole/$PACK" >heads

# bundle N FIELD: of the bundle, counted from 0
bundle() { jq -s --argjson n "$1" "[.[] | select(.kind == \"bundle\")][\$n].$2" heads; }
fresh() { rm -rf s && cp -rp whole s; }
hurt() { # OFFSET...: bytes of the pack
	for at; do flip_byte "s/$PACK" "$at"; done
	touch -d '2026-02-01T00:00:00Z' "s/$PACK"
}
head_of() { echo $(($(bundle "$1" stored_offset) + 30)); }
body_of() { echo $(($(bundle "$1" stored_offset) + $(bundle "$1" stored_length) - 9)); }
TRAILER=$((SIZE - 30))
readable() { chunkcat "$1" 2>/dev/null | jq -cS . | sort; }
answers() { logql --store s --limit 0 -o jsonl '{app=~".+"}' | jq -cS . | sort; }
salvage() { idxbuild --fsck --blocks --repair --salvage --store s "$@"; }
# salvaged WHAT LOST: of the store s, whose pack is damaged, so many entries, and as many are told.
salvaged() {
	readable "s/$PACK" >want
	is "$1: as many can be read" "$(wc -l <want)" $((18000 - $2))
	if [ "$2" -gt 0 ]; then
		ok "$1: a salvage" exits 3 salvage
		ok "$1: what is lost is said" stderr_matches "'$PACK': $2 entries, [0-9]+ bytes of lines, .* can no longer be read$"
	else
		ok "$1: a salvage" exits 0 salvage
		not_ok "$1: nothing is said to be lost" stderr_has "no longer"
	fi
	ok "$1: and what is kept" stderr_has "kept $((18000 - $2)) entries of '$PACK'"
	answers >got
	ok "$1: what can be read is found" same_file want got
	ok "$1: then all is right" exits 0 idxbuild --fsck --blocks --delete-delay 0 --store s
	ok "$1: one pack" test -f s/fake/chunks/*/*.pack
	ok "$1: with bundles" test "$(bundles_of s/fake/chunks/*/*.pack)" -gt 1
	ok "$1: no larger than it was" test "$(size_of s/fake/chunks/*/*.pack)" -le "$SIZE"
}

LOST1=$(($(bundle 1 chunks) * 5))
ok "there are bundles" test "$(bundles_of "whole/$PACK")" -gt 3

# ---- what is told

# tells WHAT N: a check finds N faults, each a line.
tells() {
	ok "$1: is found" exits 3 idxbuild --fsck --blocks --store s
	ok "$1: and told once" stdout_lines "$2"
	ok "$1: with what to do" stderr_is "idxbuild: a damaged pack is mended by a right copy of it in its place, from a backup or another store; without one --fsck --repair --salvage packs anew what can be read"
}
of_bundle() { # N: what goes with it, for a regular expression
	at=$(bundle "$1" stored_offset)
	streams=$(jq -rs --argjson n "$1" '[.[] | select(.kind == "bundle" or .kind == "chunk")]
		| (map(.kind == "bundle") | indices(true)[$n]) as $i | .[$i + 1], .[$i + .[$i].chunks]
		| .labels | "\\{app=\"" + .app + "\", pod=\"" + .pod + "\"\\}"' heads)
	if [ "$at" -eq "$(bundle "$1" offset)" ]; then at=; else at=" \\(byte $at of the file\\)"; fi
	echo "bundle at offset $(bundle "$1" offset)$at: (head: )?crc32c mismatch: stored [0-9a-f]{8}, computed [0-9a-f]{8}:" \
		"with it go $(bundle "$1" chunks) chunks of $(bundle "$1" chunks) streams, $(echo "$streams" | sed -n 1p) to $(echo "$streams" | sed -n 2p):" \
		"$(($(bundle "$1" chunks) * 5)) entries, [0-9]+ bytes of lines, from 2026-01-15T10:0.*Z to 2026-01-15T10:0.*Z$"
}
INDEX=$(cd whole && find fake -name '*.idx')

fresh
hurt "$(body_of 1)"
tells "a bundle's body" 1
ok "the chunks, streams and entries" stdout_matches "^damaged $PACK: '$INDEX' names it: $(of_bundle 1)"
ok "by chunkcat, too" exits 3 chunkcat --verify - <"s/$PACK"
ok "once" stderr_lines 1

fresh
hurt "$(head_of 0)"
tells "a bundle's head" 1
ok "the first" stdout_matches "^damaged $PACK: '$INDEX' names it: $(of_bundle 0)"
ok "from a pipe" exits 3 sh -c 'cat "$1" | chunkcat --verify' sh "s/$PACK"
ok "once" stderr_lines 1

fresh
hurt "$(head_of 1)" "$(body_of 3)" $TRAILER
tells "two bundles and the trailer" 3
ok "one" stdout_matches "^damaged .*: $(of_bundle 1)"
ok "the other" stdout_matches "^damaged .*: $(of_bundle 3)"
ok "and the trailer" stdout_matches "^damaged $PACK: '$INDEX' names it: trailer at offset [0-9]+ \(byte [0-9]+ of the file\): head: crc32c mismatch: stored [0-9a-f]{8}, computed [0-9a-f]{8}$"
rm "s/$INDEX"
ok "without the index file" exits 3 idxbuild --fsck --blocks --delete-delay 0 --store s
ok "told once, too" stdout_lines 3
ok "what is not known is not told" stdout_matches "^damaged $PACK: bytes that cannot be read at offset $(bundle 1 offset) \(byte [0-9]+ of the file\): head: crc32c mismatch: stored [0-9a-f]{8}, computed [0-9a-f]{8}$"
ok "nor more of offsets" stdout_matches "^damaged $PACK: trailer at offset [0-9]+ or behind \(byte [0-9]+ of the file\): "

fresh
rm "s/$INDEX"
hurt "$(body_of 2)"
ok "a bundle, without the index file" exits 3 idxbuild --fsck --blocks --delete-delay 0 --store s
ok "its chunks are known" stdout_matches "^damaged $PACK: bundle at offset [0-9]+ \(byte [0-9]+ of the file\): crc32c mismatch: .*: with it go $(bundle 2 chunks) chunks$"

large() { # where it is stored
	jq -s '([.[] | select(.kind == "chunk" and .labels.x == "large")][0].offset) as $at |
		$at - ([.[] | select(.kind == "bundle" and .offset < $at) | .length - .stored_length] | add)' heads
}
fresh
hurt "$(($(large) + 30))"
tells "the head of a chunk" 1
ok "which one" stdout_matches "^damaged .*: bytes that cannot be read at offset .*: with it go 1 chunk of \{app=\"a1\", pod=\"p1500\", x=\"large\"\}: 3000 entries, "

# ---- salvage

fresh
hurt "$(body_of 1)"
salvaged "a bundle's body" $LOST1

fresh
hurt $TRAILER
salvaged "the trailer" 0

fresh
hurt "$(head_of 1)" $TRAILER
salvaged "a bundle's head and the trailer" $LOST1

fresh
hurt "$(body_of 0)" "$(head_of 1)" $TRAILER
salvaged "two bundles in a row and the trailer" $((LOST1 + $(bundle 0 chunks) * 5))

fresh
hurt "$(($(large) + 30))" "$(head_of 3)" $TRAILER
salvaged "the large chunk, the last bundle and the trailer" $((3000 + $(bundle 3 chunks) * 5))

fresh
hurt "$(head_of 1)" $TRAILER
mkdir -p "s/~lokid/lost/$INDEX"
mv "s/$INDEX" "s/~lokid/lost/$INDEX/00000000000000000000000000000001"
ok "with the index file set aside" exits 3 idxbuild --fsck --repair --delete-delay 0 --store s
ok "as much is lost" stderr_matches "'$PACK': $LOST1 entries, [0-9]+ bytes of lines, .* can no longer be read$"
ok "and kept" stderr_has "kept $((18000 - LOST1)) entries of '$PACK'"

fresh
hurt "$(head_of 1)" $TRAILER
rm "s/$INDEX"
ok "without an index file" exits 3 idxbuild --fsck --repair --delete-delay 0 --store s
ok "no number is told" stderr_matches "'$PACK': what else it had can no longer be read, and no index file that can be read tells how much that was$"
ok "and as much kept" stderr_has "kept $((18000 - LOST1)) entries of '$PACK'"
ok "in bundles" test "$(bundles_of s/fake/chunks/*/*.pack)" -gt 2

# Of a thinned day what had expired stays away, and all else that can be read is kept.
fresh
cat >limits.yaml <<'X'
limits_config:
  retention_period: 0s
  retention_stream: [{selector: '{pod=~"p..[0-4].", x=""}', priority: 1, period: 24h}]
X
ok "half of it expires" exits 0 idxbuild --retain --limits limits.yaml --delete-delay 0 --store s
answers >thinned
is "half" "$(wc -l <thinned)" 10500
find s -type f -exec touch -d '2026-02-01T00:00:00Z' {} +
hurt "$(head_of 1)" $TRAILER
readable "s/$PACK" >left
comm -12 thinned left >want
ok "fsck" exits 3 idxbuild --fsck --blocks --store s
ok "tells of what had not expired alone" stdout_matches "with it go .* $((10500 - $(wc -l <want))) entries, "
ok "a salvage" exits 3 salvage
ok "loses what is damaged alone" stderr_matches "'$PACK': $((10500 - $(wc -l <want))) entries, "
answers >got
ok "all else is kept" same_file want got
find s/fake -name '*.pack' -exec chunkcat {} + | jq -cS . | sort >got
ok "and nothing that had expired" same_file want got
ok "all is right" exits 0 idxbuild --fsck --blocks --delete-delay 0 --store s

done_testing
