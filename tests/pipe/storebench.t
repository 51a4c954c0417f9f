#!/bin/sh
# scripts/storebench says of each step what it takes, leaves nothing behind, and counts what fails.
. "${0%/*}/../lib/tap.sh"

storebench=$REPO/scripts/storebench
export BENCH_DIR="$PWD/bench" BUILD="${B%/*}"

ok "a folder" exits 0 "$storebench" -n 30 -s 64KiB -r 4KiB -j 2 store
for step in write read range list delete; do
	for what in p50:ms p99:ms rate:1/s; do
		ok "$step: ${what%:*}" stdout_matches "^dir_${step}_${what%:*}	[0-9.e+-]+	${what#*:}	-	-	info	[0-9.e+-]+$"
	done
	ok "$step: none failed" stdout_matches "^dir_${step}_failed	0	operations	0	-	pass	[0-9-]+$"
done
for step in write read range; do
	ok "$step: its speed" stdout_matches "^dir_${step}_speed	[0-9.e+-]+	MB/s	-	-	info	"
done
is "nothing is left" "$(find store -type f)" store/~lokid/format
ok "half is no more than all" awk -F '\t' '/_p50/ { half = $2 } /_p99/ && $2 < half { exit 1 }' "$TAP/stdout"

ok "without a store a folder of its own" exits 0 env SHARED=/nonexistent "$storebench" -n 5 -s 1KiB
ok "S3 is said to be left out" stderr_is "storebench: no S3 server is installed: S3 is left out"
ok "and the folder is gone" test ! -e bench/storebench

# A folder on which nothing can be made.
: >file
ok "a store that is none" exits 1 "$storebench" -n 2 -s 1KiB file
ok "is said to be none" stderr_has "storebench: error: "
ok "an option that is none" exits 2 "$storebench" -x
ok "a count that is none" exits 1 "$storebench" -n 0 store
ok "is said" stderr_has "expected a number above 0, found '0'"

done_testing
