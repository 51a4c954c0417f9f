#!/bin/sh
# What lokid-ingest is given by mistake, and a log that is taken away under it.
. "${0%/*}/../lib/tap.sh"

# An empty tenant, as an unset variable in cron gives it.
ok "-t '' is exit 2" exits 2 lokid-ingest -t '' -l app=a --wal w
ok "is said" stderr_has "option '--tenant': its value is empty"
ok "nothing is made" test ! -e w
ok "walreplay -t ''" exits 2 walreplay -t '' --verify
printf '%s\n' '{"tenant":"","ts":"1","labels":{"a":"b"},"line":"x"}' '{"ts":"2","labels":{"a":"b"},"line":"y"}' >empty.jsonl
ok "an empty tenant in a JSON line" exits 3 lokid-ingest -q --wal w --input jsonl empty.jsonl
ok "is a bad line" stderr_is "lokid-ingest: error: 'empty.jsonl': line 1: column 11: member 'tenant': expected a string that is not empty"
ok "the other is taken" sh -c 'test "$(walreplay w | wc -l)" = 1'
ok "chunkpack refuses it too" exits 3 sh -c 'chunkpack --store s empty.jsonl >/dev/null'
ok "with the same words" stderr_has "line 1: column 11: member 'tenant': expected a string that is not empty"

# The log is deleted while it is written.
for gone in 'rm cut/*.wal' 'rm -r cut'; do
	rm -rf cut acks said pipe
	mkfifo pipe
	spawn sh -c 'exec lokid-ingest -q --ack --wal cut -l app=a <pipe >acks 2>said'
	exec 8>pipe
	echo one >&8
	ok "$gone: an entry is taken" wait_for 10 grep -qx 1 acks
	sh -c "$gone"
	echo two >&8
	exec 8>&-
	wait "$PID"
	is "$gone: exit 4" $? 4
	ok "$gone: it says why" grep -q "\.wal': was deleted while it was written" said
	is "$gone: nothing more is acknowledged" "$(cat acks)" 1
done
for sync in always none interval=1h; do
	rm -rf cut acks said pipe
	mkfifo pipe
	spawn sh -c 'exec lokid-ingest -q --ack --sync "$1" --wal cut -l app=a <pipe >acks 2>said' sh $sync
	exec 8>pipe
	echo one >&8
	ok "--sync $sync: an entry is taken" wait_for 10 grep -qx 1 acks
	rm cut/*.wal
	exec 8>&-
	wait "$PID"
	is "--sync $sync: a log that is gone at the end is exit 4" $? 4
	ok "--sync $sync: it says why" grep -q "\.wal': was deleted while it was written" said
done

# What is no text.
printf 'BZh91AY&SY\21\22\23\n' >x.bz2
printf '\3757zXZ\0rest\n' >x.xz
printf 'a\0b\n' >x.bin
for f in x.bz2 x.xz x.bin; do
	ok "$f is taken" exits 0 lokid-ingest -q --wal b -l app=a $f
	ok "$f: with a warning" stderr_is "lokid-ingest: warning: '$f': looks binary; read as lines (--input lines says so)"
	ok "$f: as asked for" exits 0 lokid-ingest -q --wal b -l app=a --input lines $f
	ok "$f: without" stderr_is_empty
	ok "$f: logql says the same" sh -c 'logql -o raw "{}" $1 2>&1 >/dev/null | grep -q "looks binary"' sh $f
done
printf 'plain\n' >x.txt
ok "text is taken" exits 0 lokid-ingest -q --wal b -l app=a x.txt
ok "without a word" stderr_is_empty
cp "$GOLDEN/frozen/wal-v1-one" a.wal
cp "$GOLDEN/frozen/chunk-v1-four-blocks" a.pack
for how in '' '--input lines'; do
	# shellcheck disable=SC2086
	ok "a segment as lines is refused" exits 3 lokid-ingest -q --wal refused -l app=a $how a.wal x.txt
	ok "with a hint" stderr_is "lokid-ingest: error: 'a.wal': a segment of the log, not lines: --input frames takes it"
	# shellcheck disable=SC2086
	ok "and a pack" exits 3 lokid-ingest -q --wal refused -l app=a $how a.pack
	ok "with a hint" stderr_is "lokid-ingest: error: 'a.pack': chunks, not lines: chunkcat prints their entries, and --input jsonl takes those"
done
is "the others are taken" "$(walreplay refused | wc -l)" 2

# JSON that is no entry.
printf '{"time":"t","msg":"%s"}\n' 1 2 3 4 5 6 7 8 9 10 11 12 >app.json
ok "a JSON log as entries" exits 3 lokid-ingest -q --wal j --input jsonl -l app=a app.json
ok "is told once, with what to do" stderr_is "lokid-ingest: error: 'app.json': line 1: column 2: unknown member 'time': entries as lokid-entry(5) has them are wanted; a log of JSON lines is --input lines"
lokid-ingest --wal j --input jsonl -l app=a app.json 2>said
ok "all are counted" grep -q "12" said

# A signal while stdin is read.
mkfifo in
spawn sh -c 'trap - INT; exec lokid-ingest -q --ack --wal int -l app=a <in >acks 2>said'
exec 8>in
printf 'one\ntwo\n' >&8
ok "two lines are taken" wait_for 10 sh -c 'walreplay int 2>/dev/null | grep -q two'
kill -INT "$PID"
wait "$PID" 2>/dev/null
is "SIGINT is seen" $? 130
exec 8>&-
ok "it says where" grep -qx "lokid-ingest: interrupted in 'stdin' after line 2" said

done_testing
