#!/bin/sh
# Each program of the flush pipe killed at random moments, several writers at work on the same log, some of them killed, pruning
# and pipes run twice in between: every line that --ack told of is there, once. PERCENT=100: 200 kills.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/flush.sh"

KILLS=$((200 * ${PERCENT:-5} / 100))
[ $KILLS -gt 0 ] || KILLS=1
echo "# SEED=${SEED:-1}, $KILLS kills"

# A writer that runs through the rounds: lines come slowly enough to be cut anywhere. What it has acknowledged counts.
start_writer() { # NUMBER
	writer_n=$((writer_n + 1))
	writer_name=run$1-$writer_n
	flush_lines "$writer_name" 3000 >"$writer_name.lines"
	lokid-ingest -q --ack --segment-size 64KiB --wal wal -l "app=run$1" <"$writer_name.lines" >"$writer_name.acks" 2>>writer.err &
	eval "writer$1=$! name$1=$writer_name"
	tap_pids="$tap_pids $!"
}

# Kills it; of its lines those count that it acknowledged, and others may be there.
kill_writer() { # NUMBER
	eval "pid=\$writer$1 name=\$name$1"
	# shellcheck disable=SC2154
	kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	# shellcheck disable=SC2154
	n=$(tail -n 1 "$name.acks")
	# The last line of acks may be cut.
	[ "$(tail -c 1 "$name.acks" | wc -l)" -eq 1 ] || n=$(tail -n 2 "$name.acks" | head -n 1)
	head -n "${n:-0}" "$name.lines" >>want
	tail -n +$((${n:-0} + 1)) "$name.lines" >>may
}

: >may
writer_n=0
flush_ingest_json first-0 200
killed=0
round=0

# settle: all that holds when the killing is over, and a log and a store to begin with again: the time of the checks
# grows with what there is.
settle() {
	ok "after $round rounds nothing is lost or doubled" flush_check may
	ok "all verifies" flush_verify
	ok "a last run" exits 0 flush_pipe
	ok "makes all packed" test "$(walreplay --unpacked --store store wal | wc -l)" -eq 0
	ok "nothing is lost or doubled" flush_check may
	n=$(flush_packs)
	flush_pipe >made
	is "one more makes no index" "$(wc -l <made)" 0
	is "and no pack" "$(flush_packs)" "$n"
	ok "from packs alone" exits 0 idxbuild --rebuild --store store
	ok "the same covers all" test "$(walreplay --unpacked --store store wal | wc -l)" -eq 0
	walreplay --prune --store store wal >/dev/null
	is "so the log can go" "$(flush_segments)" 0
	ok "and nothing is lost or doubled" flush_check may
	ok "all verifies" flush_verify
	flush_new
	rm -f run*
	: >may
	flush_ingest_json first-$round 200
}

while [ $killed -lt $KILLS ] && [ $round -lt $((5 * KILLS + 20)) ]; do # many come too late: a flush is over in some ms
	round=$((round + 1))
	flush_rand 3
	[ "$RAND" -ne 0 ] || flush_ingest_json json-$round 150
	start_writer 1
	start_writer 2
	flush_start
	victims="$WALREPLAY $CHUNKPACK $IDXBUILD"
	flush_rand 4
	twin=
	if [ "$RAND" -eq 0 ]; then
		flush_pipe >/dev/null 2>>pipe.err &
		twin=$!
	fi
	flush_rand 10
	[ "$RAND" -eq 0 ] || sleep "$(printf '0.%03d' "$RAND")" # not to wait for something: a random moment
	flush_rand 3
	# shellcheck disable=SC2086
	set -- $victims
	shift "$RAND"
	kill -9 "$1" 2>/dev/null && killed=$((killed + 1))
	flush_wait
	[ ! "$twin" ] || wait "$twin"
	kill_writer 1
	kill_writer 2
	flush_rand 3
	[ "$RAND" -ne 0 ] || walreplay --prune --store store wal >/dev/null 2>>pipe.err
	[ $((round % 10)) -ne 0 ] || settle
done
note "$killed programs were killed in $round rounds"
is "as many were killed as asked for" $killed $KILLS
[ $((round % 10)) -eq 0 ] || settle

done_testing
