#!/bin/sh
# S1-3: a tenant sees only its own entries, labels and series, whatever it is called, from packs and the WAL.
. "${0%/*}/../lib/tap.sh"

cases=$((10000 * ${PERCENT:-5} / 100))
seed=${SEED:-1}
note "S1-3: $cases cases, seed $seed"

# 40 tenants: names that look like options, paths, suffixes and parts of one another, and random ones.
awk -v seed="$seed" 'BEGIN {
	n = split("a aa a.a ..a a.. ... -rf --help a.idx chunks index fake .tmp x.tmp * (a) !a '\''q'\'' A _ __ 0 a-b a_b", name, " ")
	srand(seed)
	chars = "abcXYZ019!-_.*'\''()"
	while (n < 40) {
		t = ""
		for (k = 1 + int(rand() * 12); k > 0; k--)
			t = t substr(chars, 1 + int(rand() * length(chars)), 1)
		if (t != "." && t != ".." && !(t in used)) {
			used[t] = 1
			name[++n] = t
		}
	}
	for (i = 1; i <= n; i++)
		print name[i]
}' | sort -u >tenants

# The same labels and times for all; the line, a label and its value say whose it is.
awk -v seed="$seed" '{
	for (k = 0; k < 5; k++)
		printf "{\"ts\":\"%d00000000%d\",\"tenant\":\"%s\",\"labels\":{\"app\":\"x\",\"owner\":\"%s\"},\"line\":\"%s %d\"}\n",
			1768471200, k, $0, $0, $0, k
}' tenants >all
awk 'NR % 5 < 3' all | chunkpack --store store | idxbuild --store store >list
awk 'NR % 5 >= 3' all | lokid-ingest --wal wal --input jsonl -q

awk -v seed="$seed" -v n="$cases" '
{ tenant[++m] = $0 }
END {
	srand(seed + 1)
	for (i = 0; i < n; i++) {
		t = tenant[1 + int(rand() * m)]
		if (rand() < 0.2)
			t = t "b"
		print 1 + int(rand() * 4), t
	}
}' tenants >asked

while read -r kind tenant; do
	echo "case $kind $tenant"
	case $kind in
	1) logql --store store --wal wal "--tenant=$tenant" -o raw '{app="x"}' ;;
	2) logql --store store --wal wal "--tenant=$tenant" -o csv 'sum by (owner) (count_over_time({app="x"}[1h]))' --at 1768471300 ;;
	3) logql values --store store --wal wal "--tenant=$tenant" owner ;;
	4) logql series --store store --wal wal "--tenant=$tenant" '{app="x"}' ;;
	esac || [ $? -eq 1 ]
done <asked >answers 2>errors

awk '
function finish(   expected) {
	if (kind == "")
		return
	expected = tenant in known ? (kind == 1 ? 5 : 1) : 0
	if (own != expected || other) {
		printf "kind %d tenant %s: %d of its own (expected %d), %d of others\n", kind, tenant, own, expected, other
		bad++
	}
}
FILENAME == "tenants" { known[$0] = 1; next }
/^case / { finish(); kind = $2; tenant = $3; own = other = 0; next }
kind == 1 { if ($1 == tenant) own++; else other++ }
kind == 2 && /^timestamp,/ { next }
kind == 2 { if (index($0, tenant) && $0 ~ /,5$/) own++; else other++ }
kind == 3 { if ($0 == tenant) own++; else other++ }
kind == 4 { if (index($0, "owner=\"" tenant "\"")) own++; else other++ }
END { finish(); exit bad > 0 }' tenants answers >found
ok "S1-3 tenant isolation: every tenant sees what is its own, and nothing else" test ! -s found
[ ! -s found ] || head -n 5 found >&2
ok "and nothing was said on stderr" test ! -s errors
ok "all cases were asked" sh -c "[ \"\$(grep -c '^case ' answers)\" -eq $cases ]"

done_testing
