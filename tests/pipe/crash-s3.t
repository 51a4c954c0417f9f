#!/bin/sh
# On a real object store whose requests fail, are cut, get lost and come late: uploads, compactions, retentions and deletions
# killed at random moments, some beside others that do not see their lock, as those of another machine. In every round the
# answers are those of a folder that nobody disturbed; after a last run that nobody disturbs so is all the rest, and nothing is
# left over. PERCENT=100, or KILLS=300: 300 kills.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/deletes.sh"
. "$REPO/tests/lib/flush.sh"
. "$REPO/tests/lib/crash.sh"
. "$REPO/tests/lib/s3.sh"
s3_faulty

crash_kills 300

FIRST=1768435200 # 2026-01-15
VIA="$(s3_via main)&tries=30&timeout=5s&lock-expiry=1s"
CALM=$PWD/calm
cat >limits.yaml <<'Y'
limits_config:
  retention_period: 72h
  retention_stream:
  - {selector: '{app="a1"}', priority: 1, period: 30h}
  - {selector: '{app="a2"}', priority: 1, period: 150h}
overrides:
  big: {retention_period: 0s}
Y

# ---- what is stored

lines() { # HOUR: of three streams, and of times up to a day before
	awk -v h="$1" -v first=$FIRST 'BEGIN {
		for (i = 0; i < 60; i++) {
			t = first + 3600 * (h - (i % 4 == 3 ? i % 24 : 0)) + 60 * i
			printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a%d\"},\"line\":\"hour %d line %d\"}\n", t, h, i % 3, h, i
		}
	}'
}
# Enough for an upload in parts: it is over 16 MiB.
head -c 13000000 /dev/urandom | base64 -w 800 | awk -v first=$FIRST '{
	printf "{\"ts\":\"%d%09d\",\"tenant\":\"big\",\"labels\":{\"app\":\"big\"},\"line\":\"%s\"}\n", first, NR, $0 }' >big.jsonl
lokid-ingest -q --wal big --input jsonl big.jsonl
walreplay --frames big >frames.big
rm -r big big.jsonl

pack_big() { chunkpack --store "$1" --encoding none frames.big; }
pack() { chunkpack --store "$VIA"; }
index() { idxbuild --store "$VIA"; }
unpacked() { walreplay --frames --unpacked --store "$VIA" wal; }
flush() {
	unpacked >frames && pack <frames >packs && index <packs >indexes && walreplay -q --prune --store "$VIA" wal
}

# ---- what is killed: it takes the place of a shell that runs beside

now() { echo $((FIRST + 3600 * (hour + 1))); }
start_pack() { exec chunkpack --store "$VIA" frames; }
start_index() { exec idxbuild --store "$VIA" <packs; }
start_big() { exec chunkpack --store "$VIA" --encoding none frames.big; }
start_compact() { exec chunkpack --compact --store "$1" --fan-in 2 --pack-size 64KiB --chunk-size 16KiB --level 1 -j2 ${2:+--delete-delay "$2"}; }
start_retain() { exec idxbuild --retain --store "$1" --limits limits.yaml --now "$(now)" ${2:+--delete-delay "$2"}; }
start_delete() { exec chunkpack --delete --store "$1" -j2 ${2:+--delete-delay "$2"}; }
done_with() { (start_"$1" "$2" "${3:-}"); }

fault() { # a random one
	flush_rand 9
	case $RAND in
	0) s3_fault '{"status":500,"prob":0.1}' ;;
	1) s3_fault '{"status":503,"prob":0.1}' ;;
	2) s3_fault '{"refuse":true,"prob":0.1}' ;;
	3) s3_fault '{"reset_after":150,"prob":0.1}' ;;
	4) s3_fault '{"truncate":300,"prob":0.1}' ;;
	5) s3_fault '{"lose_answer":true,"prob":0.1}' ;;
	6) s3_fault '{"late_status":500,"prob":0.1}' ;;
	7) s3_fault '{"delay_ms":30}' ;;
	8) s3_fault '{}' ;;
	esac
}

forget_locks() {
	s3_keys main | grep '^~lokid/locks/' | while read -r key; do s3_curl DELETE "/$S3_RUN/main/$key" >/dev/null; done
}

# ---- what is asked

ask() { # STORE
	logql --store "$1" --limits limits.yaml --now "$(now)" --limit 0 -o raw '{app=~".+"}' | sort
	logql --store "$1" --limits limits.yaml --now "$(now)" --at "$(now)" 'sum by (app) (count_over_time({app=~".+"}[200h]))'
}
same() {
	ask "$CALM" >want
	ask "$S3_URL" >got
	diff want got
}

# ---- rounds

