#!/bin/sh
# idxbuild --fsck --repair --salvage killed at random moments, of a store of whose days each has a damaged pack: at each moment
# all that could be read of them is found, once, and what is lost is told, of each pack, before nobody could any more.
# PERCENT=100: 100 kills.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/flush.sh"
. "$REPO/tests/lib/crash.sh"

crash_kills 100
DAYS=40

# Of every other day the packs have been compacted, and what they replaced is gone; of some a stream has expired.
awk -v n=$DAYS 'BEGIN {
	for (f = 0; f < 2; f++)
		for (i = 0; i < n; i++)
			for (k = 0; k < 60; k++)
				printf "{\"ts\":\"%d000000000\",\"labels\":{\"app\":\"a%d\"},\"line\":\"day %d line %d %d\"}\n",
					1768435200 + 86400 * i + 2 * k + f, k % 3, i, k, f >("in" f)
}'
for f in 0 1; do chunkpack --max-entries 7 --store whole in$f | idxbuild --store whole >/dev/null; done
i=0
for d in whole/fake/chunks/*; do
	i=$((i + 1))
	[ $((i % 2)) -eq 0 ] || continue
	chunkpack --compact --fan-in 2 --delete-delay 0 --max-entries 7 --store whole --day "${d##*/}" >/dev/null
	idxbuild --compact --delete-delay 0 --store whole --day "${d##*/}" >/dev/null
done
echo '{limits_config: {retention_stream: [{selector: "{app=\"a1\"}", priority: 1, period: 24h}]}}' >limits.yaml
idxbuild --retain --store whole --limits limits.yaml --now 2026-01-25 --delete-delay 0 >/dev/null
ask() {
	logql --store "$1" --limit 0 -o raw '{app=~".+"}' 2>err
}
n=$(ask whole | wc -l)

# Of one pack of each day a block is damaged; of some the trailer.
for d in whole/fake/chunks/*; do
	pack=$(find "$d" -name '*.pack' | sort | head -n 1)
	flush_rand 4
	if [ "$RAND" -eq 0 ]; then
		flip_byte "$pack" $(($(size_of "$pack") - 30))
		continue
	fi
	chunkcat --blocks "$pack" 2>/dev/null | grep '"a0"' | sed -n 2p >block
	read -r off stored _ <block
	flip_byte "$pack" $((off + stored / 2))
	echo "${pack#whole/}" >>hurt
done
ask whole | sort >want
ok "some lines cannot be read" test "$(wc -l <want)" -lt "$n"

# What a kill leaves: neither more nor less than can be read.
look() {
	ask store >got
	crash_added got want
	sort got | comm -23 want - | sed 's/^/lost: /'
}
salvage() {
	exec idxbuild --fsck --repair --salvage --store store
}

killed=0
round=0
whole=1
while [ $killed -lt "$KILLS" ] && [ $round -lt $((5 * KILLS + 20)) ]; do
	round=$((round + 1))
	[ $whole -eq 0 ] || {
		rm -rf store said
		cp -rp whole store
	}
	whole=0
	salvage >out 2>>said &
	kill_soon 120 $! && killed=$((killed + 1))
	look >bad
	[ ! -s bad ] || {
		fail "round $round: what can be read is found, once" "$(head -n 5 bad)"
		break
	}
	flush_rand 3
	[ "$RAND" -eq 0 ] || continue
	whole=1
	(salvage) >out 2>>said
	idxbuild --fsck --store store >out 2>&1 || {
		fail "round $round: a salvage to the end" "$(head -n 3 out)"
		break
	}
	sed -n "s/^idxbuild: error: '\([^']*\)': [0-9]* entr.* can no longer be read.*/\1/p" said | sort -u >told
	sort hurt | cmp -s - told || {
		fail "round $round: of each pack it is told that something is lost" "$(sort hurt | diff - told)"
		break
	}
done
note "$killed were killed in $round rounds"
is "as many were killed as asked for" $killed "$KILLS"
(salvage) >out 2>>said
ok "in the end all is right" exits 0 idxbuild --fsck --delete-delay 0 --store store
look >bad
ok "and what can be read is found" test ! -s bad
# Of a kill between that and the commit there is a second copy.
is "each damaged pack was set aside" \
	"$(find store/~lokid/lost -path '*.pack/*' -type f | sed 's,\.pack/.*,,' | sort -u | wc -l)" $DAYS

done_testing
