#!/bin/sh
# The power goes while lines are taken in, packed, indexed and pruned: a file system that stops without writing back what
# was not synced. After the restart every acknowledged line is there, once, and all verifies. PERCENT=100: 20 cuts.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/flush.sh"
. "$REPO/tests/lib/disk.sh"

disk_make 64m
mkdir disk/mnt/wal disk/mnt/store
sync
ln -s disk/mnt/wal wal
ln -s disk/mnt/store store

CUTS=$((20 * ${PERCENT:-5} / 100))
[ $CUTS -gt 0 ] || CUTS=1
echo "# SEED=${SEED:-1}, $CUTS cuts"

: >may
round=0
while [ $round -lt $CUTS ]; do
	round=$((round + 1))
	flush_ingest web-$round 400
	flush_ingest_json json-$round 400
	flush_lines run-$round 5000 >lines
	: >acks
	lokid-ingest -q --ack --wal wal -l app=run <lines >acks 2>>pipe.err &
	writer=$!
	(flush_pipe && walreplay --prune --store store wal) >/dev/null 2>>pipe.err &
	pipe=$!
	tap_pids="$tap_pids $writer $pipe"
	flush_rand 120
	sleep "$(printf '0.%03d' "$RAND")" # not to wait for something: a random moment
	# What was told before the power went counts: a sync that is under way at that moment may come back as if nothing
	# had happened, which after a real power cut nobody would see.
	cp acks told
	disk_cut
	kill -9 $writer 2>/dev/null
	wait $writer 2>/dev/null
	wait $pipe 2>/dev/null # it ends by itself: no file can be written
	[ "$(tail -c 1 told | wc -l)" -eq 1 ] || echo 0 >told
	n=$(tail -n 1 told)
	head -n "${n:-0}" lines >>want
	tail -n +$((${n:-0} + 1)) lines >>may
	disk_restore >log 2>&1 || {
		fail "round $round: the disk comes back" "$(cat log)"
		break
	}
	flush_check may >log || {
		fail "round $round: nothing acknowledged is lost or doubled" "$(cat log)"
		break
	}
	flush_verify >log 2>&1 || {
		fail "round $round: all verifies" "$(cat log)"
		break
	}
done
is "after $CUTS cuts nothing is lost, and all verifies" "$round" "$CUTS"
ok "the pipe goes on" exits 0 flush_pipe
is "and packs all" "$(walreplay --unpacked --store store wal | wc -l)" 0
ok "nothing is lost or doubled" flush_check may
walreplay --prune --store store wal >/dev/null
is "the log can go" "$(flush_segments)" 0
ok "nothing is lost or doubled" flush_check may
ok "all verifies" flush_verify

done_testing
