#!/bin/sh
# speed.sh [PART]... - how fast and small, beside public tools on the same bytes in the same run.
#
# Prints "name value unit limit ratio verdict committed", TAB between. The limit is what the value
# is held against, or the ratio to the tool when there is one; - stands for none. The verdict is
# pass, fail or info. committed is the value in tests/bench/numbers.tsv, which is an output of this
# script. Exit 1 when one failed. Without PART all of them, in order; a later part reads what the
# earlier ones left; upkeep, json, logfmt, regex, sums, push, http, costs and far (an S3 server,
# where that is) stand alone, and json is held against simdjson where that library is (libsimdjson-dev).
#
# BENCH_BYTES   bytes of lines, default 1G     BENCH_RUNS    median of so many, default 5
# BENCH_DIR     where, default build/bench     BENCH_WAL_GB  closed segments, default 10
# BENCH_COSTS   cost records, default 10000000
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
repo=${here%/tests/bench}
bytes=${BENCH_BYTES:-1G}
runs=${BENCH_RUNS:-5}
wal_gb=${BENCH_WAL_GB:-10}
end=1760594400
. "$repo/tests/lib/bench.sh"

truth() { truth_in data "$1"; }
truth_in() { sed -n "s/^  \"$2\": \"*\([^\",]*\).*/\1/p" "$1/truth.json"; }
mb_per_s() { calc "$(truth bytes) / 1e6 / $1"; }

compress_streams() {
	mkdir zstd
	for f in data/raw/*.log; do # one run for each stream, as if it were a file that somebody keeps
		f=${f##*/}
		zstd -q -3 -T1 "data/raw/$f" -o "zstd/$f.zst"
	done
}

part_data() {
	once "$bytes" data "$repo/scripts/gen-logs" data data "$bytes" 300 1 $end
	once "$bytes" zstd compress_streams
	cat data/raw/*.log >lines
	cat zstd/*.zst >lines.zst
	info data_lines "$(truth lines)" lines
	info data_bytes "$(truth bytes)" bytes
}

# Speeds count the bytes of lines, though JSON with its labels is about twice as many to read.
part_ingest() {
	turns "measure -p 'rm -rf wal; sync' lokid-ingest -q --wal wal --sync always --input jsonl data/entries.jsonl" \
		"measure -p 'rm -f out; sync' -o speed snappy-sync lines out"
	speed=$(mb_per_s "$(wall "$ours")")
	at_least ingest_jsonl "$speed" MB/s 150
	ratio_at_least ingest_vs_snappy_sync "$(mb_per_s "$(wall "$theirs")")" MB/s 0.5 \
		"$(calc "$(wall "$theirs") / $(wall "$ours")")"
	at_most ingest_rss "$(rss_mib "$ours")" MiB 64
	info ingest_cpu "$(cpu "$ours")" s "$(calc "$(cpu "$theirs") / $(cpu "$ours")")"
	info wal_bytes "$(tree_bytes wal)" bytes "$(calc "$(tree_bytes wal) / $(truth bytes)")"
	turns "measure -p 'rm -rf wal1; sync' lokid-ingest -q --wal wal1 --sync always -l app=one lines" \
		"measure -p 'rm -f out; sync' -o speed snappy-sync lines out"
	rm -rf wal1 out
	info ingest_lines_one_stream "$(mb_per_s "$(wall "$ours")")" MB/s "$(calc "$(wall "$theirs") / $(wall "$ours")")"
	expect "$(walreplay wal | wc -l)" "$(truth lines)" "entries in the WAL"
}

# Frames on a pipe, as the daemon gives them: batches of 256 KiB, and of one line each.
part_frames() {
	cat wal/*.wal | frames 256KiB >big.frames 2>big.count
	cat wal/*.wal | frames 1 200000 >small.frames 2>small.count
	m=$(measure -n "$runs" -p 'rm -rf wal1; sync' -o acks sh -c \
		'cat big.frames | lokid-ingest -q --wal wal1 --sync always --input frames --ack')
	expect "$(grep -c ' ok$' acks)" "$(cut -d ' ' -f 1 big.count)" "batches in the WAL"
	info ingest_frames "$(mb_per_s "$(wall "$m")")" MB/s
	info ingest_frames_cpu "$(cpu "$m")" s
	m=$(measure -n "$runs" -p 'rm -rf wal1; sync' -o acks sh -c \
		'cat small.frames | lokid-ingest -q --wal wal1 --sync always --input frames --ack')
	n=$(cut -d ' ' -f 1 small.count)
	expect "$(grep -c ' ok$' acks)" "$n" "batches of one line in the WAL"
	info ingest_small_frames "$(calc "$n / $(wall "$m")")" batches/s
	rm -rf wal1 ./*.frames
}

part_pack() {
	turns "measure -p 'rm -rf store; sync' -o packs sh -c 'exec chunkpack --store store wal/*.wal'" \
		"measure -p 'rm -f out; sync' -o out zstd -q -3 -T1 -c lines"
	rm -f out
	ratio_at_least pack "$(mb_per_s "$(wall "$ours")")" MB/s 0.5 "$(calc "$(wall "$theirs") / $(wall "$ours")")"
	info pack_cpu "$(cpu "$ours")" s "$(calc "$(cpu "$theirs") / $(cpu "$ours")")"
	info pack_rss "$(rss_mib "$ours")" MiB
	info zstd_3 "$(mb_per_s "$(wall "$theirs")")" MB/s
	m=$(measure -i packs idxbuild --store store)
	info idxbuild "$(ms "$(wall "$m")")" ms
	info idxbuild_rss "$(rss_mib "$m")" MiB
	info packs "$(find store -name '*.pack' | wc -l)" files
	m=$(measure -p 'rm -rf store2; sync' sh -c \
		'walreplay --frames --unpacked --store store2 wal | chunkpack --store store2 | idxbuild --store store2')
	# shellcheck disable=SC2046
	expect "$(chunkcat --stats $(find store2 -name '*.pack') | sed -n 's/^entries *//p')" "$(truth lines)" "entries in packs"
	rm -rf store2
	info flush_pipe "$(mb_per_s "$(wall "$m")")" MB/s
}

