#!/bin/sh
# Compactions killed at random moments, beside flushes, merges of index files and other compactions that do not see their
# lock, as those of another machine: every line is there, once, in every round; and after a last run nothing is left over.
# PERCENT=100: 200 kills.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/flush.sh"
. "$REPO/tests/lib/crash.sh"

crash_kills 200

start_compact() {
	exec chunkpack --compact --store store --fan-in 2 --pack-size "$((16 << ${SIZE:-0}))KiB" --chunk-size 16KiB --level 1 -j2 "$@"
}
compact() { (start_compact "$@"); }

# settle: all that holds when the killing is over.
settle() {
	ok "after $ROUND rounds a last run" exits 0 compact --delete-delay 0
	ok "nothing is lost or doubled" flush_check
	ok "nor in two places" flush_is_single
	ok "all verifies" exits 0 flush_verify
	ok "without a warning" stderr_is ""
	find store -name '*.pack' | sort >there
	flush_live_packs | sed 's,^.*/store/,store/,' | sort >named
	ok "no pack is left over" diff named there
	find store -name '*.tmp' -exec touch -d '2 hours ago' {} +
	ok "from packs alone" exits 0 idxbuild --rebuild --store store
	ok "nothing is lost or doubled" flush_check
	ok "and the log can go" test "$(walreplay --unpacked --store store wal | wc -l)" -eq 0
	walreplay --prune --store store wal >/dev/null
	is "all of it" "$(flush_segments)" 0
	ok "nothing is lost or doubled" flush_check
	flush_new
}

begin_round() {
	for part in 1 2 3; do
		flush_ingest_json json-$ROUND-$part 400
		flush_pipe >/dev/null
	done
	flush_rand 6
	SIZE=$RAND
}
start_victim() { start_compact; }
start_other() {
	case $1 in
	0)
		crash_unlock
		start_compact
		;;
	1)
		crash_unlock
		exec idxbuild --compact --store store
		;;
	2)
		flush_ingest race-$ROUND 100
		flush_pipe
		;;
	esac
}
end_round() {
	flush_check >log || {
		fail "round $ROUND: nothing is lost or doubled" "$(cat log)"
		return 1
	}
	flush_rand 3
	if [ "$RAND" -eq 0 ]; then
		compact --delete-delay 0 >/dev/null 2>>err || fail "round $ROUND: a run to the end"
	fi
	[ $((ROUND % 8)) -ne 0 ] || settle
}

crash_rounds 40
[ $((ROUND % 8)) -eq 0 ] || settle

done_testing
