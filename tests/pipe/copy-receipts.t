#!/bin/sh
# chunkpack --copy where both stores have applied a request: what the target's receipts tell is not lost.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/deletes.sh"

# flush STORE NUMBER
flush() {
	awk -v f="$2" 'BEGIN {
		for (k = 0; k < 40; k++)
			printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a%d\"},\"line\":\"flush %d line %d\"}\n",
				1768471200 + f * 600 + k, k, k % 2, f, k
	}' >in.jsonl
	lokid-ingest -q -t fake --wal "$1.wal" --input jsonl in.jsonl
	walreplay --frames --unpacked --store "$1" "$1.wal" | chunkpack --store "$1" | idxbuild --store "$1" >/dev/null
}
erase() { chunkpack --delete --cancel-period 0s --store "$1" >/dev/null; }
copy() { chunkpack --copy --from "$1" --store "$2"; }
rows() { grep '^{"day"' "$1" | sed 's/,$//' | sort; }
sums() { sed -n '1s/.*\("packs":.*\),"rows":\[$/\1/p' "$1"; }
finished() { sed -n 's/.*"finished":"\([0-9]*\)".*/\1/p' "$1"; }
state() { find "$1" -type f -printf '%p %i %T@\n' | sort; }

flush s 1
id=$(request s fake '{app="a0"}' 1768471200000000000 1768514400000000000)
day=receipts/$id/2026-01-15.json
all=processed/$id.json
erase s
ok "a store with a request that was applied" exits 0 copy s t
ok "is copied with its receipts" diff -r s/fake/receipts t/fake/receipts
flush t 2
erase t
for file in "$day" "$all"; do
	is "at the target more is taken out: $file" "$(rows "t/fake/$file" | wc -l)" 2
done
cp -rp t before
state t >had
ok "a copy of the store that has less" exits 0 copy s t
ok "leaves the target's receipts" diff -r before/fake t/fake
state t >has
ok "and writes nothing" cmp had has

# Both go on.
flush s 3
erase s
{ rows "s/fake/$day"; rows "t/fake/$day"; } | sort -u >both
ok "each has what the other has not" exits 0 chunkpack --copy --from s --store t -v
for file in "$day" "$all"; do
	ok "$file is written" stderr_has "chunkpack: wrote 't/fake/$file'"
	rows "t/fake/$file" >found
	ok "with the rows of both" cmp both found
	is "and their sums" "$(sums "t/fake/$file")" '"packs":3,"chunks":3,"entries":60,"bytes":885'
done
is "it was finished when the later was" "$(finished "t/fake/$all")" "$(finished "s/fake/$all")"
run idxbuild --fsck --store t
not_ok "they are right" stdout_has bad-receipt
state t >had
ok "again" exits 0 copy s t
state t >has
ok "nothing is written" cmp had has
ok "back" exits 0 copy t s
rows "s/fake/$all" >found
ok "it is the same" cmp both found
ok "deletion at the target" exits 0 chunkpack --delete --cancel-period 0s --store t
ok "has nothing to do" stdout_is_empty
cp -rp s whole

# A receipt of the same size that says something else.
sed 's/"before":"[0-9a-f]*"/"before":"00000000000000000000000000000000"/' "s/fake/$day" >other
rows other >>both
sort -u both -o both
cp other "s/fake/$day"
is "a receipt of the same size" "$(size_of "s/fake/$day")" "$(size_of "whole/fake/$day")"
cp "whole/fake/$day" "t/fake/$day"
ok "with other rows" exits 0 copy s t
ok "gives them" test "$(rows "t/fake/$day" | wc -l)" -gt "$(rows "whole/fake/$day" | wc -l)"

# ---- damage

# bad FILE MESSAGE: what is told of a receipt of the source, where the target's stays.
bad() {
	cp "whole/fake/$1" "t/fake/$1"
	ok "a receipt $1 that is bad" exits 3 copy s t
	ok "is told" stderr_has "$2"
	ok "once" stderr_lines 1
	ok "and the target's stays" cmp "whole/fake/$1" "t/fake/$1"
	cp "whole/fake/$1" "s/fake/$1"
}
cp "whole/fake/$day" "s/fake/$day"
for file in "$day" "$all"; do
	echo '{' >"s/fake/$file"
	bad "$file" "chunkpack: error: 's/fake/$file': no receipt: expected a JSON object"
	{ cat "whole/fake/$file"; echo more; } >"s/fake/$file"
	bad "$file" "chunkpack: error: 's/fake/$file': no receipt: something stands behind its object"
	sed 's/"packs":[0-9]*/"packs":7/' "whole/fake/$file" >"s/fake/$file"
	bad "$file" "chunkpack: error: 's/fake/$file': it says 7 packs, and has rows of 3"
	sed "s/$id/0123456789abcdef/" "whole/fake/$file" >"s/fake/$file"
	bad "$file" "chunkpack: error: 's/fake/$file': it has another id than its name"
	sed 's/"before"/"former"/' "whole/fake/$file" >"s/fake/$file"
	bad "$file" "chunkpack: error: 's/fake/$file': a row does not say which packs it is about"
	sed '1s/"version":1/"version":2/' "whole/fake/$file" >"s/fake/$file"
	bad "$file" "chunkpack: error: 's/fake/$file': it is not of version 1"
	sed '1s/"packs"/\n"packs"/' "whole/fake/$file" >"s/fake/$file"
	bad "$file" "chunkpack: error: 's/fake/$file': its sums are not where they belong"
	truncate -s 257M "s/fake/$file"
	bad "$file" "s/fake/$file"

	echo '{' >"t/fake/$file"
	ok "at the target" exits 0 copy s t
	ok "it is replaced" cmp "s/fake/$file" "t/fake/$file"
	sed '1s/"version":1/"version":2/' "whole/fake/$file" >"t/fake/$file"
	cp "t/fake/$file" later
	ok "one of a later version" exits 3 copy s t
	ok "is told" stderr_has "chunkpack: error: 't/fake/$file': it is not of version 1"
	ok "and stays" cmp later "t/fake/$file"
	cp "whole/fake/$file" "t/fake/$file"
done
ok "when all is mended" exits 0 copy s t
ok "nothing is left to say" stderr_is_empty

done_testing
