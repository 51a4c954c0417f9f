#!/bin/sh
# Compaction: the same answers from one pack as from fifty, whatever overlaps, is there twice or is damaged; and who is killed,
# has no room or has company does no harm.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lock.sh"

# ---- a store of fifty flushes: late lines, lines of one time, lines sent twice, metadata

flush() { # STORE NUMBER LINES
	awk -v f="$2" -v n="$3" 'BEGIN {
		srand(f)
		for (k = 0; k < n; k++) {
			t = 1768471200 + f * 60 + int(k * 60 / n) - (k % 7 ? 0 : int(rand() * 300))
			m = k % 4 ? "" : ",\"metadata\":{\"user\":\"u" k % 9 "\",\"flush\":\"" (k % 11 ? 0 : f) "\"}"
			# Every eleventh is the same line again, with metadata of its own. Times are those of one stream alone:
			# among equal ones of several, any order is right.
			printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a%d\",\"pod\":\"p%d\"},\"line\":\"%s line %d level=%s\"%s}\n",
				k % 11 ? t : 1768471200, k % 5 * 1000 + k % 3 * 8 + k % 8, k % 3, k % 8,
				k % 11 ? "flush " f : "again", k % 11 ? k : k % 44, k % 10 ? "info" : "error", m
		}
	}' >in.jsonl
	lokid-ingest -q --wal "$1.wal" --input jsonl in.jsonl
	walreplay --frames --unpacked --store "$1" "$1.wal" | chunkpack --store "$1" | idxbuild --store "$1" >/dev/null
}

# All packs and index files are as old as if the day were long over.
age() { # STORE
	find "$1" -type f -exec touch -d '2026-02-01T00:00:00Z' {} +
}
# The pack of a late flush: of what stands before and behind it each is merged, and the two are no match for each other.
late() { # STORE
	find "$1" -name '*.pack' | while read -r p; do
		chunkcat "$p" | grep -q 'flush 45 ' && echo "$p"
	done
}
packs() { find "$1" -name '*.pack' | wc -l; }
indexes() { find "$1" -name '*.idx' | wc -l; }

# ask STORE: forty answers.
ask() {
	for dir in forward backward; do
		for query in '{app=~".+"}' '{app="a1"}' '{app="a1",pod="p3"}' '{app="a0"} |= "again"' '{pod!="p1"} |~ "line [0-9]*7 "' \
			'{app="a2"} | logfmt | level="error"' '{app="a0"} | user="u4"' '{app=~"a0|a2"} | flush!="0"'; do
			logql --store "$1" -o jsonl --limit 0 --direction $dir "$query"
			logql --store "$1" -o raw --limit 33 --direction $dir --from 1768471200 --to 1768472500 "$query"
		done
	done
	for query in 'count_over_time({app=~".+"}[1d])' 'sum by (app) (bytes_over_time({app=~".+"}[1d]))' \
		'sum by (user) (count_over_time({app="a0"} | user != "" [2h]))' 'topk(3, sum by (pod) (rate({app=~".+"}[1h])))'; do
		logql --store "$1" --at 1768475000 "$query"
		logql --store "$1" --from 1768471200 --to 1768474500 --step 60 "$query"
	done
}

i=0
while [ $((i += 1)) -le 50 ]; do flush store $i 400; done
is "fifty flushes, fifty packs" "$(packs store)" 50
ask store >before
ok "which give answers" test "$(wc -l <before)" -gt 10000

# ---- dry run

ok "a dry run" exits 0 chunkpack --compact --store store --dry-run
ok "says what would be done" stdout_matches '^fake 2026-01-15: 50 packs, .*, would become 1 pack$'
ok "as JSON lines" exits 0 chunkpack --compact --store store --dry-run -o jsonl
ok "the same" stdout_matches '^\{"tenant":"fake","day":"2026-01-15","packs":50,"bytes":[0-9]+,"packs_out":1\}$'
is "and does nothing" "$(packs store) $(indexes store)" "50 50"

# ---- compaction

