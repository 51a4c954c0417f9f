#!/bin/sh
# idxbuild --compact: index files of a day become one, with the same answers; what is obsolete is deleted, when it may be.
. "${0%/*}/../lib/tap.sh"

T=1768478400 # 2026-01-15T12:00:00Z

# flush STORE NUMBER [TENANT [DAY]]: 20 lines of their own through a log, so that a segment is covered; prints the index file.
flush() {
	mkdir -p "wal-$1"
	awk -v n="$2" -v t="$((T + 86400 * ${4:-0}))" 'BEGIN {
		for (i = 0; i < 20; i++)
			printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a%d\",\"n\":\"%d\"},\"line\":\"flush %d line %d\"}\n",
				t + n, i, i % 3, n % 7, n, i
	}' | lokid-ingest -q -t "${3:-fake}" --wal "wal-$1" --input jsonl
	walreplay --frames --unpacked --store "$1" "wal-$1" | chunkpack --store "$1" | idxbuild --store "$1"
}

# flushes STORE: five of the same day, one of another, one of another tenant.
flushes() {
	for i in 1 2 3 4 5; do
		flush "$1" $i
	done >"$1.made"
	flush "$1" 6 fake 1 >/dev/null
	flush "$1" 7 other >/dev/null
}

answers() { # STORE: what some queries say
	for q in '{app=~".+"}' '{app="a1"} |= "line 1"' 'sum by (app) (count_over_time({n=~".+"}[1d]))'; do
		logql --store "$1" --limit 0 -o jsonl --from 2026-01-15 --to 2026-01-18 --step 1h "$q"
		logql --store "$1" -t other --limit 0 -o jsonl --from 2026-01-15 --to 2026-01-18 --step 1h "$q"
	done
	logql series --store "$1" --from 2026-01-15 --to 2026-01-18 '{app=~".+"}'
}

files() { # STORE KIND
	find "$1" -name "*.$2" | sort
}

flushes s
answers s >want
is "seven flushes, seven index files" "$(files s idx | wc -l)" 7
ok "the answers are some" test "$(wc -l <want)" -gt 100

# --- trying it

files s idx >before
ok "a dry run" exits 0 idxbuild --compact --dry-run -v --store s
ok "prints the file that would be made" stdout_matches '^s/fake/index/2026-01-15/[0-9a-f]{32}\.idx$'
ok "one" stdout_lines 1
ok "and says in place of how many" stderr_matches '\.idx: in place of 5 index files$'
cp "$TAP/stdout" dry
ok "as JSON lines" exits 0 idxbuild --compact --dry-run --store s -o jsonl
is "the same" "$(sed -E 's|^.*"made":\["(.*)"\]\}$|s/\1|' "$TAP/stdout")" "$(cat dry)"
ok "with tenant, day and number" stdout_matches '^\{"tenant":"fake","day":"2026-01-15","index_files":5,"made":'
files s idx >after
ok "but makes none" same_file before after

# --- merging

ok "--compact" exits 0 idxbuild --compact --store s
ok "prints the same" stdout_is_file dry
ok "silently" stderr_is_empty
answers s >found
ok "the answers are the same" same_file want found
ok "it verifies" exits 0 idxbuild --verify --store s
ok "without a word" stderr_is_empty
is "the old files are still there" "$(files s idx | wc -l)" 8
is "all that the log had is covered" "$(walreplay --unpacked --store s wal-s)" ''
is "it names five files that it replaces" "$(idxbuild --dump --store s -t fake | grep -c '^{"replaces":{"index"')" 5
ok "again" exits 0 idxbuild --compact --store s
ok "there is nothing to do" stdout_is_empty
idxbuild --dump --store s | grep -v '^{"index"\|^{"replaces"' | cut -d , -f 2- | sort >rows
flush s 8 >/dev/null
ok "one more flush" exits 0 idxbuild --compact --store s
ok "and a merge" stdout_lines 1
is "it names seven" "$(idxbuild --dump --store s -t fake | grep -c '^{"replaces":{"index"')" 7

