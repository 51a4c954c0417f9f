#!/bin/sh
# logql: what a daemon asks of it besides: entries apart, its memory, what it has cost.
. "${0%/*}/../lib/tap.sh"

i=1
while [ $i -le 9 ]; do
	echo "{\"ts\":\"${i}000000000\",\"labels\":{\"app\":\"x$((i % 2))\"},\"line\":\"line $i\"}"
	i=$((i + 1))
done >nine.jsonl

ok "entries at least 3 s apart" exits 0 logql --interval 3s --direction forward -o raw '{app=~".+"}' nine.jsonl
ok "over all streams" stdout_is 'line 1
line 4
line 7'
ok "newest first" exits 0 logql --interval 3s -o raw '{app=~".+"}' nine.jsonl
ok "likewise" stdout_is 'line 9
line 6
line 3'
ok "a limit" exits 0 logql --interval 2s --limit 2 -o raw '{app="x1"} != "7"' nine.jsonl
ok "counts those that are printed" stdout_is 'line 9
line 5'
ok "exactly so far is far enough" exits 0 logql --interval 8s -o raw '{app=~".+"}' nine.jsonl
ok "and less is not" stdout_is 'line 9
line 1'
ok "none is no interval" exits 2 logql --interval 0s '{app=~".+"}' nine.jsonl

ok "so many matchers" exits 0 logql --max-matchers 2 '{app="x1", app!=""}' nine.jsonl
ok "and not more" exits 3 logql --max-matchers 2 --at 10 \
	'sum(count_over_time({app="x1"}[1m])) + sum(count_over_time({app="x1", app!="", app!="y"}[1m]))' nine.jsonl
ok "in Loki's words" stderr_is \
	'logql: error: max streams matchers per query exceeded, matchers-count > limit (3 > 2) (limit: max_streams_matchers_per_query)'

ok "stats" exits 0 logql --queued 2s -o api --limit 2 '{app="x1"} |= "line"' nine.jsonl
ok "say what was read" stdout_has '"totalBytesProcessed":30,"totalLinesProcessed":5'
ok "what the stages left" stdout_has '"totalPostFilterLines":5'
ok "and what is printed" stdout_has '"totalEntriesReturned":2'
ok "and how long it waited" stdout_has '"queueTime":2,'
ok "in all groups that clients look at" stdout_matches '"querier":\{"store":.*"ingester":\{"totalReached"'
ok "also of a sum" exits 0 logql --queued 0s -o api --at 10 'sum(count_over_time({app="x1"}[1m]))' nine.jsonl
ok "of one series" stdout_has '"totalEntriesReturned":1'

# What a log has is the ingester's, and in no chunk yet; what is packed is the store's.
sed 's/"labels"/"tenant":"fake","metadata":{"k":"val"},"labels"/' nine.jsonl >meta.jsonl
lokid-ingest --input jsonl --wal wal meta.jsonl
chunkpack --store store meta.jsonl | idxbuild --store store
log_has='"ingester":\{"totalReached":1,"totalChunksMatched":1,"totalBatches":1,"totalLinesSent":5,"store":\{[^}]*"headChunkBytes":30,"headChunkLines":5,"decompressedBytes":0,"decompressedLines":0,"compressedBytes":0,"totalDuplicates":0,"headChunkStructuredMetadataBytes":20,'
ask='--queued 0s -o api --tenant fake --from 0 --to 20'
# shellcheck disable=SC2086
ok "of a log" exits 0 logql $ask --wal wal '{app="x1"} | k="val"'
ok "its lines are of no chunk" stdout_matches "$log_has"
ok "metadata is counted" stdout_has '"totalStructuredMetadataBytesProcessed":20}'
# shellcheck disable=SC2086
ok "of a store" exits 0 logql $ask --store store '{app="x1"} | k="val"'
ok "chunks were read" stdout_matches '"querier":\{"store":\{"totalChunksRef":1,"totalChunksDownloaded":1,"chunksDownloadTime":[1-9][0-9]*,'
ok "and decompressed" stdout_matches '"headChunkLines":0,"decompressedBytes":30,"decompressedLines":5,"compressedBytes":[1-9][0-9]*,"totalDuplicates":0,"headChunkStructuredMetadataBytes":0,"decompressedStructuredMetadataBytes":20\}\}\},"ingester":\{"totalReached":0,'
# shellcheck disable=SC2086
ok "of both" exits 0 logql $ask --wal wal --store store '{app="x1"}'
ok "what both have counts once" stdout_has '"totalEntriesReturned":5'
ok "and is told" stdout_matches '"decompressedLines":5,"compressedBytes":[1-9][0-9]*,"totalDuplicates":5,.*"ingester":.*"headChunkLines":5,.*"totalDuplicates":0,'
# shellcheck disable=SC2086
ok "of what the index knows" exits 0 logql $ask --store store --step 10s 'sum(count_over_time({app="x1"}[100s]))'
ok "no chunk is read" stdout_matches '"totalLinesProcessed":5,.*"totalChunksRef":1,"totalChunksDownloaded":0,"chunksDownloadTime":0,.*"decompressedLines":0,"compressedBytes":0,'
ok "without being asked" exits 0 logql -o api '{app="x1"}' nine.jsonl
ok "they are empty" stdout_has '"stats":{}}}'

# Sorting this takes more than 40 MB.
awk 'BEGIN { for (i = 0; i < 400000; i++) printf "{\"ts\":\"%d\",\"labels\":{\"app\":\"x\"},\"line\":\"%0100d\"}\n", i + 1, i }' >large.jsonl
ok "too little memory" exits 3 logql --max-memory 24MB -j 1 --limit 1 '{app="x"}' large.jsonl
ok "of which the limit is told" stderr_matches \
	'^logql: error: out of memory: it may have 24000000 bytes \(RLIMIT_DATA\), and needs [0-9]+ more$'
ok "on one line" stderr_lines 1
# A sanitizer's own memory counts as data.
if [ "$VARIANT" = default ] && ! [ "${WRAP:-}" ]; then
	ok "and enough" exits 0 logql --max-memory 1GiB -j 1 --limit 1 '{app="x"}' large.jsonl
	ok "who has set the limit outside" exits 3 sh -c 'ulimit -d 24000; logql -j 1 --limit 1 "{app=\"x\"}" large.jsonl'
	ok "is told too" stderr_has 'it may have 24576000 bytes'
else
	skip "and enough, and who has set the limit outside" "this build needs more"
fi
ok "a limit that is none" exits 2 logql --max-memory 0 '{app="x"}' large.jsonl

done_testing
