#!/bin/sh
# Deletion for good: what requests mean is gone from the bytes of the packs, all else is as it was, and receipts say what went.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/deletes.sh"

# flush STORE NUMBER [TENANT]: 400 lines of six streams; every tenth has an address of mail.
flush() {
	awk -v f="$2" 'BEGIN {
		for (k = 0; k < 400; k++)
			printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a%d\",\"pod\":\"p%d\"},\"line\":\"flush %d line %d%s\"%s}\n",
				1768471200 + f * 600 + k, k, k % 3, k % 2, f, k, k % 10 ? "" : " mail=jo@example.org",
				k % 5 ? "" : ",\"metadata\":{\"user\":\"u" k "\"}"
	}' >in.jsonl
	lokid-ingest -q -t "${3:-fake}" --wal "$1.wal" --input jsonl in.jsonl
	walreplay --frames --unpacked --store "$1" "$1.wal" | chunkpack --store "$1" | idxbuild --store "$1" >/dev/null
}
packs() { find "$1" -name '*.pack' | sort; }
# All that lies in the packs of a store, decoded.
bytes_of() { packs "$1" | xargs chunkcat | sort -u; }
erase() { chunkpack --delete --delete-delay 0 "$@"; }
sum_of() { # FILE MEMBER: of all rows
	grep '^{"day"' "$1" | sed "s/.*\"$2\":\([0-9]*\).*/\1/" | awk '{ n += $1 } END { print n + 0 }'
}

i=0
while [ $((i += 1)) -le 6 ]; do flush store $i; done
flush store 1 other
all=1768471200000000000
end=1768514400000000000
bytes_of store >whole
is "seven packs" "$(packs store | wc -l) $(wc -l <whole)" "7 2800"

# ---- a dry run, then for good

cp -rp store one
id=$(request one fake '{app="a1"} |= "mail=" != "flush 3"' $all $end)
grep '"app":"a1"' whole | grep 'mail=' | grep -v 'flush 3' | grep '"tenant":"fake"' >wanted
n=$(wc -l <wanted)
ok "some of it is meant" test "$n" -gt 50
ok "a dry run" exits 0 chunkpack --delete --store one --dry-run
ok "says what would go" stdout_matches "^fake 2026-01-15: $id: $n entries, .* of lines would go from 5 packs\$"
bytes_of one >after
ok "and does nothing" cmp whole after
ok "as JSON" exits 0 chunkpack --delete --store one --dry-run -o jsonl
ok "it says the same" stdout_matches "^\{\"tenant\":\"fake\",\"day\":\"2026-01-15\",\"id\":\"$id\",\"query\":\".*\",\"packs\":5,\"chunks\":5,\"entries\":$n,\"bytes\":[0-9]+,\"held\":0\}\$"
ok "deletion" exits 0 erase --store one -v
ok "says what went" stdout_matches "^fake 2026-01-15: $id: $n entries, .* of lines gone from 5 packs\$"
ok "and which packs became which" stderr_matches "^chunkpack: 'one/fake/chunks/2026-01-15/[0-9a-f]{32}.pack' became 'one/fake/"
bytes_of one >after
comm -23 whole after >gone
ok "what was meant is gone, and nothing else" cmp wanted gone
is "nothing is there that was not" "$(comm -13 whole after | wc -l)" 0
is "as many packs" "$(packs one | wc -l)" 7
ok "all is right" exits 0 idxbuild --verify --store one
ok "as a whole, too" exits 0 idxbuild --fsck --store one
ok "without a word" stderr_is ""
ok "the log is covered" test "$(walreplay --unpacked --store one store.wal | wc -l)" -eq 0
is "packs without any of it are those that they were" "$(packs one | xargs -n1 basename | sort >a; packs store | xargs -n1 basename | sort | comm -12 - a | wc -l)" 2
ok "the index lists the request" sh -c "idxbuild --dump --store one | grep -q $id"

