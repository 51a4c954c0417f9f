#!/bin/sh
# A ring in an etcd of three: its leader is killed while many change the ring; a member hangs; most are dead.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/etcd.sh"

etcd_cluster
RING=$ETCD/ring
ring() { ringctl --ring "$RING" --timeout 60s "$@"; }
ring init --tokens 16 --heartbeat-timeout 1h || bail "a ring in three members"

# Eight writers, each of which joins ten instances, one after the other.
for w in 1 2 3 4 5 6 7 8; do
	{
		for i in 1 2 3 4 5 6 7 8 9 10; do
			ring join "w-$w-$i" && ring heartbeat "w-$w-$i" || exit 1
			echo "w-$w-$i" >>acknowledged.$w
		done
	} >"w-$w.out" 2>&1 &
done
some_are() { [ "$(cat acknowledged.* 2>/dev/null | wc -l)" -ge 16 ]; }
ok "changes are made" wait_for 30 some_are
leader=$(etcd_leader)
is "one member leads" "$(echo "$leader" | wc -w)" 1
"$ETCD_COMPONENTS/etcd-cluster-kill" "$ETCD_DIR" "$leader" || bail "the leader is killed"
wait
is "all changes are acknowledged, over the election" "$(cat acknowledged.* | wc -l)" 80
ok "the ring is whole" exits 0 ring status -o jsonl
jq -r .instance "$TAP/stdout" | sort >found
sort acknowledged.* >expected
ok "what was acknowledged is there, and nothing else" same_file expected found
is "each token is of one instance" "$(ring tokens -o jsonl | jq .token | sort | uniq -d | wc -l)" 0
is "there are as many as there should be" "$(ring tokens -o jsonl | wc -l)" 1280
is "each change counts once: a ring, and 80 instances" \
	"$(ETCD=etcd://$(echo "${ETCD#etcd://}" | tr , '\n' | sed -n "$((${leader#s} % 3 + 1))p"); etcd_ask /v3/kv/range "{\"key\":\"$(printf /ring/settings | base64)\"}" | jq -r '.kvs[0].value' | base64 -d | jq .revision)" 81

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
"$ETCD_COMPONENTS/etcd-cluster-kill" "$ETCD_DIR" s1
"$ETCD_COMPONENTS/etcd-cluster-kill" "$ETCD_DIR" s2
ok "without a majority it is exit 5" exits 5 ringctl --ring "$RING" --timeout 3s join late
"$ETCD_COMPONENTS/etcd-cluster-start" "$ETCD_DIR" "$etcd_free" >/dev/null
ok "when they are back, it is done" exits 0 ring join late
ok "once" exits 0 sh -c 'ringctl --ring "$1" status -o jsonl | grep -c "\"late\"" | grep -qx 1' - "$RING"

done_testing