# --- from packs alone the same

cp -r s again
rm -r again/fake/index again/other/index
idxbuild --rebuild --store again >/dev/null
answers s >want
answers again >found
ok "from packs alone the answers are the same" same_file want found

# --- deleting

made=$(files s idx | wc -l)
ok "before the delay nothing goes" exits 0 idxbuild --compact -v --store s
is "all are there" "$(files s idx | wc -l)" "$made"
newest=$(idxbuild --dump --store s -t fake | grep '^{"index"' | grep -o 's/fake/index/2026-01-15/[0-9a-f]*.idx')
touch -d '3 hours ago' "$newest"
ok "a dry run after it" exits 0 idxbuild --compact -v --dry-run --store s
ok "says what would go" stderr_has "would delete 's/fake/index/2026-01-15/"
is "seven files" "$(grep -c 'would delete' "$TAP/stderr")" 7
is "all are there" "$(files s idx | wc -l)" "$made"
ok "after it" exits 0 idxbuild --compact -v --store s
is "they go" "$(grep -c "deleted 's/fake/index/2026-01-15/" "$TAP/stderr")" 7
is "one file for each tenant and day is left" "$(files s idx | wc -l)" 3
is "and all packs" "$(files s pack | wc -l)" 8
answers s >found
ok "the answers are the same" same_file want found
ok "it verifies" exits 0 idxbuild --verify --store s
walreplay --prune --store s wal-s >/dev/null
is "the log can go" "$(find wal-s -name '*.wal')" ''
answers s >found
ok "the answers are the same" same_file want found

flushes d
ok "with no delay" exits 0 idxbuild --compact --delete-delay 0s --store d
is "they go at once" "$(files d idx | wc -l)" 3

# --- some of it

flushes some
for i in 9 10; do
	flush some $i other >/dev/null
	flush some $i fake 1 >/dev/null
done
ok "one tenant" exits 0 idxbuild --compact --store some -t other
ok "alone" stdout_matches '^some/other/index/2026-01-15/'
ok "is one file" stdout_lines 1
ok "one day" exits 0 idxbuild --compact --store some --day 2026-01-16
ok "alone" stdout_matches '^some/fake/index/2026-01-16/'
ok "is one file" stdout_lines 1
ok "a day that is not there is nothing" exits 0 idxbuild --compact --store some --day 2020-01-01
ok "at all" stdout_is_empty

# --- faults

flushes bad
first=$(head -n 1 bad.made)
cp "$first" good.idx
flip_byte "$first" 30
ok "a damaged index file is exit 3" exits 3 idxbuild --compact --delete-delay 0s --store bad
ok "and named, once" stderr_lines 1
ok "with what is wrong" stderr_matches "'$first': head: crc32c mismatch"
ok "the others are merged" stdout_lines 1
is "nothing is deleted" "$(files bad idx | wc -l)" 8
ok "it is still there" test -e "$first"
cp good.idx "$first"
ok "mended it is merged too" exits 0 idxbuild --compact --store bad
ok "into a new one" stdout_lines 1
answers bad >found
flushes right
answers right >want
ok "the answers are those of another store" same_file want found
pack=$(files bad pack | head -n 1)
mv "$pack" away
ok "a missing pack is exit 3" exits 3 idxbuild --compact --delete-delay 0s --store bad
ok "and named" stderr_matches "pack '$pack' is missing; nothing of its day is deleted"
is "nothing is deleted" "$(find bad/fake/index/2026-01-15 -name '*.idx' | wc -l)" 7
mv away "$pack"
ok "when it is back" exits 0 idxbuild --compact --delete-delay 0s --store bad
is "all goes that may" "$(find bad/fake/index/2026-01-15 -name '*.idx' | wc -l)" 1
answers bad >found
ok "the answers are the same" same_file want found

# --- a flush that was broken off between its pack and its index file, and done again over more

