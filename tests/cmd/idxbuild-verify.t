#!/bin/sh
# What idxbuild --verify says of a store that is not whole: the cause, once, and what to do.
. "${0%/*}/../lib/tap.sh"

# make_store DIR: three segments, one flush each, so three packs.
make_store() {
	for app in shop nginx syslog; do
		lokid-ingest -q --wal "$1/wal" -l app=$app "$REPO/examples/logs/$app.log"
		walreplay --frames --unpacked --store "$1/store" "$1/wal" | chunkpack --store "$1/store" | idxbuild --store "$1/store" >/dev/null
	done
}

make_store a
ok "a whole store" exits 0 idxbuild --verify --store a/store

# One cause, one line.
pack=$(find a/store/fake/chunks -name '*.pack' | sort | head -n 1)
mv "$pack" kept
ok "a pack that is missing" exits 3 idxbuild --verify --store a/store
ok "is one line" stderr_lines 1
ok "with its name" stderr_has "'$pack'"
cp kept "$pack"
n=$(size_of "$pack")
flip_byte "$pack" $((n - 12))
ok "one whose trailer is damaged" exits 3 idxbuild --verify --store a/store
ok "is one line, too" stderr_lines 1
cp kept "$pack"

# Damage is no newer version.
for off in 4 5 20; do
	cp kept bad.pack
	flip_byte bad.pack $off
	ok "byte $off of a chunk's head" exits 3 chunkcat --verify bad.pack
	ok "is damage, not another version" stderr_has "head: crc32c mismatch"
done
idx=$(find a/store/fake/index -name '*.idx' | head -n 1)
for off in 4 5; do
	cp "$idx" bad.idx
	flip_byte bad.idx $off
	ok "byte $off of an index" exits 3 idxbuild --verify bad.idx
	ok "is damage, not another version" stderr_has "head: crc32c mismatch"
done

done_testing