receipt=one/fake/processed/$id.json
ok "there is a receipt" test -f "$receipt"
is "its rows are the packs" "$(grep -c '^{"day"' "$receipt")" 5
is "entries" "$(sum_of "$receipt" entries)" "$n"
is "bytes of their lines" "$(sum_of "$receipt" bytes)" \
	"$(sed 's/.*"line":"\([^"]*\)".*/\1/' wanted | tr -d '\n' | wc -c)"
is "before, less what went, is after" "$(($(sum_of "$receipt" entries_before) - $(sum_of "$receipt" entries)))" \
	"$(sum_of "$receipt" entries_after)"
ok "its head has the request" grep -q "^{\"version\":1,\"id\":\"$id\",\"tenant\":\"fake\",\"query\":.*\"entries\":$n,.*\"rows\":\[\$" "$receipt"
for member in before after; do
	sed -n "s/.*\"$member\":\"\([0-9a-f]*\)\".*/\1.pack/p" "$receipt" | sort >named.$member
done
packs one | xargs -n1 basename | sort >there
packs store | xargs -n1 basename | sort >were
is "what it names after is there" "$(comm -12 named.after there | wc -l)" 5
is "what it names before was" "$(comm -12 named.before were | wc -l)" 5
is "and is not any more" "$(comm -12 named.before there | wc -l)" 0

cp -rp one before
ok "again" exits 0 erase --store one -v
ok "nothing is to be done" stdout_is_empty
ok "nothing at all" stderr_is ""
ok "nothing was" diff -r one before

# ---- what compaction, late entries and a rebuild make of it

ok "compaction" exits 0 chunkpack --compact --store one --fan-in 2 --delete-delay 0
ok "knows that it was applied" sh -c "idxbuild --dump --store one | grep -q $id"
bytes_of one >compacted
ok "and brings nothing back" cmp after compacted
ok "again, nothing is to be done" exits 0 erase --store one
ok "nothing" stdout_is_empty
mv store.wal one.wal
flush one 2
ok "the same lines came once more" test "$(bytes_of one | wc -l)" -gt "$(wc -l <compacted)"
ok "they go as well" exits 0 erase --store one
ok "which is told" stdout_matches "^fake 2026-01-15: $id: 13 entries"
bytes_of one >again
ok "the others are as before" cmp compacted again
is "the receipt has one row more" "$(grep -c '^{"day"' "$receipt")" 6
is "and these entries" "$(sum_of "$receipt" entries)" $((n + 13))
cp "$receipt" moved
mv "$receipt" "one/fake/deletes/$id.receipt.json"
ok "a receipt where programs of before had it" exits 0 erase --store one -v
ok "is moved" cmp moved "$receipt"
ok "which is told" stderr_is "chunkpack: deleted 'one/fake/deletes/$id.receipt.json'"
ok "from there" test ! -e "one/fake/deletes/$id.receipt.json"
ok "a rebuild" exits 0 idxbuild --rebuild --store one
bytes_of one >again
ok "brings nothing back" cmp compacted again
ok "and deletion afterwards" exits 0 erase --store one
ok "finds nothing" stdout_is_empty

# ---- when a request is applied

cp -rp store when
now=$(date +%s)000000000
id=$(request when fake '{app="a0"}' $all $end "$now")
ok "a young request" exits 0 erase --store when
ok "waits" stdout_is_empty
ok "but not when it need not" exits 0 erase --store when --cancel-period 0
ok "then it is done" stdout_matches ": $id: "
is "nothing of the stream is left" "$(bytes_of when | grep -c '"app":"a0".*"tenant":"fake"')" 0

cp -rp store early
now=$(date +%s)000000000
request early fake '{app="a0"}' $all $end "$now" >/dev/null
ok "one that is applied before its time" exits 0 chunkpack --delete --store early --cancel-period 0
is "leaves what it replaces for now" "$(packs early | wc -l)" 13
ok "shards with nothing to do" sh -c 'for i in 0/2 1/2; do chunkpack --delete --store early --shard $i --delete-delay 0 -v --dry-run || exit; done 2>&1 | grep -c "would delete .*pack" | grep -qx 6'
ok "a run while it is still young" exits 0 erase --store early
ok "says nothing" stdout_is_empty
is "and deletes what was replaced" "$(packs early | wc -l)" 7
ok "all is right" exits 0 idxbuild --fsck --store early

cp -rp store cancelled
id=$(request cancelled fake '{app="a0"}' $all $end)
echo '{}' >"cancelled/fake/deletes/$id.cancel.json"
ok "a cancelled one" exits 0 erase --store cancelled
ok "is not applied" stdout_is_empty

cp -rp store mode
id=$(request mode fake '{app="a0"}' $all $end)
id2=$(request mode other '{app="a0"}' $all $end)
cat >limits.yaml <<-'END'
	limits_config: {deletion_mode: filter-only}
	overrides: {other: {deletion_mode: filter-and-delete}}
END
ok "where deletion only hides" exits 0 erase --store mode --limits limits.yaml
ok "nothing goes, but of whom it is not so" stdout_matches "^other 2026-01-15: $id2: "
ok "and that is all" stdout_lines 1
ok "one tenant's" exits 0 erase --store mode -t fake
ok "alone" stdout_matches "^fake 2026-01-15: $id: "

# ---- bounds, several requests, a whole pack

cp -rp store bounds
a=$(request bounds fake '{app="a0"}' 1768471803000000003 1768471806000000006)
b=$(request bounds fake '{app=~"a[01]"} |= "line 6"' 1768471806000000006 1768471806000000006)
c=$(request bounds fake '{app=~".+"}' 1768473000000000000 1768473399999999999)
ok "three requests" exits 0 erase --store bounds
is "are applied at once" "$(wc -l <"$TAP/stdout")" 2
ok "what two mean is the first one's" stdout_matches "^fake 2026-01-15: $(printf '%s\n' "$a" "$b" | sort | head -1): "
grep '"tenant":"fake"' whole | grep -v '"line":"flush 3 ' | grep -v '"ts":"176847180[36]0000000[0-9]*"' >wanted
bytes_of bounds | grep '"tenant":"fake"' >after
ok "both ends of the range are in it" cmp wanted after
ok "of a pack of which all went" sh -c "packs() { find \$1 -name '*.pack'; }; packs bounds | xargs -n1 chunkcat --stats >/dev/null"
ok "what it says of the log holds" test "$(walreplay --unpacked --store bounds one.wal | grep -c 'flush 3')" -eq 0
ok "all is right" exits 0 idxbuild --verify --store bounds
ok "after a rebuild, too" exits 0 idxbuild --rebuild --store bounds
ok "all is right" exits 0 idxbuild --verify --store bounds
is "and as it was" "$(bytes_of bounds | grep '"tenant":"fake"' | cmp - wanted && echo same)" same
: "$c"

# ---- days without packs

cp -rp store bare
mkdir bare/fake/index/2026-01-16 # as a sweep leaves it
id=$(request bare fake '{app="a1"}' $all 1768687200000000000)
ok "a request that reaches a day without index files" exits 0 erase --store bare
is "is told of once" "$(wc -l <"$TAP/stdout")" 1
printf 'limits_config: {retention_period: 24h}\n' >day.yaml
ok "all expires" exits 0 idxbuild --retain --store bare --limits day.yaml --now 2026-02-01T00:00:00Z
find bare/fake/index -type f | sort >indexes
id=$(request bare fake '{app="a2"}' $all 1768687200000000000)
ok "a request over a day of which an index file without packs is left" exits 0 chunkpack --delete --store bare
ok "is applied there" test -f "bare/fake/processed/$id.json"
ok "without another index file" sh -c 'find bare/fake/index -type f | sort | cmp - indexes'

# ---- damage

cp -rp store bad
id=$(request bad fake '{app="a1"}' $all $end)
pack=$(packs bad | grep fake | head -1)
flip_byte "$pack" $(($(size_of "$pack") / 2))
ok "a damaged pack" exits 3 erase --store bad
ok "is named" stderr_has "'$pack': bundle at offset"
ok "the others are rewritten" stdout_matches "^fake 2026-01-15: $id: .* gone from 5 packs"
ok "nobody says that all is done" test ! -e "bad/fake/processed/$id.json"
ok "nor the index" sh -c "! idxbuild --dump --store bad | grep '\"deletes\":' | grep -q $id"
cp -rp store bad.request
id=$(request bad.request fake '{app="a1"}' $all $end)
other=$(request bad.request other '{app="a1"}' $all $end)
echo '{' >"bad.request/fake/deletes/$id.json"
ok "a damaged request" exits 3 erase --store bad.request
ok "is named" stderr_has "fake/deletes/$id.json"
ok "other tenants do not wait for it" stdout_matches "^other 2026-01-15: $other: "

# ---- many

cp -rp store many
many=0
while [ $many -lt 17 ]; do
	logql delete create --store many --from 2026-01-01 --to 2026-02-01 "{app=\"a1\"} |= \"line $many \"" >>many.ids
	many=$((many + 1))
done
logql --store many -o raw --limit 0 '{app=~".+"}' >want
ok "a shard that does not have the tenant" sh -c 'for i in 0/2 1/2; do chunkpack --delete --cancel-period 1000d --store many --shard $i || exit; done'
is "another one merges" "$(find many/fake/deletes -name '*.requests' | wc -l)" 1
find many -name '*.requests' -exec touch -d '3 hours ago' {} +
ok "what is merged goes later" exits 0 erase --store many --cancel-period 1000d -v
ok "which is said" stderr_matches "deleted 'many/fake/deletes/[0-9a-f]*\.json'"
is "all of it" "$(find many/fake/deletes -name '[0-9a-e]*.json' | wc -l)" 0
logql --store many -o raw --limit 0 '{app=~".+"}' >found
ok "the answers are the same" same_file want found
ok "all is right" exits 0 idxbuild --fsck --store many
flip_byte many/fake/deletes/*.requests 300
ok "one that is damaged" exits 3 idxbuild --fsck --store many
ok "is found" stdout_matches "fake/deletes/[0-9a-f]*\.requests.* damaged: its bytes have the hash"
ok "no query answers as if it were not there" exits 3 logql --store many '{app=~".+"}'

ok "operands are refused" exits 2 chunkpack --delete --store store x
ok "with --compact, too" exits 2 chunkpack --delete --compact --store store
ok "so is a format of packing" exits 2 chunkpack --store store -o jsonl x
ok "its options need it" exits 2 chunkpack --store store --cancel-period 1h
ok "so do these" exits 2 chunkpack --compact --store store --limits x

done_testing
