#!/bin/sh
# The power goes while lines are taken in: a file system that stops without writing back what was not synced. After the
# restart every acknowledged line is there, once and in its place, and nothing is damaged. PERCENT=100: 20 cuts.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/ingest.sh"
. "$REPO/tests/lib/disk.sh"

disk_make 64m
mkdir told

CUTS=$((20 * ${PERCENT:-5} / 100))
[ $CUTS -gt 0 ] || CUTS=1
echo "# SEED=${SEED:-1}, $CUTS cuts"

round=0
acknowledged=0
while [ $round -lt $CUTS ]; do
	round=$((round + 1))
	rm -rf disk/mnt/wal
	sync
	for n in 1 2; do
		run=run-$round-$n
		seq -f "$run %.0f" 1 1500000 | sh -c 'exec lokid-ingest -q --ack --segment-size "$1kB" --wal disk/mnt/wal \
			-l "run=$2" >"$3"' sh $((n * 200)) "$run" "acks-$n" 2>>writer.err &
		eval "writer$n=$!"
		tap_pids="$tap_pids $!"
	done
	wait_for 20 test -s acks-1
	ingest_rand 300
	sleep "$(printf '0.%03d' "$RAND")" # not to wait for something: a random moment
	# What was told before the power went counts: a sync that is under way at that moment may come back as if nothing
	# had happened, which after a real power cut nobody would see.
	cp acks-1 acks-2 told/
	disk_cut
	# They find that nothing can be written any more, and end by themselves.
	# shellcheck disable=SC2154
	wait "$writer1" "$writer2" 2>/dev/null
	disk_restore >log 2>&1 || {
		fail "round $round: the disk comes back" "$(cat log)"
		break
	}
	walreplay --verify disk/mnt/wal >log 2>&1 || {
		fail "round $round: the log verifies" "$(cat log)"
		break
	}
	for n in 1 2; do
		ingest_check disk/mnt/wal "run-$round-$n" "told/acks-$n" >log || {
			fail "round $round: nothing acknowledged is lost or doubled" "$(cat log)"
			break 2
		}
		acknowledged=$((acknowledged + $(acked "told/acks-$n")))
		rm -f "acks-$n"
	done
done
is "after $CUTS cuts every acknowledged line is there once" "$round" "$CUTS"
ok "lines were acknowledged" test $acknowledged -gt 0
ok "writing goes on" exits 0 sh -c 'seq 1 1000 | lokid-ingest -q --wal disk/mnt/wal -l app=after'

done_testing
