#!/bin/sh
# logql tail: a log query that goes on with what comes into the log.
. "${0%/*}/../lib/tap.sh"

# push LABEL LINE...: a segment of its own, closed.
push() {
	label=$1
	shift
	printf '%s\n' "$@" | lokid-ingest -q --wal wal -l "$label" >/dev/null
}

# tail_start OPTION... QUERY: behind, into ./out; and waits until it follows: it then holds a descriptor of inotify.
tail_start() {
	spawn logql tail --wal wal "$@" >out 2>err
	wait_for 10 sh -c "readlink /proc/$PID/fd/* | grep -q inotify && [ \$(ls /proc/$PID/task | wc -l) -ge 2 ]"
}

has_lines() {
	[ "$(wc -l <out)" -eq "$1" ]
}

push app=web old1 old2
push app=db old3

ok "without --from nothing old" tail_start -o raw '{app="web"}'
push app=web new1
push app=db other
push app=web new2
ok "is given, but what comes" wait_for 5 has_lines 2
ok "and fits" test "$(tr '\n' ' ' <out)" = 'new1 new2 '
kill "$PID"

ok "with --from and --limit" tail_start --since 1h --limit 2 -o raw '{app=~".+"}'
ok "the newest that are there" wait_for 5 has_lines 2
ok "are first, oldest first" test "$(tr '\n' ' ' <out)" = 'other new2 '
push app=web new3
ok "then what comes" wait_for 5 has_lines 3
ok "follows" test "$(tail -n 1 out)" = new3
kill "$PID"
ok "without --limit" tail_start --from -1h -o raw '{app=~".+"}'
ok "all are" wait_for 5 has_lines 7
kill "$PID"

ok "stages" tail_start -o default '{app="web"} | logfmt | n > 1 | line_format "{{.n}}!"'
push app=web n=1 n=2 x=3 n=4
ok "are applied" wait_for 5 has_lines 2
ok "to each entry" sh -c "sed 's/.* {/{/' out | tr '\n' ' ' | grep -qx '{app=\"web\", n=\"2\"} 2! {app=\"web\", n=\"4\"} 4! '"
kill "$PID"

cat >meta.jsonl <<'X'
{"ts":"1000000000000000001","labels":{"app":"x"},"line":"{\"a\":\"1\"}","metadata":{"m":"2"}}
{"ts":"1000000000000000002","labels":{"app":"y"},"line":"{}"}
X
ok "with -o api" tail_start -o api '{app=~"x|y"} | json'
lokid-ingest -q --wal wal --input jsonl meta.jsonl >/dev/null
ok "a frame is a line" wait_for 5 has_lines 1
ok "as Loki's" test "$(cat out)" = '{"streams":[{"stream":{"a":"1","app":"x","m":"2"},"values":[["1000000000000000001","{\"a\":\"1\"}"]]},{"stream":{"app":"y"},"values":[["1000000000000000002","{}"]]}],"dropped_entries":null}'
kill "$PID"
ok "with labels apart" tail_start -o api --encoding-flags categorize-labels '{app="x"} | json'
sed s/00001/00003/ meta.jsonl | lokid-ingest -q --wal wal --input jsonl >/dev/null
ok "too" wait_for 5 has_lines 1
ok "there are three elements" test "$(cat out)" = '{"encodingFlags":["categorize-labels"],"streams":[{"stream":{"app":"x"},"values":[["1000000000000000003","{\"a\":\"1\"}",{"structuredMetadata":{"m":"2"},"parsed":{"a":"1"}}]]}],"dropped_entries":null}'
kill "$PID"

ok "of another tenant" tail_start -t 'a|b' --match '{app=~"x|y"}' -o default '{app!="y"}'
for t in fake a b c; do
	echo "of $t" | lokid-ingest -q --wal wal -t $t -l app=x >/dev/null
	echo "y of $t" | lokid-ingest -q --wal wal -t $t -l app=y >/dev/null
	echo "z of $t" | lokid-ingest -q --wal wal -t $t -l app=z >/dev/null
done
ok "nothing is seen" wait_for 5 has_lines 2
ok "but of those that are asked, and what fits" sh -c \
	"sed 's/.* {/{/' out | tr '\n' ';' | grep -qx '{__tenant_id__=\"a\", app=\"x\"} of a;{__tenant_id__=\"b\", app=\"x\"} of b;'"
kill "$PID"

# One writer that goes on: batches of an open segment.
mkfifo lines
exec 5<>lines
spawn sh -c 'exec lokid-ingest -q --wal wal -l app=open <lines >/dev/null 2>&1 5<&-'
WRITER=$PID
echo first >&5
wait_for 10 sh -c 'logql --wal wal "{app=\"open\"}" | grep -q first'
ok "of an open segment" tail_start -o raw '{app="open"}'
echo second >&5
ok "what comes" wait_for 5 has_lines 1
echo third >&5
ok "at once" wait_for 5 has_lines 2
ok "is given" test "$(tr '\n' ' ' <out)" = 'second third '
kill -9 "$WRITER"
exec 5>&-
push app=open fourth
ok "its writer's death ends nothing" wait_for 5 has_lines 3
kill "$PID"

ok "with --delay-for" tail_start --delay-for 1s -o raw '{app="late"}'
for ts in 3 1 2; do
	echo "{\"ts\":\"100000000000000000$ts\",\"labels\":{\"app\":\"late\"},\"line\":\"$ts\"}" |
		lokid-ingest -q --wal wal --input jsonl >/dev/null
done
ok "what is late" wait_for 10 has_lines 3
ok "comes in order of time" test "$(tr '\n' ' ' <out)" = '1 2 3 '
kill "$PID"

# The reader goes away: nobody writes, and it ends all the same.
mkfifo reader
exec 6<>reader
spawn logql tail --wal wal '{app="web"}' >reader 6<&-
wait_for 10 sh -c "readlink /proc/$PID/fd/* | grep -q inotify"
exec 6<&-
ok "without a reader it ends" wait_for 5 sh -c "! grep -q '^State:.[RSD]' /proc/$PID/status"

# A log that does not exist yet.
spawn logql tail -o raw '{app="web"}' >early 2>err
wait_for 10 sh -c "readlink /proc/$PID/fd/* | grep -q inotify"
echo dawn | lokid-ingest -q -l app=web >/dev/null
ok "the default log may come later" wait_for 5 grep -q dawn early
kill "$PID"

ok "a limit of time" exits 5 logql tail --wal wal --timeout 200ms '{app="web"}'
ok "is told in Loki's words" stderr_is 'logql: error: reached tail max duration limit'
ok "a metric query" exits 2 logql tail --wal wal 'rate({app="web"}[1m])'
ok "is refused, likewise" stderr_is 'logql: error: only log selector is supported'
ok "a query that is wrong" exits 2 logql tail --wal wal '{app="web"'
ok "too" stderr_has 'parse error'
ok "a log that is not there" exits 4 logql tail --wal nowhere '{app="web"}'
ok "is named" stderr_has "there is no write-ahead log 'nowhere'"
ok "a store alone" exits 2 logql tail --store store '{app="web"}'
ok "a file" exits 2 logql tail '{app="web"}' meta.jsonl
ok "an end" exits 2 logql tail --wal wal --to now '{app="web"}'
ok "a direction" exits 2 logql tail --wal wal --direction forward '{app="web"}'
ok "a number without --from" exits 2 logql tail --wal wal --limit 3 '{app="web"}'
ok "a plan" exits 2 logql tail --wal wal --explain '{app="web"}'
ok "and --delay-for elsewhere are refused" exits 2 logql --delay-for 1s '{app="web"}' meta.jsonl

done_testing
