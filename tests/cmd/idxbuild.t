#!/bin/sh
# idxbuild: options, streams, exit codes; damage to packs, index files and the list.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lock.sh"

T=1768478400 # 2026-01-15T12:00:00Z

# lines APP N [TENANT [DAY]]: N JSON lines
lines() {
	awk -v app="$1" -v n="$2" -v tenant="${3:-fake}" -v t="$((T + 86400 * ${4:-0}))" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "{\"ts\":\"%d%09d\",\"tenant\":\"%s\",\"labels\":{\"app\":\"%s\",\"n\":\"%d\"},\"line\":\"%s %d\"}\n",
				t, i, tenant, app, i % 3, app, i
	}'
}

# pack APP N ...: packs those lines into the store s; prints the path.
pack() {
	lines "$@" | chunkpack --store s
}

in_dump() { # WHAT: lines of the dump that begin with this member
	idxbuild --dump --store s | grep -c "^{\"$1\""
}

# --- an empty list

ok "an empty list does nothing" exits 0 idxbuild --store s
ok "and prints nothing" stdout_is_empty
ok "not even a store is made" test ! -e s
echo >blank
ok "nor do empty lines" exits 0 idxbuild --store s - <blank
ok "to look into a store that is not there is exit 4" exits 4 idxbuild --verify --store s
ok "it is named" stderr_has "there is no store 's'"
ok "to rebuild it, too" exits 4 idxbuild --rebuild --store s

# --- one index for each tenant and day

{
	pack web 9
	pack db 6
	pack web 3 other
	pack web 3 fake 1
} >list
is "four packs" "$(wc -l <list)" 4
ok "a list on stdin" exits 0 idxbuild --store s <list
ok "makes an index for each tenant and day" stdout_lines 3
ok "whose paths are printed" stdout_matches '^s/fake/index/2026-01-15/[0-9a-f]{32}\.idx$'
sort "$TAP/stdout" >made
while read -r file; do
	ok "$(echo "$file" | cut -c 1-24) is there" test -s "$file"
done <made
sort -r list | sed 's,^s/,/no/such/place/,' >again
ok "the same in another order, with paths of another place" exits 0 idxbuild --store s - <again
sort "$TAP/stdout" >made.again
ok "gives the same files" same_file made made.again
# shellcheck disable=SC2046
ok "operands do, too" exits 0 idxbuild --store s $(cat list)
sort "$TAP/stdout" >made.again
ok "and give the same" same_file made made.again
ok "-v says what is in it" exits 0 idxbuild -v --store s "$(head -n 1 list)"
ok "on stderr" stderr_matches '1 pack, 3 series, 3 chunks, 9 entries, replaces 0 segments'

# --- looking

