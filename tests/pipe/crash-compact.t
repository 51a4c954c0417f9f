#!/bin/sh
# Compactions killed at random moments, beside flushes, merges of index files and other compactions that do not see their
# lock, as those of another machine: every line is there, once, in every round; and after a last run nothing is left over.
# PERCENT=100: 200 kills.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/flush.sh"

KILLS=$((200 * ${PERCENT:-5} / 100))
[ $KILLS -gt 0 ] || KILLS=1
echo "# SEED=${SEED:-1}, $KILLS kills"

# In the background a function is a shell of its own: what is to be killed takes its place.
start_compact() {
	exec chunkpack --compact --store store --fan-in 2 --pack-size "$((16 << (${RAND:-0} % 6)))KiB" --chunk-size 16KiB --level 1 -j2 "$@"
}
compact() { (start_compact "$@"); }

# settle: all that holds when the killing is over.
settle() {
	ok "after $round rounds a last run" exits 0 compact --delete-delay 0
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

killed=0
round=0
while [ $killed -lt $KILLS ] && [ $round -lt $((5 * KILLS + 20)) ]; do
	round=$((round + 1))
	for part in 1 2 3; do
		flush_ingest_json json-$round-$part 400
		flush_pipe >/dev/null
	done
	flush_rand 6
	start_compact >/dev/null 2>>compact.err &
	victim=$!
	others=
	flush_rand 4
	case $RAND in
	0) # as from another machine
		rm -f store/~lokid/locks
		start_compact >/dev/null 2>>compact.err &
		others=$!
		;;
	1)
		rm -f store/~lokid/locks
		idxbuild --compact --store store >/dev/null 2>>compact.err &
		others=$!
		;;
	2)
		flush_ingest race-$round 100
		flush_pipe >/dev/null 2>>compact.err &
		others=$!
		;;
	esac
	kill_soon 40 "$victim" && killed=$((killed + 1))
	[ ! "$others" ] || wait "$others" || fail "round $round: who raced ended well"
	flush_check >log || {
		fail "round $round: nothing is lost or doubled" "$(cat log)"
		break
	}
	flush_rand 3
	if [ "$RAND" -eq 0 ]; then
		compact --delete-delay 0 >/dev/null 2>>compact.err || fail "round $round: a run to the end"
	fi
	[ $((round % 8)) -ne 0 ] || settle
done
note "$killed compactions were killed in $round rounds"
is "as many were killed as asked for" $killed $KILLS
[ $((round % 8)) -eq 0 ] || settle

done_testing
