#!/bin/sh
# A full disk, and retention that is to make room on it: what it has to write for that has room that was set aside.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/disk.sh"
disk_make 24m
store=$DISK_AT/mnt/store

fill() { # to the last block
	"$DISK" fill "$DISK_AT"
	fill_n=0
	while [ $fill_n -lt 10000 ]; do
		fill_n=$((fill_n + 1))
		head -c 1000 /dev/zero >"$DISK_AT/mnt/rest$fill_n" 2>/dev/null || break
		sync "$DISK_AT/mnt/rest$fill_n" || break
	done
}
free() {
	"$DISK" free "$DISK_AT"
	rm "$DISK_AT/mnt/rest"*
}
packs() { find "$store" -name '*.pack' | wc -l; }
retain() { idxbuild --retain --keep-free 30 --store "$store" "$@"; }

d=0
while [ $((d += 1)) -le 8 ]; do
	head -c 700000 /dev/urandom | od -An -v -tx1 -w100 | tr -d ' ' |
		awk -v t=$((1768435200 + d * 86400)) '{ printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a\"},\"line\":\"%s\"}\n", t, NR, $0 }'
done | chunkpack --store "$store" | idxbuild --store "$store" >/dev/null
is "eight days" "$(packs)" 8

fill
ok "a full disk and nothing set aside" exits 4 retain --delete-delay 0
ok "is what it says" stderr_has "No space left on device"
is "and nothing has gone" "$(packs)" 8
free
ok "a run when there is room" exits 0 retain --delete-delay 0
ok "deletes nothing" stdout_is_empty
ok "and sets room aside" test "$(stat -c %s "$store/~lokid/reserve")" -gt 1048576
ok "nothing is wrong with that" exits 0 idxbuild --fsck --delete-delay 0 --store "$store"

fill
ok "on the full disk" exits 1 retain
ok "packs are to go" stdout_matches '^fake 2026-01-16: .*: --keep-free 30%$'
ok "the room was needed for that" test ! -s "$store/~lokid/reserve"
find "$store" -type f -exec touch -d '3 hours ago' {} +
run retain
ok "after the delay they go" test "$(packs)" -lt 8
ok "all else is right" exits 0 idxbuild --fsck --delete-delay 0 --store "$store"
free
ok "with room again" exits 0 retain --delete-delay 0
ok "some is set aside" test -s "$store/~lokid/reserve"

rm "$store/~lokid/reserve"
fill
rm "$DISK_AT/mnt/rest"*
ok "where there is hardly room" exits 1 idxbuild --retain --keep-free 99 --store "$store" --now 2026-01-17
ok "no empty file is left in its place" test ! -e "$store/~lokid/reserve"
done_testing