ok "verify is silent" exits 0 idxbuild --verify --store s
ok "when all is right" stdout_is_empty
ok "on stderr, too" test ! -s "$TAP/stderr"
ok "the dump is JSON lines" exits 0 idxbuild --dump --store s
is "an index a line first" "$(in_dump index)" 4
is "series" "$(in_dump series)" 15
ok "of one tenant" exits 0 idxbuild --dump --store s -t other
ok "only that" stdout_matches '^\{"index":"s/other/index/'
is "and no other" "$(grep -c '"tenant":"fake"' "$TAP/stdout")" 0
ok "a posting" stdout_has '{"posting":{"app":"web"},"series":[0,1,2]}'
ok "statistics" exits 0 idxbuild --stats --store s -t fake
ok "have totals" stdout_matches '^  entries +18 '
ok "count values" stdout_matches '^ +3 +6  n$'
ok "name large series" stdout_matches ' [{]app="web", n="0"[}]$'
ok "statistics as JSON lines" exits 0 idxbuild --stats --store s -t fake -o jsonl
ok "are one object" stdout_lines 1
ok "with the totals" stdout_matches '^\{"tenant":"fake","index_files":[0-9]+,"index_bytes":[0-9]+,"packs":[0-9]+,"pack_bytes":[0-9]+,"series":[0-9]+,"chunks":[0-9]+,"blocks":[0-9]+,"entries":[0-9]+,"line_bytes":[0-9]+,"from":"[0-9]+","through":"[0-9]+",'
ok "labels" stdout_matches ',"labels":\[\{"label":"[a-z]+","values":[0-9]+,"series":[0-9]+\}'
ok "and largest series" stdout_matches ',"largest":\[\{"labels":\{"[a-z]+":"[^"]*".*\},"entries":[0-9]+,"line_bytes":[0-9]+,"stored":[0-9]+,"chunks":[0-9]+\}'
ok "a format of --dump is exit 2" exits 2 idxbuild --dump --store s -o jsonl
ok "since that is JSON" stderr_has "option '--format' has no effect without '--compact', '--retain', '--stats'"
ok "at most so many" exits 0 idxbuild --stats -n 1 --store s -t fake
is "one" "$(grep -c '{app=' "$TAP/stdout")" 1
ok "a bad tenant is exit 2" exits 2 idxbuild --dump -t a/b --store s
ok "all with 0" exits 0 idxbuild --stats -n 0 --store s -t fake
is "six" "$(grep -c '{app=' "$TAP/stdout")" "$(idxbuild --dump --store s -t fake | grep '^{"series"' | cut -d : -f 4- | sort -u | wc -l)"
ok "two modes are exit 2" exits 2 idxbuild --dump --stats --store s
ok "both are named" stderr_has "--dump and --stats: one at a time"
for mode in '' --rebuild --dump --verify; do
	ok "--limit without --stats is exit 2: $mode" exits 2 idxbuild $mode -n 3 --store s
	ok "both are named" stderr_has "option '--limit' has no effect without '--stats'"
done
ok "--tenant of packs that are named is exit 2" exits 2 idxbuild -t fake --store s "$(head -n 1 list)"
ok "and named" stderr_has "option '--tenant' has no effect without '--rebuild'"
for opt in '--tenant fake' '--store s'; do
	# shellcheck disable=SC2086
	ok "$opt of index files that are named is exit 2" exits 2 idxbuild --dump $opt x.idx
	ok "both are named" stderr_has "option '${opt% *}' has no effect with '--dump' of named files"
done
ok "operands for --rebuild are exit 2" exits 2 idxbuild --rebuild --store s x.pack
ok "a full stdout is exit 4" exits 4 sh -c 'idxbuild --dump --store s >/dev/full'
ok "also for paths" exits 4 sh -c 'idxbuild --store s <list >/dev/full'

# --- frozen files

for v in one-stream many nothing; do
	ok "index-v1-$v is right" exits 0 idxbuild --verify "$GOLDEN/frozen/index-v1-$v"
	(cd "$GOLDEN/frozen" && idxbuild --dump "index-v1-$v") >"$TAP/stdout"
	ok "and says what it said" stdout_is_golden "index-v1-$v.jsonl"
done
ok "index-v1-compressed is right" exits 0 idxbuild --verify "$GOLDEN/frozen/index-v1-compressed"
ok "and says what it said" exits 0 idxbuild --dump "$GOLDEN/frozen/index-v1-compressed"
ok "of its whole" stdout_matches '"series":10,"chunks":13000,"blocks":13000,"packs":1,"size":35405}'
is "of each chunk" "$(grep -c '"chunk":' "$TAP/stdout")" 13000

# --- what is not ours is left alone

mkdir -p s/lost+found/chunks s/fake/index/other s/fake/index/2026-01-15/folder
echo x >s/fake/index/2026-01-15/notes
echo x >s/fake/index/2026-01-15/0123456789abcdef.tmp
ok "strange names do no harm" exits 0 idxbuild --verify --store s
is "nor are they counted" "$(in_dump index)" 4

# --- what the dead left behind

