#!/bin/sh
# An object store that takes connections and never answers: who has said how long he waits is told then, and Ctrl-C ends it.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/s3.sh"
s3_faulty

lines() { awk 'BEGIN { for (k = 0; k < 50; k++) printf "{\"ts\":\"1768471200%09d\",\"labels\":{\"app\":\"a\"},\"line\":\"line %d\"}\n", k, k }'; }
lines | chunkpack --store "$S3_URL" | idxbuild --store "$S3_URL" >/dev/null
main=$(s3_via main)
words='request timed out, decrease the duration of the request'
soon() { # CMD...: it ends within 10 s, where a store has 20 s for an answer, and six tries
	soon_from=$(date +%s)
	"$@"
	soon_rc=$?
	[ $(($(date +%s) - soon_from)) -lt 10 ] && return "$soon_rc"
}

for fault in '{"drop":true}' '{"drop":true,"match":"GET .*[.]idx"}' '{"drop":true,"match":"GET .*[.]pack"}' '{"status":503}'; do
	s3_fault "$fault"
	ok "a query ends in time with $fault" soon exits 5 logql --store "$main" --timeout 1s '{app="a"}'
	ok "in Loki's words" stderr_matches "^logql: error: $words"
done
s3_fault '{"drop":true}'
late() { # OPERAND...
	ok "so does $1" soon exits 5 logql --store "$main" --timeout 1s "$@"
	ok "likewise" stderr_matches "^logql: error: $words"
}
late labels
late series
late stats
late values app
late volume
late detected-labels
late patterns '{app="a"}'
late detected-fields '{app="a"}'
s3_fault '{}'
ok "in time it is answered" exits 0 logql --store "$main" --timeout 20s '{app="a"}'

# Ctrl-C. A shell's background jobs ignore it, unless they are told otherwise.
s3_fault '{"drop":true}'
env --default-signal=INT logql --store "$main" '{app="a"}' >/dev/null 2>&1 &
asks=$!
tap_pids="$tap_pids $asks"
wait_for 10 sh -c "ss -Htn state established dst :${S3_VIA##*:} | grep -q ."
kill -INT $asks
ok "Ctrl-C ends it at once" wait_for 5 sh -c "! kill -0 $asks 2>/dev/null"
s3_fault '{}'
done_testing