cp -rp store json
ok "compaction as JSON lines" exits 0 chunkpack --compact --store json -o jsonl
ok "is an object a day" stdout_matches '^\{"tenant":"fake","day":"2026-01-15","packs":50,"bytes":[0-9]+,"packs_out":1,"bytes_out":[0-9]+,"entries":[0-9]+,"duplicates":[0-9]+,"seconds":[0-9]+\.[0-9]{3},"made":\["fake/chunks/2026-01-15/[0-9a-f]{32}\.pack"\]\}$'
ok "alone" stdout_lines 1
is "with the entries of the packs" "$(sed -E 's/.*"entries":([0-9]+),"duplicates":([0-9]+),.*/\1 - \2/' "$TAP/stdout" | xargs expr)" \
	"$(idxbuild --stats --store json -o jsonl | sed -E 's/.*"entries":([0-9]+),"line_bytes".*"from".*/\1/')"
ok "nothing to do" exits 0 chunkpack --compact --store json -o jsonl
ok "is no object" stdout_is_empty
cp -rp store one
ok "compaction" exits 0 chunkpack --compact --store one -v
ok "prints the new pack" stdout_matches '^one/fake/chunks/2026-01-15/[0-9a-f]{32}\.pack$'
ok "and what was done" stderr_matches '^chunkpack: fake 2026-01-15: 50 packs, .*, became 1 pack, .*; [0-9]+ duplicates left out'
ask one >after
ok "the same answers from it" cmp before after
idxbuild --stats --store one >stats
ok "one index file" grep -Eq '^ *index files +1 ' stats
ok "one pack" grep -Eq '^ *packs +1 ' stats

i=0
for n in 5 5 100 400; do flush chain $((i += 1)) $n; done
cp -rp chain chain-json
cp -rp chain chain-full
ok "what is merged by and by" exits 0 chunkpack --compact --fan-in 2 --store chain -v
ok "makes packs on the way" stdout_lines 3
ok "of which nothing is told in the end" stderr_matches '^chunkpack: fake 2026-01-15: 4 packs, .*, became 1 pack, '
largest=$(tail -n 1 "$TAP/stdout" | sed 's/^chain\///')
ok "as JSON lines" exits 0 chunkpack --compact --fan-in 2 --store chain-json -o jsonl
ok "the one that is left is named" stdout_matches "\"packs_out\":1,.*\"made\":\[\"$largest\"\]}$"
blocks=$(($(size_of "chain/$largest") / 1024))
ok "where only the small ones have room" exits 4 \
	sh -c "ulimit -f $blocks; trap '' XFSZ; exec chunkpack --compact --fan-in 2 --store chain-full -o jsonl"
