#!/bin/sh
# A store whose index and rules lie in stores of their own: the same answers, whatever works on it, and whoever is killed meanwhile;
# and nobody works on it who knows only a part.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/years.sh"
. "$REPO/tests/lib/flush.sh"
KILLS=$((100 * ${PERCENT:-5} / 100))

P="packs index=idx rules=rules"
make_week s 2 2
make_queries >queries
ask s >before
ok "there are answers" test "$(grep -vc "^#" before)" -gt 100
files() { find "$1" -type f ! -path '*/~lokid/*' -name "*.$2" | wc -l; } # FOLDER SUFFIX

# ---- what lies where

ok "a copy into stores of its own" exits 0 chunkpack --copy --from s --store "$P"
same "there" "$P"
ok "all is right" exits 0 idxbuild --fsck --store "$P"
ok "without a word" stdout_is_empty
is "packs have a store" "$(files packs pack) $(files packs idx)" "$(files s pack) 0"
is "index files have one" "$(files idx pack) $(files idx idx)" "0 $(files s idx)"
is "the first says what it lacks" "$(cat packs/~lokid/format)" "lokid store 1 without index rules"
is "each has a mark" "$(cat idx/~lokid/format) $(cat rules/~lokid/format)" "lokid store 1 lokid store 1"

# ---- who knows only a part

ok "without the index" exits 2 logql --store packs -t alpha '{app="a1"}'
ok "nobody goes on" stderr_is "logql: error: store 'packs' has its index in a store of its own, which has to be named: 'packs index=STORE'"
ok "nor without the rules" exits 2 idxbuild --retain --store "packs index=idx"
ok "which are named" stderr_has "'packs rules=STORE'"
ok "nor writes there" exits 2 chunkpack --store packs </dev/null
ok "a part too much" exits 2 logql --store "s index=idx" -t alpha '{app="a1"}'
ok "is told" stderr_is "logql: error: store 's' has no store of its own for its index: leave 'index=' out"
ok "an index that is there is not left behind" exits 2 chunkpack --store "s index=idx" </dev/null
ok "but has to be moved" stderr_has "store 's' has an index of its own: move it to where 'index=' says"
mkdir -p other/~lokid
echo 'lokid store 1' >other/~lokid/format
echo '{app="a1"}' >other/~lokid/hold
ok "nor are rules" exits 2 chunkpack --store "other rules=rules" </dev/null
ok "that hold something" stderr_has "store 'other' has rules of its own"
ok "a part that is not there" exits 4 logql --store "packs index=none rules=rules" -t alpha '{app="a1"}'
ok "is named" stderr_has "store 'packs', its index: there is no store 'none'"
ok "a word without a store" exits 2 logql --store "packs index=" '{}'
ok "a part twice" exits 2 logql --store "packs index=a index=b" '{}'
ok "is told" stderr_has "'index=' is there twice"

# Moved by hand, as the manual says.
cp -rp s moved
mkdir -p moved.idx
for t in alpha beta gamma; do mkdir moved.idx/$t && mv moved/$t/index moved.idx/$t/; done
mkdir moved.idx/~lokid && cp moved/~lokid/format moved.idx/~lokid/
ok "who has moved the index" exits 0 chunkpack --store "moved index=moved.idx" </dev/null
same "moved by hand" "moved index=moved.idx"

# ---- what works on a store

ok "compaction" exits 0 chunkpack --compact --store "$P" --fan-in 2 --delete-delay 0
ok "compaction of index files" exits 0 idxbuild --compact --store "$P" --delete-delay 0
ok "there are fewer packs" test "$(files packs pack)" -lt "$(files s pack)"
ok "all is right" exits 0 idxbuild --fsck --store "$P"
same "after compaction" "$P"
ok "back into one store" exits 0 chunkpack --copy --from "$P" --store back
same "there" back

find idx -name '*.idx' | sort | head -n 2 | xargs rm
ok "half of the index is lost" exits 3 idxbuild --fsck --delete-delay 0 --store "$P"
ok "it is made again" exits 0 idxbuild --fsck --repair --delete-delay 0 --store "$P"
same "repaired" "$P"
is "where it was" "$(find packs -name '*.idx' ! -path '*/lost/*' | wc -l)" 0

# ---- rules

printf 'overrides: {alpha: {retention_period: 24h}}\n' >rules/~lokid/limits.yaml
ok "limits are those of the rules' store" exits 1 logql --store "$P" -t alpha '{app=~".+"}'
printf 'alpha {app="a1"}\n' >rules/~lokid/hold
ok "and so is what is held" exits 0 idxbuild --retain --store "$P" --delete-delay 0
rm rules/~lokid/limits.yaml
logql --store s -t alpha --limit 0 -o jsonl '{app="a1"}' >want
logql --store "$P" -t alpha --limit 0 -o jsonl '{app="a1"}' >found
ok "which stays" same_file want found
ok "and nothing else" exits 1 logql --store "$P" -t alpha '{app!="a1"}'
ok "all is right" exits 0 idxbuild --fsck --delete-delay 0 --store "$P"
touch -d '2 hours ago' rules/~lokid/0123456789abcdef.tmp
ok "what a writer of rules left that died" exits 3 idxbuild --fsck --delete-delay 0 --store "$P"
ok "is found" stdout_matches '^abandoned ~lokid/: '
ok "and deleted" exits 0 idxbuild --retain --store "$P" --delete-delay 0
is "all of it" "$(find rules -name '*.tmp')" ''

# ---- killed

# In the background a function is a shell of its own: what is to be killed takes its place.
start_compact() { exec chunkpack --compact --store "$K" --fan-in 2 --delete-delay 0 --chunk-size 16KiB --level 1 -j2; }
killed=0
round=0
while [ $killed -lt "$KILLS" ] && [ $round -lt $((5 * KILLS)) ]; do
	round=$((round + 1))
	rm -rf k k.*
	K="k index=k.idx"
	chunkpack --copy --from s --store "$K" >/dev/null
	start_compact >/dev/null 2>&1 &
	kill_soon 100 $! && killed=$((killed + 1))
	same "killed" "$K"
	idxbuild --fsck --store "$K" >faults
	ok "nothing is wrong but leftovers" test "$(grep -cv -e '^leftover ' -e '^abandoned ' faults)" -eq 0
	ok "a last run" exits 0 chunkpack --compact --store "$K" --fan-in 2 --delete-delay 0
	same "after it" "$K"
	ok "all is right" exits 0 idxbuild --fsck --store "$K"
done
is "as many were killed as asked for" $killed "$KILLS"

done_testing
