#!/bin/sh
# A week of three tenants, and forty queries: whatever keeps the store small changes no answer, not while it works and not after it.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/years.sh"

make_week s 7 4
make_queries >queries
is "forty queries" "$(wc -l <queries)" 40

not_in() { ! grep -q -e "$2" "$1"; }
files() { find s -name "*.$1" | wc -l; }
age() { find s -type f -exec touch -d '2026-02-01T00:00:00Z' {} +; }

ask s >before
ok "which have answers" test "$(grep -vc '^#' before)" -gt 1000
ok "and nearly each of them some" test "$(awk '/^#/ { if (last) print last; last = $0; next } { last = "" } END { if (last) print last }' before | wc -l)" -le 4
ok "no errors" not_in before error:
ok "the store is right" exits 0 idxbuild --fsck --store s
cp -rp s first

# --- compaction

# while_running WHAT: the answers are the same as long as the program behind goes on, once at least.
while_running() {
	n=0
	while [ $n -eq 0 ] || kill -0 "$PID" 2>/dev/null; do
		n=$((n + 1))
		same "during $1 ($n)" s
		ok "during $1 ($n): all is right" exits 0 idxbuild --fsck --store s
	done
	wait "$PID"
	ok "$1" test $? -eq 0
}

spawn sh -c 'for fan in 4 2; do for d in 4 5 6 7 8 9 10 11; do chunkpack --compact --store s --fan-in $fan --day $(printf 2026-01-%02d $d) -j1 || exit; done; done' >made
while_running "compaction"
same "after compaction" s
ok "there was something to do" test "$(wc -l <made)" -ge 21
age
spawn sh -c 'chunkpack --compact --store s --delete-delay 1m -j1' >/dev/null
while_running "deletion of what it replaced"
same "after it" s
ok "there are fewer packs" test "$(files pack)" -lt 40

# --- index files

rm -r s && cp -rp first s
before=$(files idx)
spawn sh -c 'for d in 4 5 6 7 8 9 10 11; do idxbuild --compact --store s --day $(printf 2026-01-%02d $d) || exit; done' >/dev/null
while_running "merging of index files"
age
ok "what they replaced goes" exits 0 idxbuild --compact --store s
same "after it" s
ok "there are fewer index files" test "$(files idx)" -lt $((before / 2))

# --- retention of somebody else

rm -r s && cp -rp first s
printf '{"ts":"1767571200%09d","tenant":"delta","labels":{"app":"a1"},"line":"old"}\n' 1 2 3 |
	chunkpack --store s | idxbuild --store s >/dev/null
printf 'overrides: {delta: {retention_period: 24h}}\n' >limits.yaml
ok "a tenant whose data is too old" exits 3 idxbuild --fsck --delete-delay 0 --limits limits.yaml --store s
ok "is told" stdout_matches '^expired delta/index/2026-01-05/[0-9a-f]*.idx: 1 chunk of 3 entries'
spawn idxbuild --retain --limits limits.yaml --store s >retained
while_running "retention"
ok "there was something to do" grep -q '^delta 2026-01-05: ' retained
same "after retention of another tenant" s
ok "which has nothing more" exits 1 logql --store s -t delta '{app="a1"}'
ok "all is right" exits 0 idxbuild --fsck --delete-delay 0 --limits limits.yaml --store s

# --- the index lost

age
find s -name '*.idx' -exec rm {} +
ok "without an index" exits 3 idxbuild --fsck --store s
spawn sh -c 'idxbuild --fsck --repair --store s 2>repaired' >/dev/null
wait "$PID"
ok "it is made again" test $? -eq 0
same "after repair" s
ok "all is right" exits 0 idxbuild --fsck --store s
ok "and nothing is said" stdout_is_empty
is "the log is covered as before" "$(walreplay --unpacked --store s s.wal | wc -l)" 0

# In the middle of everything: compacted, half of the index lost, what was replaced still there.
rm -r s && cp -rp first s
chunkpack --compact --store s --fan-in 3 >/dev/null
idxbuild --compact --store s >/dev/null
age
find s -name '*.idx' | sort | awk 'NR % 2' | xargs rm
ok "half of an index" exits 0 idxbuild --fsck --repair --store s
same "after repair" s
ok "all is right" exits 0 idxbuild --fsck --store s

# --- into another store and back

ok "copied to another store" exits 0 chunkpack --copy --from s --store other
same "there" other
ok "all is right there" exits 0 idxbuild --fsck --store other
chunkpack --compact --store other --fan-in 2 --delete-delay 0 >/dev/null
rm -r s
ok "and back" exits 0 chunkpack --copy --from other --store s
same "when it is back" s
ok "all is right" exits 0 idxbuild --fsck --store s

# --- a copy that is made while the store is at work

# upkeep: compaction of all days, behind.
upkeep() {
	rm -rf s copy && cp -rp first s
	spawn sh -c 'for d in 4 5 6 7 8 9 10 11; do chunkpack --compact --store s --fan-in 2 --day $(printf 2026-01-%02d $d) -j1 || exit; done' >/dev/null
}

if command -v rsync >/dev/null; then
	copy_of() { rsync -a --exclude '*.tmp' --exclude "$1/" s/ copy/; }
else
	copy_of() { mkdir -p copy && (cd s && find . -type f ! -path "*/$1/*" -print0 | xargs -0 cp -p --parents -t ../copy); }
fi

upkeep
n=0
while [ $n -eq 0 ] || kill -0 "$PID" 2>/dev/null; do
	n=$((n + 1))
	rm -rf copy
	copy_of chunks # index folders first
	copy_of index
	ok "copy $n is right" exits 0 idxbuild --fsck --store copy
	same "copy $n" copy
done

# Packs first, and a whole compaction, with packs that it made and replaced again, before index files.
upkeep
copy_of index
wait "$PID"
copy_of chunks
ok "a copy in the other order" exits 3 idxbuild --fsck --store copy
ok "lacks packs" stdout_matches '^missing [a-z]*/chunks/.*[.]pack: .* names it: there is no such pack$'
ok "which is put right" exits 0 idxbuild --fsck --repair --store copy
ok "for good" exits 0 idxbuild --fsck --store copy
same "the other order" copy

done_testing
