#!/bin/sh
# What holds a part of a segment never covers it: an open segment that was replayed, a cut pipe, a cut copy.
. "${0%/*}/../lib/tap.sh"

flush() { chunkpack --store store | idxbuild --store store >>indexes; }
found() { logql --store store --wal wal -o raw --direction forward '{app="a"}'; }

# A writer that goes on while its segment is replayed by hand.
mkfifo lines
lokid-ingest --wal wal -q -l app=a --ack <lines >acks &
exec 9>lines
echo one >&9
ok "the first line is acknowledged" wait_for 10 grep -qx 1 acks
walreplay --frames wal | flush
echo two >&9
ok "the second too" wait_for 10 grep -qx 2 acks
is "both are found beside what was packed too early" "$(found)" "one
two"
exec 9>&-
wait
is "and once the segment is closed" "$(found)" "one
two"
walreplay --prune --store store wal >pruned
is "which is not covered, so it stays" "$(wc -l <pruned)" 0
walreplay --frames --unpacked --store store wal | flush
walreplay --prune --store store wal >pruned
is "packed as a whole it goes" "$(wc -l <pruned)" 1
is "and all is there once" "$(found)" "one
two"

# A segment of several records, through a pipe that was cut.
seq 50000 | lokid-ingest --wal wal -q -l app=b
size=$(size_of wal/*.wal)
count() { logql --store store --wal wal -o raw '{app="b"}' | sort -u | wc -l; }
for part in 3 2; do
	head -c $((size * part / 4)) wal/*.wal | walreplay --frames - 2>err | flush
	is "cut at $part/4 in a pipe: nothing is missing" "$(count)" 50000
done
mkdir copy
head -c $((size / 2)) wal/*.wal >copy/cut.wal
walreplay --frames copy/cut.wal 2>err | flush
is "a copy that was cut: nothing is missing" "$(count)" 50000
walreplay --frames --unpacked --store store copy 2>err | flush
is "nor as a folder's closed segment" "$(count)" 50000
walreplay --prune --store store wal >pruned
is "none of it lets the segment go" "$(wc -l <pruned)" 0
is "entries that came several times count once" \
	"$(logql --store store --wal wal -o csv 'sum(count_over_time({app="b"}[1h]))' | sed -n 's/.*,//;2p')" 50000

# A list of packs that was cut: what was listed is committed, the rest is still in the log, and a run over all of it adds that.
rm -rf wal store
awk 'BEGIN { for (i = 0; i < 90; i++) printf "{\"ts\":\"%d000000000\",\"labels\":{\"app\":\"c\"},\"line\":\"line %d\"}\n", 1768435200 + i * 3600, i }' >days
lokid-ingest -q --wal wal --input jsonl days
sed 's/.*"line":"\([^"]*\)".*/\1/' days >want
lines() { logql --store store "$@" -o raw --direction forward --limit 0 '{app="c"}'; }
walreplay --frames --unpacked --store store wal | chunkpack --store store | head -n 1 | idxbuild --store store >made
is "of four packs the first is listed" "$(wc -l <made)" 1
is "and found" "$(lines | wc -l)" 24
lines --wal wal >got
ok "beside the log each line is there, once" same_file want got
is "the segment stays" "$(walreplay --prune --store store wal | wc -l)" 0
walreplay --frames --unpacked --store store wal | chunkpack --store store | idxbuild --store store >made
lines >got
ok "run again, all is in the store, once" same_file want got
is "and the segment goes" "$(walreplay --prune --store store wal | wc -l)" 1
ok "nothing is left over" exits 0 idxbuild --fsck --delete-delay 0 --store store
rm -rf store
chunkpack --store store days | head -n 1 | idxbuild --store store >made
chunkpack --store store days | idxbuild --store store >made
lines >got
ok "of JSON lines, too" same_file want got
ok "without anything left over" exits 0 idxbuild --fsck --delete-delay 0 --store store

done_testing
