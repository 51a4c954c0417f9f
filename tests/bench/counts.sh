#!/bin/sh
# counts.sh - instructions of the hot loops for each byte of lines, counted by valgrind: the same in every run, on any load.
#
# Prints "name value unit limit ratio verdict committed", TAB between, as speed.sh does. The input is small and made anew;
# what a program costs to start is not in it: counted is what twice the data takes more. Needs valgrind, else prints nothing.
#
# COUNTS_OF   only these, without counts_ in front
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
repo=${here%/tests/bench}
. "$repo/tests/lib/bench.sh"
end=1760594400
no_filters=$(logql --help | grep -o -e '--no-filters' | head -n 1)

# instructions COMMAND...: of the command alone, not of what it starts.
instructions() {
	valgrind --tool=callgrind --callgrind-out-file=/dev/null --log-file=valgrind.log "$@" >out || [ $? = 1 ]
	sed -n 's/.*Collected : //p' valgrind.log
}

# count NAME COMMAND: a shell line, in which $n is the folder with data; for each byte of all its lines.
count() {
	names="${names:-} $1"
	case " ${COUNTS_OF:-$1} " in
	*" $1 "*) ;;
	*) return 0 ;;
	esac
	for n in 4M 8M; do
		few=${many:-} few_bytes=${many_bytes:-}
		many=$(eval "instructions $2")
		many_bytes=$(bytes_of $n)
	done
	info "counts_$1" "$(awk "BEGIN { printf \"%.5g\", ($many - $few) / ($many_bytes - $few_bytes) }")" instr/byte
}
bytes_of() { sed -n 's/^  "bytes": \([0-9]*\),/\1/p' "$1/truth.json"; }

part_counts() {
	command -v valgrind >/dev/null || {
		echo "counts.sh: valgrind is not here: nothing is counted" >&2
		return 0
	}
	rm -rf counts
	mkdir counts
	cd counts
	for n in 4M 8M; do
		"$repo/scripts/gen-logs" data $n $n 60 1 $end
		"$repo/scripts/gen-logs" bodies $n/pushes $n 60 1 $end
		lokid-ingest -q --wal $n/wal --sync none --input jsonl $n/entries.jsonl
		walreplay --frames $n/wal >$n/frames
		frames 256KiB <$n/frames >$n/batches 2>count
		chunkpack --store $n/store $n/wal/*.wal | idxbuild --store $n/store >/dev/null
	done
	over="--from $((end - 86400)) --to $end --step 5m -o api"
	query="logql --store \$n/store -j1"

	count decode 'push-decode $n/pushes/bodies.bin'
	count frames 'frames 256KiB <$n/frames 2>count'
	count ingest 'lokid-ingest -q --wal wal.$n --sync none --input frames <$n/frames'
	count ingest_batches 'lokid-ingest -q --wal wal.$n --sync none --input frames --ack <$n/batches'
	count pack 'chunkpack --store packed.$n -j1 --level 1 $n/wal/*.wal'
	count repack 'chunkpack --store packed.$n -j1 --level 5 $n/wal/*.wal'
	count scan "$query $no_filters -o raw '{app=~\".+\"} |= \"connection accepted by nobody at all\"'"
	count scan_regex "$query $no_filters -o raw '{app=~\".+\"} |~ \"(?i)accepted by [a-z]+ at all\"'"
	count lines "$query -o raw '{app=~\".+\"}'"
	count json "$query $over 'sum by (status) (count_over_time({namespace=\"shop\"} | json | status >= 500 [5m]))'"
	count json_p99 "$query $over 'quantile_over_time(0.99, {namespace=\"shop\"} | json | unwrap duration_ms [5m]) by (method)'"
	count logfmt "$query -o raw '{namespace=\"platform\"} | logfmt | items > 1000'"
	count pattern "$query $over 'topk(10, sum by (path) (rate({namespace=\"web\"} | pattern \`<_> - - [<_>] \"<_> <path> <_>\"\` [5m])))'"
	count line_format "$query -o raw '{namespace=\"shop\"} | json | line_format \"{{.status}} {{.path}}\"'"
	count counts "$query $over 'sum by (app) (count_over_time({app=~\".+\"} |= \"error\" [1h]))'"
	cd ..
	rm -rf counts
	for name in ${COUNTS_OF:-}; do
		case "$names " in
		*" $name "*) ;;
		*) fail "there is no count '$name'; there are$names" ;;
		esac
	done
}

run_parts '' counts "$@"
