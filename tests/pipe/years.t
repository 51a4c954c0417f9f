#!/bin/sh
# A week of three tenants, and forty queries: whatever keeps the store small changes no answer, not while it works and not after it.
. "${0%/*}/../lib/tap.sh"

SEED=${SEED:-1}
LINES=$((40 + 4 * ${PERCENT:-5})) # of a tenant in a flush
note "SEED=$SEED, $LINES lines in a flush"

# flush STORE DAY PART: what three tenants sent in a part of a day; some of it late, some of it again, some with metadata.
flush() {
	awk -v seed="$SEED" -v day="$2" -v part="$3" -v n="$LINES" 'BEGIN {
		srand(seed * 1000 + day * 10 + part)
		split("alpha beta gamma", tenants, " ")
		split("debug info warn error", levels, " ")
		for (k = 0; k < 3 * n; k++) {
			t = 1767571200 + day * 86400 + part * 21600 + int(k * 21600 / (3 * n))
			if (k % 13 == 0)
				t -= int(rand() * 40000) # late, some of it of the day before
			tenant = tenants[1 + k % 3]
			m = k % 5 ? "" : ",\"metadata\":{\"trace\":\"t" int(rand() * 50) "\"}"
			line = sprintf("level=%s user=%d ms=%d msg=\\\"request %d of day %d\\\"", levels[1 + int(rand() * 4)],
				int(rand() * 20), int(rand() * 900), k % 17 ? k : 0, day)
			s = sprintf("{\"ts\":\"%d%09d\",\"tenant\":\"%s\",\"labels\":{\"app\":\"a%d\",\"pod\":\"p%d\"},\"line\":\"%s\"%s}",
				t, k, tenant, k % 4, int(rand() * 5), line, m)
			print s
			if (k % 23 == 0)
				print s # sent twice
		}
	}' | lokid-ingest -q --wal "$1.wal" --input jsonl
	walreplay --frames --unpacked --store "$1" "$1.wal" | chunkpack --store "$1" | idxbuild --store "$1" >/dev/null
}

day=0
while [ $day -lt 7 ]; do
	for part in 0 1 2 3; do flush s $day $part; done
	day=$((day + 1))
done

# Forty queries, some over the whole week, some over a part of it; a line each: tenant, options, query.
awk -v seed="$SEED" 'BEGIN {
	srand(seed)
	n_sel = split("{app=~\".+\"};{app=\"a1\"};{pod!=\"p2\"};{app=~\"a[02]\",pod=~\"p.\"};{app=\"a3\",pod=\"p4\"}", sel, ";")
	n_log = split(";|= \"level=error\";!= \"level=info\";|~ \"request [0-9]*7 \";| logfmt | ms > 500;| logfmt | level=\"warn\" | line_format \"{{.user}} {{.ms}}\";| trace=\"t7\"", logs, ";")
	n_met = split("sum by (app) (count_over_time(S[6h]));sum(bytes_over_time(S[1d]));topk(3, sum by (pod) (rate(S[12h])));sum by (level) (count_over_time(S | logfmt [1d]));max by (app) (max_over_time(S | logfmt | unwrap ms [1d]));quantile_over_time(0.9, S | logfmt | unwrap ms [1d]) by (pod);count(count_over_time(S[2d]))", met, ";")
	split("alpha beta gamma alpha|gamma", tenants, " ")
	for (i = 0; i < 40; i++) {
		from = 1767571200 + int(rand() * 5) * 86400 + int(rand() * 86400)
		to = from + 3600 + int(rand() * 3 * 86400)
		s = sel[1 + int(rand() * n_sel)]
		if (i % 5 < 3)
			print tenants[1 + i % 4] "\t" (i % 2 ? "--direction forward --limit 0" : "--limit " 10 + int(rand() * 500)) \
				(i % 3 ? " --from " from " --to " to : "") "\t" s " " logs[1 + int(rand() * n_log)]
		else {
			q = met[1 + int(rand() * n_met)]
			gsub(/S/, s, q)
			print tenants[1 + i % 4] "\t" (i % 2 ? "--from " from " --to " to " --step 3h" : "--at " to) "\t" q
		}
	}
}' >queries
is "forty queries" "$(wc -l <queries)" 40

# ask STORE: all answers.
ask() {
	while IFS="$(printf '\t')" read -r tenant opts query; do
		echo "# $tenant $query"
		# shellcheck disable=SC2086
		logql --store "$1" -t "$tenant" -o jsonl $opts "$query" 2>&1
	done <queries
}

# same WHAT STORE: the answers are those of the beginning.
same() {
	ask "$2" >found
	ok "$1: the same answers" same_file before found
}
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

# --- the index lost

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

# --- a copy that is made while the store is at work: index folders first

rm -r s && cp -rp first s
spawn sh -c 'for d in 4 5 6 7 8 9 10 11; do chunkpack --compact --store s --fan-in 2 --day $(printf 2026-01-%02d $d) -j1 || exit; done' >/dev/null
n=0
while [ $n -eq 0 ] || kill -0 "$PID" 2>/dev/null; do
	n=$((n + 1))
	rm -rf copy
	mkdir copy
	cp -rp s/~lokid copy/
	for t in alpha beta gamma; do mkdir copy/$t && cp -rp s/$t/index copy/$t/; done
	for t in alpha beta gamma; do cp -rp s/$t/chunks copy/$t/; done
	ok "copy $n is right" exits 0 idxbuild --fsck --store copy
	same "copy $n" copy
done

done_testing