cp -r s dead
old="dead/fake/chunks/2026-01-15/0123456789abcdef.tmp dead/fake/index/2026-01-15/0123456789abcde1.tmp"
mkdir -p dead/fake/chunks/2020-01-01 dead/fake/index/2020-01-01
old="$old dead/fake/chunks/2020-01-01/0123456789abcdef.tmp dead/fake/index/2020-01-01/0123456789abcdef.tmp"
# shellcheck disable=SC2086
touch -d '2 hours ago' $old dead/fake/chunks/2026-01-15/mine.tmp
touch dead/fake/chunks/2026-01-15/0123456789abcde0.tmp
ok "is told" exits 0 idxbuild --verify --store dead
ok "as a warning" stderr_is "idxbuild: warning: tenant 'fake': 4 *.tmp files are left by writers that died: idxbuild --fsck --repair deletes them"
ok "and still there" sh -c "ls $old"
ok "rebuilding" exits 0 idxbuild --rebuild --store dead
# shellcheck disable=SC2012
is "deletes what is old and ours" "$(find dead -name '*.tmp' | sort | tr '\n' ' ')" \
	"dead/fake/chunks/2026-01-15/0123456789abcde0.tmp dead/fake/chunks/2026-01-15/mine.tmp dead/fake/index/2026-01-15/0123456789abcdef.tmp "
ok "which is right" exits 0 idxbuild --verify --store dead
ok "without a word" stderr_is_empty
rm -r dead/fake/index
echo x >dead/fake/index
for mode in --verify --rebuild --dump; do
	ok "a file in the place of a folder, $mode: exit 3" exits 3 idxbuild "$mode" --store dead
	ok "is told" stderr_matches "'dead/fake/index/?': (a file is where|it is a file, where)"
done
ok "also by a query" exits 3 logql --store dead '{app="web"}'
rm -r dead

# The default store: chunkpack and idxbuild spell it alike.

mkdir default
(cd default && printf '{"ts":"1","line":"x"}\n' | chunkpack | tee packs | idxbuild >indexes)
is "the default store, as chunkpack prints it" "$(cut -d / -f 1-3 default/packs)" lokid-data/store/fake
is "and idxbuild" "$(cut -d / -f 1-3 default/indexes)" lokid-data/store/fake
rm -r default

# --- rebuilding

idxbuild --dump --store s -t fake | grep -v '^{"index"' >before
cp -r s copy
rm -r s/fake/index s/other/index
ok "index files from packs alone" exits 0 idxbuild --rebuild --store s
ok "as many as there are days of tenants" stdout_lines 3
idxbuild --dump --store s -t fake | grep -v '^{"index"' >after
is "with the same series" "$(grep -c '^{"series"' after)" 9
for when in before after; do
	grep '^{"chunk"' $when | cut -d , -f 4- | sort -u >$when.chunks
done
ok "and the same chunks" same_file before.chunks after.chunks
ok "again: the same" exits 0 idxbuild --rebuild -v --store s
ok "and nothing is deleted" test ! "$(grep deleted "$TAP/stderr")"
ok "of one tenant" exits 0 idxbuild --rebuild --store s -t other
ok "only that" stdout_lines 1
first=$(find s/fake/index/2026-01-15 -name '*.idx')
echo "garbage" >"s/fake/index/2026-01-15/0123456789abcdef0123456789abcdef.idx"
ok "a broken index file is exit 3" exits 3 idxbuild --verify --store s
ok "and named" stderr_has "'s/fake/index/2026-01-15/0123456789abcdef0123456789abcdef.idx': not an index"
ok "it is rebuilt away" exits 0 idxbuild --rebuild -v --store s -t fake
ok "it says so" stderr_has "deleted 's/fake/index/2026-01-15/0123456789abcdef0123456789abcdef.idx'"
is "the right one stays" "$(find s/fake/index/2026-01-15 -name '*.idx')" "$first"
ok "all is right again" exits 0 idxbuild --verify --store s
ok "without a word" stderr_is_empty
# Who deletes what index files have replaced would take what is made for replaced by what was there before.
cp -r s busy
if hold_locks busy; then
	find busy -name '*.idx' -exec rm {} +
	ok "where a compaction is at work nothing is rebuilt" exits 5 idxbuild --rebuild --store busy -t other
	ok "which is told" stderr_matches "^idxbuild: error: a compaction or a repair is at work, and its day is left as it is: 'busy/~lokid/locks': .*'other/index/"
	is "and nothing is made" "$(find busy -name '*.idx')" ""
	drop_locks
	ok "a moment later it is" exits 0 idxbuild --rebuild --store busy -t other
	is "as it was" "$(cd busy && find other -name '*.idx')" "$(cd s && find other -name '*.idx')"
