#!/bin/sh
# Retentions killed at random moments, beside flushes, compactions and other retentions that do not see their lock: what is
# not expired is there, once, in every round; and after a last run the store is as one that was never disturbed.
# PERCENT=100: 200 kills.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/flush.sh"
. "$REPO/tests/lib/crash.sh"

crash_kills 200

FIRST=1768435200 # 2026-01-15
cat >limits.yaml <<'Y'
limits_config:
  retention_period: 72h
  retention_stream:
  - {selector: '{app="a1"}', priority: 1, period: 30h}
  - {selector: '{app="a2"}', priority: 1, period: 1000h}
Y

# lines HOUR: what is pushed in this hour, of three streams and of times up to two days before.
lines() {
	awk -v h="$1" -v first=$FIRST 'BEGIN {
		for (i = 0; i < 60; i++) {
			t = first + 3600 * (h - (i % 4 == 3 ? i % 48 : 0)) + 60 * i
			printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a%d\"},\"line\":\"hour %d line %d\"}\n", t, h, i % 3, h, i
		}
	}'
}

add() { # STORE HOUR
	lines "$2" | chunkpack --store "$1" | idxbuild --store "$1" >/dev/null
}

compact() { # STORE
	chunkpack --compact --store "$1" --fan-in 2 --pack-size 64KiB --chunk-size 16KiB --level 1 -j2 >/dev/null
}

now_of() { # HOUR: its end
	echo $((FIRST + 3600 * ($1 + 1)))
}

retain() { # STORE HOUR [OPTION]...
	retain_s=$1 retain_h=$2
	shift 2
	idxbuild --retain --store "$retain_s" --limits limits.yaml --now "$(now_of "$retain_h")" "$@"
}

start_retain() {
	exec idxbuild --retain --store "$1" --limits limits.yaml --now "$(now_of "$2")"
}

# expected HOUR: lines of all hours up to it that are not expired at its end; found STORE HOUR.
expected() {
	awk -v now="$(now_of "$1")" '{
		ts = substr($0, 8, 10)
		app = substr($0, index($0, "\"app\":\"") + 7, 2)
		keep = app == "a1" ? 108000 : app == "a2" ? 3600000 : 259200
		line = substr($0, index($0, "\"line\":") + 8)
		if (ts >= now - keep)
			print substr(line, 1, index(line, "\"") - 1)
	}' pushed | sort
}
found() {
	logql --store "$1" --limits limits.yaml --now "$(now_of "$2")" --limit 0 -o raw '{app=~".+"}' | sort
}

: >pushed
hour=48
begin_round() {
	for _ in 1 2 3; do
		hour=$((hour + 3))
		add store $hour
		lines $hour >>pushed
	done
	flush_rand 2
	[ "$RAND" -eq 0 ] || compact store 2>>err
}
start_victim() { start_retain store $hour; }
start_other() {
	case $1 in
	0)
		crash_unlock
		start_retain store $hour
		;;
	1)
		crash_unlock
		compact store
		;;
	esac
}
end_round() {
	expected $hour >want
	found store $hour >got
	cmp -s want got || {
		fail "round $ROUND: what is not expired is there, once" "$(diff want got | head -n 5)"
		return 1
	}
	flush_rand 4
	if [ "$RAND" -eq 0 ]; then
		retain store $hour --delete-delay 0 >/dev/null 2>>err || fail "round $ROUND: a run to the end"
	fi
}

crash_rounds 30

# --- undisturbed

for s in store calm; do
	[ $s = store ] || {
		chunkpack --store $s pushed | idxbuild --store $s >/dev/null
	}
	find $s -name '*.tmp' -exec touch -d '2 hours ago' {} +
	for _ in 1 2; do
		retain $s $hour --delete-delay 0 >/dev/null 2>&1
		chunkpack --compact --store $s --delete-delay 0 >/dev/null 2>&1
	done
	ok "$s: a last run" exits 0 retain $s $hour --delete-delay 0
	ok "$s: has nothing to do" stdout_is_empty
	ok "$s: it is right" exits 0 idxbuild --fsck --delete-delay 0 --store $s
	found $s $hour >got-$s
	find $s -name '*.idx' -o -name '*.pack' | cut -d / -f 2-4 | sort -u >objects-$s
done
ok "the same answers" cmp got-calm got-store
expected $hour >want
ok "which are right" cmp want got-store
ok "and objects of the same days" diff objects-calm objects-store

done_testing
