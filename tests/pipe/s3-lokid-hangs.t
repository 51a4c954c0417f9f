#!/bin/sh
# The daemon while its object store takes requests and never answers: who does not wait for the store is answered.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"
. "$REPO/tests/lib/s3.sh"
s3_faulty
PROXY=$PID

need jq

# What hangs does so for longer than the test takes, and is not asked for again.
store="$(s3_via main)&timeout=120s&tries=1"
echo '{"ts":"1768471200000000000","labels":{"app":"old"},"line":"old"}' | chunkpack --store "$S3_URL" | idxbuild --store "$S3_URL" >/dev/null
mkdir rules
cat >lokid.yaml <<END
auth_enabled: false
server:
  graceful_shutdown_timeout: 0s
audit: {enabled: true, log_path: audit.log}
ruler:
  storage: {type: local, local: {directory: $PWD/rules}}
END
hung() { curl -s "$S3_CONTROL/" | sed -n 's/.*"faulted": *\([0-9]*\).*/\1/p'; }
hang() { [ "$(hung)" = "$1" ]; }
soon() { # PATH STATUS [CURL OPTION]...: it is answered, and does not wait for what hangs
	soon_path=$1 soon_status=$2
	shift 2
	get "$soon_path" --max-time 30 "$@"
	code_is "$soon_status"
}
n=0
behind() { # PATH: asks, and its status will be in answer.N
	n=$((n + 1))
	# shellcheck disable=SC2016
	spawn sh -c 'curl -s --max-time 120 -o /dev/null -w "%{http_code}" "$2" >"answer.$1"' - $n "$URL$1"
}

# ---- the daemon's own look for requests to delete, and a thread for what others ask of the store

s3_fault '{"drop":true,"match":"deletes","count":2}'
ok "the daemon starts" lokid_start --config lokid.yaml --store "$store"
ok "it looks for requests to delete, and the store hangs" wait_for 10 hang 1
ok "it is ready" soon /ready 200
push "{\"streams\":[{\"stream\":{\"app\":\"web\"},\"values\":[[\"$(date +%s)000000000\",\"new\"]]}]}" --max-time 30
ok "a push is taken" code_is 204
behind /loki/api/v1/delete
ok "somebody asks for requests to delete, and the store hangs" wait_for 10 hang 2
ok "somebody else is answered" soon /loki/api/v1/delete 200
ok "entries that are new are found" soon '/loki/api/v1/query_range?query=%7Bapp%3D%22web%22%7D' 200
ok "all of them" stdout_has '"new"'

# ---- who waits for the store, and who waits for a disk only

s3_fault '{"drop":true,"match":"deletes"}'
generation=/loki/api/v1/cache/generation_numbers
behind '/loki/api/v1/query_range?query=%7Bapp%3D%22web%22%7D'
asks() { pgrep -P "$LOKID_PID" logql >/dev/null; }
ok "somebody asks a query, and the store hangs" wait_for 10 asks
for _ in 1 2 3 4; do
	behind $generation
done
waiting() { get /metrics && grep -qx 'loki_inflight_requests{method="GET",route="loki_api_v1_cache_generation_numbers"} 4' "$TAP/stdout"; }
ok "more ask the store at once than there are threads for it" wait_for 10 waiting
ok "rules are listed" soon /loki/api/v1/rules 404
ok "a shutdown is prepared" soon /ingester/prepare_shutdown 204 -X POST
ok "and not" soon /ingester/prepare_shutdown 204 -X DELETE
ok "it is ready all the same" soon /ready 200

# ---- the end

kill -TERM "$LOKID_PID"
not_asks() { ! asks; }
ok "it ends its programs" wait_for 10 not_asks
kill -KILL "$PROXY"
wait "$LOKID_PID"
is "and, when the store has cut off who waits for it, itself" $? 0
refused=$(jq -r --arg path $generation 'select(.path == $path and .status == 503) | .status' audit.log | wc -l)
is "who had a thread, and who waited for one, is told to come again" "$refused" 4

done_testing
