#!/bin/sh
# idxbuild --fsck: each kind of fault is found, told on a line of its own, and mended; a store at work and a copy of it are right.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lock.sh"

# flush STORE APP: a log file through the log into the store; one pack, one index file.
flush() {
	lokid-ingest -q --wal "$1.wal" -l "app=$2" "$REPO/examples/logs/${3:-shop}.log"
	walreplay --frames --unpacked --store "$1" "$1.wal" | chunkpack --store "$1" | idxbuild --store "$1" >/dev/null
}

flush whole a shop
flush whole b nginx
flush whole c syslog
find whole -type f -exec touch -d '2026-02-01T00:00:00Z' {} + # old enough for leftovers to be such
logql --store whole --limit 0 -o jsonl '{app=~".+"}' | sort >all
DAY=$(find whole/fake/chunks -name '*.pack' | sort | head -n 1 | cut -d / -f 4)

fresh() { rm -rf s && cp -rp whole s; }
packs() { find "$1/fake/chunks" -name '*.pack' | sort; }
indexes() { find "$1/fake/index" -name '*.idx' | sort; }
lost() { find s/~lokid/lost -type f 2>/dev/null | wc -l; }
answers() { logql --store s --limit 0 -o jsonl '{app=~".+"}' 2>/dev/null | sort; }

# one KIND WHAT: --fsck finds just this fault, and says so.
one() {
	ok "$1: exit 3" exits 3 idxbuild --fsck --store s
	ok "$1: one line" stdout_lines 1
	ok "$1: with kind and name" stdout_matches "^$1 $2"
	if grep -q '^damaged .*\.pack:' "$TAP/stdout"; then
		ok "$1: what to do, and nothing else" stderr_is "idxbuild: a damaged pack is mended by a right copy of it in its place, from a backup or another store; without one --fsck --repair --salvage packs anew what can be read"
	else
		ok "$1: nothing else" stderr_is_empty
	fi
}

# mended KIND [ANSWERS [STATUS]]: --repair does it, and the store is whole.
mended() {
	ok "$1: a dry run" exits 3 idxbuild --fsck --repair --dry-run --store s
	ok "$1: says what it would do" stderr_matches "^idxbuild: would "
	grep 'can no longer be read' "$TAP/stderr" >foretold
	ok "$1: repair" exits "${3:-0}" idxbuild --fsck --repair --store s
	grep 'can no longer be read' "$TAP/stderr" >told
	ok "$1: the dry run told the same loss" same_file told foretold
	ok "$1: tells the fault on stdout" stdout_matches "^$1 "
	ok "$1: what it did on stderr" stderr_matches "^idxbuild: (moved|made|deleted|wrote) "
	ok "$1: then all is right" exits 0 idxbuild --fsck --store s
	ok "$1: without a word" stdout_is_empty
	answers >found
	ok "$1: with the same answers" same_file "${2:-all}" found
}

# --- nothing wrong

fresh
ok "a whole store" exits 0 idxbuild --fsck --store s
ok "has nothing on stdout" stdout_is_empty
ok "nor on stderr" stderr_is_empty
ok "repair has nothing to do" exits 0 idxbuild --fsck --repair --store s
ok "and says nothing" stderr_is_empty
ok "an empty store" sh -c 'mkdir -p none/~lokid && echo "lokid store 1" >none/~lokid/format && idxbuild --fsck --store none'

# --- each fault

fresh
rm s/~lokid/format
one unmarked '~lokid/format: '
mended unmarked
for mark in '' 'lokid' '\0\0\0\0\0\0\0\0\0\0\0\0\0\0'; do
	fresh
	printf '%b' "$mark" >s/~lokid/format
	ok "a mark that is none" exits 3 logql --store s '{app="a"}'
	ok "is told, and what mends it" stderr_matches "format': expected 'lokid store N'; 'idxbuild --fsck --repair' writes it anew"
	one unmarked '~lokid/format: '
	mended unmarked
done
fresh
echo "lokid store 2" >s/~lokid/format
ok "a newer one is none of ours" exits 3 idxbuild --fsck --repair --store s
is "and left" "$(cat s/~lokid/format)" "lokid store 2"