# Two dozen flushes merged; beside decompressing and compressing the same lines.
part_compact() {
	rm -rf flushed wal.small
	lokid-ingest -q --wal wal.small --sync none --segment-size $(($(truth bytes) / 24)) --input jsonl data/entries.jsonl
	for segment in wal.small/*.wal; do
		walreplay --frames "$segment" | chunkpack --store flushed | idxbuild --store flushed >/dev/null
	done
	info compact_packs "$(find flushed -name '*.pack' | wc -l)" files
	zstd -q -3 -T1 -f lines -o lines.all.zst
	turns "measure -p 'rm -rf merged; cp -r flushed merged; sync' -o packs chunkpack --compact --store merged --fan-in 2 --delete-delay 0" \
		"measure -p 'rm -f out; sync' -o out sh -c 'zstd -q -dc -T1 lines.all.zst | zstd -q -3 -T1 -c'"
	# shellcheck disable=SC2046
	expect "$(chunkcat --stats $(find merged -name '*.pack') | sed -n 's/^entries *//p')" "$(truth lines)" "entries in merged packs"
	ratio_at_least compact "$(mb_per_s "$(wall "$ours")")" MB/s 0.6 "$(calc "$(wall "$theirs") / $(wall "$ours")")"
	info compact_cpu "$(cpu "$ours")" s "$(calc "$(cpu "$theirs") / $(cpu "$ours")")"
	at_most compact_rss "$(rss_mib "$ours")" MiB 512 # the default --memory
	turns "measure -p 'rm -rf merged; cp -r flushed merged; sync' -o packs chunkpack --compact --store merged --level 3 --fan-in 2 --delete-delay 0" \
		"measure -p 'rm -f out; sync' -o out sh -c 'zstd -q -dc -T1 lines.all.zst | zstd -q -3 -T1 -c'"
	ratio_at_least compact_level_3 "$(mb_per_s "$(wall "$ours")")" MB/s 0.6 "$(calc "$(wall "$theirs") / $(wall "$ours")")"
	n=$(find merged -name '*.pack' -o -name '*.idx' | wc -l)
	info compact_objects "$n" files
	rm -rf flushed merged packs out lines.all.zst wal.small
}

# objects FOLDER: the sizes and names of packs and index files.
objects() { find "$1" \( -name '*.pack' -o -name '*.idx' \) -printf '%p %s\n' | sort; }

