#!/bin/sh
# The daemon on an object store, with a cache: many queries ask the store next to nothing, and what is acknowledged, packed or
# deleted here is seen at once all the same.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/s3.sh"
. "$REPO/tests/lib/lokid.sh"
s3_faulty
cat >lokid.yaml <<END
auth_enabled: false
common:
  cache: $PWD/cache
  cache_size: 100MB
END
lokid_start --config lokid.yaml --store "$(s3_via main)" || { fail "the daemon starts" "$(cat lokid.log)"; done_testing; exit 1; }

now=$(date +%s)
line() { push "{\"streams\":[{\"stream\":{\"app\":\"web\"},\"values\":[[\"$now$(printf %09d "$1")\",\"line $1\"]]}]}"; }
found() { get "/loki/api/v1/query_range?query=%7Bapp%3D%22web%22%7D&limit=1000" && grep -o '"line [0-9]*"' "$TAP/stdout" | sort -u | wc -l; }
flushed() { get /flush -X POST && code_is 204; }
lists() { curl -s "$S3_CONTROL/" | sed -n 's/.*"faulted": *\([0-9]*\).*/\1/p'; }

for i in 1 2 3; do line $i; done
ok "pushes are taken" code_is 204
ok "and flushed" flushed
is "a query finds them" "$(found)" 3

# ---- twenty queries a second for three seconds

s3_fault '{"match":"list-type=2","delay_ms":1}'
before=$(lists)
begun=$(date +%s)
bad=0
for i in $(seq 60); do
	[ "$(found)" = 3 ] || bad=1
done
took=$(($(date +%s) - begun))
asked=$(($(lists) - before))
is "all are answered" $bad 0
note "60 queries in $took s: $asked LISTs"
ok "with next to no LIST" test "$asked" -le $((6 + took * 2))

# ---- what changes here is seen at once

bad=0
for i in 4 5 6 7; do
	line $i
	[ "$(found)" = "$i" ] || bad=1
	flushed || bad=1
	[ "$(found)" = "$i" ] || bad=1
done
is "what is pushed and packed is found at once" $bad 0
get "/loki/api/v1/delete?query=%7Bapp%3D%22web%22%7D%20%7C%3D%20%22line%203%22&start=$((now - 60))&end=$((now + 1))" -X POST
ok "a request to delete is taken" code_is 204
is "what is deleted is hidden at once" "$(found)" 6
flushed
is "whatever the store is asked" "$(found)" 6 # what it says of limits is kept from now on
echo 'limits_config: {deletion_mode: disabled}' >>lokid.yaml
kill -HUP "$LOKID_PID"
written() { s3_curl GET "/$S3_RUN/main/~lokid/limits.yaml" | grep -q 'deletion_mode: disabled'; }
ok "limits that change are written to the store" wait_for 10 written
is_found() { [ "$(found)" = "$1" ]; }
ok "and obeyed at once" wait_for 1 is_found 7
lokid_stop TERM
is "the daemon ends well" "$STATUS" 0
done_testing
