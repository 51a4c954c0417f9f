#!/bin/sh
# logql tail under load, beside segments that are closed, packed and pruned all the time: no line is lost, none comes
# twice, none late, also for a reader that stops for a while.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/flush.sh"

n=$((400000 * ${PERCENT:-5} / 100))
old=1000

# Segments of a part of a second: some are created and closed between two looks of anybody.
seq -f 'line %08.0f of so many' "$old" >before
lokid-ingest -q --wal wal -l app=web <before >/dev/null
flush_pipe >/dev/null

mkfifo lines slow
exec 5<>lines 6<>slow
# shellcheck disable=SC2094
spawn sh -c 'exec lokid-ingest -q --wal wal -l app=web --segment-size 64KiB --segment-age 100ms --sync none \
	<lines >/dev/null 5<&- 6<&-'
INGEST=$PID
exec 5>lines
# One that is there before the load, one that begins in it with what is there, one whose reader sleeps.
spawn logql tail --wal wal -o raw '{app="web"}' >all 2>all.err 5>&- 6<&-
A=$PID
spawn logql tail --wal wal -o raw '{app="web"}' >slow 2>slow.err 5>&- 6<&-
C=$PID
exec 6<slow
wait_for 10 sh -c "readlink /proc/$A/fd/* | grep -q inotify && readlink /proc/$C/fd/* | grep -q inotify"
wait_for 10 sh -c "[ \$(ls /proc/$A/task | wc -l) -ge 2 ] && [ \$(ls /proc/$C/task | wc -l) -ge 2 ]"

# In portions, so that there are many segments.
spawn sh -c "i=0; while [ \$i -lt 40 ]; do
	seq -f 'line %08.0f of so many' \$(($old + 1 + i * $n / 40)) \$(($old + (i + 1) * $n / 40))
	sleep 0.05; i=\$((i + 1)); done" >&5 5>&- 6<&-
LOAD=$PID
exec 5>&-
spawn sh -c ". '$REPO/tests/lib/flush.sh'; while sleep 0.02; do flush_pipe; walreplay -q --prune --store store wal; done" \
	>flush.out 2>flush.err 6<&-
FLUSH=$PID
wait_for 10 sh -c '[ "$(wc -l <all)" -gt 0 ]'
spawn logql tail --store store --wal wal --from -1h -o raw '{app="web"}' >both 2>both.err 6<&-
B=$PID
wait "$LOAD" "$INGEST"
seq -f 'line %08.0f of so many' $((old + 1)) $((old + n)) >new
cat before new >want
ok "every line comes" wait_for 60 sh -c "[ \$(wc -l <all) -ge $n ]"
ok "also with what was there first" wait_for 60 sh -c "[ \$(wc -l <both) -ge $((n + old)) ]"
sort all | cmp - new >odd 2>&1
ok "once" test ! -s odd
sort both | cmp - want >odd 2>&1
ok "likewise" test ! -s odd
kill -9 "$FLUSH" && wait "$FLUSH" 2>/dev/null
ok "segments were pruned meanwhile" sh -c "[ \$(find wal -name '*.wal' | wc -l) -lt \$(wc -l <flush.out) ]"
rss=$(awk '/VmHWM/ { print $2 }' "/proc/$C/status")
note "$(wc -l <flush.out) packs, indexes and segments that were pruned; peak of the one that waits: $rss KiB"
cat <&6 >late &
tap_pids="$tap_pids $!"
exec 6<&-
ok "who was not read goes on from its place" wait_for 60 sh -c "[ \$(wc -l <late) -ge $n ]"
sort late | cmp - new >odd 2>&1
ok "and misses nothing" test ! -s odd
ok "nothing is said" sh -c 'cat all.err both.err slow.err; ! cat all.err both.err slow.err | grep -q .'
kill "$A" "$B" "$C"

# How late: lines that say when they were made, one by one, each durable.
rm -f lines
mkfifo lines
exec 5<>lines
spawn sh -c 'exec lokid-ingest -q --wal wal2 -l app=now <lines >/dev/null 5<&-'
echo begin >&5
wait_for 10 sh -c 'logql --wal wal2 "{app=\"now\"}" | grep -q begin'
mkfifo shown
exec 7<>shown
spawn logql tail --wal wal2 -o raw '{app="now"}' >shown 5<&- 7<&-
wait_for 10 sh -c "readlink /proc/$PID/fd/* | grep -q inotify"
# shellcheck disable=SC2016
spawn sh -c 'while read -r line; do echo "$line $(date +%s%N)"; done <shown >stamps' 5<&- 7<&-
i=0
echo warm >&5
wait_for 10 grep -q warm stamps
while [ $i -lt 20 ]; do
	date +%s%N >&5
	i=$((i + 1))
	wait_for 5 sh -c "[ \$(wc -l <stamps) -gt $i ]"
done
awk '/^[0-9]/ { d = ($2 - $1) / 1e6; if (d > max) max = d; n++ } END { printf "%d lines, the latest %.1f ms\n", n, max; exit n < 20 || max > 200 }' \
	stamps >late
ok "each within 200 ms" test $? -eq 0
note "$(cat late)"

done_testing
