#!/bin/sh
# The flush pipe: walreplay --frames --unpacked | chunkpack | idxbuild. Whatever is cut, damaged, filtered or run
# twice, no acknowledged entry is lost or doubled, and each is packed once by an hourly cron line.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/flush.sh"

# --- an hourly cron line

flush_ingest web-1 500
flush_ingest db-1 300
flush_ingest_json both-1 600
ok "nothing is lost before packing" flush_check
flush_pipe >made
is "an index for each tenant and day" "$(wc -l <made)" 5
ok "nothing is lost by packing" flush_check
ok "each entry lies in one place" flush_is_single
ok "all verifies" flush_verify
is "nothing is left to pack" "$(walreplay --unpacked --store store wal | wc -l)" 0
n=$(flush_packs)
ok "again" exits 0 flush_pipe
ok "makes no index" stdout_is_empty
is "and no pack" "$(flush_packs)" "$n"
for hour in 2 3 4; do
	flush_ingest web-$hour 50
	flush_ingest_json both-$hour 60
	flush_pipe >made
	flush_is_single >log || fail "hour $hour packs each entry once" "$(cat log)"
done
ok "hour by hour nothing is lost" flush_check
ok "and each entry is packed once" flush_is_single
cp -r wal wal.whole
walreplay --prune --store store wal >pruned
is "what is packed can be deleted" "$(flush_segments)" 0
is "and is named" "$(grep -c '\.wal$' pruned)" "$(find wal.whole -name '*.wal' | wc -l)"
ok "nothing is lost with it" flush_check
ok "an index made anew" exits 0 idxbuild --rebuild --store store
ok "loses nothing" flush_check
rm -r wal
mv wal.whole wal
is "and covers the same" "$(walreplay --unpacked --store store wal | wc -l)" 0
ok "also without the old ones" sh -c 'rm -r store/*/index && idxbuild --rebuild --store store'
is "it covers the same" "$(walreplay --unpacked --store store wal | wc -l)" 0

# --- an open segment

mkfifo input
lokid-ingest -q --ack --wal wal -l app=open <input >acks &
writer=$!
tap_pids="$tap_pids $writer"
exec 3>input
flush_lines open-1 20 >&3
ok "a writer at work" wait_for 10 grep -q '^20$' acks
n=$(flush_packs)
ok "its segment is left alone" exits 0 flush_pipe
is "nothing is packed" "$(flush_packs)" "$n"
walreplay --prune --store store wal >/dev/null
is "nor deleted" "$(flush_segments)" 1
exec 3>&-
wait $writer
flush_lines open-1 20 >>want
flush_pipe >/dev/null
ok "when it has ended it is packed" flush_check
is "all of it" "$(walreplay --unpacked --store store wal | wc -l)" 0

# --- a pipe that is cut

flush_new
flush_ingest web-5 2000
flush_ingest_json both-5 2000
walreplay --frames --unpacked --store store wal >frames
for at in 10 70 5000 30000 $(($(size_of frames) - 3)); do
	head -c "$at" frames | chunkpack --store store 2>/dev/null | idxbuild --store store >/dev/null
	flush_check >log || fail "frames cut at $at lose nothing" "$(cat log)"
done
ok "frames that are cut anywhere lose nothing" flush_check
ok "and cover only what is whole" test "$(walreplay --unpacked --store store wal | wc -l)" -gt 0
flush_pipe >/dev/null
is "the whole pipe then covers it" "$(walreplay --unpacked --store store wal | wc -l)" 0
ok "and nothing is lost or doubled" flush_check
flush_ingest_json both-6 400
walreplay --frames --unpacked --store store wal | chunkpack --store store >list
lines=$(wc -l <list)
for n in 0 1 2 3; do
	head -n $n list | idxbuild --store store >/dev/null
	flush_check >log || fail "a list cut behind $n of $lines packs loses nothing" "$(cat log)"
done
head -c 100 list | idxbuild --store store >/dev/null 2>&1
ok "a list of packs that is cut loses nothing" flush_check
idxbuild --store store <list >/dev/null
is "the whole list then covers it" "$(walreplay --unpacked --store store wal | wc -l)" 0

# --- frames that are filtered or damaged

flush_new
flush_ingest_json both-7 1500
for filter in -tt0 '--match={app="a1"}' --from=2026-01-16 --to=2026-01-16; do
	walreplay --frames "$filter" wal | chunkpack --store store 2>/dev/null | idxbuild --store store >/dev/null
	ok "walreplay $filter covers nothing" test "$(walreplay --unpacked --store store wal | wc -l)" -eq 1500
	flush_check >log || fail "and loses nothing" "$(cat log)"
