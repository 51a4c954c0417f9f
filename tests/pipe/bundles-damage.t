#!/bin/sh
# Damage to packs with bundles: it costs what is damaged, one damage is told once, and what is salvaged lies in bundles again.
. "${0%/*}/../lib/tap.sh"
need jq

awk 'BEGIN {
	for (s = 0; s < 3000; s++)
		for (k = 0; k < 5; k++)
			printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a%d\",\"pod\":\"p%04d\"},\"line\":\"line %d of stream %d id=%d\"}\n",
				1768471200 + k * 60 + s % 50, s, s % 3, s, k, s, s * 7919 % 100003
	for (k = 0; k < 3000; k++) # one that is not small
		printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a1\",\"pod\":\"p1500\",\"x\":\"large\"},\"line\":\"line %d large id=%d\"}\n",
			1768471200 + k / 10, k, k, k * 104729 % 65537
}' >in.jsonl
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
bundles_of() { chunkcat --header "$1" | jq 'select(.kind == "trailer").bundles'; }
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
	ok "$1: with bundles" test "$(bundles_of s/fake/chunks/*/*.pack)" -gt 2
	ok "$1: no larger than it was" test "$(size_of s/fake/chunks/*/*.pack)" -le "$SIZE"
}

LOST1=$(($(bundle 1 chunks) * 5))
ok "there are bundles" test "$(bundles_of "whole/$PACK")" -gt 3

# ---- salvage

fresh
hurt "$(body_of 1)"
salvaged "a bundle's body" $LOST1

fresh
hurt $TRAILER
salvaged "the trailer" 0

done_testing
