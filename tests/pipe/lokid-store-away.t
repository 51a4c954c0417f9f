#!/bin/sh
# A daemon whose object store does not answer: what needs the store is told to come again, or 504.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

export AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b
lokid_start --store 's3://b/p?endpoint=http://127.0.0.1:9&tries=1' || bail "the daemon starts"
code_is() { [ "$CODE" = "$1" ] || { note "$CODE: $(cat "$TAP/stdout")"; return 1; }; }
ask() { # PATH [CURL OPTION]...
	get "$@" -D head
}
come_again() { grep -q -i '^retry-after: [1-9]' head; }
names_store() { stdout_has "'s3://b/p': http://127.0.0.1:9/"; }

selector='query=%7Ba%3D%22b%22%7D'
ask "/loki/api/v1/query_range?$selector"
ok "a query is 504" code_is 504
spawn "$REPO/tests/lib/ws-tail" "127.0.0.1:$LOKID_PORT" "/loki/api/v1/tail?$selector" >tail.out
wait "$PID"
ok "a tail is 504" grep -q "^refused 504 what the store has from .* is missing: 's3://b/p': " tail.out

for request in "GET requests to delete are listed" "POST one is made" "DELETE one is cancelled"; do
	ask "/loki/api/v1/delete?$selector&start=1768471200&request_id=x" -X "${request%% *}"
	ok "${request#* }: 503" code_is 503
	ok "which says when to come again" come_again
	ok "and what does not answer" names_store
done
ask /loki/api/v1/cache/generation_numbers
ok "the generation of a cache: 503" code_is 503
ok "which says when to come again" come_again

push "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[[\"$(date +%s%N)\",\"x\"]]}]}"
ok "a push is taken" code_is 204
ask /flush -X POST
ok "a flush: 503" code_is 503
ok "which says when to come again" come_again
ok "and what does not answer" names_store
lokid_stop

done_testing