fresh
pack=$(packs s | sed -n 2p)
mv "$pack" away
one missing "${pack#s/}: 'fake/index/$DAY/[0-9a-f]*.idx' names it: there is no such pack$"
ok "JSON lines" exits 3 idxbuild --fsck -o jsonl --store s
ok "have all of it" stdout_matches "^\{\"fault\":\"missing\",\"name\":\"${pack#s/}\",\"tenant\":\"fake\",\"day\":\"$DAY\",\"index\":\"fake/index/$DAY/[0-9a-f]{32}.idx\",\"what\":\"there is no such pack\"\}$"
chunkcat away | sort >less.raw
logql --store s --limit 0 -o jsonl '{app=~".+"}' 2>/dev/null | sort >less
mended missing less 3
ok "missing: what is lost is told" grep -q "^idxbuild: error: '${pack#s/}': there is no such pack: [0-9]* entries, .* of it can no longer be read$" told
is "missing: the index file was set aside" "$(lost)" 1
mv away "$pack"
ok "when the pack is back it is missed at once" exits 3 idxbuild --fsck --store s --delete-delay 1000000h
one orphan "${pack#s/}: no index file names it"
mended orphan

fresh
flip_byte "$(indexes s | head -n 1)" 30
if hold_locks s; then
	ok "a day that another repair has" exits 3 idxbuild --fsck --repair --store s
	ok "is left to it, which is said" stderr_matches "^idxbuild: error: 'fake/index/.*' stays: another repair or a compaction is at work there: "
	is "nothing is moved" "$(find s/fake -name '*.idx' | wc -l)" 3
	drop_locks
else
	skip "the lock" "no python3"
fi

fresh
rm -r s/fake/chunks
ok "all packs missing" exits 3 idxbuild --fsck --repair --store s
ok "three lines" stdout_lines 3
ok "are not mended: the disk may not be mounted" stderr_has "no pack of its day is there"
ok "what is not there is not said to stay" stderr_matches "^idxbuild: error: 'fake/index/$DAY/[0-9a-f]*.idx' stays: no pack .*: 'fake/chunks/$DAY/[0-9a-f]*.pack': there is no such pack$"
is "nothing was moved" "$(lost)" 0
cp -rp whole/fake/chunks s/fake/
ok "when they are back all is right" exits 0 idxbuild --fsck --store s

fresh
idx=$(indexes s | head -n 1)
flip_byte "$idx" 30
one damaged "fake/index/$DAY/[0-9a-f]*.idx: head: crc32c mismatch"
mended damaged
is "damaged: set aside" "$(find s/~lokid/lost -type f | sed 's,/[0-9a-f]*$,,')" "s/~lokid/lost/${idx#s/}"

fresh
idx=$(indexes s | head -n 1)
flip_byte "$idx" $(($(size_of "$idx") - 5))
ok "a damaged page" exits 3 idxbuild --fsck --store s
ok "is damage" stdout_matches '^damaged fake/index/'
mended damaged

fresh
idx=$(indexes s | head -n 1)
mv "$idx" "${idx%/*}/00000000000000000000000000000001.idx"
one wrong-name 'fake/index/[0-9-]*/00000000000000000000000000000001.idx: its name is not the hash of its bytes'
mended wrong-name

fresh
mkdir -p s/fake/index/2001-01-01
mv "$(indexes s | head -n 1)" s/fake/index/2001-01-01/
ok "an index file in the folder of another day" exits 3 idxbuild --fsck --store s
ok "is told" stdout_matches "^wrong-folder fake/index/2001-01-01/.*: lies in the wrong folder: it is of tenant 'fake' and day $DAY"
mended wrong-folder

fresh
pack=$(packs s | head -n 1)
mkdir -p s/fake/chunks/2001-01-01
mv "$pack" s/fake/chunks/2001-01-01/
ok "a pack in the folder of another day" exits 3 idxbuild --fsck --store s
ok "is told" stdout_matches "^wrong-folder fake/chunks/2001-01-01/.*: lies in the wrong folder: it is of tenant 'fake' and day $DAY"
ok "and is missing elsewhere" stdout_matches "^missing ${pack#s/}: "
mended wrong-folder
ok "it is back" test -e "$pack"