# upkeep NAME HOURS FLUSHES EVERY: HOURS of one tenant, flushed in FLUSHES pieces and compacted after EVERY of
# them, and once more when the day is over: what is written beside what stays, and how many PUTs that would be
# on an object store. A segment takes about a third of its lines' bytes.
upkeep() {
	rm -rf kept wal.small
	lokid-ingest -q --wal wal.small --sync none --segment-size $(($(truth_in day bytes) / 3 / $3)) --input jsonl day/entries.jsonl
	: >before
	: >written
	n=0
	for segment in wal.small/*.wal; do
		n=$((n + 1))
		walreplay --frames "$segment" | chunkpack --store kept | idxbuild --store kept >/dev/null
		objects kept >after
		comm -13 before after >>written
		if [ $((n % $4)) = 0 ]; then
			chunkpack --compact --store kept --delete-delay 0 >/dev/null
			objects kept >before
			comm -13 after before >>written
		else
			mv after before
		fi
	done
	find kept -type f -exec touch -d '3 hours ago' {} + # a day is over when nobody has written to it for an hour
	chunkpack --compact --store kept --delete-delay 0 >/dev/null
	objects kept >after
	comm -13 before after >>written
	info "$1_flushes" "$n" flushes
	info "$1_puts_per_hour" "$(calc "$(wc -l <written) / $2")" puts
	info "$1_write_amplification" \
		"$(calc "$(awk '/pack / { n += $2 } END { print n }' written) / $(tree_bytes kept)")" x
	at_most "$1_objects_per_gb" "$(calc "$(objects kept | wc -l) / ($(tree_bytes kept) / 1e9)")" objects 20
	rm -rf kept wal.small before after written
}

# A UTC day in flushes of five minutes, and as much in four hours of flushes of 15 seconds; compaction each ten minutes.
part_upkeep() {
	once "$bytes" day "$repo/scripts/gen-logs" data day "$bytes" 300 1 $((end - end % 86400))
	upkeep upkeep_5m 24 288 2
	upkeep upkeep_15s 4 960 40
}

part_size() {
	ours=$(tree_bytes store)
	ratio_at_most store_bytes "$ours" bytes 1.05 "$(calc "$ours / $(tree_bytes zstd)")"
	info index_bytes "$(find store -name '*.idx' -printf '%s\n' | awk '{ n += $1 } END { printf "%.0f\n", n }')" bytes
}

# The literal lies there three times; all bytes must be looked at, or proved not to hold it.
part_scan() {
	word=$(truth rare_word)
	query="sum(count_over_time({app=~\".+\"} |= \"$word\" [48h]))"
	best='' name=''
	for grep in grep rg; do
		command -v $grep >/dev/null || continue
		turns "measure -o answer logql --store store -j1 --at $end -o api '$query'" \
			"measure -o counted sh -c 'zstd -q -dc -T1 lines.zst | $grep -c -F $word'"
		expect "$(api_value answer)" 3 "count of the rare word"
		expect "$(cat counted)" 3 "count of the rare word by $grep"
		ratio=$(calc "$(wall "$theirs") / $(wall "$ours")")
		info "zstd_$grep" "$(mb_per_s "$(wall "$theirs")")" MB/s
		if [ -z "$best" ] || [ "$(verdict "$ratio < $best")" = pass ]; then
			best=$ratio name=$grep speed=$(mb_per_s "$(wall "$ours")") m=$ours
		fi
	done
	ratio_at_least "scan_rare_vs_$name" "$speed" MB/s 0.5 "$best"
	info scan_rare_cpu "$(cpu "$m")" s
	at_most scan_rss "$(rss_mib "$m")" MiB 100
	m=$(measure -n "$runs" -o answer logql --store store --at $end -o api 'sum(count_over_time({app=~".+"}[48h]))')
	expect "$(api_value answer)" "$(truth lines)" "count of all lines"
	info count_all "$(ms "$(wall "$m")")" ms
	m=$(measure -n "$runs" logql --store store --limit 100 '{app="checkout"}')
	info last_100_of_app "$(ms "$(wall "$m")")" ms
}

# Single starts are short, so more of them.
part_labels() {
	m=$(measure -n 21 -o answer logql labels --store store)
	grep -q namespace answer || expect "$(cat answer)" "a list with namespace" "names of labels"
	at_most labels "$(ms "$(wall "$m")")" ms 20
	m=$(measure -n 21 logql values --store store pod)
	at_most label_values "$(ms "$(wall "$m")")" ms 20
	m=$(measure -n 21 logql series --store store '{app="checkout"}')
	info series "$(ms "$(wall "$m")")" ms
}

# make_requests FORMAT: lines of requests in a folder of that name, packed in ./store, and not
# compressed in ./plain, whose scan is the parser's cost alone.
make_requests() {
	"$repo/scripts/gen-logs" requests "$1" "$1" "$bytes" 20 1 $end
	lokid-ingest -q --wal "$1/wal" --sync none --input jsonl "$1/entries.jsonl"
	# In the order in which they were made, which names tell to the second alone: else packs overlap by chance.
	walreplay --frames "$1/wal" | chunkpack --store "$1/store" | idxbuild --store "$1/store" >/dev/null
	walreplay --frames "$1/wal" | chunkpack --store "$1/plain" --encoding none | idxbuild --store "$1/plain" >/dev/null
	zstd -q -3 -T1 "$1/lines" -o "$1/lines.zst"
	rm -rf "$1/wal" "$1/entries.jsonl"
}

# parsed FORMAT STORE TRUTH QUERY: measures QUERY, -j1, whose answer is TRUTH of truth.json.
parsed() {
	m=$(measure -n "$runs" -o answer logql --store "$1/$2" -j1 --at $end -o api "$4")
	expect "$(api_value answer)" "$(truth_in "$1" "$3")" "$4"
}

# The parsers' speeds: of lines in packs, and of lines that need no decompression, beside what
# zstd takes for the same lines and, for JSON, beside simdjson where it is there.
part_json() {
	requests json 500
	command -v simdjson-scan >/dev/null || return 0
	turns "measure -o answer logql --store json/store -j1 --at $end -o api '$query'" \
		"measure -o scanned simdjson-scan json/lines.zst status 500"
	expect "$(cut -f 1 scanned)" "$(truth_in json status_5xx_lines)" "count of simdjson"
	ratio_at_least json_vs_simdjson "$(calc "$(truth_in json bytes) / 1e6 / $(wall "$ours")")" MB/s 0.6 \
		"$(calc "$(wall "$theirs") / $(wall "$ours")")"
	info simdjson_bare "$(calc "$(truth_in json bytes) / 1e6 / $(cut -f 2 scanned)")" MB/s
}

part_logfmt() { requests logfmt 400; }

# requests FORMAT LIMIT
requests() {
	once "$bytes" "$1" make_requests "$1"
	query="sum(count_over_time({app=\"shop\"} | $1 | status >= 500 [1h]))"
	parsed "$1" store status_5xx_lines "$query"
	at_least "$1" "$(calc "$(truth_in "$1" bytes) / 1e6 / $(wall "$m")")" MB/s "$2"
	packed=$m
	parsed "$1" plain status_5xx_lines "$query"
	info "$1_plain" "$(calc "$(truth_in "$1" bytes) / 1e6 / $(wall "$m")")" MB/s
	m=$(measure -n "$runs" zstd -q -dc -T1 "$1/lines.zst")
	info "$1_vs_zstd" "$(calc "$(truth_in "$1" bytes) / 1e6 / $(wall "$m")")" MB/s \
		"$(calc "$(wall "$m") / $(wall "$packed")")"
	info "$1_cpu" "$(cpu "$packed")" s "$(calc "$(cpu "$m") / $(cpu "$packed")")"
}

# A regex is held against the literal that it needs. What is counted is the same lines, but for the
# last one, whose literal is in nearly every line.
part_regex() {
	once "$bytes" json make_requests json
	regex_beside regex_vs_literal '|= "refused"' '|~ "refused.*status.:4"'
	expect "$(api_value answer.re)" "$(api_value answer)" "count by a regex"
	regex_beside regex_fold_vs_literal '|= "refused"' '|~ "(?i)REFUSED"'
	expect "$(api_value answer.re)" "$(api_value answer)" "count by a regex of either case"
	regex_beside regex_alternatives_vs_literal '|= "refused"' '|~ "request refused|entry denied"'
	expect "$(api_value answer.re)" "$(api_value answer)" "count by alternatives"
	regex_beside regex_dense_vs_literal '|= "status"' '|~ "status.:[45][0-9][0-9]"' dense
}

# regex_beside NAME LITERAL REGEX [dense]
regex_beside() {
	count="logql --store json/store -j1 --at $end -o api"
	turns "measure -o answer $count 'sum(count_over_time({app=\"shop\"} $2 [1h]))'" \
		"measure -o answer.re $count 'sum(count_over_time({app=\"shop\"} $3 [1h]))'"
	speed=$(calc "$(truth_in json bytes) / 1e6 / $(wall "$theirs")")
	ratio=$(calc "$(wall "$ours") / $(wall "$theirs")")
	if [ -n "${4:-}" ]; then
		info "$1" "$speed" MB/s "$ratio"
	else
		ratio_at_least "$1" "$speed" MB/s 0.8 "$ratio"
	fi
}

# Sums by labels that a parser gives: over an hour of windows, and of more than 10,000 series.
part_sums() {
	for format in json logfmt; do
		once "$bytes" $format make_requests $format
		sums $format 'status, method' 5m
		at_least sum_by_$format "$speed" MB/s 300
		sums $format 'client_ip, client_region' 5m
		expect "$(verdict "$(grep -o '"metric"' answer | wc -l) >= 10000")" pass "series by address"
		info series_by_$format "$speed" MB/s
		at_most series_by_${format}_rss "$(rss_mib "$m")" MiB 100
	done
}

# sums FORMAT LABELS STEP: all windows together have each line once.
sums() {
	m=$(measure -n "$runs" -o answer logql --store "$1/store" -j1 --from $((end - 3600)) --to $end --step "$3" -o api \
		"sum by ($2) (count_over_time({app=\"shop\"} | $1 [$3]))")
	expect "$(grep -o '"[0-9]*"\]' answer | tr -d '"]' | awk '{ n += $1 } END { printf "%.0f", n }')" \
		"$(truth_in "$1" lines)" "sum of all windows by $2"
	speed=$(calc "$(truth_in "$1" bytes) / 1e6 / $(wall "$m")")
}

last_ack() { tail -n 1 acks | grep -o '[0-9]*$'; }

# A segment is open while the process that writes it lives, so its stdin is kept open.
part_open() {
	size=$(truth bytes) # a quarter of a GB is enough to fill a segment
	[ "$size" -le 250000000 ] || size=250000000
	once "$size" next "$repo/scripts/gen-logs" data next "$size" 300 2 $((end + 86400))
	lines=$(calc "int(62e6 / ($(tree_bytes wal) / $(truth lines)))")
	lines=$(awk -v n="$lines" 'BEGIN { printf "%d", n }')
	head -n "$lines" next/entries.jsonl >open.jsonl
	lines=$(wc -l <open.jsonl)
	rm -rf wal-open feed
	mkfifo feed
	lokid-ingest -q --wal wal-open --input jsonl --ack <feed >acks &
	writer=$!
	trap 'kill $writer 2>/dev/null || :; rm -rf feed open.jsonl' EXIT
	exec 9>feed
	cat open.jsonl >&9
	deadline=$(($(date +%s) + 120))
	until [ "$(last_ack)" = "$lines" ]; do
		[ "$(date +%s)" -lt $deadline ] || expect "$(last_ack)" "$lines" "acknowledged"
		sleep 0.1
	done
	info open_segment "$(calc "$(tree_bytes wal-open) / 1e6")" MB
	m=$(measure -n 21 logql labels --store store --wal wal-open)
	at_most labels_open_segment "$(ms "$(wall "$m")")" ms 20
	m=$(measure -n 21 -o answer logql --store store --wal wal-open --limit 100 '{app="checkout"}')
	expect "$(wc -l <answer)" 100 "last lines of one app"
	at_most one_app_open_segment "$(ms "$(wall "$m")")" ms 50
	exec 9>&-
	wait $writer
}

part_closed() {
	free_gb=$(df -Pk . | awk 'NR == 2 { printf "%d", $4 / 1e6 }')
	if [ "$free_gb" -lt $((wal_gb * 2)) ]; then
		echo "speed.sh: error: $free_gb GB are free, BENCH_WAL_GB=$wal_gb takes twice as many" >&2
		return 1
	fi
	rm -rf wal-closed
	mkdir wal-closed
	trap 'rm -rf wal-closed' EXIT
	until [ "$(tree_bytes wal-closed 2>/dev/null)" -ge "${wal_gb}000000000" ]; do
		lokid-ingest -q --wal wal-closed --sync none --input jsonl data/entries.jsonl
	done
	info closed_segments "$(calc "$(tree_bytes wal-closed) / 1e9")" GB
	m=$(measure -n 11 logql labels --store store --wal wal-closed)
	at_most labels_closed_segments "$(ms "$(wall "$m")")" ms 200
	info labels_closed_rss "$(rss_mib "$m")" MiB
}

# As many streams as a large cluster has at a flush, each with a few lines.
part_streams() {
	n=100000
	once "$n 10" many "$repo/scripts/gen-logs" streams many $n 10
	m=$(measure -p 'rm -rf many-wal many-store' lokid-ingest -q --wal many-wal --input jsonl many/entries.jsonl)
	info streams_ingest "$(wall "$m")" s
	info streams_ingest_rss "$(rss_mib "$m")" MiB
	m=$(measure -o packs sh -c 'exec chunkpack --store many-store many-wal/*.wal')
	info streams_pack "$(wall "$m")" s
	info streams_pack_rss "$(rss_mib "$m")" MiB
	m=$(measure -i packs idxbuild --store many-store)
	info streams_idxbuild "$(wall "$m")" s
	info streams_idxbuild_rss "$(rss_mib "$m")" MiB
	info streams_bytes_per_stream "$(calc "$(tree_bytes many-store) / $n")" bytes
	info streams_index_per_stream "$(calc "$(find many-store -name '*.idx' -printf '%s\n' | awk '{ n += $1 } END { printf "%.0f\n", n }') / $n")" bytes
	m=$(measure -n 11 logql labels --store many-store)
	at_most streams_labels "$(ms "$(wall "$m")")" ms 20
	m=$(measure -n 11 -o answer logql --store many-store --limit 0 '{pod="p-793f9bd73383384a"}')
	expect "$(wc -l <answer)" 10 "lines of one stream"
	info streams_one_stream "$(ms "$(wall "$m")")" ms
	m=$(measure -n "$runs" -o answer logql --store many-store --at $end -o api 'sum(count_over_time({app=~".+"}[48h]))')
	expect "$(api_value answer)" $((n * 10)) "count of all lines"
	info streams_count_all "$(ms "$(wall "$m")")" ms
	rm -rf many-wal many-store
}

# One push run: fills push/data, and adds a line to push.runs.
push_once() {
	rm -rf push/data
	sync
	: >push/log
	measure -o push/out lokid --config push/lokid.yaml --data push/data --listen 127.0.0.1:0 2>push/log >push/cost &
	pid=$!
	until port=$(sed -n 's/.* msg=ready addr=[^ ]*:\([0-9]*\) .*/\1/p' push/log) && [ "$port" ]; do sleep 0.05; done
	pushload -c 4 -s 300 -b 2000 -l 200 -n 300 -d 600 "127.0.0.1:$port" >push/load.json
	pkill -TERM -P "$pid"
	wait "$pid"
	printf '%s\t%s\t%s\n' "$(json_value seconds push/load.json)" "$(cut -f 2 push/cost)" "$(cut -f 3 push/cost)" >>push.runs
}

