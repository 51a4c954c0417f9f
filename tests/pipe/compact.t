#!/bin/sh
# Compaction: the same answers from one pack as from fifty, whatever overlaps, is there twice or is damaged; and who is killed,
# has no room or has company does no harm.
. "${0%/*}/../lib/tap.sh"

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
is "and does nothing" "$(packs store) $(indexes store)" "50 50"

# ---- compaction

cp -rp store one
ok "compaction" exits 0 chunkpack --compact --store one -v
ok "prints the new pack" stdout_matches '^one/fake/chunks/2026-01-15/[0-9a-f]{32}\.pack$'
ok "and what was done" stderr_matches '^chunkpack: fake 2026-01-15: 50 packs, .*, became 1 pack, .*; [0-9]+ duplicates left out'
ask one >after
ok "the same answers from it" cmp before after
idxbuild --stats --store one >stats
ok "one index file" grep -Eq '^ *index files +1 ' stats
ok "one pack" grep -Eq '^ *packs +1 ' stats
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

done_testing