fresh
pack=$(packs s | head -n 1)
mkdir -p "s/other/chunks/$DAY"
mv "$pack" "s/other/chunks/$DAY/"
ok "a pack in the folder of another tenant" exits 3 idxbuild --fsck --store s
ok "is told" stdout_matches "^wrong-folder other/chunks/$DAY/.*: it is of tenant 'fake'"
mended wrong-folder

fresh
cp -rp s/fake s/other
ok "a tenant's folder under another name, too" exits 3 idxbuild --fsck --store s
is "is that of a wrong tenant" "$(grep -c "^wrong-folder other/index/$DAY/.*: it is of tenant 'fake'" "$TAP/stdout")" 3
mended wrong-folder
is "nothing is left of it" "$(find s/other -type f | wc -l)" 0
rm -r s/other
mv s/fake s/other
mended wrong-folder

fresh
pack=$(packs s | head -n 1)
mv "$pack" "${pack%/*}/00000000000000000000000000000001.pack"
ok "a pack with another name" exits 3 idxbuild --fsck --store s
ok "is told" stdout_matches "^wrong-name fake/chunks/$DAY/00000000000000000000000000000001.pack: its name is not the hash of its bytes, which is $(basename "$pack" .pack)$"
mended wrong-name

fresh
mv "$(packs s | head -n 1)" one
cp one "$(packs s | head -n 1)"
ok "a pack in the place of another" exits 3 idxbuild --fsck --store s
ok "has a wrong name" stdout_matches "^wrong-name fake/chunks/$DAY/"
ok "--repair" exits 0 idxbuild --fsck --repair --store s
ok "puts it right" exits 0 idxbuild --fsck --store s

fresh
pack=$(packs s | head -n 1)
flip_byte "$pack" $(($(size_of "$pack") / 2))
one damaged "${pack#s/}: 'fake/index/$DAY/[0-9a-f]*.idx' names it: chunk at offset [0-9]*: block [0-9]* .*crc32c mismatch"
answers >less
ok "--repair" exits 3 idxbuild --fsck --repair --store s
ok "keeps what is right in it" stderr_has "stays: what is right in it is read by queries, and packed anew with --salvage: "
answers >found
ok "for queries" same_file less found
is "nothing was moved" "$(lost)" 0

fresh
pack=$(packs s | head -n 1)
flip_byte "$pack" $(($(size_of "$pack") - 12))
one damaged "${pack#s/}: "
idx=$(indexes s | while read -r i; do ! idxbuild --dump "$i" | grep -q "$(basename "$pack" .pack)" || echo "$i"; done)
rm "$idx"
touch -d '2026-02-01T00:00:00Z' "$pack"
ok "a pack that no index file can name" exits 3 idxbuild --fsck --store s
ok "--repair" exits 0 idxbuild --fsck --repair --store s
ok "sets it aside" stderr_matches "moved '${pack#s/}' to '~lokid/lost/${pack#s/}/[0-9a-f]{32}'"
ok "and then all is right" exits 0 idxbuild --fsck --store s

fresh
rm -r s/fake/index
ok "no index at all" exits 3 idxbuild --fsck --store s
ok "three orphans" stdout_lines 3
mended orphan
is "the log stays covered" "$(walreplay --unpacked --store s whole.wal | wc -l)" 0

# An index that was lost just now, and a first flush that is under way.
fresh
rm -r s/fake/index
packs s | xargs touch -d '10 minutes ago'
ok "a tenant that has no index file at all has lost it" exits 3 idxbuild --fsck --store s
ok "whatever the age of its packs" stdout_lines 3
touch "$(packs s | head -n 1)"
ok "but not while its first packs come" exits 0 idxbuild --fsck --store s
fresh
rm "$(indexes s | head -n 1)"
packs s | xargs touch -d '10 minutes ago'
ok "nor may another flush be known to be over" exits 0 idxbuild --fsck --store s