# Pushes to the daemon from four connections, each answered when it is on the disk. MB are of raw lines; CPU is
# of the daemon's whole tree. Beside it, run by run, lokid-ingest takes the same lines as frames from a pipe: packed
# by it, which is what the ratio is to, and made for it in batches with an id, which it only checks and copies (the
# daemon packs those).
part_push() {
	rm -rf push
	mkdir push
	cat >push/lokid.yaml <<-'END'
		auth_enabled: false
		limits_config:
		  ingestion_rate_mb: 10000
		  ingestion_burst_size_mb: 10000
		  per_stream_rate_limit: 10GB
		  per_stream_rate_limit_burst: 10GB
		ingester:
		  wal:
		    segment_size: 10GB
	END
	push_once
	# Frames with a batch's id, as the daemon sends them, are checked and copied; those without are packed.
	walreplay push/data/wal | lokid-ingest -q --wal push/packed --sync none --input jsonl
	walreplay --frames push/packed >push/one.frames
	rm -rf push/packed
	: >push.runs
	: >push.frames
	for _ in $(seq "$runs"); do
		push_once
		measure -p 'rm -rf wal1; sync' sh -c 'cat push/one.frames | lokid-ingest -q --wal wal1 --sync always --input frames' >>push.frames
	done
	n=$(json_value bytes push/load.json)
	m=$(middle push.runs)
	f=$(middle push.frames)
	per_core=$(calc "$n / 1e6 / $(cpu "$m")")
	info push_speed "$(calc "$n / 1e6 / $(wall "$m")")" MB/s
	at_least push_per_core "$per_core" MB/s 60
	info push_cpu_per_gb "$(calc "$(cpu "$m") / ($n / 1e9)")" s
	info push_p99 "$(json_value p99_ms push/load.json)" ms
	ratio_at_least push_vs_frames "$(calc "$n / 1e6 / $(cpu "$f")")" MB/s 0.5 "$(calc "$per_core / ($n / 1e6 / $(cpu "$f"))")"
	frames 256KiB <push/one.frames >push/big.frames 2>push/big.count
	f=$(measure -n "$runs" -p 'rm -rf wal1; sync' -o acks sh -c \
		'cat push/big.frames | lokid-ingest -q --wal wal1 --sync always --input frames --ack')
	info push_vs_copied_frames "$(calc "$n / 1e6 / $(cpu "$f")")" MB/s "$(calc "$per_core / ($n / 1e6 / $(cpu "$f"))")"
	expect "$(walreplay --stats -o jsonl push/data/wal 2>/dev/null | sed -n 's/.*"entries":\([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n + 0 }')" \
		"$(json_value lines push/load.json)" "lines in the log"
	rm -rf push wal1
}

