# crash.sh - programs killed at random moments, beside others that do not see their lock, as those of another machine. Source it
# after flush.sh.
#
# shellcheck shell=sh disable=SC2034

# crash_kills N: sets KILLS, where it is not given, to PERCENT (5) hundredths of N, one at least, and says so.
crash_kills() {
	KILLS=${KILLS:-$(($1 * ${PERCENT:-5} / 100))}
	[ "$KILLS" -gt 0 ] || KILLS=1
	echo "# SEED=${SEED:-1}, $KILLS kills"
}

# crash_rounds MS: rounds until KILLS were killed, ROUND counts them. The test has
#   begin_round     what is there when it begins
#   start_victim    in a shell beside, whose place it takes, so that what is killed is the program; within MS milliseconds
#   start_other N   likewise, with N from 0 to 3: who races, or nobody
#   end_round       what holds then; false ends it all
# What they say goes to ./err.
crash_rounds() {
	killed=0
	ROUND=0
	while [ $killed -lt "$KILLS" ] && [ $ROUND -lt $((5 * KILLS + 20)) ]; do
		ROUND=$((ROUND + 1))
		begin_round
		start_victim >/dev/null 2>>err &
		victim=$!
		flush_rand 4
		start_other "$RAND" >/dev/null 2>>err &
		other=$!
		kill_soon "$1" "$victim" && killed=$((killed + 1))
		wait "$other" || fail "round $ROUND: who raced ended well" "$(tail -n 3 err)"
		end_round || break
	done
	note "$killed were killed in $ROUND rounds"
	is "as many were killed as asked for" $killed "$KILLS"
}

# crash_added FOUND WANTED: says which lines of a file are there twice, and which are not in the other one, whose lines are sorted.
crash_added() {
	sort "$1" | uniq -d | head -n 3 | sed 's/^/there twice: /'
	sort "$1" | comm -13 "$2" - | head -n 3 | sed 's/^/not there before: /'
}

# crash_unlock: of ./store, so that who is started next sees no lock.
crash_unlock() {
	rm -f store/~lokid/locks
}
