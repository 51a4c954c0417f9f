#!/bin/sh
# lokid-ingest killed at random moments, several at work on one log: every line that --ack told of is there, once and in
# its place, and what is left of the segments is no damage. PERCENT=100: 200 kills.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/ingest.sh"

KILLS=$((200 * ${PERCENT:-5} / 100))
[ $KILLS -gt 0 ] || KILLS=1
WRITERS=3
echo "# SEED=${SEED:-1}, $KILLS kills"

# start_writer N: its lines are "run-ROUND-N 1", "run-ROUND-N 2" and so on; then it waits for more.
start_writer() {
	run=run-$round-$1
	rm -f "feed-$1"
	mkfifo "feed-$1"
	sh -c 'seq -f "$1 %.0f" 1 60000; exec sleep 60' sh "$run" >"feed-$1" 2>/dev/null &
	eval "feed$1=$!"
	tap_pids="$tap_pids $!"
	size=$(((1 << $1) * 10)) # segments of several sizes, so that kills also meet the end of one
	sh -c 'exec lokid-ingest -q --ack --segment-size "$1kB" --wal wal -l "run=$2" <"$3" >"$4"' sh \
		$size "$run" "feed-$1" "acks-$1" 2>>writer.err &
	eval "writer$1=$!"
	tap_pids="$tap_pids $!"
}

round=0
killed=0
acknowledged=0
while [ $killed -lt $KILLS ]; do
	round=$((round + 1))
	rm -rf wal
	for n in $(seq $WRITERS); do
		start_writer "$n"
	done
	# Some are killed before they have acknowledged anything, most later.
	ingest_rand 4
	[ "$RAND" -eq 0 ] || wait_for 20 test -s acks-1
	for n in $(seq $WRITERS); do
		ingest_rand 60
		sleep "$(printf '0.%03d' "$RAND")" # not to wait for something: a random moment
		eval "pid=\$writer$n"
		# shellcheck disable=SC2154
		kill -9 "$pid" 2>/dev/null && killed=$((killed + 1))
		wait "$pid" 2>/dev/null
		eval "pid=\$feed$n"
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	walreplay --verify wal >log 2>&1 || {
		fail "round $round: the log verifies" "$(cat log)"
		break
	}
	for n in $(seq $WRITERS); do
		ingest_check wal "run-$round-$n" "acks-$n" >log || {
			fail "round $round: nothing acknowledged is lost or doubled" "$(cat log)"
			break 2
		}
		acknowledged=$((acknowledged + $(acked "acks-$n")))
		rm -f "acks-$n"
	done
done
ok "after $killed kills every acknowledged line is there once" test $killed -ge $KILLS
ok "lines were acknowledged" test $acknowledged -gt 0
is "the writers had nothing to complain of" "$(cat writer.err)" ""
ok "a killed writer's segments can be packed" sh -c 'walreplay --frames --unpacked --store s wal | chunkpack --store s | idxbuild --store s >/dev/null'
is "wholly" "$(walreplay --unpacked --store s wal | wc -l)" 0
ok "and pruned" exits 0 walreplay --prune --store s wal
is "wholly" "$(find wal -name '*.wal' | wc -l)" 0

done_testing