rm -rf b b.wal
part() { # APP
	lokid-ingest -q --wal b.wal -l "app=$1" "$REPO/examples/logs/$1.log"
}
pack_all() {
	walreplay --frames --unpacked --store b b.wal | chunkpack --store b
}
all_of_b() {
	logql --store b --limit 0 -o jsonl '{app=~".+"}' | sort
}
part shop
pack_all >/dev/null
files b pack >old
ok "before it is done again it stays" exits 0 idxbuild --compact --delete-delay 0 --store b
files b pack >now
ok "as the only one that there is" same_file old now
part nginx
pack_all | idxbuild --store b >/dev/null
all_of_b >want
idxbuild --compact --store b
ok "after it, it stays for the delay" test -e "$(cat old)"
touch -d '3 hours ago' "$(cat old)"
idxbuild --compact --store b
ok "and until what covers it is as old" test -e "$(cat old)"
find b -name '*.idx' -exec touch -d '3 hours ago' {} +
ok "then a dry run" exits 0 idxbuild --compact --dry-run -v --store b
ok "says that it goes" stderr_has "idxbuild: would delete '$(cat old)'"
ok "and a run" exits 0 idxbuild --compact --store b
ok "deletes it" test ! -e "$(cat old)"
ok "so that nothing is wrong" exits 0 idxbuild --fsck --delete-delay 0 --store b
all_of_b >found
ok "and the answers are the same" same_file want found
echo '{"ts":"1768478400000000000","labels":{"app":"other"},"line":"x"}' | chunkpack --store b >one
idxbuild --compact --delete-delay 0 --store b
ok "of a pack that has something else nobody knows" test -e "$(cat one)"

# --- options

ok "operands are exit 2" exits 2 idxbuild --compact --store s x.pack
ok "a day that is none, too" exits 2 idxbuild --compact --store s --day yesterday
ok "it is said what is expected" stderr_has "option '--day': expected a day as 2026-01-15, found 'yesterday'"
ok "nor of seconds or days, who knows" exits 2 idxbuild --compact --store s --delete-delay 2
ok "it is said what is" stderr_has "expected a duration such as 30d, found '2'"
ok "a delay that is none, too" exits 2 idxbuild --compact --store s --delete-delay soon
ok "a negative one" exits 2 idxbuild --compact --store s --delete-delay=-1h
ok "it is said what is expected" stderr_has "expected a duration of 0 or more, found '-1h'"
for opt in '--day 2026-01-15' '--delete-delay 1h' --dry-run; do
	# shellcheck disable=SC2086
	ok "$opt without it, too" exits 2 idxbuild --verify --store s $opt
	ok "and named" stderr_has "option '${opt%% *}' has no effect without '--compact'"
done
ok "two modes, too" exits 2 idxbuild --compact --rebuild --store s
ok "both are named" stderr_has "--rebuild and --compact: one at a time"
ok "a store that is not there is exit 4" exits 4 idxbuild --compact --store none
ok "and named" stderr_has "there is no store 'none'"
ok "a full stdout, too" exits 4 sh -c 'idxbuild --compact --store right >/dev/full'

# --- killed at any moment

KILLS=$((200 * ${PERCENT:-5} / 100))
[ $KILLS -gt 0 ] || KILLS=1
flushes k
n=10
killed=0
while [ $killed -lt $KILLS ]; do
	n=$((n + 1))
	flush k $n >/dev/null
	flush right $n >/dev/null
	timeout -s KILL "0.00$((n % 10))$((n * 7 % 10))" idxbuild --compact --delete-delay 0s --store k >/dev/null 2>&1
	killed=$((killed + 1))
done
answers right >want
answers k >found
ok "after $KILLS kills the answers are the same" same_file want found
ok "it verifies" exits 0 idxbuild --verify --store k
ok "a last run" exits 0 idxbuild --compact --delete-delay 0s --store k
is "leaves one file for each tenant and day" "$(files k idx | wc -l)" 3
answers k >found
ok "the answers are the same" same_file want found

done_testing