done
walreplay --unpacked --store store wal | chunkpack --store store | idxbuild --store store >/dev/null
is "nor do JSON lines" "$(walreplay --unpacked --store store wal | wc -l)" 1500
walreplay --frames --unpacked --store store wal >frames
for at in 100 2000 9000; do
	cp frames bad
	flip_byte bad $at
	chunkpack --store store <bad 2>/dev/null | idxbuild --store store >/dev/null
	flush_check >log || fail "frames damaged at $at lose nothing" "$(cat log)"
	ok "frames damaged at $at cover nothing" test "$(walreplay --unpacked --store store wal | wc -l)" -eq 1500
done
flush_pipe >/dev/null
ok "at last all is packed" test "$(walreplay --unpacked --store store wal | wc -l)" -eq 0
ok "and nothing lost or doubled" flush_check
ok "all verifies" flush_verify

# --- lines from elsewhere stay when a larger set of segments comes

flush_new
flush_ingest web-8 100
flush_lines json-8 10 >lines
walreplay --frames --unpacked --store store wal >frames
awk '{ printf "{\"ts\":\"17684784000000%05d\",\"labels\":{\"app\":\"json\"},\"line\":\"%s\"}\n", NR, $0 }' lines >json
cat lines >>want
chunkpack --store store frames json | idxbuild --store store >/dev/null
ok "segments and JSON lines in one run" flush_check
is "cover the segments" "$(walreplay --unpacked --store store wal | wc -l)" 0
flush_ingest web-9 100
walreplay --frames wal >frames # all of them again, and one more
chunkpack --store store frames | idxbuild --store store >/dev/null
ok "a run over more segments loses none of the lines" flush_check

# --- a damaged segment

flush_new
flush_ingest web-10 3000
broken=$(find wal -name '*.wal' -newer frames | head -n 1)
cp "$broken" kept.wal
rm -f "${broken%.wal}.sum"
flip_byte "$broken" 20000
n=$(flush_packs)
ok "a damaged segment is left out, and named: exit 3" exits 3 walreplay --frames --unpacked --store store wal
ok "by its path" stderr_has "$broken"
flush_pipe >/dev/null 2>&1
flush_pipe >/dev/null 2>&1
is "it is not packed every hour" "$(flush_packs)" "$n"
walreplay --prune --store store wal >/dev/null 2>&1
ok "nor deleted" test -e "$broken"
cp kept.wal "$broken"
rm -f "${broken%.wal}.sum"
flush_pipe >/dev/null
ok "mended, it is" flush_check

# --- more than memory holds: several packs that cover only together

flush_new
pad=$(printf '%01000d' 0)
for n in 1 2 3; do
	flush_lines part-$n 18000 | sed "s/$/ $pad/" >lines
	lokid-ingest -q --wal wal -l app=part <lines
	cat lines >>want
done
walreplay --frames --unpacked --store store wal |
	chunkpack -j1 --chunk-size 64KiB --block-size 16KiB --memory 58MiB --store store >list
parts=$(wc -l <list)
ok "a run of several packs" test "$parts" -gt 2
idxbuild --store store "$(tail -n 1 list)" >/dev/null
ok "the last alone covers nothing" test "$(walreplay --unpacked --store store wal | wc -l)" -eq 54000
sed 2d list | idxbuild --store store >/dev/null
ok "nor do all but one" test "$(walreplay --unpacked --store store wal | wc -l)" -eq 54000
part=$(sed -n 2p list)
cp "$part" kept
flip_byte "$part" 10
ok "nor all, when one is damaged: exit 3" exits 3 idxbuild --store store <list
ok "nothing is covered" test "$(walreplay --unpacked --store store wal | wc -l)" -eq 54000
cp kept "$part"
idxbuild --store store <list >/dev/null
is "all together do" "$(walreplay --unpacked --store store wal | wc -l)" 0
ok "nothing is lost or doubled" flush_check
ok "each entry lies in one place" flush_is_single
rm -r store/fake/index
idxbuild --rebuild --store store >/dev/null
is "the same from packs alone" "$(walreplay --unpacked --store store wal | wc -l)" 0

# --- two at once

flush_new
flush_ingest_json both-11 2000
flush_ingest web-11 2000
for _ in 1 2 3 4 5; do
	flush_pipe >/dev/null &
	one=$!
	flush_pipe >/dev/null &
	two=$!
	wait $one
	wait $two
	flush_ingest web-11-$one 20
done
flush_pipe >/dev/null
ok "two pipes at once lose and double nothing" flush_check
is "and leave nothing" "$(walreplay --unpacked --store store wal | wc -l)" 0
ok "all verifies" flush_verify
ok "rebuilt" exits 0 idxbuild --rebuild --store store
ok "it is the same" flush_check
is "and covers the same" "$(walreplay --unpacked --store store wal | wc -l)" 0
walreplay --prune --store store wal >/dev/null
ok "and stands without the log" flush_check

done_testing
