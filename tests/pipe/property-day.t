#!/bin/sh
# A day of a thousand index files and five times as many small packs becomes one index file and fifty packs at most: by a
# fiftieth part of that in the check, all of it in `make property`.
. "${0%/*}/../lib/tap.sh"

INDEX_FILES=$((10 * ${PERCENT:-5}))
PACKS_EACH=5
packs=$((INDEX_FILES * PACKS_EACH))

# Four streams in each flush, 17 seconds after the one before; every tenth comes before an earlier one.
mkdir in
awk -v n=$packs 'BEGIN {
	for (i = 0; i < n; i++) {
		at = i % 10 == 9 ? i - 5 : i
		for (k = 0; k < 4; k++)
			printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a%d\",\"pod\":\"p%d\"},\"line\":\"line %d of flush %d\"}\n",
				1768435200 + at * 17, i * 4 + k, i % 7, k, k, i >"in/" i
		close("in/" i)
	}
}'
i=0
while [ $i -lt $packs ]; do
	for k in 0 1 2 3 4; do chunkpack -j1 --store s "in/$((i + k))"; done | idxbuild --store s >/dev/null
	i=$((i + PACKS_EACH))
done
files() { find s -name "*.$1" | wc -l; }
ask() {
	logql --store s --limit 0 -o jsonl '{app=~".+"}'
	logql --store s --at 1768530000 -o jsonl 'sum by (app, pod) (count_over_time({app=~".+"}[2d]))'
	logql --store s --limit 100 -o jsonl '{app="a3",pod="p2"} |= "7"'
}
is "index files" "$(files idx)" $INDEX_FILES
is "packs" "$(files pack)" $packs
ask >before
is "entries" "$(logql --store s --limit 0 -o jsonl '{app=~".+"}' | wc -l)" $((packs * 4))
find s -type f -exec touch -d '3 hours ago' {} + # a day is over when nobody has written to it for an hour

cp -rp s first
start=$(date +%s)
ok "index files are merged" exits 0 idxbuild --compact --store s --delete-delay 0
note "$INDEX_FILES index files merged in $(($(date +%s) - start)) s"
is "into one" "$(files idx)" 1
ask >after
ok "with the same answers" same_file before after

rm -r s
mv first s
start=$(date +%s)
ok "packs are merged" exits 0 chunkpack --compact --store s --delete-delay 0
note "$packs packs merged in $(($(date +%s) - start)) s, into $(files pack)"
is "with one index file" "$(files idx)" 1
ok "into fifty at most" test "$(files pack)" -le 50
ask >after
ok "with the same answers" same_file before after
ok "all is right" exits 0 idxbuild --fsck --store s

done_testing
