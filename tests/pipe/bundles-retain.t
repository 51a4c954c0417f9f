#!/bin/sh
# Chunks in bundles that expire, whole bundles that do, lines of them that are deleted or rewritten: what is counted is what is
# there, and room is given back.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/bundles.sh"
need jq

bundle_streams 3000 5 >in.jsonl
chunkpack --store whole in.jsonl | idxbuild --store whole >/dev/null
PACK=$(cd whole && find fake -name '*.pack')
SIZE=$(size_of "whole/$PACK")
chunkcat --header "whole/$PACK" >heads
chunkcat "whole/$PACK" | jq -cS . | sort >all

fresh() { rm -rf s && cp -rp whole s && age; }
age() { find s -type f -exec touch -d '2026-02-01T00:00:00Z' {} +; }
# retain SELECTOR: what fits it has expired
retain() {
	printf 'limits_config:\n  retention_period: 0s\n  retention_stream: [{selector: %s, priority: 1, period: 24h}]\n' "'$1'" >limits.yaml
	idxbuild --retain --limits limits.yaml --delete-delay 0 --store s
}
packs_size() { find s/fake -name '*.pack' -printf '%s\n' | awk '{ n += $1 } END { print n + 0 }'; }
# is_true WHAT CHUNKS: that many chunks are left, with the entries of the file wanted; all counts say so.
is_true() {
	logql --store s --limit 0 -o jsonl '{app=~".+"}' | jq -cS . | sort >got
	ok "$1: what is left is found" same_file wanted got
	ok "$1: the index agrees" exits 0 idxbuild --verify --store s
	ok "$1: all is right" exits 0 idxbuild --fsck --blocks --delete-delay 0 --store s
	idxbuild --stats -o jsonl -n 0 --store s >stats
	is "$1: chunks" "$(jq .chunks stats)" "$2"
	is "$1: series" "$(jq .series stats)" "$2"
	is "$1: entries" "$(jq .entries stats)" "$(wc -l <wanted)"
	is "$1: bytes of lines" "$(jq .line_bytes stats)" "$(jq -j .line wanted | wc -c)"
	is "$1: bytes of packs" "$(jq .pack_bytes stats)" "$(packs_size)"
	idxbuild --stats -o jsonl -n 5000 --store s >stats
	ok "$1: what streams take is no more" test "$(jq '[.largest[].stored] | add // 0' stats)" -le "$(packs_size)"
	is "$1: counts without data" "$(logql --store s --at 1768475000 -o raw 'sum(count_over_time({app=~".+"}[1d]))')" "$(wc -l <wanted)"
}
keep() { jq -c "select($1)" all | sort >wanted; }
# expired CHUNKS ENTRIES: what retain said, and no more bytes than the pack had.
expired() {
	ok "$1 chunks, $2 entries expired" stdout_matches "^fake 2026-01-15: $1 chunks?, $2 entr(y|ies), [0-9]+ bytes: "
	ok "of no more bytes than there were" test "$(sed -n 's/.* entr[a-z]*, \([0-9]*\) bytes: .*/\1/p' "$TAP/stdout")" -lt "$SIZE"
}
packed_anew() { # WHAT CHUNKS
	age
	ok "$1: packed anew" exits 0 chunkpack --compact --delete-delay 0 --pack-size 100KiB --store s
	is_true "$1, packed anew" "$2"
	is "$1: one pack" "$(find s/fake -name '*.pack' | wc -l)" 1
	is "$1: of as many chunks" "$(chunkcat --header s/fake/chunks/*/*.pack | jq 'select(.kind == "trailer").chunks')" "$2"
}

ok "there are bundles" test "$(jq 'select(.kind == "trailer").bundles' heads)" -gt 3
fresh
cp all wanted
is_true "nothing gone" 3000

# ---- part of each bundle

ok "a few of each bundle" exits 0 retain '{pod=~"p..[0-2]."}'
expired 900 4500
keep '.labels.pod | test("p..[0-2].") | not'
is_true "a few of each bundle" 2100
is "the pack stays" "$(find s/fake -name '*.pack' | wc -l) $(packs_size)" "1 $SIZE"

