#!/bin/sh
# The daemon on a real object store: what is pushed is flushed there, asked from there, and no key is in a log or a process list.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"
. "$REPO/tests/lib/s3.sh"
s3_start

ok "the daemon starts" lokid_start --store "$S3_URL"
push "{\"streams\":[{\"stream\":{\"app\":\"web\"},\"values\":[[\"$(date +%s)000000000\",\"hello\"]]}]}"
is "takes a push" "$CODE" 204
get /flush -X POST
is "is told to flush" "$CODE" 204
stored() { s3_keys main | grep -q '[.]idx$'; }
ok "and does, to the object store" wait_for 30 stored
ask() {
	get /loki/api/v1/query_range -G --data-urlencode 'query={app="web"}'
	stdout_has hello
}
ok "a query finds it" ask
counted() {
	get /metrics
	grep -q '^loki_store_chunks_stored_total 1$' "$TAP/stdout"
}
ok "what was stored is counted" wait_for 10 counted
ps -ww -o args= -p "$LOKID_PID" --ppid "$LOKID_PID" >said
lokid_stop
is "it ends" $STATUS 0
cat lokid.log >>said
not_ok "no warning is in its log" grep -e level=warn -e level=error lokid.log
not_ok "no key is in its log or the list of processes" grep -e "$AWS_SECRET_ACCESS_KEY" said
ok "what another program finds there is right" exits 0 idxbuild --verify --store "$S3_URL"

done_testing