else
	skip "a day that others are at work at" "there is no python3"
fi
cp -r s lost
find lost/fake/index -name '*.idx' -exec rm {} +
n=$(find lost/fake/chunks -name '*.pack' | wc -l)
ok "packs that no index file names: --stats" exits 0 idxbuild --stats --store lost
ok "are told" stderr_has "idxbuild: warning: tenant 'fake': $n packs are in no index file: if no flush is under way, idxbuild --fsck --repair adds them when they are older than --delete-delay"
ok "of that tenant" exits 0 idxbuild --verify --store lost -t other
ok "alone" stderr_is_empty
idxbuild --rebuild --store lost >/dev/null
ok "rebuilt, they are named" exits 0 idxbuild --verify --store lost
ok "without a word" stderr_is_empty

# --- damage

pack=$(head -n 1 list)
cp "$pack" good.pack
idx=$first
cp "$idx" good.idx

flip_byte "$pack" 30
ok "a damaged head in a pack is exit 3" exits 3 idxbuild --store s <list
ok "pack, chunk and offset are named" stderr_matches "'s/fake/chunks/.*\.pack': chunk 0 \(offset 0\): .*crc32c"
ok "the others are still done" stdout_lines 3
ok "verify finds it, too" exits 3 idxbuild --verify --store s
ok "there" stderr_matches "\.idx': 's/fake/chunks/.*\.pack': chunk 0"
ok "rebuilding does what it can" exits 3 idxbuild --rebuild --store s
ok "and deletes nothing of that day" test -e "$idx"
cp good.pack "$pack"
flip_byte "$pack" $(($(size_of "$pack") - 20))
ok "a damaged trailer is exit 3" exits 3 idxbuild --store s <list
ok "and named" stderr_matches "'s/fake/chunks/.*\.pack': trailer"
mv "$pack" away
ok "a missing pack is exit 3" exits 3 idxbuild --store s <list
ok "and named" stderr_matches "\.pack': no such file"
ok "the others are still done" stdout_lines 3
ok "verify misses it" exits 3 idxbuild --verify --store s
ok "rebuilding too" exits 3 idxbuild --rebuild --store s
ok "which is named" stderr_matches "\\.idx': pack [0-9a-f]* is missing; the file is deleted"
ok "with that file" test ! -e "$idx"
ok "from then on all is right" exits 0 idxbuild --verify --store s
ok "rebuilding, too" exits 0 idxbuild --rebuild --store s
cp -r s unmounted
mv unmounted/fake/chunks elsewhere
find unmounted -name '*.idx' | sort >expected
ok "with no pack at all of a tenant nothing of it is deleted" exits 3 idxbuild --rebuild --store unmounted
ok "and that is said" stderr_matches "\\.idx': pack [0-9a-f]* is missing, as all packs of its tenant and day are; the file is kept"
find unmounted -name '*.idx' | sort >found
ok "indeed" same_file expected found

rm -rf part
lines web 5 >day1
lines web 7 fake 1 >day2
cat day1 day2 | chunkpack --store part | idxbuild --store part >/dev/null
find part -name '*.idx' | sort >expected
mv part/fake/chunks/2026-01-16 elsewhere/day2
for again in first second; do
	ok "one day's packs are not there ($again time): exit 3" exits 3 idxbuild --rebuild --store part
	ok "that is said" stderr_matches "/2026-01-16/.*\.idx': pack [0-9a-f]* is missing, as all packs of its tenant and day are; the file is kept"
	find part -name '*.idx' | sort >found
	ok "its index file is kept" same_file expected found