# A flush that was broken off, and done again over more.
rm -rf s s.wal
lokid-ingest -q --wal s.wal -l app=a "$REPO/examples/logs/shop.log"
walreplay --frames --unpacked --store s s.wal | chunkpack --store s >/dev/null
old=$(packs s)
flush s b nginx
ok "what is young may be of a flush that is under way" exits 0 idxbuild --fsck --store s
touch -d '2026-02-01T00:00:00Z' "$old"
answers >some
one superfluous "${old#s/}: superfluous, as after a flush that was broken off"
mended superfluous some
ok "superfluous: it was set aside" test ! -e "$old"

# A compaction that was broken off: its pack is there, its index file is not.
fresh
chunkpack --compact --store s --fan-in 2 >made
ok "a compacted store is right" exits 0 idxbuild --fsck --store s
cp -rp whole s2
cp -p "$(cat made)" "$(sed 's/^s/s2/' made)"
rm -r s && mv s2 s
ok "what a compaction has just made is no fault" exits 0 idxbuild --fsck --store s
ok "later it is" exits 3 idxbuild --fsck --store s --delete-delay 0
ok "left over" stdout_matches "^leftover fake/chunks/$DAY/.*: left by a compaction that did not end"
touch -d '2026-02-01T00:00:00Z' "$(cat made)"
mended leftover

# Files of others.
fresh
echo hello >"s/fake/chunks/$DAY/notes.txt"
one foreign "fake/chunks/$DAY/notes.txt: it is neither a pack nor an index file"
ok "--repair" exits 3 idxbuild --fsck --repair --store s
ok "says that it stays" stderr_has "'fake/chunks/$DAY/notes.txt' stays: it is not of the store"
is "foreign: it was left alone" "$(cat "s/fake/chunks/$DAY/notes.txt") $(lost)" "hello 0"
fresh
idx=$(indexes s | head -n 1)
echo "a poem" >"$idx"
ok "what has a name of ours and does not begin as ours does" exits 3 idxbuild --fsck --repair --store s
ok "stays" stderr_has "'${idx#s/}' stays: it does not begin as an index file does"
is "as it was" "$(cat "$idx") $(lost)" "a poem 0"
: >"$idx"
ok "what is empty never reached the disk" exits 0 idxbuild --fsck --repair --store s
is "and is set aside" "$(lost)" 1
fresh
pack=$(packs s | head -n 1)
echo "another poem" >"$pack"
rm -r s/fake/index
ok "likewise a pack" exits 3 idxbuild --fsck --repair --delete-delay 0 --store s
ok "stays" stderr_has "'${pack#s/}' stays: it does not begin as a pack does"
is "as it was" "$(cat "$pack") $(lost)" "another poem 0"
fresh
mkdir -p s/Mail/in s/lost+found
echo x >s/Mail/in/1
echo x >s/Mail/in/2
echo x >s/README
ok "files that are not of the store" exits 0 idxbuild --fsck --store s
ok "are named" stderr_has "idxbuild: 's/Mail/in' is not of the store: left alone"
ok "each folder once" stderr_lines 2
ok "and left alone" exits 0 idxbuild --fsck --repair --store s
ok "all" test -e s/Mail/in/1

fresh
touch -d '2 hours ago' "s/fake/chunks/$DAY/0123456789abcdef.tmp"
: >"s/fake/index/$DAY/0123456789abcdef.tmp"
one abandoned "fake/chunks/: 1 \*.tmp file is left by writers that died"
mended abandoned
is "abandoned: it is gone" "$(find s -name '*.tmp' | wc -l)" 1
ok "abandoned: that of a writer at work is left alone" test -e "s/fake/index/$DAY/0123456789abcdef.tmp"
for folder in fake/deletes fake/receipts/0123456789abcdef "~lokid/lost/fake/chunks/$DAY/x.pack" "fake/chunks/$DAY"; do
	fresh
	mkdir -p "s/$folder" s/Mail
	touch -d '2 hours ago' "s/$folder/0123456789abcdef.tmp" s/Mail/0123456789abcdef.tmp
	ok "a file left in $folder" exits 3 idxbuild --fsck --store s
	ok "is told" stdout_matches "^abandoned (fake/(deletes|receipts|chunks)|~lokid)/: 1 \*.tmp file is left by writers that died$"
	ok "and counted" exits 0 idxbuild --verify --store s
	ok "in a warning" stderr_has "1 *.tmp file is left by writers that died: idxbuild --fsck --repair deletes it"
	ok "--repair" exits 0 idxbuild --fsck --repair --store s
	is "deletes it" "$(find s/fake s/~lokid -name '*.tmp' | wc -l)" 0
	ok "but none of a folder of others" test -e s/Mail/0123456789abcdef.tmp
	touch -d '2 hours ago' "s/fake/chunks/$DAY/0123456789abcdef.tmp"
	ok "a compaction" exits 0 chunkpack --compact --store s
	is "does so, too" "$(find s/fake s/~lokid -name '*.tmp' | wc -l)" 0
