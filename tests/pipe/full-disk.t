#!/bin/sh
# A full disk, while lines are taken in, packed and indexed: a clear error and exit 4, nothing acknowledged is lost, nothing
# partial is seen, and work goes on when there is space. Needs root, for a small tmpfs.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/flush.sh"

[ "$(id -u)" = 0 ] || skip_all "needs root"
mkdir disk
work=$PWD
# shellcheck disable=SC2154
trap 'at_end=$?; umount "$work/disk" 2>/dev/null; (exit $at_end); tap_end' EXIT
mount -t tmpfs -o size=1m none disk 2>/dev/null || skip_all "mounting is not allowed"

grow() { # SIZE: of the disk, from now on
	mount -o remount,size="$1" "$work/disk"
}

# --- while lines are taken in

mkdir disk/wal disk/store
ln -s disk/wal wal
ln -s disk/store store
: >may
flush_lines big-1 60000 >lines # 1.8 MB, and does not compress well
awk '{ printf "%s %s\n", $0, $4 * 7919 % 1000003 }' lines >lines.long
ok "a log on a full disk is exit 4" exits 4 lokid-ingest --ack --wal wal -l app=big lines.long
ok "it says why" stderr_matches "No space left on device"
n=$(tail -n 1 "$TAP/stdout")
ok "some lines were acknowledged before" test "${n:-0}" -gt 0
ok "not all" test "${n:-0}" -lt 60000
head -n "${n:-0}" lines.long >>want
tail -n +$((${n:-0} + 1)) lines.long >>may
ok "those are there" flush_check may
ok "the log is right" exits 0 walreplay --verify wal
ok "with the disk full, none is taken" exits 4 lokid-ingest --ack --wal wal -l app=more lines.long
n=$(tail -n 1 "$TAP/stdout")
ok "or as many as are acknowledged" test "${n:-0}" -lt 1000
head -n "${n:-0}" lines.long >again
tail -n +$((${n:-0} + 1)) lines.long >>may
cat again >>may # the same text as above, in another stream

# --- while a pipe is kept in a temporary file

ok "a pipe of segments, and no room for it, is exit 4" exits 4 sh -c "cat wal/*.wal | TMPDIR='$work/disk' logql '{app=\"big\"}'"
ok "it says of what, where, and how to choose another place" stderr_matches "'stdin': temporary file in '$work/disk' [(]TMPDIR names another folder[)]: .*No space left"

grow 8m
ok "space again: a writer" exits 0 lokid-ingest --wal wal -l app=after lines
cat lines >>want
ok "nothing is lost" flush_check may

# --- a writer at work when the disk fills up

mkfifo input
lokid-ingest -q --ack --wal wal -l app=through <input >acks 2>through.err &
writer=$!
tap_pids="$tap_pids $writer"
exec 3>input
flush_lines through-1 500 >&3
ok "it works" wait_for 10 grep -q '^500$' acks
head -c 20m /dev/zero >disk/filler 2>/dev/null
(trap '' PIPE; flush_lines through-2 20000 >&3) 2>/dev/null
ok "the disk fills up: it says so" wait_for 10 grep -q "No space left" through.err
ok "and how many it refused" grep -q -E '[0-9]+ entries were refused, [0-9]+ are in the log' through.err
rm disk/filler
exec 3>&-
wait $writer
is "it ends with exit 4" $? 4
n=$(tail -n 1 acks)
ok "what came before is acknowledged" test "$n" -ge 500
walreplay --match '{app="through"}' wal | sed 's/.*"line":"\(.*\)"}$/\1/' >there
is "and there, with nothing that was not" "$(wc -l <there)" "$n"
cat there >>want
flush_lines through-3 500 >lines
ok "space again: a writer" exits 0 lokid-ingest -q --wal wal -l app=through lines
cat lines >>want
ok "nothing is lost" flush_check may
ok "the log is right" exits 0 walreplay --verify wal

# --- while packs are written

fill() { # LEAVE: all but so many KiB
	rm -f disk/filler
	free=$(df -k --output=avail disk | tail -n 1)
	head -c $(((free - $1) * 1024)) /dev/zero >disk/filler
}

fill 1000
flush_lines kept 500 >lines
ok "with a reserve a batch is refused while there is room for it" exits 4 lokid-ingest --wal wal -l app=kept --reserve 4MiB lines
ok "it says what is free, what is kept and what was to be written" stderr_matches \
	"500 entries were refused, 0 are in the log: the disk is nearly full: [0-9.]+ KiB are free, 4.0 MiB are kept [(]--reserve[)], [0-9.]+ KiB more were to be written"
ok "also by percent" exits 4 lokid-ingest --wal wal -l app=kept --reserve 50% lines
ok "which it says" stderr_has "4.0 MiB (50 %) are kept"
is "nothing was written" "$(walreplay --match '{app="kept"}' wal | wc -l)" 0
ok "a smaller reserve: taken" exits 0 lokid-ingest -q --wal wal -l app=kept --reserve 100KiB lines
cat lines >>want
ok "nothing is lost" flush_check may

fill 100
ok "packing onto a full disk is exit 4" exits 4 sh -c \
	'walreplay --frames --unpacked --store store wal | { chunkpack --store store; echo $? >status; } | idxbuild --store store
	exit "$(cat status)"'
ok "it says why" stderr_matches "^chunkpack: error: .*No space left on device"
is "and leaves no pack" "$(flush_packs)" 0
is "nor a piece of one" "$(find -L store -name '*.tmp' | wc -l)" 0
ok "nothing is lost" flush_check may
fill 0
ok "not even a folder fits: exit 4" exits 4 sh -c \
	'walreplay --frames --unpacked --store store wal | chunkpack --store disk/other'
ok "it says why" stderr_matches "No space left on device"
rm disk/filler
walreplay --frames --unpacked --store store wal | chunkpack --store store >list
fill 0
ok "an index onto a full disk is exit 4" exits 4 idxbuild --store store <list
ok "it says why" stderr_matches "^idxbuild: error: .*No space left on device"
is "and leaves none" "$(find -L store -name '*.idx' | wc -l)" 0
is "nor a piece of one" "$(find -L store -name '*.tmp' | wc -l)" 0
ok "the store is right" exits 0 idxbuild --verify --store store
ok "nothing is lost" flush_check may
ok "or covered" test "$(walreplay --unpacked --store store wal | wc -l)" -gt 0
rm disk/filler
ok "space again: the pipe" exits 0 flush_pipe
is "packs all" "$(walreplay --unpacked --store store wal | wc -l)" 0
ok "nothing is lost" flush_check may
ok "all verifies" flush_verify

# --- while index files are merged

for n in 1 2 3; do
	flush_ingest merged-$n 300
	flush_pipe >/dev/null
done
indexes() { find -L store -name '*.idx' | sort; }
indexes >before
fill 0
ok "merging index files on a full disk is exit 4" exits 4 idxbuild --compact --store store
ok "it says why" stderr_matches "^idxbuild: error: .*No space left on device"
indexes >after
ok "all index files are as they were" same_file before after
is "without a piece of one" "$(find -L store -name '*.tmp' | wc -l)" 0
ok "nothing is lost" flush_check may
rm disk/filler
ok "space again: they are merged" exits 0 idxbuild --compact --store store --delete-delay 0
ok "into fewer" test "$(indexes | wc -l)" -lt "$(wc -l <before)"
ok "nothing is lost" flush_check may
ok "all verifies" flush_verify

done_testing
