#!/bin/sh
# --memory of chunkpack is kept to: more than that is packed, and merged from packs that all overlap, and what the program
# had at most is less.
. "${0%/*}/../lib/tap.sh"

need perl
[ "$VARIANT" = default ] || skip_all "a sanitizer needs memory of its own"
[ -x "${BIN%/bin}/bench/measure" ] || skip_all "the bench's measure is not built"

# lines PACK: 28000 entries of three streams, between those of each other pack.
lines() {
	perl -e 'my $p = shift; srand($p + 1); for my $i (0 .. 27999) {
		printf qq({"ts":"%d%09d","labels":{"app":"a%d"},"line":"%d %016x %016x %016x %s","metadata":{"trace":"%08x"}}\n),
			1768435200 + $i * 3, $p, $i % 3, $i, rand(2 ** 52), rand(2 ** 52), rand(2 ** 52), "x" x ($i % 100), rand(2 ** 32);
	}' "$1"
}

# within MIB COMMAND...: it ends well, and had no more at any time.
within() {
	mib=$1
	shift
	"${BIN%/bin}/bench/measure" -i "${INPUT:-/dev/null}" -o made "$@" >cost || return
	peak=$(cut -f 3 cost)
	note "$((peak / 1024)) of $mib MiB"
	[ "$peak" -le $((mib * 1024)) ]
}

for p in 0 1 2 3 4 5 6 7 8 9 10 11; do
	lines $p >in
	cat in >>all
	chunkpack -j1 --chunk-size 1MiB --store s in
done | idxbuild --store s >/dev/null
is "twelve packs, which overlap" "$(find s -name '*.pack' | wc -l)" 12
ok "of 34 MiB of lines" test "$(size_of all)" -gt 60000000

INPUT=all ok "packing" within 73 chunkpack -j1 --chunk-size 1MiB --memory 73MiB --store p
ok "made more than one pack of them" test "$(wc -l <made)" -gt 1
ok "merging with one" within 86 chunkpack --compact -j1 --fan-in 2 --chunk-size 1MiB --memory 86MiB --store s --delete-delay 0
is "made one" "$(find s -name '*.pack' | wc -l)" 1
cp -r p q
idxbuild --rebuild --store q >/dev/null
ok "merging with two threads" within 114 chunkpack --compact -j2 --fan-in 2 --chunk-size 1MiB --memory 114MiB --store q --delete-delay 0
for store in s q; do
	is "all entries of $store are there" "$(find $store -name "*.pack" -exec chunkcat {} + | wc -l)" 336000
done

done_testing
