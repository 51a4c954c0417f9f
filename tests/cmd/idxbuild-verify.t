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

ok "as JSON lines" exits 0 idxbuild --verify --store a/store -o jsonl
ok "each index file is right" stdout_matches '^\{"right":"a/store/fake/index/[0-9-]*/[0-9a-f]{32}\.idx"\}$'
is "all three" "$(sort -u "$TAP/stdout" | wc -l)" 3
ok "a full stdout is exit 4" exits 4 sh -c 'idxbuild --verify --store a/store -o jsonl >/dev/full'

# One cause, one line.
pack=$(find a/store/fake/chunks -name '*.pack' | sort | head -n 1)
mv "$pack" kept
ok "a pack that is missing" exits 3 idxbuild --verify --store a/store
ok "is one line" stderr_lines 1
ok "with its name" stderr_has "'$pack'"
ok "as JSON lines, too" exits 3 idxbuild --verify --store a/store -o jsonl
ok "it is said on stdout" stdout_has "\"fault\":\"'a/store/fake/index/"
ok "and named" stdout_has "'$pack'"
cp kept "$pack"
n=$(size_of "$pack")
flip_byte "$pack" $((n - 12))
ok "one whose trailer is damaged" exits 3 idxbuild --verify --store a/store
ok "is one line, too" stderr_lines 1
cp kept "$pack"

# One index file of several is lost: its packs are in none, and not superfluous.
cp -r a half
rm "$(find half/store/fake/index -name '*.idx' | sort | head -n 1)"
ok "packs that no index file names" exits 0 idxbuild --verify --store half/store
is "also as JSON lines" "$(idxbuild --verify --store half/store -o jsonl 2>&1 >out; cat out)" "$(cat "$TAP/stderr"; sed -n '/^{"right"/p' out; sed -n 's/^idxbuild: warning: \(.*\)$/{"warning":"\1"}/p' "$TAP/stderr")"
ok "are told" stderr_is "idxbuild: warning: tenant 'fake': 1 pack is in no index file: if no flush is under way, idxbuild --fsck --repair adds it when it is older than --delete-delay"
ok "--rebuild" exits 0 idxbuild --rebuild --store half/store
ok "does so" exits 0 idxbuild --verify --store half/store
ok "to the last" stderr_is_empty

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

# A flush that was broken off, and then done again over one segment more: the first pack is superfluous.
lokid-ingest -q --wal b/wal -l app=a "$REPO/examples/logs/shop.log"
walreplay --frames --unpacked --store b/store b/wal | chunkpack --store b/store >/dev/null
lokid-ingest -q --wal b/wal -l app=b "$REPO/examples/logs/nginx.log"
old=$(find b/store -name '*.pack')
ok "packs without any index are no damage: a flush may be under way" exits 0 idxbuild --verify --store b/store
ok "what to do is said" stderr_matches "^idxbuild: warning: tenant 'fake': 1 pack is in no index file: .*idxbuild --fsck --repair adds it"
walreplay --frames --unpacked --store b/store b/wal | chunkpack --store b/store | idxbuild --store b/store >/dev/null
ok "--verify is content" exits 0 idxbuild --verify --store b/store
ok "and names the pack that is in the way" stderr_is "idxbuild: warning: '$old': superfluous, as after a flush that was broken off: other packs have all its segments; --compact deletes it"
rm "$old"
ok "without it" exits 0 idxbuild --verify --store b/store
ok "there is nothing to say" stderr_is_empty
is "and all is there" "$(logql --store b/store -o raw '{app=~".+"}' --limit 0 | wc -l)" \
	"$(cat "$REPO/examples/logs/shop.log" "$REPO/examples/logs/nginx.log" | wc -l)"

# The whole index lost: its files, or the folders, too.
cp -r b/store files-lost && rm files-lost/fake/index/*/*.idx
ok "a query without index files" exits 1 logql --store files-lost '{app="a"}'
ok "says so" stderr_has "logql: warning: tenant 'fake' has packs and no index: idxbuild --rebuild makes it"
rm -r b/store/fake/index
ok "a lost index" exits 0 idxbuild --verify --store b/store
ok "is told" stderr_has "in no index file"
ok "a query" exits 1 logql --store b/store '{app="a"}'
ok "says why it finds nothing" stderr_has "logql: warning: tenant 'fake' has packs and no index: idxbuild --rebuild makes it"
mkdir -p empty/store/fake/chunks/2026-01-15 empty/store/~lokid && cp b/store/~lokid/format empty/store/~lokid/
ok "folders of packs, as a flush leaves them that met a full disk" exits 1 logql --store empty/store '{app="a"}'
ok "are no lost index" stderr_is_empty
ok "--rebuild" exits 0 idxbuild --rebuild --store b/store
ok "makes it" exits 0 idxbuild --verify --store b/store

# The mark of the store lost; a folder of something else.
rm b/store/~lokid/format
ok "a lost mark is no sound store" exits 3 idxbuild --verify --store b/store
ok "is said" stderr_has "'b/store' is no store: it has no '~lokid/format'"
ok "chunkpack does not write there" exits 4 chunkpack --store b/store
ok "--rebuild" exits 0 idxbuild --rebuild --store b/store
ok "brings it back" exits 0 idxbuild --verify --store b/store
mkdir -p foreign/Mail && : >foreign/Mail/x
ok "chunkpack makes no store in a folder of something else" exits 4 chunkpack --store foreign
ok "is said" stderr_is "chunkpack: error: 'foreign' is no store: it has no '~lokid/format', and 'Mail' lies in it"
ok "nothing is made there" test ! -e foreign/~lokid
mkdir -p around && cp -r b/store around/
ok "nor around a store" exits 4 chunkpack --store around
ok "is said" stderr_is "chunkpack: error: 'around' is no store: it has no '~lokid/format', and the store 'store' lies in it"
mkdir -p disk/lost+found
ok "but on a new disk" exits 0 chunkpack --store disk

done_testing