done
ok "so that it is missed" exits 3 idxbuild --verify --store part
mv elsewhere/day2 part/fake/chunks/2026-01-16
ok "and found again when they come back" exits 0 idxbuild --verify --store part
cp good.pack "$pack"
idxbuild --rebuild --store s >/dev/null

printf 's/fake/chu' >piece
cat list piece >list.cut
ok "a list that was cut is exit 3" exits 3 idxbuild --store s <list.cut
ok "the line is named" stderr_has "line 5 of the list: 's/fake/chu'"
ok "the others are still done" stdout_lines 3
ok "of a list that is none" exits 3 sh -c 'seq 1000 | idxbuild --store s'
ok "the first lines are named" stderr_matches "^idxbuild: error: line 5 of the list: '5': "
ok "and how many there are" stderr_has "idxbuild: error: 995 more lines of the list are no packs"
ok "on a line" stderr_lines 6
ok "one more is said so" exits 3 sh -c 'seq 6 | idxbuild --store s'
ok "alone" stderr_has "idxbuild: error: 1 more line of the list is no pack"
ok "an operand that is no pack is exit 2" exits 2 idxbuild --store s some.file
ok "an index is no pack" exits 2 idxbuild --store s "$idx"

mkdir -p s/fake/chunks/2026-02-01
cp good.pack "s/fake/chunks/2026-02-01/${pack##*/}"
ok "a pack in the folder of another day is exit 3" exits 3 idxbuild --store s "s/fake/chunks/2026-02-01/${pack##*/}"
ok "it is said where it belongs" stderr_has "of tenant 'fake' and day 2026-01-15"
rm -r s/fake/chunks/2026-02-01

size=$(size_of good.idx)
for at in 0 5 70 $((size - 1)); do
	cp good.idx "$idx"
	flip_byte "$idx" "$at"
	ok "a flipped byte $at of an index is exit 3" exits 3 idxbuild --verify --store s
	ok "and the file is named" stderr_has "'$idx': "
done
cp good.idx "$idx"
cp good.idx "s/fake/index/2026-01-15/0123456789abcdef0123456789abcdef.idx"
ok "a name that is not the hash is exit 3" exits 3 idxbuild --verify --store s
ok "and said" stderr_has "its name is not the hash of its bytes"
rm "s/fake/index/2026-01-15/0123456789abcdef0123456789abcdef.idx"
ok "right again" exits 0 idxbuild --verify --store s

# --- a newer store, a store that cannot be written

echo "lokid store 2" >s/~lokid/format
ok "a newer store is exit 3" exits 3 idxbuild --store s <list
ok "and said" stderr_has "format 2; this program knows 1"
: >file
ok "a file is no store: exit 4" exits 4 idxbuild --store file <list

# Tenants may be called what files of ours are not.
for t in .a a.tmp ..b; do
	printf '{"ts":"5","tenant":"%s","labels":{"a":"b"},"line":"x"}\n' "$t"
done | chunkpack --store odd | idxbuild --store odd >paths
is "an index file for each oddly named tenant" "$(wc -l <paths)" 3
is "which all are shown" "$(idxbuild --stats --store odd | grep -c '^tenant ')" 3
rm -r odd/.a/index odd/a.tmp/index odd/..b/index
ok "and made again" exits 0 idxbuild --rebuild --store odd
is "all of them" "$(find odd -name '*.idx' | wc -l)" 3

# --- a folder that is no store

mkdir none
for o in --compact '--compact --dry-run' --retain '--retain --dry-run' '--freshness --max-age 1h'; do
	# shellcheck disable=SC2086
	ok "$o of an empty folder" exits 4 idxbuild $o --store none
	ok "says that it is no store" stderr_is "idxbuild: error: 'none' is no store: it has no '~lokid/format'"
