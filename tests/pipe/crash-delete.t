#!/bin/sh
# Deletions killed at random moments, beside flushes, compactions and other deletions that do not see their lock, as those of
# another machine: in every round all that is not meant is found, once, and nothing that is; after a last run nothing of it
# is in any file, and nothing is left over. PERCENT=100: 200 kills.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/deletes.sh"
. "$REPO/tests/lib/flush.sh"
. "$REPO/tests/lib/crash.sh"

crash_kills 200
all=1768471200000000000
end=1768514400000000000

add() { # ROUND PART: 400 lines, a tenth of which is meant
	awk -v r="$1" -v p="$2" 'BEGIN {
		for (k = 0; k < 400; k++)
			printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a%d\",\"pod\":\"p%d\"},\"line\":\"round %d part %d line %d%s\"}\n",
				1768471200 + k, r * 10000 + p * 1000 + k, k % 3, k % 5, r, p, k, k % 10 ? "" : " mail=jo@example.org"
	}' >in.jsonl
	jq -r .line in.jsonl | grep -v 'mail=' >>wanted
	jq -r 'select(.labels.app == "a2" and (.line | contains("mail="))) | .line' in.jsonl >>wanted
	lokid-ingest -q --wal wal --input jsonl in.jsonl
	walreplay --frames --unpacked --store store wal | chunkpack --store store | idxbuild --store store >/dev/null
}
start_erase() { exec chunkpack --delete --store store -j2 "$@"; }
start_compact() { exec chunkpack --compact --store store --fan-in 2 --level 1 -j2 "$@"; }
erase() { (start_erase "$@"); }
compact() { (start_compact "$@"); }
check() {
	sort wanted >want
	logql --store store -o raw --limit 0 '{app=~".+"}' | sort >have
	diff want have
}
settle() {
	ok "after $ROUND rounds a last run" exits 0 erase --delete-delay 0
	if check >log; then pass "what is not meant is found, once"; else fail "what is not meant is found, once" "$(head log)"; fi
	ok "compaction" exits 0 compact --delete-delay 0
	ok "and deletion again" exits 0 erase --delete-delay 0
	find store -name '*.pack' -print0 | xargs -0 chunkcat | jq -r .line | sort >stored
	ok "nothing of what is meant is in any pack" diff want stored
	ok "all verifies" exits 0 idxbuild --verify --store store
	ok "many requests are in one file" sh -c 'ls store/fake/deletes/*.requests >/dev/null'
	find store -name '*.pack' | sort >there
	flush_live_packs | sed 's,^.*/store/,store/,' | sort >named
	ok "no pack is left over" diff named there
	ok "the receipt is of as much at least" test \
		"$(head -qn1 store/fake/processed/*.json | sed 's/.*"entries":\([0-9]*\),.*/\1/' | awk '{ n += $1 } END { print n }')" -ge $(((2 * ROUND + 1) * 27))
	ok "from packs alone" exits 0 idxbuild --rebuild --store store
	if check >log; then pass "it is the same"; else fail "it is the same" "$(head log)"; fi
	find store -name '*.pack' -print0 | xargs -0 chunkcat | jq -r .line | sort >stored
	ok "and nothing comes back" diff want stored
}

command -v jq >/dev/null || skip_all "jq is not here"
: >wanted
mkdir store
add 0 0
for app in a0 a1; do request store fake "{app=\"$app\"} |= \"mail=\"" $all $end >/dev/null; done
# More than lie alone: so merges are killed, too.
for k in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18; do request store fake "{app=\"none\"} |= \"$k\"" $all $end >/dev/null; done

begin_round() {
	for part in 1 2; do add $ROUND $part; done
}
start_victim() { start_erase; }
start_other() {
	case $1 in
	0)
		crash_unlock
		start_erase
		;;
	1)
		crash_unlock
		start_compact
		;;
	esac
}
end_round() {
	check >log || {
		fail "round $ROUND: what is not meant is found, once" "$(head log)"
		return 1
	}
	[ $((ROUND % 8)) -ne 0 ] || settle
}

crash_rounds 30
[ $((ROUND % 8)) -eq 0 ] || settle
done_testing