chunkpack --store "$S3_URL" </dev/null # which makes it
killed=0
round=0
hour=0
: >err
: >kills
while [ "$killed" -lt "$KILLS" ] && [ $round -lt $((5 * KILLS + 20)) ]; do
	round=$((round + 1))
	hour=$((hour + 3))
	lines $hour >in.jsonl
	chunkpack --store calm in.jsonl | idxbuild --store calm >/dev/null
	lokid-ingest -q --wal wal --input jsonl in.jsonl
	if [ $((round % 7)) -eq 5 ]; then
		id=$(request calm fake "{app=\"a$((round % 2))\"} |= \"line $((round % 5))\"" $((FIRST + 3600 * (hour - 24)))000000000 "$(now)000000000")
		s3_curl PUT "/$S3_RUN/main/fake/deletes/$id.json" -T "calm/fake/deletes/$id.json" >/dev/null
	fi
	fault
	case $((round % 7)) in
	0) job=pack within=200 ;;
	1) job=index within=300 ;;
	2) job=big within=600 ;;
	3 | 6) job=compact within=900 ;;
	4) job=retain within=900 ;;
	5) job=delete within=900 ;;
	esac
	case $job in
	pack | index)
		unpacked >frames 2>>err
		[ "$job" = pack ] || pack <frames >packs 2>>err
		;;
	*) flush 2>>err || fail "round $round: a flush" "$(tail -n 3 err)" ;;
	esac
	start_"$job" "$VIA" >/dev/null 2>>err &
	victim=$!
	others=
	flush_rand 4
	if [ "$RAND" -eq 0 ]; then
		forget_locks
		flush_rand 2
		[ "$RAND" -eq 0 ] && other=compact || other=$job
		case $other in
		compact | retain | delete)
			start_"$other" "$VIA" >/dev/null 2>>err &
			others=$!
			;;
		esac
	fi
	if kill_soon "$within" "$victim"; then
		killed=$((killed + 1))
		echo "$job" >>kills
	fi
	[ ! "$others" ] || wait "$others" || fail "round $round: who raced ended well" "$(tail -n 3 err)"
	flush 2>>err || fail "round $round: a flush" "$(tail -n 3 err)"
	same >log || {
		fail "round $round, $job killed: the same answers" "$(head log)"
		break
	}
	flush_rand 4
	if [ "$RAND" -eq 0 ]; then
		flush_rand 3
		case $RAND in
		0) job=compact ;;
		1) job=retain ;;
		2) job=delete ;;
		esac
		done_with "$job" "$VIA" 0 >/dev/null 2>>err || fail "round $round: a $job to the end" "$(tail -n 3 err)"
	fi
done
note "$killed in $round rounds:" "$(sort kills | uniq -c | awk '{ printf " %s %d", $2, $1 }')"
is "as many were killed as asked for" "$killed" "$KILLS"

# ---- undisturbed

s3_fault '{}'
unlocked() { [ "$(done_with compact "$S3_URL&lock-expiry=1s" 0 -v 2>&1 | grep -c 'left to')" -eq 0 ]; }
ok "locks of the dead are nobody's soon" wait_for 10 unlocked
for s in "$S3_URL" calm; do
	pack_big "$s" | idxbuild --store "$s" >/dev/null
	for _ in 1 2; do
		for job in compact retain delete; do done_with $job "$s" 0 >>said 2>&1 || fail "a last $job" "$(tail -n 3 said)"; done
	done
	ok "nothing is left to retain" exits 0 idxbuild --retain --store "$s" --limits limits.yaml --now "$(now)" --delete-delay 0
	ok "without a word" stdout_is_empty
	ok "all is right" exits 0 idxbuild --fsck --delete-delay 0 --store "$s"
	ok "without a word" stdout_is_empty
	ok "and verifies" exits 0 idxbuild --verify --store "$s"
done
if same >log; then pass "the same answers"; else fail "the same answers" "$(head log)"; fi
ok "which are many" test "$(wc -l <want)" -gt 60
kinds() { sed -n 's,/[^/]*[.]\(idx\|pack\)$, \1,p; s,/[^/]*[.]receipt[.]json$, receipt,p' | sort -u; }
s3_keys main >keys
kinds <keys >there
(cd calm && find . -type f | cut -c 3-) | kinds >wanted
ok "objects of the same tenants, days and kinds" diff wanted there
idxbuild --dump --store "$S3_URL" | awk -F '"' '/^{"index":/ { print $4 ".idx" } /^{"pack":/ { print $6 ".pack" }' | sed 's,.*/,,; s,[.]idx[.]idx$,.idx,' | sort -u >named
grep -E '[.](idx|pack)$' keys | sed 's,.*/,,' | sort -u >objects
ok "and no other pack or index file" diff named objects
is "no lock" "$(grep -c '^~lokid/locks' keys)" 0
is "no file was left behind" "$(find tmp -type f | wc -l)" 0

# Uploads that were broken off are for lokid-store(7)'s day theirs who may still be at it; s3-uploads.t sees the end of it.
uploads() { s3_curl GET "?prefix=$S3_RUN%2F&uploads=" | tr '<' '\n' | sed -n 's/^UploadId>//p' | wc -l; }
note "$(uploads) uploads were broken off"

done_testing