ok "what was merged before that is told" stdout_matches '^{"tenant":"fake","day":"2026-01-15",.*,"packs_out":1,.*,"made":\["[^"]+"\]}$'
ok "and there" test -e "chain-full/$(sed 's/.*"made":\["\([^"]*\)".*/\1/' "$TAP/stdout")"
ok "all is right" exits 0 idxbuild --verify --store one
is "what was replaced is still there" "$(packs one) $(indexes one)" "51 51"
ok "again: nothing to do" exits 0 chunkpack --compact --store one -v
ok "nothing is said" stdout_is_empty
ok "nor deleted" stderr_is ""
ok "a dry run of what is old enough" exits 0 chunkpack --compact --store one --delete-delay 0 --dry-run -v
ok "names it" stderr_lines 100
ok "what was replaced goes" exits 0 chunkpack --compact --store one --delete-delay 0
is "all of it" "$(packs one) $(indexes one)" "1 1"
ask one >after
ok "the same answers" cmp before after
ok "all is right" exits 0 idxbuild --verify --store one
ok "rebuilt from packs" exits 0 idxbuild --rebuild --store one
ask one >after
ok "the same answers" cmp before after
is "one pack, one index file" "$(packs one) $(indexes one)" "1 1"
ok "the log is covered" test "$(walreplay --unpacked --store one store.wal | wc -l)" -eq 0

# ---- the same input, the same pack

for jobs in 1 2 5; do
	cp -rp store again
	chunkpack --compact --store again -j$jobs | sed 's/.*\///' >made.$jobs
	rm -rf again
done
ok "one thread and two make the same pack" cmp made.1 made.2
ok "and five" cmp made.1 made.5
is "which is one" "$(wc -l <made.1)" 1

# ---- a day that is over

cp -rp store over
chunkpack --compact --store over --fan-in 20 >/dev/null
flush over 51 300
flush over 52 10
ask over >wanted
ok "a few packs more" exits 0 chunkpack --compact --store over
ok "wait, as something may follow" stdout_is_empty
age over
ok "when nothing came for long" exits 0 chunkpack --compact --store over --delete-delay 0
ok "they are merged" stdout_lines 1
is "into one, with one index file" "$(packs over) $(indexes over)" "1 1"
ask over >after
ok "the same answers" cmp wanted after

# ---- damage: told, left alone, and nothing else suffers

cp -rp store bad
pack=$(late bad)
flip_byte "$pack" $(($(size_of "$pack") / 2))
run sh -c 'logql --store bad -o raw --limit 0 "{app=~\".+\"}" | sort'
cp "$TAP/stdout" wanted
ok "a damaged pack" exits 3 chunkpack --compact --store bad --fan-in 2 -v
ok "is named" stderr_has "'$pack': bundle at offset"
ok "with what is wrong" stderr_has "crc32c mismatch"
ok "the others are merged" stdout_lines 2
run sh -c 'logql --store bad -o raw --limit 0 "{app=~\".+\"}" | sort'
ok "all else is found" cmp "$TAP/stdout" wanted
ok "again" exits 0 chunkpack --compact --store bad --fan-in 3
ok "it is not in the way" stdout_is_empty
ok "nothing that is needed is deleted" exits 3 chunkpack --compact --store bad --fan-in 2 --delete-delay 0
ok "it stays" test -f "$pack"

cp -rp store lost
rm "$(late lost)"
ok "a lost pack" exits 3 chunkpack --compact --store lost --fan-in 2
ok "is named" stderr_has "a pack is lost"
ok "the others are merged" stdout_lines 2

cp -rp store bad.index
idx=$(find bad.index -name '*.idx' | sort | sed -n 10p)
flip_byte "$idx" 100
ok "a damaged index file" exits 3 chunkpack --compact --store bad.index
ok "is named" stderr_has "'$idx'"
ok "the others are merged" stdout_lines 1

# ---- who works on what

ok "no such store" exits 4 chunkpack --compact --store nowhere
mkdir other && touch other/file
ok "no store" exits 4 chunkpack --compact --store other
ok "operands" exits 2 chunkpack --compact --store store in.jsonl
ok "an option of the other half" exits 2 chunkpack --store store --fan-in 3
ok "is named" stderr_has "'--fan-in' has no effect without '--compact'"
for shard in 1/1 -1/3 3 a/b 2/2; do
	ok "shard $shard is none" exits 2 chunkpack --compact --store store --shard $shard
done
for i in 0 1 2; do chunkpack --compact --store store --dry-run --shard $i/3; done >plans
is "of three shards one has the day" "$(wc -l <plans)" 1
ok "another day" exits 0 chunkpack --compact --store store --dry-run --day 2026-01-14
ok "has nothing to do" stdout_is_empty
ok "another tenant" exits 0 chunkpack --compact --store store --dry-run -t other
ok "neither" stdout_is_empty

cp -rp store locked
if hold_locks locked; then
	ok "a day that another compaction has" exits 0 chunkpack --compact --store locked -v
	ok "is left to it" stderr_is "chunkpack: fake 2026-01-15: left to another compaction, which is at work"
	drop_locks
else
	skip "the lock" "no python3"
fi

# ---- two at once, each as on a machine of its own: without the lock

cp -rp store race
for i in 1 2 3; do
	rm -f race/~lokid/locks
	chunkpack --compact --store race --fan-in $((i + 1)) --pack-size $((40 * i))KiB -j1 >/dev/null 2>race.err &
	eval "pid$i=$!"
done
flush race 60 100
for i in 1 2 3; do
	eval "wait \$pid$i"
	ok "compaction $i of three at once" test $? -eq 0
done
cp -rp store calm
flush calm 60 100
ask calm >wanted
ask race >after
ok "they do each other no harm" cmp wanted after
age race
ok "one more" exits 0 chunkpack --compact --store race --delete-delay 0
is "cleans up" "$(packs race) $(indexes race)" "1 1"
ask race >after
ok "the same answers" cmp wanted after

# ---- no room

cp -rp store full
ok "files that cannot be so large" exits 4 sh -c 'ulimit -f 100; trap "" XFSZ; exec chunkpack --compact --store full'
ok "are told" stderr_has "File too large"
ask full >after
ok "the same answers" cmp before after
ok "no index file names a half" exits 0 idxbuild --verify --store full
ok "with room" exits 0 chunkpack --compact --store full
ok "all is well" stdout_lines 1

done_testing
