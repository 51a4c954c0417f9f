#!/bin/sh
# A ring in an etcd of three: its leader is killed while 32 change the ring; a member hangs; most are dead.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/etcd.sh"

etcd_cluster
RING=$ETCD/ring
ring() { ringctl --ring "$RING" --timeout 60s "$@"; }
ring init --tokens 16 --heartbeat-timeout 1h || bail "a ring in three members"

# 32 writers, each of which joins one instance after the other: once more after the leader was killed.
cat >writer <<'END'
for i in $(seq 200); do
	[ ! -e killed ] || last=yes
	ringctl --ring "$1" --timeout 60s join "w-$2-$i" || exit
	ringctl --ring "$1" --timeout 60s heartbeat "w-$2-$i" || exit
	echo "w-$2-$i" >>"acknowledged.$2"
	[ "${last:-}" ] && exit
done
END
leader=$(etcd_leader)
is "one member leads" "$(echo "$leader" | wc -w)" 1
writers=
for w in $(seq 32); do
	spawn sh writer "$RING" "$w" >"w-$w.out" 2>&1
	writers="$writers $PID"
done
all_do() { [ "$(find . -name 'acknowledged.*' | wc -l)" = 32 ]; }
ok "all of them change it" wait_for 60 all_do
"$ETCD_COMPONENTS/etcd-cluster-kill" "$ETCD_DIR" "$leader" || bail "the leader is killed"
: >killed
for i in $writers; do wait "$i" || fail "a writer goes on over the election" "$(cat w-*.out | grep error)"; done
n=$(cat acknowledged.* | wc -l)
ok "the ring is whole" exits 0 ring status -o jsonl
jq -r .instance "$TAP/stdout" | sort >found
sort acknowledged.* >expected
ok "what was acknowledged is there, and nothing else" same_file expected found
is "each token is of one instance" "$(ring tokens -o jsonl | jq .token | sort | uniq -d | wc -l)" 0
is "there are as many as there should be" "$(ring tokens -o jsonl | wc -l)" $((n * 16))
is "each change counts once: a ring, and each instance" \
	"$(ETCD=etcd://$(echo "${ETCD#etcd://}" | tr , '\n' | sed -n "$((${leader#s} % 3 + 1))p"); etcd_ask /v3/kv/range "{\"key\":\"$(printf /ring/settings | base64)\"}" | jq -r '.kvs[0].value' | base64 -d | jq .revision)" $((n + 1))

# Members are stopped and started in turn: who beats and who watches goes on. What is asked of a member that goes down is
# answered by a refusal.
"$ETCD_COMPONENTS/etcd-cluster-start" -m "$leader" "$ETCD_DIR" "$etcd_free" >/dev/null
going=
for w in 1 2 3 4 5 6; do
	spawn ringctl --ring "$RING" --timeout 60s heartbeat "w-$w-1" --every 20ms 2>"beat-$w"
	going="$going $PID"
done
spawn ringctl --ring "$RING" --timeout 60s status --watch --every 1h -o jsonl >watched 2>watch-said
going="$going $PID"
watched() { grep -q "$1" watched; }
ok "the ring is watched" wait_for 10 watched '"w-1-1"'
for member in s1 s2 s3; do
	pid=$(sed -n "s/^ETCD_PID_$member=//p" "$ETCD_DIR/env")
	gone() { ! kill -0 "$pid" 2>/dev/null; }
	"$ETCD_COMPONENTS/etcd-cluster-kill" "$ETCD_DIR" $member TERM || bail "$member is stopped"
	wait_for 30 gone || bail "$member ends"
	"$ETCD_COMPONENTS/etcd-cluster-start" -m $member "$ETCD_DIR" "$etcd_free" >/dev/null || bail "$member is back"
done
ring join after-all 2>/dev/null
ok "the watch goes on" wait_for 20 watched '"after-all"'
for i in $going; do
	kill "$i" 2>/dev/null || fail "who beats goes on" "$(cat beat-* watch-said)"
	wait "$i"
done
ring forget after-all >/dev/null

# A member that hangs takes connections, and answers nothing.
"$ETCD_COMPONENTS/etcd-cluster-kill" "$ETCD_DIR" s1 STOP
ok "a member that hangs is passed over" exits 0 ring leave w-1-1
"$ETCD_COMPONENTS/etcd-cluster-kill" "$ETCD_DIR" s1 CONT

# Two of three are dead: nothing can be changed, and it is not said to be.
# Who watches is warned, and goes on afterwards.
"$ETCD_COMPONENTS/etcd-cluster-kill" "$ETCD_DIR" s1
ok "with a majority it is read" exits 0 ring status
spawn ringctl --ring "$RING" --timeout 1s status --watch --every 100ms -o jsonl >watched 2>watch-said
watcher=$PID
ok "the ring is watched" wait_for 10 watched '"w-1-1"'
"$ETCD_COMPONENTS/etcd-cluster-kill" "$ETCD_DIR" s2
ok "who watches is warned" wait_for 20 grep -q "^ringctl: warning: 'etcd://.*/ring': http.*; what was printed last may be old$" watch-said
ok "without a majority it is exit 5" exits 5 ringctl --ring "$RING" --timeout 3s join late
is "who watches was warned once" "$(wc -l <watch-said)" 1
"$ETCD_COMPONENTS/etcd-cluster-start" "$ETCD_DIR" "$etcd_free" >/dev/null
ok "when they are back, it is done" exits 0 ring join late
ok "once" exits 0 sh -c 'ringctl --ring "$1" status -o jsonl | grep -c "\"late\"" | grep -qx 1' - "$RING"

ok "who watches sees it" wait_for 20 watched '"late"'
is "and that it answers again, once" "$(sed 1d watch-said)" "ringctl: the ring answers again"
kill $watcher || fail "who watches goes on" "$(cat watch-said)"
wait $watcher

done_testing
