#!/bin/sh
# idxbuild --fsck --repair killed at random moments, of a store whose packs are young and of whose days many have damage: at
# each moment either all entries are there, once, or the query says that some are not; and a check says the same.
# PERCENT=100: 100 kills.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/flush.sh"
. "$REPO/tests/lib/crash.sh"

crash_kills 100
DAYS=60

FIRST=1768435200 # 2026-01-15
awk -v first=$FIRST -v n=$DAYS 'BEGIN {
	for (i = 0; i < n; i++)
		printf "{\"ts\":\"%d000000000\",\"labels\":{\"app\":\"a%d\"},\"line\":\"day %d\"}\n", first + 86400 * i, i % 3, i
}' >in
chunkpack --store store in | idxbuild --store store >/dev/null
ask() {
	logql --store store --limit 0 -o raw '{app=~".+"}' 2>err
}
ask | sort >want
is "there is a line of each day" "$(wc -l <want)" $DAYS
find store/fake -name '*.idx' -type f | sort >indexes

# hurt: of every other day the index file is damaged; of some its pack lies in the folder of another day; of some its index
# file; of some the pack's trailer is damaged, too.
hurt() {
	find store/fake -name '*.idx' -type f | sort | awk 'NR % 2' >chosen
	i=0
	while read -r idx; do
		i=$((i + 1))
		flush_rand 6
		case $RAND in
		0)
			pack=$(find "$(dirname "$idx" | sed 's,/index/,/chunks/,')" -name '*.pack')
			mkdir -p store/fake/chunks/2001-01-01
			mv "$pack" store/fake/chunks/2001-01-01/
			;;
		1)
			mkdir -p store/fake/index/2001-01-01
			mv "$idx" store/fake/index/2001-01-01/
			;;
		2) flip_byte "$idx" $(($(size_of "$idx") - 5)) ;; # a page
		3)
			flip_byte "$idx" 30
			pack=$(find "$(dirname "$idx" | sed 's,/index/,/chunks/,')" -name '*.pack' | head -n 1)
			flip_byte "$pack" $(($(size_of "$pack") - 30)) # its trailer: the pack is made anew
			;;
		*) flip_byte "$idx" 30 ;;			   # the head
		esac
	done <chosen
}

# What a kill leaves: no line is there twice; one that is not there is told of, by queries and by a check.
look() {
	ask >got
	status=$?
	crash_added got want
	sort got | cmp -s - want || {
		# an index file that lies in another day's folder was out of sight before the repair
		[ $status -ne 0 ] || [ -d store/fake/index/2001-01-01 ] || echo "lines are missing without a word"
		! idxbuild --fsck --store store >fsck.out 2>&1 || echo "the check does not see it"
	}
}

repair() {
	exec idxbuild --fsck --repair --store store
}

killed=0
round=0
whole=1
while [ $killed -lt "$KILLS" ] && [ $round -lt $((5 * KILLS + 20)) ]; do
	round=$((round + 1))
	[ $whole -eq 0 ] || hurt
	whole=0
	repair >out 2>&1 &
	kill_soon 60 $! && killed=$((killed + 1))
	look >bad
	[ ! -s bad ] || {
		fail "round $round: nothing is lost without a word" "$(cat bad)"
		break
	}
	flush_rand 3
	[ "$RAND" -ne 0 ] || whole=1
	[ $whole -eq 0 ] || idxbuild --fsck --repair --store store >out 2>&1 || {
		fail "round $round: a repair to the end" "$(tail -n 3 out)"
		break
	}
done
note "$killed repairs were killed in $round rounds"
is "as many were killed as asked for" $killed "$KILLS"

find store -name '*.tmp' -exec touch -d '2 hours ago' {} +
ok "a last repair" exits 0 idxbuild --fsck --repair --store store
ok "and all is right" exits 0 idxbuild --fsck --delete-delay 0 --store store
ok "without a word" stdout_is_empty
ask | sort >got
ok "each line is there, once" same_file want got

# What a repair of before has left that set index files aside and was killed: its packs are young.
find store/fake -name '*.idx' -type f | sort | head -n 20 | while read -r idx; do
	mkdir -p "store/~lokid/lost/${idx#store/}"
	mv "$idx" "store/~lokid/lost/${idx#store/}/0123456789abcdef0123456789abcdef"
done
find store/~lokid/lost -type f -name 0123456789abcdef0123456789abcdef | sort | head -n 10 >some
while read -r f; do flip_byte "$f" 30; done <some
ok "packs whose index file was set aside are missed at once" exits 3 idxbuild --fsck --store store
ok "each" stdout_lines 20
ok "as orphans" stdout_matches '^orphan fake/chunks/'
ok "and get one" exits 0 idxbuild --fsck --repair --store store
ask | sort >got
ok "so that all is there again" same_file want got

done_testing
