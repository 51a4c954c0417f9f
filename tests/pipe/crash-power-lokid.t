#!/bin/sh
# The power goes while the daemon takes pushes, packs and prunes: a file system that stops without writing back what was
# not synced. After the restart every line that was answered with 204 is there, once. PERCENT=100: 10 cuts.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/ingest.sh"
. "$REPO/tests/lib/lokid.sh"
. "$REPO/tests/lib/disk.sh"

disk_make 128m

CUTS=$((10 * ${PERCENT:-5} / 100))
[ $CUTS -gt 0 ] || CUTS=1
echo "# SEED=${SEED:-1}, $CUTS cuts"

cat >lokid.yaml <<'END'
auth_enabled: false
ingester:
  flush_check_period: 50ms
  wal:
    segment_size: 1MB
END
lokid_any_rate >>lokid.yaml

# Lines of one round that both logs and store have, "CONNECTION NUMBER", sorted.
found() {
	logql --store disk/mnt/data/store --wal disk/mnt/data/wal -o raw '{app="load"}' |
		awk -v run="$1" '$1 == run { print $2, $3 }' | sort
}

round=0
acknowledged=0
packed=0
while [ $round -lt $CUTS ]; do
	round=$((round + 1))
	lokid_start --config lokid.yaml --data disk/mnt/data || { fail "round $round: the daemon starts"; break; }
	: >acks
	spawn "$B/bench/pushload" -c 4 -s 20 -b 200 -l 150 -r 40000 -d 60 -k $round -a acks "127.0.0.1:$LOKID_PORT" >load.json 2>load.err
	load=$PID
	wait_for 20 test -s acks
	ingest_rand 700
	sleep "$(printf '0.%03d' $((RAND + 200)))" # not to wait for something: a random moment
	cp acks told
	disk_cut
	kill -9 "$load" "$LOKID_PID" 2>/dev/null
	wait "$load" "$LOKID_PID" 2>/dev/null
	wait_for 10 sh -c '! pgrep -f "[d]isk/mnt/data" >/dev/null'
	disk_restore >log 2>&1 || { fail "round $round: the disk comes back" "$(cat log)"; break; }
	found $round >have
	awk '{ for (i = $3; i <= $4; i++) print $2, i }' told | sort >want
	comm -23 want have >lost
	uniq -d have >doubled
	if [ -s lost ] || [ -s doubled ]; then
		fail "round $round: nothing acknowledged is lost or doubled" "$(wc -l <lost) lost, $(wc -l <doubled) doubled"
		break
	fi
	acknowledged=$((acknowledged + $(wc -l <want)))
	packed=$((packed + $(find disk/mnt/data/store -name '*.pack' | wc -l)))
	rm -rf disk/mnt/data
done
note "$acknowledged lines acknowledged, $packed packs found after $round cuts"
is "after $CUTS cuts every acknowledged line is there once" "$round" "$CUTS"
ok "lines were acknowledged" test $acknowledged -gt 0
ok "the daemon goes on" lokid_start --config lokid.yaml --data disk/mnt/data
lokid_stop TERM
is "and ends well" "$STATUS" 0

done_testing
