#!/bin/sh
# Filters of packs in a real object store: a text that is rare is found by a few requests, and what cannot be read of them
# costs speed alone.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/s3.sh"
s3_faulty
S=$(s3_via main)

"$REPO/scripts/gen-logs" data made 12M 20 1 1768521600 >/dev/null
in=made/entries.jsonl
truth() { sed -n "s/^  \"$1\": \"*\([^\",]*\).*/\1/p" made/truth.json; }
for s in dir "$S"; do
	chunkpack --store "$s" --block-size 128KiB <$in | idxbuild --store "$s" >/dev/null
done
pack=$(find dir -name '*.pack')
ok "the pack is worth asking" test "$(size_of "$pack")" -gt 1048576
ok "and has a filter" sh -c 'chunkcat --header "$1" | grep -q "\"kind\":\"filter\""' sh "$pack"

query() { # STORE TEXT [OPTION]...
	at=$1 text=$2
	shift 2
	logql --store "$at" --limit 0 -o jsonl --store-stats "$@" "{app=~\".+\"} |= \"$text\""
}
number() { sed -n "s/^logql: .* read \([0-9.]*\) \([KM]iB\),.*/\1 \2/p" "$TAP/stderr" | awk '{ print int($1 * ($2 == "MiB" ? 1024 : 1)) }'; }
gets() { grep -o '[0-9]* GET' "$TAP/stderr" | cut -d ' ' -f 1; }

id=$(truth rare_trace)
query dir "$id" --no-filters >want 2>/dev/null
is "as many lines have it as are said to" "$(wc -l <want)" "$(truth rare_trace_lines)"
ok "without filters" exits 0 query "$S" "$id" --no-filters
all=$(number)
cp "$TAP/stdout" got
ok "it is found" same_file want got
ok "with filters" exits 0 query "$S" "$id"
cp "$TAP/stdout" got
ok "it is found too" same_file want got
ok "a quarter is read for it at most: $(number) of $all KiB" test $(($(number) * 4)) -le "$all"
ok "by few requests: $(gets)" test "$(gets)" -le 30
ok "what is nowhere" exits 1 query "$S" 123456789012345678901234567890
ok "is no block: $(number) KiB" test $(($(number) * 5)) -le "$all"
sed -n 's/.*"trace_id\\":\\"\([0-9a-f]*\).*/\1/p' $in | awk 'NR % 4000 == 7' >ids
while read -r id; do
	query dir "$id" --no-filters 2>/dev/null
done <ids | sort >want
while read -r id; do
	query "$S" "$id" 2>/dev/null
done <ids | sort >got
ok "texts of some lines" test "$(wc -l <want)" -ge 10
ok "are found alike" same_file want got

done_testing