done

# A folder of something else, and one that looks alike.
mkdir -p proj/web/chunks/2026-01-15 proj/docs/index proj/web/index/2026-01-15
echo '<p>' >proj/docs/index/a.html
echo 'var x' >proj/web/chunks/2026-01-15/a.js
echo 'a poem' >proj/web/chunks/2026-01-15/0123456789abcdef0123456789abcdef.pack
: >proj/web/index/2026-01-15/0123456789abcdef0123456789abcdef.idx
find proj | sort >proj.before
for o in '' --repair '--repair --dry-run'; do
	# shellcheck disable=SC2086
	ok "a folder of something else, --fsck $o" exits 4 idxbuild --fsck $o --store proj
	ok "is no store" stderr_is "idxbuild: error: 'proj' is no store: it has no '~lokid/format'"
done
find proj | sort >proj.after
ok "nothing is made or moved in it" same_file proj.before proj.after
mkdir empty
ok "nor is an empty one a store" exits 4 idxbuild --fsck --repair --store empty
is "or made one" "$(find empty | wc -l)" 1

# Two index files with the same pack.
fresh
mv s/fake/index index
packs s | head -n 2 | idxbuild --store s >/dev/null
mkdir -p keep && cp -p "$(indexes s)" keep/
rm -r s/fake/index
packs s | tail -n 2 | idxbuild --store s >/dev/null
cp -p keep/* "s/fake/index/$DAY/"
one overlap "fake/index/$DAY/[0-9a-f]*.idx: 1 pack, [01] segments? and [0-9]+ replaced packs? are also those of 'fake/index/$DAY/"
mended overlap

# --- what is neither a pack nor an index file

. "$REPO/tests/lib/deletes.sh"
fresh
id=$(request s fake '{app="a"} |= "card"' 0 4000000000000000000)
gone=$(request s fake '{app="b"}' 0 1)
echo x >"s/fake/deletes/$gone.cancel.json"
mkdir -p "s/fake/receipts/$id"
receipt() { # PACKS
	printf '{"version":1,"id":"%s","tenant":"fake","query":"{}","start":"0","end":"1","packs":%s,"rows":[\n{"day":"%s"}\n]}\n' "$id" "$1" "$DAY"
}
receipt 1 >"s/fake/receipts/$id/$DAY.json"
receipt 1 >"s/fake/deletes/$id.receipt.json"
mkdir -p s/fake/processed
receipt 1 >"s/fake/processed/$id.json"
echo '{app="a"} 2026-01-01 2026-02-01' >s/~lokid/hold
echo 'limits_config: {retention_period: 8760h}' >s/~lokid/limits.yaml
echo mine >s/fake/deletes/README
cp -rp s beside
ok "requests, receipts, a hold, limits that are right" exits 0 idxbuild --fsck --store s
ok "are no fault" stdout_is_empty

# stays NAME: --repair leaves it, and says so.
stays() {
	ok "--repair of $1" exits 3 idxbuild --fsck --repair --store s
	ok "leaves it" stderr_matches "^idxbuild: error: '$1' stays: set aside, it would show, or delete, what it keeps back: put it right, or delete it if that is meant: "
	ok "as it is" test -e "s/$1"
	rm -r s && cp -rp beside s
}
printf '{"version":1,"id":"%s"' "$id" >"s/fake/deletes/$id.json"
ok "a damaged request stops queries" exits 3 logql --store s --limit 0 '{app=~".+"}'
one bad-rule "fake/deletes/$id.json: "
stays "fake/deletes/$id.json"
sed -i "s/$id/0000000000000000/" "s/fake/deletes/$id.json"
one bad-rule "fake/deletes/$id.json: .*id"
stays "fake/deletes/$id.json"
echo '{app=' >s/~lokid/hold
one bad-rule '~lokid/hold: '
stays '~lokid/hold'
echo 'limits_config: [' >s/~lokid/limits.yaml
one bad-rule '~lokid/limits.yaml: '
stays '~lokid/limits.yaml'
ok "as JSON lines" exits 3 sh -c 'echo "{app=" >s/~lokid/hold; idxbuild --fsck -o jsonl --store s'
ok "it is of no day" stdout_matches '^\{"fault":"bad-rule","name":"~lokid/hold","what":"line 1: expected a selector'
ok "of a file that is named, it is the command's error" exits 2 idxbuild --fsck --hold s/~lokid/hold --store s
cp s/~lokid/hold bad.hold
mv s/~lokid/limits.yaml limits.away
ok "also where nothing has a retention" exits 2 idxbuild --fsck --hold bad.hold --store s
ok "which is said" stderr_has "'bad.hold': line 1: expected a selector"
ok "or the file is not there" exits 4 idxbuild --fsck --hold no.hold --store s
mv limits.away s/~lokid/limits.yaml
cp beside/~lokid/hold s/~lokid/

for file in "deletes/$id.receipt.json" "processed/$id.json" "receipts/$id/$DAY.json"; do
	receipt 2 >"s/fake/$file"
	one bad-receipt "fake/$file: it says 2 packs, and has rows of 1"
	echo '{' >"s/fake/$file"
	one bad-receipt "fake/$file: no receipt: expected a JSON object"
	ok "--repair" exits 0 idxbuild --fsck --repair --store s
	ok "sets it aside" stderr_matches "moved 'fake/$file' to '~lokid/lost/fake/$file/[0-9a-f]{32}'"
	ok "and all is right" exits 0 idxbuild --fsck --store s
done

# --- expired

fresh
printf 'limits_config:\n  retention_period: 744h\n' >long.yaml
printf 'limits_config:\n  retention_period: 24h\n' >day.yaml
put() { # APP TIME
	printf '{"ts":"%s","labels":{"app":"%s"},"line":"x"}\n' "$(date -d "$2" +%s%N)" "$1" |
		chunkpack --store s | idxbuild --store s
}
put old '50 hours ago' >old.made
put just '25 hours ago' >/dev/null
ok "nothing is past a long retention" exits 0 idxbuild --fsck --limits long.yaml --store s
ok "past a shorter one" exits 3 idxbuild --fsck --limits day.yaml --store s
ok "is what is there longer than the delay" stdout_matches "^expired $(sed 's,^s/,,' old.made): 1 chunk of 1 entry is past retention"
ok "alone" stdout_lines 1
ok "without a delay" exits 3 idxbuild --fsck --limits day.yaml --delete-delay 0 --store s
is "both are" "$(grep -c '^expired ' "$TAP/stdout")" 2
echo '{app="old"}' >hold
ok "what is held" exits 0 idxbuild --fsck --limits day.yaml --hold hold --store s
ok "is to be there" stdout_is_empty
cp day.yaml s/~lokid/limits.yaml
ok "limits of the store count" exits 3 idxbuild --fsck --repair --store s
ok "nothing is deleted" stderr_has "stays: idxbuild --retain is for that"
rm -r "$(dirname "$(sed 's/index/chunks/' old.made)")"
ok "of a pack that is gone" exits 3 idxbuild --fsck --store s
ok "it is said, too" stdout_matches '^expired fake/chunks/.*names it: there is no such pack, and all of it is past retention'
idxbuild --fsck --repair --store s >/dev/null 2>&1
ok "its index file is set aside" exits 0 idxbuild --fsck --store s
echo 'limits_config: [' >bad.yaml
ok "limits that are none are exit 3" exits 3 idxbuild --fsck --limits bad.yaml --store s

# --- killed at any moment

KILLS=$((100 * ${PERCENT:-5} / 100))
[ $KILLS -gt 0 ] || KILLS=1
fresh
n=0
while [ $n -lt $KILLS ]; do
	n=$((n + 1))
	indexes s | sed -n "$((n % 3 + 1))p" | xargs -r rm
	pack=$(packs s | sed -n "$((n % 2 + 1))p")
	mkdir -p s/fake/chunks/2001-01-01 && mv "$pack" s/fake/chunks/2001-01-01/ 2>/dev/null
	timeout -s KILL "0.00$((n % 10))$((n * 7 % 10))" idxbuild --fsck --repair --delete-delay 0 --store s >/dev/null 2>&1
done
# Who was killed may have the lock for a moment more.
ok "after $KILLS kills a last repair mends all" wait_for 20 idxbuild --fsck --repair --delete-delay 0 --store s
find s -name '*.tmp' -exec rm {} +
ok "and leaves nothing wrong" exits 0 idxbuild --fsck --delete-delay 0 --store s
answers >found
ok "and the same answers" same_file all found

# --- samples

fresh
pack=$(packs s | head -n 1)
flip_byte "$pack" $(($(size_of "$pack") / 2))
found=0
for seed in 0 1 2 3 4; do
	idxbuild --fsck --sample 20% --seed $seed --store s >/dev/null || found=$((found + 1))
done
is "five samples of 20 percent look at each pack once" $found 1
ok "a sample of all" exits 3 idxbuild --fsck --sample 100 --store s
rm "$pack"
for seed in 0 1 2 3 4; do
	ok "that a pack is missing is seen by each sample" exits 3 idxbuild --fsck --sample 0.01 --seed $seed --store s
done

# --- blocks: a pack that was written wrong has the name of its bytes

rm -rf s
pack=$(chunkcat "$(packs whole | head -n 1)" | chunkpack --store s)
flip_byte "$pack" $(($(size_of "$pack") / 2))
hash=$(chunkcat --verify "$pack" 2>&1 | sed -n 's/.*which is \([0-9a-f]*\).*/\1/p')
mv "$pack" "${pack%/*}/$hash.pack"
idxbuild --store s "${pack%/*}/$hash.pack" >/dev/null
ok "a pack that was written wrong has the name of its bytes" exits 0 idxbuild --fsck --store s
ok "its blocks are wrong" exits 3 idxbuild --fsck --blocks --store s
ok "which is told" stdout_matches "^damaged .*/$hash.pack: '.*' names it: chunk at offset [0-9]*: block [0-9]* .*crc32c mismatch"
rm -rf s
fresh
ok "blocks that are right" exits 0 idxbuild --fsck --blocks --store s
ok "are no fault" stdout_is_empty

# --- options

fresh
for opt in --blocks --repair '--sample 5' '--seed 3' '--limits f'; do
	# shellcheck disable=SC2086
	ok "$opt without --fsck is exit 2" exits 2 idxbuild --verify --store s $opt
done
for pct in 0 101 -1 x ''; do
	ok "a sample of '$pct' is exit 2" exits 2 idxbuild --fsck --store s "--sample=$pct"
done
ok "--dry-run without --repair is exit 2" exits 2 idxbuild --fsck --dry-run --store s
ok "operands are exit 2" exits 2 idxbuild --fsck --store s x.idx
ok "no such store is exit 4" exits 4 idxbuild --fsck --store nowhere
ok "one tenant" exits 0 idxbuild --fsck --store s -t fake
rm "$(packs s | head -n 1)"
ok "another" exits 0 idxbuild --fsck --store s -t other
ok "a full stdout is exit 4" exits 4 sh -c 'idxbuild --fsck --store s >/dev/full'

ok "a cache is not what is checked" exits 2 idxbuild --fsck --store s --cache c
ok "that is said" stderr_has "option '--cache' has no effect without '--compact'"

done_testing