# far_query ROW [OPTION]... QUERY: what it takes of the store behind the proxy.
far_query() {
	far_row=$1
	shift
	m=$(measure -n "$runs" -o far/answer logql --store "$far" --limit 0 "$@")
	logql --store "$far" --limit 0 --store-stats "$@" 2>far/said >/dev/null
	info "far_$far_row" "$(ms "$(wall "$m")")" ms
	info "far_${far_row}_gets" "$(sed -n 's/.* \([0-9]*\) GET,.*/\1/p' far/said)" requests
	info "far_${far_row}_lists" "$(sed -n 's/.* \([0-9]*\) LIST,.*/\1/p' far/said)" requests
	rounds=$(sed -n 's/.* \([0-9]*\) rounds* of requests.*/\1/p' far/said)
}

# Twenty queries a second through the daemon with a cache: the LISTs that the store sees meanwhile are what the proxy delays.
far_lists() {
	printf 'auth_enabled: false\ncommon: {cache: %s/far/daemon.cache}\n' "$PWD" >far/lokid.yaml
	lokid --config far/lokid.yaml --data far/daemon --store "$far" --listen 127.0.0.1:0 2>far/daemon.log &
	daemon=$!
	until at=$(sed -n 's/.* msg=ready addr=[^ ]*:\([0-9]*\) .*/\1/p' far/daemon.log) && [ "$at" ]; do sleep 0.05; done
	curl -sS -X PUT "127.0.0.1:$((port + 9))/" -d '{"match":"list-type=2","delay_ms":30}' >/dev/null
	before=$(far_listed)
	asks=''
	for i in $(seq 200); do
		curl -sS -G "127.0.0.1:$at/loki/api/v1/query_range" --data-urlencode 'query={app="checkout"} |= "error"' \
			-d start="${from}000000000" -d end="${end}000000000" >"far/answer.$i" &
		asks="$asks $!"
		sleep 0.05 # the pace
	done
	# shellcheck disable=SC2086
	wait $asks
	expect "$(grep -l '"status":"success"' far/answer.* | wc -l)" 200 "answers of the daemon"
	at_most far_lists_per_query "$(calc "($(far_listed) - $before) / 200")" lists 0.2
	kill "$daemon"
	wait "$daemon" || :
}

