#!/bin/sh
# lokid-ingest: what goes in, what is refused and how that is said, when it is durable.
. "${0%/*}/../lib/tap.sh"


# lines_of DIR: the lines in the log, as they were given.
lines_of() {
	walreplay "$1" | sed 's/.*,"line":"\(.*\)"}$/\1/'
}

# Lines.
printf 'one\ntwo\r\n\nlast' >in
ok "a file" exits 0 lokid-ingest --wal a -l app=x in
ok "the summary says what was taken" stderr_matches '^lokid-ingest: 4 entries, 11 B of lines in [0-9.]+ s '
ok "nothing on stdout" stdout_is_empty
ok "the entries" exits 0 walreplay a
ok "a carriage return belongs to its line, an empty line counts, a last one without newline too" \
	sh -c 'lines=$(walreplay a | sed "s/.*,\"line\"://"); [ "$lines" = "$(printf "%s\n" "\"one\"}" "\"two\\r\"}" "\"\"}" "\"last\"}")" ]'
ok "the times ascend" sh -c 'walreplay a | cut -d\" -f4 | sort -n -u | wc -l | grep -qx 4'
ok "stdin" exits 0 lokid-ingest --wal b -q -l app=x -l env=prod -t acme - <in
ok "-q says nothing" stderr_is_empty
ok "tenant and labels" sh -c 'walreplay b | grep -c "\"tenant\":\"acme\",\"labels\":{\"app\":\"x\",\"env\":\"prod\"}" | grep -qx 4'
ok "several files, one that is not there" exits 4 lokid-ingest --wal c -l app=x in nowhere in
ok "it is named" stderr_has "'nowhere'"
ok "the others are taken" sh -c 'walreplay c | wc -l | grep -qx 8'
ok "nothing at all is no segment" exits 0 lokid-ingest --wal d -l app=x
is "none" "$(find d -type f | wc -l)" 0
head -c 3000000 /dev/urandom >noise
ok "bytes of any kind" exits 0 lokid-ingest -q --wal e -l app=x --max-line 16MiB noise
walreplay e >noise.jsonl
lokid-ingest -q --wal e2 --input jsonl --max-line 16MiB noise.jsonl
walreplay e2 >noise2.jsonl
ok "come through text and back" same_file noise.jsonl noise2.jsonl

# Long lines.
{ head -c 300000 /dev/zero | tr '\0' x; echo; echo short; } >long
ok "a line that is too long is exit 3" exits 3 lokid-ingest --wal f -l app=x long
ok "its number and the limit are said" stderr_has "'long': line 1: longer than 262144 bytes, refused"
ok "the summary counts it and its bytes apart from what was taken" \
	stderr_matches "^lokid-ingest: 1 entry, 5 B of lines in .* s \(.*\), 1 refused: too long \(293.0 KiB\)$"
is "the others are taken" "$(lines_of f)" short
ok "--max-line takes it" exits 0 lokid-ingest -q --wal g -l app=x --max-line 300000 long
is "wholly" "$(lines_of g | head -n 1 | wc -c)" 300001
ok "--long-lines cut" exits 0 lokid-ingest --wal h -l app=x --max-line 10 --long-lines cut long
ok "is counted, with what was left out" stderr_matches "^lokid-ingest: 2 entries, 15 B of lines .*, 1 cut \(293.0 KiB\)$"
is "takes the beginning" "$(lines_of h)" "$(printf 'xxxxxxxxxx\nshort')"

# JSON lines.
cat >in.jsonl <<'END'
{"ts":"1000000000","labels":{"app":"a"},"line":"with its time"}
{"labels":{"app":"a"},"line":"at its arrival"}