done
is "nothing is made in it" "$(find none | wc -l)" 1

# --- a file where a tenant's folder should be

for t in alpha beta gamma; do
	for n in 1 2; do
		printf '{"ts":"176052240000000000%d","tenant":"%s","labels":{"app":"web"},"line":"x"}\n' $n $t |
			chunkpack --store stray | idxbuild --store stray >/dev/null
	done
done
mv stray/beta/index beta.index
: >stray/beta/index
ok "fsck" exits 3 idxbuild --fsck --delete-delay 0 --store stray
ok "tells it, of its tenant" stdout_matches '^foreign beta/index: it is a file, where the tenant.s folder should be$'
is "and nothing of the others" "$(grep -c 'alpha\|gamma' "$TAP/stdout")" 0
for o in --verify --compact '--retain --keep-bytes 1TB' --retain '--freshness --max-age 1s'; do
	# shellcheck disable=SC2086
	ok "$o" exits 3 idxbuild $o --store stray
	ok "tells it" stderr_matches "stray/beta/index/?': "
done
is "the others have had their turn" "$(find stray -path '*alpha/index*.idx' -o -path '*gamma/index*.idx' | wc -l)" 6
ok "chunkpack --compact" exits 3 chunkpack --compact --fan-in 2 --store stray
is "likewise" "$(find stray -path '*alpha/chunks*.pack' -o -path '*gamma/chunks*.pack' | wc -l)" 6
ok "repair leaves it" exits 3 idxbuild --fsck --repair --store stray
ok "as it is" test -f stray/beta/index
rm stray/beta/index
mv beta.index stray/beta/index
ok "put right, all is" exits 0 idxbuild --fsck --store stray

# --- without permission to write

if [ "$(id -u)" != 0 ]; then
	as_reader() { "$@"; }
else # root without what makes it above permissions
	as_reader() { setpriv --bounding-set=-dac_override "$@"; }
fi
echo '{"ts":"1760522400000000000","tenant":"alpha","labels":{"app":"web"},"line":"asked"}' |
	chunkpack --store stray | idxbuild --store stray >/dev/null
i=0
while [ $((i += 1)) -le 17 ]; do
	logql delete create --store stray -t alpha --from 2025-10-15 --to 2025-10-16 "{app=\"web\"} |= \"asked\" != \"$i\"" >/dev/null
done
mkdir -p stray/~lokid/lost/x && echo old >stray/~lokid/lost/x/1 && touch -d '31 days ago' stray/~lokid/lost/x/1
find stray -type d -exec chmod 555 {} +
if as_reader true 2>/dev/null && ! as_reader touch stray/x 2>/dev/null; then
	for o in '--compact --dry-run' '--retain --dry-run' '--retain --dry-run --keep-bytes 1'; do
		# shellcheck disable=SC2086
		ok "$o" exits 0 as_reader idxbuild $o --store stray
	done
	ok "--freshness" exits 1 as_reader idxbuild --freshness --max-age 1s --store stray
	ok "tells the age" stdout_matches '^alpha: 2025-10-15T'
	ok "chunkpack --compact --dry-run" exits 0 as_reader chunkpack --compact --dry-run --store stray
	ok "chunkpack --delete --dry-run" exits 0 as_reader chunkpack --delete --dry-run --cancel-period 0 -v --store stray
	ok "says what would go" stdout_matches '^alpha 2025-10-15: .*: 1 entry, .* would go'
	ok "of what was set aside too" stdout_has "would delete 'stray/~lokid/lost/x/1'"
	ok "and what would be put together" stderr_has "17 requests to delete of 17 files would be in one"
	ok "--retain needs it" exits 4 as_reader idxbuild --retain --store stray
else
	skip "a store that is only read" "this is root, and cannot be less"
fi
find stray -type d -exec chmod 755 {} +

done_testing
