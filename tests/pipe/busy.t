#!/bin/sh
# Questions asked while others write, pack, prune and make the index anew: what was acknowledged before a question is in its
# answer, and nothing is in it twice.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/flush.sh"

ROUNDS=25
EACH=200

# Numbers go through files that are renamed, so that none is read half written.
tell() { # FILE NUMBER
	echo "$2" >"$1.new" && mv "$1.new" "$1"
}

busy() {
	for i in $(seq 1 $ROUNDS); do
		tell begun $((i * EACH))
		flush_ingest busy-"$i" $EACH || echo "ingest failed" >>busy.err
		tell acked $((i * EACH))
		flush_pipe >/dev/null 2>>busy.err
		walreplay --prune --store store wal >/dev/null 2>>busy.err
		[ $((i % 4)) -ne 0 ] || idxbuild --rebuild --store store >/dev/null 2>>busy.err
	done
	tell ended 1
}

ask() { # lines; every other time as many lines as are counted
	n=$((n + 1))
	if [ $((n % 2)) -eq 0 ]; then
		logql --store store --wal wal --limit 0 -o raw '{app="busy"}' >answer 2>ask.err || [ $? -eq 1 ]
	else
		logql --store store --wal wal 'sum(count_over_time({app="busy"}[2d]))' >sum 2>ask.err || [ $? -eq 1 ] || return
		seq 1 "$(awk '{ n = $NF } END { print n + 0 }' sum)" >answer
	fi
}

mkdir wal store
tell acked 0
tell begun 0
busy &
tap_pids="$tap_pids $!"
n=0
again=0
bad=0
until [ -e ended ]; do
	least=$(cat acked)
	if ! ask; then
		# Three times in a row the ground moved: it says so, with exit 5, and is asked again.
		grep -q 'changed three times' ask.err || {
			bad=1
			break
		}
		again=$((again + 1))
		continue
	fi
	most=$(cat begun)
	found=$(wc -l <answer)
	twice=$(sort answer | uniq -d | head -n 1)
	if [ "$twice" ] || [ "$found" -lt "$least" ] || [ "$found" -gt "$most" ]; then
		bad=1
		echo "between $least and $most acknowledged, $found found, twice: $twice" >>ask.err
		break
	fi
done
note "$n questions, $again to be asked again"
ok "questions were asked" test $n -gt 5
is "each answer is whole, and has nothing twice" "$bad $(cat ask.err)" "0 "
wait
ok "nobody failed meanwhile" test ! -s busy.err
ok "nothing is lost" flush_check
ok "all verifies" flush_verify

done_testing
