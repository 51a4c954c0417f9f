#!/bin/sh
# Programs get the memory that the settings need, whatever these are: flushes and compactions do not fail for want of it.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

cat >lokid.yaml <<END
auth_enabled: false
ingester: {chunk_target_size: 8MB, chunk_block_size: 64MB, chunk_level: 9, chunk_filter: full}
compactor: {compaction_interval: 200ms, retention_delete_delay: 0s, delete_request_cancel_period: 0s, max_compaction_parallelism: 2}
END
ok "the daemon starts" lokid_start --config lokid.yaml
now=$(date +%s)
i=0
while [ "$i" -lt 12 ]; do
	i=$((i + 1))
	push "{\"streams\":[{\"stream\":{\"app\":\"shop\"},\"values\":[[\"$now$(printf %09d "$i")\",\"line $i\"]]}]}"
	get /flush -X POST
	code_is 204 || break
done
is "flushes with large chunks and blocks, of a high level, are made" "$i/$CODE" 12/204
few() { [ "$(find data/store -name '*.pack' | wc -l)" -le 4 ]; }
ok "their packs are merged by two threads" wait_for 20 few
get "/loki/api/v1/delete?query=%7Bapp%3D%22shop%22%7D&start=$((now - 10))" -X POST
ok "a request to delete is taken" code_is 204
ok "and applied" wait_for 20 grep -q 'msg="requests to delete applied" ' lokid.log
not_ok "nothing has failed" grep 'level=error' lokid.log
lokid_stop

cat >none.yaml <<END
auth_enabled: false
ingester: {chunk_target_size: 8MB, chunk_encoding: none}
compactor: {compaction_interval: 200ms, retention_delete_delay: 0s, delete_request_cancel_period: 0s}
END
rm -r data
ok "it starts with large chunks that are not compressed" lokid_start --config none.yaml
push "{\"streams\":[{\"stream\":{\"app\":\"shop\"},\"values\":[[\"${now}000000000\",\"a line\"]]}]}"
get /flush -X POST
ok "a flush makes some" code_is 204
get "/loki/api/v1/delete?query=%7Bapp%3D%22shop%22%7D&start=$((now - 10))" -X POST
ended() { grep -q 'msg="requests to delete applied" \|its chunks need' lokid.log; }
ok "a request to delete ends" wait_for 20 ended
ok "and is applied" grep -q 'msg="requests to delete applied" ' lokid.log
not_ok "nothing has failed" grep 'level=error' lokid.log
lokid_stop

printf 'compactor: {max_compaction_parallelism: 2, max_compaction_memory: 200MB}\n' >lokid.yaml
ok "with too little memory it does not start" exits 2 lokid --config lokid.yaml --data data --listen 127.0.0.1:0
ok "and says where it stands, and how much is needed" stderr_is "lokid: error: lokid.yaml:1:67: 'compactor.max_compaction_memory': 2 threads and this chunk size need 243 MiB"
done_testing
