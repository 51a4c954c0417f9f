# bench-lokid.sh - the daemon in a benchmark, and the data it is given: source it after bench.sh.
#
# It goes to $BENCH_DIR/table. The data is what `gen-logs bodies` makes, in the folder $source: that which TABLE_DATA names,
# or of $bytes of lines (TABLE_BYTES, BENCH_BYTES, 1G).
#
# make_source         makes the data unless it is there
# compress_lines      the lines alone, by app, in lines.zst, as somebody would keep them: at the level of compaction
# truth NAME          a number or text of its truth.json
# gb VALUE            for each GB of its lines
# limit_at_most ...   rows as at_most, at_least and ratio_at_least have them, where it has $limits_for bytes, a GB; else info
# need_store PART     fails when `table.sh ingest` has not left a store in data/
#
# start DATA          starts lokid on a free port, without limits of rate, and with no compaction but by compact; $lokid_more
#                     are further settings; sets lokid_pid, address
# stop                ends it, and waits
# flush               all that was pushed is in the store
# watch MS, watched   its memory and that of its children, every MS milliseconds; then sets peak, peak_anonymous (of
#                     it what no file backs), peak_largest (of one process), in MB
# compact STORE       as the daemon does, but all of a day, as when it is over; prints what measure does
# uncache FOLDER      its files are not in memory any more
# fill DATA BODIES    a store of what push-bodies sends, from an empty folder, compacted

# shellcheck shell=sh disable=SC2034,SC2154

mkdir -p table
cd table || exit 4
source=${TABLE_DATA:-$PWD/source}
bytes=${TABLE_BYTES:-${BENCH_BYTES:-1G}}
limits_for=1e9

make_source() {
	[ -n "${TABLE_DATA:-}" ] || once "$bytes" source "$repo/scripts/gen-logs" bodies source "$bytes"
}
compress_lines() { once "$(truth raw_bytes) $(truth seed) $(truth end)" lines.zst compress_anew; }
compress_anew() {
	mkdir lines.zst
	for f in "$source"/raw/*.log; do
		cut -d ' ' -f 3- "$f" | zstd -q -5 -T1 -o "lines.zst/${f##*/}.zst"
	done
}
truth() { sed -n "s/.*\"$1\":\"*\([^\",]*\).*/\1/p" "$source/truth.json" | head -n 1; }
gb() { calc "$1 / ($(truth raw_bytes) / 1e9)"; }
limits_hold() { [ "$(verdict "$(truth raw_bytes) > 0.99 * $limits_for && $(truth raw_bytes) < 1.01 * $limits_for")" = pass ]; }
limit_at_most() { if limits_hold; then at_most "$@"; else info "$1" "$2" "$3"; fi; }
limit_at_least() { if limits_hold; then at_least "$@"; else info "$1" "$2" "$3"; fi; }
limit_ratio_at_least() { if limits_hold; then ratio_at_least "$@"; else info "$1" "$2" "$3" "$5"; fi; }
need_store() { [ -e data/store ] || fail "'$1' asks the store that 'table.sh data ingest' leaves"; }

lokid_settings() {
	cat <<'END'
auth_enabled: false
limits_config:
  ingestion_rate_mb: 10000
  ingestion_burst_size_mb: 10000
  per_stream_rate_limit: 10GB
  per_stream_rate_limit_burst: 10GB
  max_global_streams_per_user: 0
  max_query_series: 5000
  reject_old_samples: false
compactor:
  compaction_interval: 0
END
}

lokid_pid='' watch_pid=''
# Waited for, since the next part may use the same folder.
trap 'kill $lokid_pid $watch_pid 2>/dev/null && wait || :' EXIT

start() {
	{
		lokid_settings
		printf '%s\n' "${lokid_more:-}"
	} >lokid.yaml
	: >lokid.log
	lokid --config lokid.yaml --data "$1" --listen 127.0.0.1:0 2>lokid.log &
	lokid_pid=$!
	until port=$(sed -n 's/.* msg=ready addr=[^ ]*:\([0-9]*\) .*/\1/p' lokid.log) && [ "$port" ]; do
		kill -0 $lokid_pid || fail "lokid did not start: $(cat lokid.log)"
		sleep 0.02
	done
	address=127.0.0.1:$port
}

stop() {
	kill $lokid_pid
	wait $lokid_pid || :
	lokid_pid=''
}

watch() {
	tree-cost -w "$1" "$lokid_pid" >watched &
	watch_pid=$!
}
watched() {
	kill "$watch_pid"
	wait "$watch_pid" || :
	watch_pid=''
	peak=$(calc "$(cut -f 1 watched) * 1.024 / 1000")
	peak_anonymous=$(calc "$(cut -f 2 watched) * 1.024 / 1000")
	peak_largest=$(calc "$(cut -f 3 watched) * 1.024 / 1000")
}

flush() { curl -sS -f -X POST "http://$address/flush"; }

uncache() { find "$1" -type f -exec dd if={} iflag=nocache count=0 status=none \;; }

compact() {
	lokid --print-config >settings
	measure -o compacted chunkpack --compact --store "$1" --delete-delay 0 --fan-in 2 -o jsonl \
		--jobs "$(compactor_setting max_compaction_parallelism)" \
		--memory "$(compactor_setting max_compaction_memory)" --level "$(compactor_setting chunk_level)"
}
compactor_setting() { sed -n "/^compactor:/,/^[a-z]/s/^  $1: //p" settings; }

fill() {
	rm -rf "$1"
	start "$1"
	push-bodies -c 4 "$address" "$2" >pushed.json
	flush
	stop
	compact "$1/store" >/dev/null
}
