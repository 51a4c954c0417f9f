#!/bin/sh
# A request is cancelled while it is applied: who is told that it is cancelled loses nothing, who is told that it has begun knows.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/deletes.sh"

awk 'BEGIN { for (k = 0; k < 40000; k++)
	printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a%d\"},\"line\":\"line %d %d\"}\n",
		1768471200 + k / 1000, k, k % 2, k, x = (x * 16807 + 5) % 2147483647 }' >in.jsonl
chunkpack --store store in.jsonl | idxbuild --store store >/dev/null
request store fake '{app="a1"}' 1768471200000000000 1768514400000000000 >id
id=$(cat id)
begun=fake/receipts/$id/begun.json
n() { logql --store "$1" -o raw --limit 0 '{app=~".+"}' | wc -l; }
cancel() { logql delete cancel "$id" --store "$@"; }
# stopped STORE: a deletion that has begun, and is stopped before it has committed; false when it was too fast.
stopped() {
	rm -rf "$1"
	cp -rp store "$1"
	chunkpack --delete -j1 --store "$1" >said 2>faults &
	victim=$!
	while [ ! -e "$1/$begun" ] && kill -0 "$victim" 2>/dev/null; do :; done
	kill -STOP "$victim" 2>/dev/null || return
	[ "$(find "$1" -name '*.idx' | wc -l)" -eq 1 ] && return
	kill -CONT "$victim"
	wait "$victim"
	return 1
}
stop() {
	for try in 1 2 3 4 5 6 7 8; do
		stopped "$1" && return
		note "try $try: it was faster"
	done
	return 1
}
go_on() {
	kill -CONT "$victim"
	wait "$victim"
}

is "what it means is not seen" "$(n store)" 20000
ok "a deletion has begun" stop one
ok "it cannot be cancelled" exits 2 cancel one
ok "in words" stderr_has "Unable to cancel partially completed delete request. To force, use --force"
ok "and is not" test ! -e "one/fake/deletes/$id.cancel.json"
ok "it ends well" go_on
ok "and says so" grep -q ": 20000 entries, " said
is "it is gone" "$(n one)" 20000

ok "another one" stop two
ok "is cancelled by force" exits 0 cancel two --force
is "all is seen again" "$(n two)" 40000
ok "the deletion ends well" go_on
is "and says nothing" "$(cat said)" ""
is "all is still seen" "$(n two)" 40000
ok "there is no receipt" test ! -e "two/fake/processed/$id.json"
ok "a further run" exits 0 chunkpack --delete --store two
is "leaves it" "$(n two)" 40000
ok "all is right" exits 0 idxbuild --fsck --store two --delete-delay 2h

cp -rp store three
ok "one that has not begun" exits 0 cancel three
ok "is cancelled" exits 0 chunkpack --delete --store three
is "and nothing of it goes" "$(n three)" 40000
ok "a dry run begins nothing" sh -c "chunkpack --delete --dry-run --store store && test ! -e store/$begun"
done_testing