{"ts":"2000000000","tenant":"acme","labels":{"app":"b"},"line":"\u00e9 \"quoted\"","metadata":{"trace":"t1"}}
{"ts":"3000000000","labels":{"app":"c"},"line_b64":"/wA="}
END
ok "JSON lines" exits 0 lokid-ingest -q --wal j --input jsonl in.jsonl
walreplay j >j.out
is "all of them" "$(wc -l <j.out)" 4
ok "times are theirs" grep -q '{"ts":"1000000000","tenant":"fake","labels":{"app":"a"},"line":"with its time"}' j.out
ok "tenant and metadata too" grep -q '{"ts":"2000000000","tenant":"acme","labels":{"app":"b"},"line":"é \\"quoted\\"","metadata":{"trace":"t1"}}' j.out
ok "bytes that are no text stay" grep -q '"line_b64":"/wA="' j.out
ok "-l and -t stand in" sh -c 'lokid-ingest -q --wal k --input jsonl -t dflt -l app=z -l env=e in.jsonl'
ok "where the entry says nothing" sh -c 'walreplay k | grep -q "\"tenant\":\"dflt\",\"labels\":{\"app\":\"a\",\"env\":\"e\"}"'
cat >bad.jsonl <<'END'
{"ts":"1","labels":{"app":"a"},"line":"good"}
{"ts":"1","labels":{"app":"a"},"line":"no end
{"ts":"1","labels":{"1app":"a"},"line":"bad name"}
{"ts":"1","tenant":"a/b","labels":{"app":"a"},"line":"bad tenant"}
{"ts":"1","labels":{},"line":"no label"}
{"ts":"1","labels":{"app":""},"line":"no label either"}
not json
{"ts":"2","labels":{"app":"a"},"line":"good too"}
END
ok "bad lines are exit 3" exits 3 lokid-ingest --wal l --input jsonl bad.jsonl
for n in 2 3 4 5 6 7; do
	ok "line $n is named" stderr_has "lokid-ingest: error: 'bad.jsonl': line $n: "
done
ok "a bad name is said" stderr_matches "line 3: .*1app"
ok "the summary counts them and their bytes" stderr_has ", 6 refused: bad ($(sed -n 2,7p bad.jsonl | tr -d "\n" | wc -c) B)"
is "the others are taken" "$(lines_of l)" "$(printf 'good\ngood too')"
yes '{' | head -n 100 >many.jsonl
ok "many bad lines" exits 3 lokid-ingest --wal l --input jsonl many.jsonl
ok "are not all said" stderr_lines 12
ok "but counted" stderr_has ", 100 refused: bad"

# Labels and options.
for label in 1a=b a-b=c =x 'a b=c'; do
	ok "label '$label' is exit 2" exits 2 lokid-ingest --wal n -l "$label" in
done
ok "a label without value is exit 2" exits 2 lokid-ingest --wal n -l app in
ok "the message says what is expected" stderr_has "expected NAME=VALUE, found 'app'"
ok "labels in one option are one label, as its value may have commas" exits 0 lokid-ingest -q --wal jo -l app=x,env=prod,pod=1 in
ok "with a hint" stderr_is "lokid-ingest: warning: label 'app' has the value 'x,env=prod,pod=1': another label has its own -l, as -l env=prod,pod=1"
ok "the hint begins behind what is no label" exits 0 lokid-ingest -q --wal jo -l 'a=x, y=1,b=2' in
ok "a name alone" stderr_has "as -l b=2"
ok "a comma without a name behind it" exits 0 lokid-ingest -q --wal jo -l a=1,2,=3,x -l 'b=,' in
ok "has no hint" stderr_is_empty
ok "a label twice is exit 2" exits 2 lokid-ingest --wal n -l a=b -l a=c in
ok "a value that is no UTF-8 is exit 2" exits 2 lokid-ingest --wal n -l "a=$(printf '\377')" in
ok "no label is exit 2" exits 2 lokid-ingest --wal n in
ok "a bad tenant is exit 2" exits 2 lokid-ingest --wal n -t .. -l a=b in
ok "a bad --sync is exit 2" exits 2 lokid-ingest --wal n -l a=b --sync sometimes in
ok "a bad --add is exit 2" exits 2 lokid-ingest --wal n -l a=b --add all in
ok "too large a --max-line is exit 2" exits 2 lokid-ingest --wal n -l a=b --max-line 17MiB in
for option in '--max-line 0' '--segment-size 0'; do
	# shellcheck disable=SC2086
	ok "$option is exit 2" exits 2 lokid-ingest --wal n -l a=b $option in
	ok "and told" stderr_has "option '${option% *}': expected at least 1, found '0'"
done
ok "--check without frames" exits 2 lokid-ingest --wal n -l a=b --check heads in
ok "is told" stderr_has '--check: only with --input frames'
ok "--check of what is sent" exits 2 lokid-ingest --push http://127.0.0.1:1 --input frames --check heads in
ok "is told too" stderr_has '--check: only for a log'
ok "frames are taken whole" exits 2 lokid-ingest --wal n --input frames --max-line 10 in
ok "nor are they cut" exits 2 lokid-ingest --wal n --input frames --long-lines cut in
ok "and that is said" stderr_has "--max-line and --long-lines are not for them"
ok "frames and -l do not go together" exits 2 lokid-ingest --wal n -l a=b --input frames in
not_ok "none of these made a log" test -e n

# What Loki adds.
ok "--service-labels" exits 0 sh -c 'echo x | lokid-ingest -q --wal of -l job=j -l pod=p -l app=a --add service_name --service-labels none,pod,job'
is "names the labels that are looked at, in order" "$(walreplay of | grep -o '"service_name":"[^"]*"')" '"service_name":"p"'
ok "which is for --add service_name" exits 2 lokid-ingest --wal of -l job=j --add detected_level --service-labels pod
ok "and told" stderr_has '--service-labels: only with --add service_name'
ok "--add" exits 0 sh -c 'echo "an error: x" | lokid-ingest -q --wal o -l job=j --add service_name,detected_level'
ok "adds both" sh -c 'walreplay o | grep -q "\"labels\":{\"job\":\"j\",\"service_name\":\"j\"},\"line\":\"an error: x\",\"metadata\":{\"detected_level\":\"error\"}}"'

# Acknowledgements: the number so far, as soon as the input has nothing more.
mkfifo pipe
spawn sh -c 'exec lokid-ingest -q --ack --wal p -l app=live <pipe >acks'
exec 8>pipe
echo first >&8
ok "one line is durable at once" wait_for 10 grep -q '^1$' acks
ok "and to be read" sh -c 'walreplay p | grep -q first'
printf 'second\nthird\nhalf' >&8
ok "so are the next" wait_for 10 grep -q '^3$' acks
not_ok "but half a line is not" sh -c 'walreplay p | grep -q half'
kill -TERM "$PID"
wait "$PID"
is "SIGTERM is a clean end" $? 0
exec 8>&-
is "what was read is taken, half a line too" "$(lines_of p | tail -n 1)" half
is "and acknowledged" "$(tail -n 1 acks)" 4
ok "the segment is ended" sh -c 'walreplay --stats p | grep -q "ends with its end record"'
ok "--ack on a file" sh -c 'seq 1 400000 | lokid-ingest -q --ack --wal q -l app=x >acks'
is "ends with the number of all" "$(tail -n 1 acks)" 400000
ok "and ascends" sort -n -c acks
for sync in none interval=10ms; do
	ok "--sync $sync" exits 0 sh -c "seq 1 1000 | lokid-ingest -q --sync $sync --wal r -l app=x"
done
is "nothing is lost" "$(walreplay r | wc -l)" 2000
if [ -c /dev/full ]; then
	ok "acknowledgements that cannot be told are exit 4" exits 4 sh -c 'seq 1 1000 | lokid-ingest -q --ack --wal s -l app=x >/dev/full'
	ok "the message says so" stderr_has "cannot tell what was committed"
fi

# Frames: each batch with an id has its answer.
ok "frames" sh -c 'walreplay --frames q | lokid-ingest -q --wal t --input frames'
walreplay q >q.out
walreplay t >t.out
ok "give the same entries" same_file q.out t.out
ok "frames that are none are exit 3" exits 3 lokid-ingest -q --wal t2 --input frames in.jsonl
ok "the message says so" stderr_has "'in.jsonl': not a WAL segment: no magic"
cp "$GOLDEN/frozen/wal-v1-many" bad.wal
flip_byte bad.wal 5000
ok "damaged frames are exit 3" exits 3 lokid-ingest --wal t3 --input frames bad.wal
ok "the offset is said" stderr_matches "'bad.wal': offset [0-9]+: crc32c mismatch"
ok "the rest is taken" stderr_matches '^lokid-ingest: [1-9][0-9]* entries'

# Segments.
ok "--segment-size" exits 0 sh -c 'seq 1 1500000 | lokid-ingest -q --wal u -l app=x --segment-size 100kB'
ok "makes several" test "$(find u -name '*.wal' | wc -l)" -gt 3
is "each with its sidecar" "$(find u -name '*.sum' | wc -l)" "$(find u -name '*.wal' | wc -l)"
is "and nothing lost" "$(walreplay u | wc -l)" 1500000
spawn sh -c 'exec lokid-ingest -q --ack --wal v -l app=x --segment-age 100ms <pipe >acks'
exec 8>pipe
echo x >&8
ok "--segment-age closes an idle one" wait_for 10 sh -c 'ls v/*.sum'
exec 8>&-
wait "$PID"

# hup_is_taken: nothing of a SIGHUP is left to be done, as it is no longer pending and all threads wait.
hup_is_taken() {
	! grep -q '^ShdPnd:.*[13579bdf]$' "/proc/$PID/status" && ! awk '{ print $3 }' "/proc/$PID/task"/*/stat | grep -qv S
}

# SIGHUP ends the segment, and nothing else.
spawn sh -c 'exec lokid-ingest -q --ack --wal hup -l app=x <pipe >acks'
exec 8>pipe
wait_for 10 test -d hup
kill -HUP "$PID"
wait_for 10 hup_is_taken
echo one >&8
ok "SIGHUP before there is a segment does no harm" wait_for 10 grep -qx 1 acks
is "its segment is still open" "$(find hup -name '*.sum' | wc -l)" 0
kill -HUP "$PID"
ok "SIGHUP ends the segment" wait_for 10 sh -c 'ls hup/*.sum'
ok "wholly" sh -c 'walreplay --stats hup | grep -q "ends with its end record"'
kill -HUP "$PID"
echo two >&8
ok "what comes next is taken" wait_for 10 grep -qx 2 acks
is "into another" "$(find hup -name '*.wal' | wc -l)" 2
exec 8>&-
ok "and the end is as ever" wait "$PID"
is "nothing is lost" "$(lines_of hup | paste -sd ' ')" 'one two'
seq 1 3000000 >pipe &
spawn sh -c 'exec lokid-ingest -q --sync none --wal hups -l app=x <pipe'
wait_for 10 test -d hups
while kill -HUP "$PID" 2>/dev/null; do sleep 0.01; done
ok "SIGHUP again and again while lines come" wait "$PID"
is "loses none" "$(walreplay --stats -o jsonl hups | sed 's/.*"entries":\([0-9]*\).*/\1/' | awk '{ n += $1 } END { print n, (NR > 2) }')" '3000000 1'
ok "and verifies" exits 0 walreplay --verify hups

# Several writers in one folder.
for i in 1 2 3; do
	seq 1 20000 | lokid-ingest -q --wal w -l "app=w$i" &
done
wait
is "several writers in one folder" "$(walreplay --verify w && walreplay w | wc -l)" 60000

# A file that cannot grow, as a disk that is full.
ok "a full disk is exit 4" exits 4 sh -c 'ulimit -f 3000; seq 1 2000000 | lokid-ingest --ack --wal x -l app=x >acks'
ok "the message counts" stderr_matches "^lokid-ingest: error: [0-9]+ entries were refused, [0-9]+ are in the log: 'x/.*\.wal': write at offset [0-9]+: File too large"
acked=$(tail -n 1 acks)
ok "the summary has what is in the log, and apart what is not" \
	stderr_matches "^lokid-ingest: $acked entries, .* of lines in .*, [0-9]+ refused: not written \([0-9.]+ [KM]iB\)$"
is "the bytes are of what is in the log" "$(seq 1 "$acked" | tr -d '\n' | wc -c | awk '{ printf "%.1f MiB", $1 / 1048576 }')" \
	"$(sed -n 's/^lokid-ingest: [0-9]* entries, \(.*\) of lines.*/\1/p' "$TAP/stderr")"
is "the log has what was acknowledged" "$(walreplay x | wc -l)" "${acked:-0}"
ok "some was" test "${acked:-0}" -gt 0
ok "and verifies" exits 0 walreplay --verify x
is "it is the input's beginning" "$(lines_of x | tail -n 1)" "$acked"
ok "writing goes on when there is space" exits 0 sh -c 'seq 1 1000 | lokid-ingest -q --wal x -l app=x'
is "nothing is lost" "$(walreplay x | wc -l)" $((acked + 1000))

ok "--progress" exits 0 sh -c 'seq 1 1000000 | lokid-ingest --progress --wal y -l app=x'
ok "shows how far it is" stderr_has "entries, "

# Batches are bounded by what they hold in memory, not by the bytes of lines alone.
yes '' | head -n 2000000 >empty
ok "two million empty lines" exits 0 lokid-ingest --wal lots -q -l app=e empty
is "are all there" "$(walreplay --stats -o jsonl lots | sed 's/.*"entries":\([0-9]*\).*/\1/')" 2000000
awk 'BEGIN { for (i = 0; i < 20000; i++) printf "{\"tenant\":\"t%d\",\"labels\":{\"a\":\"b\"},\"line\":\"%d\"}\n", i, i }' >tenants
ok "twenty thousand tenants" exits 0 lokid-ingest --wal many -q --input jsonl tenants
is "each with its line" "$(walreplay many | sed 's/.*"tenant":"t\([0-9]*\)".*"line":"\([0-9]*\)".*/\1 \2/' |
	awk '$1 == $2 { n++ } END { print n }')" 20000

# What stood where the new label goes is of another entry: seen with many streams of many shapes.
data=$SHARED/conformance/data.jsonl
if [ -e "$data" ]; then
	ok "service names" exits 0 lokid-ingest -q --wal services --input jsonl --add service_name "$data"
	ok "of other entries do not come in" exits 0 sh -c 'walreplay services | grep -q "\"container\":\"c2\".*\"service_name\":\"c2\""'
else
	skip "service names of many streams" "no conformance data beside the tree"
fi

# Compressed inputs.
seq 1 200000 >numbers
gzip -k numbers
ok "gzip is unpacked" exits 0 lokid-ingest -q --wal gz -l app=a numbers.gz
ok "to its lines" sh -c 'logql --wal gz -o raw --direction forward "{}" | cmp - numbers'
if command -v zstd >/dev/null; then
	zstd -q numbers
	ok "zstd too, in a pipe" sh -c 'lokid-ingest -q --wal zst -l app=a <numbers.zst'
	ok "to its lines" sh -c 'logql --wal zst -o raw --direction forward "{}" | cmp - numbers'
fi
head -c 100000 numbers.gz >cut.gz
ok "one that is cut short is exit 3" exits 3 lokid-ingest -q --wal gzcut -l app=a cut.gz
ok "the message says so" stderr_has "'cut.gz': "
lines_of gzcut >some
ok "what was there is taken" test -s some
ok "and nothing else" sh -c 'head -n "$(wc -l <some)" numbers | cmp - some'
walreplay gz | gzip >j.gz
ok "JSON lines" exits 0 lokid-ingest -q --wal gzj --input jsonl j.gz
is "all" "$(walreplay gzj | wc -l)" 200000
ok "chunkpack takes them too" sh -c 'chunkpack --store gzs j.gz | idxbuild --store gzs >/dev/null && logql --store gzs -o raw --direction forward "{}" | cmp - numbers'
walreplay --frames gz | gzip >f.gz
ok "but not compressed frames" exits 3 chunkpack --store gzs f.gz
ok "the message says how" stderr_has "compressed frames: pipe them through zcat or zstdcat"

# A signal in the middle of files: whoever waits sees the signal, and where to go on is told.
seq 1 24000000 >big
: >later
for sig in INT TERM; do
	case $sig in
	INT) want=130 ;;
	TERM) want=143 ;;
	esac
	rm -f acks
	spawn sh -c 'trap - INT; exec lokid-ingest --ack --sync none --wal "cut-$1" -l app=a big later >acks 2>said' sh $sig
	ok "$sig: reading is under way" wait_for 10 test -s acks
	kill -$sig "$PID"
	wait "$PID" 2>/dev/null
	is "$sig in a file is seen" $? "$want"
	n=$(sed -n "s/^lokid-ingest: interrupted in 'big' after line \([0-9]*\)$/\1/p" said)
	ok "$sig: it says where" test "${n:-0}" -gt 0 -a "${n:-0}" -lt 24000000
	ok "$sig: it names what was not begun" grep -qx "lokid-ingest: 'later': not begun" said
	logql --wal "cut-$sig" --limit 0 -o raw --direction forward '{}' >got
	ok "$sig: the lines up to there are in the log, whole" sh -c 'head -n "$1" big | cmp - got' sh "${n:-0}"
done
rm -f big

done_testing
