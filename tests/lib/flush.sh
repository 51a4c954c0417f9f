# flush.sh - what the tests of the flush pipe share: making segments, running the pipe, counting entries.
# Source it after tap.sh. Segments lie in ./wal, the store is ./store, lines that count in ./want.
#
# shellcheck shell=sh disable=SC2034

: >want

# flush_rand N: sets RAND to a number below N; the same ones for the same SEED.
RAND=0
RAND_STATE=${SEED:-1}
flush_rand() {
	RAND_STATE=$(((RAND_STATE * 1103515245 + 12345) & 0x7fffffff))
	RAND=$((RAND_STATE / 65536 % $1))
}

# flush_new: no log, no store, nothing wanted.
flush_new() {
	rm -rf wal store
	: >want
}

# flush_lines NAME N: N lines that are there once in the whole test, as long as NAME is.
flush_lines() {
	awk -v name="$1" -v n="$2" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "%s line %06d %d\n", name, i, x = (x * 16807 + 5) % 2147483647
	}'
}

# flush_json NAME N: as JSON lines of two tenants and two days, six streams.
flush_json() {
	awk -v name="$1" -v n="$2" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "{\"ts\":\"17684784%02d%09d\",\"tenant\":\"t%d\",\"labels\":{\"app\":\"a%d\"},\"line\":\"%s line %06d %d\"}\n",
				0, i, i % 2, i % 3, name, i, x = (x * 16807 + 5) % 2147483647
	}' | awk 'NR % 5 == 0 { sub(/"ts":"17684784/, "\"ts\":\"17685648") } { print }'
}

# flush_ingest NAME N: a closed segment of N lines, all acknowledged.
flush_ingest() {
	flush_lines "$1" "$2" >in.lines
	lokid-ingest -q --wal wal -l "app=${1%%-*}" <in.lines || return
	cat in.lines >>want
}

# flush_ingest_json NAME N: the same from JSON lines.
flush_ingest_json() {
	flush_json "$1" "$2" >in.json
	lokid-ingest -q --wal wal --input jsonl <in.json || return
	sed 's/.*"line":"\(.*\)"}$/\1/' in.json >>want
}

# flush_pipe: the pipe as cron runs it. FLUSH_OPTS go to chunkpack.
flush_pipe() {
	# shellcheck disable=SC2086
	walreplay --frames --unpacked --store store wal | chunkpack --store store ${FLUSH_OPTS:-} |
		idxbuild --store store
}

# flush_start: the same with each program's process id, in WALREPLAY, CHUNKPACK, IDXBUILD. What they say goes
# to pipe.err. All ends of the pipes are open before the first starts, so none waits for one that was killed
# too early.
flush_start() {
	rm -f fifo1 fifo2
	mkfifo fifo1 fifo2
	exec 8<>fifo1 9<>fifo2
	# shellcheck disable=SC2094
	exec 4>fifo1 5<fifo1 6>fifo2 7<fifo2
	exec 8>&- 9>&-
	walreplay --frames --unpacked --store store wal >&4 2>>pipe.err 4>&- 5<&- 6>&- 7<&- &
	WALREPLAY=$!
	# shellcheck disable=SC2086
	chunkpack --store store ${FLUSH_OPTS:-} <&5 >&6 2>>pipe.err 4>&- 5<&- 6>&- 7<&- &
	CHUNKPACK=$!
	idxbuild --store store <&7 >pipe.out 2>>pipe.err 4>&- 5<&- 6>&- 7<&- &
	IDXBUILD=$!
	exec 4>&- 5<&- 6>&- 7<&-
	tap_pids="$tap_pids $WALREPLAY $CHUNKPACK $IDXBUILD"
}

# flush_wait: until all three have ended, however they did.
flush_wait() {
	wait "$WALREPLAY" "$CHUNKPACK" "$IDXBUILD" 2>/dev/null || :
}

# flush_live_packs: paths of the packs that live index files name, each once.
flush_live_packs() {
	[ -d store ] || return 0
	idxbuild --dump --store store | awk -F '"' '
		/^{"index":/ { folder = $4; sub("/index/", "/chunks/", folder); sub("/[^/]*$", "", folder) }
		/^{"pack":/ { print folder "/" $6 ".pack" }' | sort -u
}

# flush_found: every entry that is found, as JSON lines: what live packs hold and what is still unpacked. Segments that are
# open, or damaged, are not in it.
flush_found() {
	flush_live_packs >packs || return
	: >found.raw
	while read -r pack; do
		chunkcat "$pack" >>found.raw || return
	done <packs
	walreplay --unpacked --store store wal >>found.raw || return
	cat found.raw
}

# flush_ask: the lines that logql finds in store and log.
flush_ask() {
	set --
	[ ! -d store ] || set -- --store store
	for tenant in fake t0 t1; do
		logql -t $tenant "$@" --wal wal --limit 0 -o raw '{app=~".+"}' || [ $? -eq 1 ] || echo "exit $?"
	done
}

# flush_check [MAY]: the lines of ./want are found, and no others but those of MAY; none is two entries; and logql
# finds the same. Copies of one entry, which fold, are in found.raw.
flush_check() {
	flush_found >/dev/null || {
		echo "cannot read all"
		return 1
	}
	sort -u found.raw | sed 's/.*"line":"\(.*\)"}$/\1/' | sort >found
	sort want >wanted
	sort "${1:-/dev/null}" >maybe
	comm -23 wanted found | head -n 4 | sed 's/^/lost: /' >bad
	uniq -d found | head -n 4 | sed 's/^/doubled: /' >>bad
	comm -13 wanted found | uniq | comm -23 - maybe | head -n 4 | sed 's/^/new: /' >>bad
	flush_ask | sort >asked
	comm -23 found asked | head -n 4 | sed 's/^/logql does not find: /' >>bad
	comm -13 found asked | head -n 4 | sed 's/^/logql finds besides: /' >>bad
	[ -s bad ] || return 0
	cat bad
	printf '%d expected, %d found\n' "$(wc -l <wanted)" "$(wc -l <found)"
	return 1
}

# flush_is_single: no entry lies in two places.
flush_is_single() {
	flush_found >/dev/null || return
	sort found.raw | uniq -d | head -n 5 | sed 's/^/twice: /' >twice
	cat twice
	[ ! -s twice ]
}

# flush_verify: every checksum of the store, once there is something in it, and the log.
flush_verify() {
	if [ "$(flush_packs)" -gt 0 ]; then idxbuild --verify --store store || return; fi
	walreplay --verify wal || return
	flush_live_packs >packs
	while read -r pack; do
		chunkcat --verify "$pack" || return
	done <packs
}

# flush_packs, flush_segments: how many there are.
flush_packs() {
	find store -name '*.pack' 2>/dev/null | wc -l
}
flush_segments() {
	find wal -name '*.wal' | wc -l
}

# kill_soon MS PID: kills it at a random moment within so long, and waits for it; false when it had ended already.
kill_soon() {
	flush_rand "$1"
	sleep "$(printf '0.%03d' "$RAND")" # not to wait for something: a random moment
	kill_status=0
	kill -9 "$2" 2>/dev/null || kill_status=1
	wait "$2" 2>/dev/null
	return $kill_status
}