far_listed() { curl -sS "127.0.0.1:$((port + 9))/" | sed -n 's/.*"faulted": *\([0-9]*\).*/\1/p'; }

# A store on an S3 server, each answer of which comes 30 ms late: where the components of the tests are. Two days, for
# a query that finds a word in a few lines of one app, and one that counts what all lines have.
part_far() {
	components=${SHARED:-$repo/../shared}/components
	[ -x "$components/s3-start" ] && command -v curl >/dev/null && command -v python3 >/dev/null || return 0
	command -v radosgw >/dev/null || command -v swift-proxy-server >/dev/null || return 0
	rm -rf far
	mkdir far
	"$repo/scripts/gen-logs" data far/data 64M 300 1 $end >far/log
	port=$((21000 + $$ % 500 * 10))
	trap '"$components/s3-stop" -9 -w "$PWD/far/s3" >/dev/null 2>&1; kill $proxy 2>/dev/null; rm -rf far' EXIT
	proxy=''
	"$components/s3-start" "$PWD/far/s3" $port >far/log 2>&1
	set -a
	# shellcheck disable=SC1091
	. far/s3/env
	set +a
	"$components/faultproxy" $((port + 8)) "${S3_ENDPOINT#http://}" $((port + 9)) >far/log 2>&1 &
	proxy=$!
	until curl -s "127.0.0.1:$((port + 9))/" >/dev/null; do sleep 0.05; done
	far="s3://$S3_BUCKET/far?endpoint=http://127.0.0.1:$((port + 8))&region=$S3_REGION"
	chunkpack --store "$far" <far/data/entries.jsonl | idxbuild --store "$far" >/dev/null
	curl -sS -X PUT "127.0.0.1:$((port + 9))/" -d '{"delay_ms":30}' >/dev/null
	from=$((end - 7200))
	far_query cold --from $from --to $end '{app="checkout"} |= "error"'
	at_most far_cold_rounds "$rounds" rounds 4
	logql --store "$far" --limit 0 --cache far/cache --from $from --to $end '{app="checkout"} |= "error"' >/dev/null
	far_query warm --cache far/cache --from $from --to $end '{app="checkout"} |= "error"'
	at_most far_warm_rounds "$rounds" rounds 2
	far_query all --at $end 'sum(count_over_time({app=~".+"} |= "a" [48h]))'
	info far_all_rounds "$rounds" rounds
	far_lists
}

