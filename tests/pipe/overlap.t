#!/bin/sh
# Entries of one stream that share timestamps, in logs and in packs that overlap: the same answer, in the same order, from
# all of them, and in little memory.
. "${0%/*}/../lib/tap.sh"

need perl

# ---- order of equal timestamps, and which of equal entries stays

entry() { # TS LINE [METADATA]
	printf '{"ts":"%s","labels":{"app":"a"},"line":"%s"%s}\n' "$1" "$2" "${3:+,\"metadata\":{\"k\":\"$3\"\}}"
}
t=17684712000000000
{ entry ${t}10 first; entry ${t}10 same old; } >lines.1
{ entry ${t}05 earlier; entry ${t}10 second; entry ${t}10 same new; } >lines.2
touch seen
for i in 1 2; do
	lokid-ingest -q --wal wal --input jsonl lines.$i
	# Each segment in a pack of its own, and the older one packed last.
	find wal -name '*.wal' | sort >now
	comm -13 seen now >seg.$i
	mv now seen
done
walreplay --frames wal | chunkpack --store one | idxbuild --store one >/dev/null
for i in 2 1; do
	walreplay --frames "$(cat seg.$i)" | chunkpack --store two | idxbuild --store two >/dev/null
done
for dir in forward backward; do
	logql --direction $dir --store one -o jsonl '{app="a"}' >expected
	ok "two segments, $dir" exits 0 logql --direction $dir --wal wal -o jsonl '{app="a"}'
	ok "as one pack" stdout_is_file expected
	ok "two packs, $dir" exits 0 logql --direction $dir --store two -o jsonl '{app="a"}'
	ok "as one" stdout_is_file expected
done
ok "the oldest first" exits 0 logql --direction forward --wal wal -o raw '{app="a"}'
ok "of one time by arrival" stdout_is "earlier
first
same
second"
ok "of equal ones the first" exits 0 logql --wal wal -o raw '{app="a"} | k="old"'
ok "stays" stdout_is same

# ---- timestamps of whole seconds: many blocks and batches begin where the one before ends

perl -e 'for my $i (0 .. 399999) {
	printf qq({"ts":"%d000000000","labels":{"app":"s"},"line":"%07d %s"}\n), 1768471200 + int($i / 2000), $i, "x" x 100;
}' >sec.jsonl
lokid-ingest -q --wal sec.wal --input jsonl sec.jsonl
chunkpack --store sec sec.jsonl | idxbuild --store sec >/dev/null
cp -r sec twice
chunkpack --store twice --block-size 300KiB --chunk-size 5MB sec.jsonl | idxbuild --store twice >/dev/null
perl -ne 'print "$1\n" if /"line":"([^"]*)"/' sec.jsonl >forward
tac forward >backward

# little MEMORY OPERANDS...: logql runs in so many MiB.
little() {
	tap_mib=$1
	shift
	ok "logql $*, in $tap_mib MiB" sh -c 'ulimit -v $(($1 * 1024)) && shift && exec "$@" >out' sh "$tap_mib" logql "$@"
}
# Sanitizers take address space that has nothing to do with what is needed.
case $VARIANT in
default) ;;
*) little() { shift; ok "logql $*" sh -c 'exec "$@" >out' sh logql "$@"; } ;;
esac

for source in "--store sec" "--wal sec.wal" "--store twice"; do
	# shellcheck disable=SC2086
	for dir in forward backward; do
		little 160 -j1 $source -o raw --limit 0 --direction $dir '{app="s"}'
		ok "$dir: every line once, in order" cmp -s out $dir
		little 160 -j1 $source -o raw --limit 7 --direction $dir '{app="s"}'
		ok "$dir: a few" sh -c "head -n 7 $dir | cmp -s - out"
	done
	# shellcheck disable=SC2086
	little 160 -j1 $source -o raw --at 1768480000 'sum(count_over_time({app="s"}[1d]))'
	is "all are counted, $source" "$(cat out)" 400000
done

# ---- everything at one moment: no time to cut at

perl -e 'for my $i (0 .. 299999) {
	printf qq({"ts":"1768471200000000000","labels":{"app":"m"},"line":"%07d %s"}\n), $i, "x" x 100;
}' >moment.jsonl
perl -ne 'print "$1\n" if /"line":"([^"]*)"/' moment.jsonl >forward
tac forward >backward
chunkpack --store moment moment.jsonl | idxbuild --store moment >/dev/null
chunkpack --store moment --block-size 300KiB --chunk-size 5MB moment.jsonl | idxbuild --store moment >/dev/null
lokid-ingest -q --wal moment.wal --input jsonl moment.jsonl
for source in "--store moment" "--wal moment.wal"; do
	# shellcheck disable=SC2086
	for dir in forward backward; do
		ok "one moment, $source" sh -c "logql -o raw --limit 0 --direction $dir $source '{app=\"m\"}' >out"
		ok "$dir: every line once, in order" cmp -s out $dir
		ok "a few" sh -c "logql -o raw --limit 7 --direction $dir $source '{app=\"m\"}' >out"
		ok "$dir: the right ones" sh -c "head -n 7 $dir | cmp -s - out"
	done
done

done_testing