fresh
ok "most of each bundle" exits 0 retain '{pod=~"p..[0-8]."}'
expired 2700 13500
keep '.labels.pod | test("p..[0-8].") | not'
is_true "most of each bundle" 300
packed_anew "most of each bundle" 300
ok "with bundles" test "$(bundles_of s/fake/chunks/*/*.pack)" -ge 1
ok "in a fifth of it" test "$(packs_size)" -lt $((SIZE / 5))

# ---- a whole bundle: the first has streams of a0 alone

fresh
first=$(jq -s '[.[] | select(.kind == "bundle")][0].chunks' heads)
ok "a bundle of a0" test "$first" -lt 1000
ok "all of a0" exits 0 retain '{app="a0"}'
expired 1000 5000
keep '.labels.app != "a0"'
is_true "a bundle and a part of the next" 2000
ok "and a1" exits 0 retain '{app=~"a0|a1"}'
expired 1000 5000
keep '.labels.app == "a2"'
is_true "most bundles" 1000
packed_anew "most bundles" 1000
ok "with bundles" test "$(bundles_of s/fake/chunks/*/*.pack)" -ge 1

# ---- one small chunk is left, then none

fresh
ok "all but one chunk" exits 0 retain '{app=~".+", pod!="p1234"}'
expired 2999 14995
keep '.labels.pod == "p1234"'
is_true "one chunk" 1
packed_anew "one chunk" 1
is "without bundles" "$(bundles_of s/fake/chunks/*/*.pack)" 0
ok "of few bytes" test "$(packs_size)" -lt 1500
ok "the last" exits 0 retain '{pod="p1234"}'
expired 1 5
age
ok "another run" exits 0 retain '{pod="p1234"}'
is "nothing is left" "$(find s/fake -name '*.pack' | wc -l)" 0

fresh
ok "all at once" exits 0 retain '{app=~".+"}'
expired 3000 15000
age
ok "another run" exits 0 retain '{app=~".+"}'
is "nothing is left" "$(find s/fake -name '*.pack' | wc -l)" 0

# ---- lines that are deleted

delete() { # QUERY
	logql delete create --store s --from 2026-01-01 --to 2026-02-01 "$1" >/dev/null
	age
	chunkpack --delete --cancel-period 0 --delete-delay 0 --store s
}
fresh
ok "a line of a chunk" exits 0 delete '{pod="p1234"} |= "line 3"'
keep '(.labels.pod == "p1234" and (.line | test("^line 3"))) | not'
is "is one" "$(wc -l <wanted)" 14999
is_true "a line of a chunk" 3000
ok "in bundles" test "$(bundles_of s/fake/chunks/*/*.pack)" -gt 3
ok "of as many bytes, about" test "$(packs_size)" -lt $((SIZE + SIZE / 50))
find s/fake -name '*.pack' -exec chunkcat {} + | jq -cS . | sort >got
ok "it is nowhere in the store" same_file wanted got

fresh
ok "all lines of a chunk" exits 0 delete '{pod="p1234"}'
keep '.labels.pod != "p1234"'
is_true "all lines of a chunk" 2999
ok "in bundles" test "$(bundles_of s/fake/chunks/*/*.pack)" -gt 3

fresh
ok "all but one chunk" exits 0 delete '{app=~".+", pod!="p1234"}'
keep '.labels.pod == "p1234"'
is_true "all but one chunk deleted" 1
is "without bundles" "$(bundles_of s/fake/chunks/*/*.pack)" 0

# ---- a line that is rewritten, in what is left of a thinned day

fresh
ok "some expire" exits 0 retain '{pod=~"p..[0-2]."}'
age
cat >rules <<'X'
{pod="p1234"} |= "line 3" | line_format `gone`
X
ok "one is rewritten" exits 0 chunkpack --scrub rules --delete-delay 0 --store s
ok "it alone" stdout_matches ': 1 entry, .* rewritten in 1 pack$'
jq -cS 'select(.labels.pod | test("p..[0-2].") | not) | if .labels.pod == "p1234" and (.line | test("^line 3")) then .line = "gone" else . end' all | sort >wanted
is_true "a line rewritten" 2100
ok "in bundles" test "$(bundles_of s/fake/chunks/*/*.pack)" -gt 2

done_testing
