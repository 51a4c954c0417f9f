#!/bin/sh
# 100,000 streams of 10 lines, as a flush of many small services has them: packed, indexed, verified, found.
. "${0%/*}/../lib/tap.sh"

need perl

perl -e 'for my $i (0 .. 99999) { for my $k (0 .. 9) {
	printf qq({"ts":"%d","labels":{"app":"a%d","env":"prod","pod":"p-%06d"},"line":"hello from %d line %d"}\n),
		1768471200000000000 + $k * 1000000000 + $i, $i % 50, $i, $i, $k;
} }' >in.jsonl
ok "packed" exits 0 chunkpack --store s in.jsonl
cp "$TAP/stdout" list
is "into one pack" "$(wc -l <list)" 1
ok "indexed" exits 0 idxbuild --store s <list
idx=$(cat "$TAP/stdout")
size=$(size_of "$idx")
note "$((size / 100000)) bytes of index a stream"
ok "in less than 200 bytes a stream" test "$size" -lt 20000000
ok "verified" exits 0 idxbuild --verify --store s
ok "counted" exits 0 idxbuild --stats --store s
ok "streams" stdout_matches '^  series +100000$'
ok "values" stdout_matches '^ +100000 +100000  pod$'
is "one stream is found" "$(logql --store s -o raw --limit 0 '{pod="p-031415"}' | sort | sed -n '1p;$p' | tr '\n' ' ')" \
	"hello from 31415 line 0 hello from 31415 line 9 "
is "many are" "$(logql --store s -o raw --limit 0 '{app="a7"}' | wc -l)" 20000
is "values of one label" "$(logql values app --store s | wc -l)" 50
is "values of another" "$(logql values pod --store s | wc -l)" 100000

echo '{"ts":"1768471200000000000","labels":{"app":"a7","pod":"one-more"},"line":"hello"}' | chunkpack --store s |
	idxbuild --store s >/dev/null
ok "compacted with one more" exits 0 chunkpack --compact --store s --fan-in 2 --delete-delay 0
size=$(find s -name '*.idx' -exec cat {} + | wc -c)
note "$((size / 100000)) bytes of index a stream"
ok "the index is compressed" test "$size" -lt 5000000
ok "it is verified" exits 0 idxbuild --verify --store s
is "one stream is found in it" "$(logql --store s -o raw --limit 0 '{pod="p-031415"}' | wc -l)" 10
is "values of one label, too" "$(logql values pod --store s | wc -l)" 100001

done_testing