# The daemon's HTTP server alone, its clients beside it on the same processors.
part_http() {
	for what in 'requests 32 3' 'bodies 4 3' 'idle 10000'; do
		# shellcheck disable=SC2086
		for _ in $(seq "$runs"); do http-load $what; done >http.runs
		cut -f 1,3 http.runs | sort -u | while IFS="$(printf '\t')" read -r name unit; do
			info "$name" "$(grep "^$name	" http.runs | cut -f 2 | sort -n | sed -n "$((runs / 2 + 1))p")" "$unit"
		done
	done
}

# Ten million cost records, 40 tenants on the days of a year: BENCH_COSTS of them. As each of the forms, added up by resource,
# cluster and tenant.
costs() {
	awk -v n="$1" -v form="$2" 'BEGIN {
		if (form == "csv")
			print "resource,cluster,tenant,date,s3_storage_gb,s3_requests,compute_hours,data_transfer_gb,cost_usd"
		for (i = 0; i < n; i++) {
			x = (x * 69069 + 12345) % 16777216
			resource = x % 2 ? "loki" : "alloy"
			day = sprintf("2023-%02d-%02d", int(x / 8) % 12 + 1, int(x / 128) % 28 + 1)
			cost = sprintf("%d.%02d", int(x / 16) % 300, x % 100)
			if (form == "csv")
				printf "%s,c%d,team-%d,%s,150.5,%d,720,50.2,%s\n", resource, x % 3, int(x / 64) % 40, day, x % 1000000, cost
			else
				printf "{\"resource\":\"%s\",\"cluster\":\"c%d\",\"tenant\":\"team-%d\",\"date\":\"%s\",\"metrics\":{\"s3_storage_gb\":150.5,\"s3_requests\":%d,\"compute_hours\":720,\"data_transfer_gb\":50.2},\"cost_usd\":%s}\n", resource, x % 3, int(x / 64) % 40, day, x % 1000000, cost
		}
	}'
}

part_costs() {
	n=${BENCH_COSTS:-10000000}
	for form in jsonl csv; do
		[ "$(cat "costs.$form.n" 2>/dev/null)" = "$n" ] || {
			costs "$n" "$form" >"costs.$form"
			echo "$n" >"costs.$form.n"
		}
		cost=$(measure -n "$runs" -o "sums.$form" costrep report -o csv "costs.$form")
		at_most "costs_$form" "$(wall "$cost")" s 10
		info "costs_${form}_cpu" "$(cpu "$cost")" s
		at_most "costs_${form}_rss" "$(rss_mib "$cost")" MiB 64
	done
	expect "$(cksum <sums.csv)" "$(cksum <sums.jsonl)" "both forms have the same sums"
}

all='data ingest frames pack compact upkeep size scan labels open closed streams json logfmt regex sums push far http costs'
made=
[ ! -e data/truth.json ] || made=y
for part in "$@"; do
	case $part in
	--part) break ;;
	data) made=y ;;
	upkeep | json | logfmt | regex | sums | push | http | far | costs) ;;
	*) [ "$made" ] || ! command -v "part_$part" >/dev/null || fail "'$part' reads what the parts before it leave: begin with 'data'" ;;
	esac
done
run_parts '' "$all" "$@"
