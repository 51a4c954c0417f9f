#!/bin/sh
# What somebody is told who asks for the wrong thing, or reads the log after something went wrong.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

cat >lokid.yaml <<END
auth_enabled: false
server:
  grpc_listen_port: 9095
runtime_config:
  file: over.yaml
  period: 100ms
END
echo 'overrides: {}' >over.yaml
ok "it starts" lokid_start --config lokid.yaml
api=/loki/api/v1

ok "the log tells which lokid it is" grep -q "msg=ready .* version=$(lokid --version | sed 's/.* //')\$" lokid.log

# --- the log: what the settings' file has in vain is said once, as a line of the log ---
is "a key without effect is told once" "$(grep -c grpc_listen_port lokid.log)" 1
is "as all else in the log" "$(grep -vc '^ts=' lokid.log)" 0

echo 'overrides: {a: {max_line_size: 10}}' >over.yaml
ok "other overrides are read" wait_for 10 grep -q 'msg="limits read"' lokid.log
is "and it is not told again" "$(grep -c grpc_listen_port lokid.log)" 1
kill -HUP "$LOKID_PID"
ok "but when a signal asks" wait_for 10 sh -c '[ "$(grep -c grpc_listen_port lokid.log)" -eq 2 ]'

# --- queries that read like commands of logql ---
for word in labels values series stats volume tail patterns fmt query detected-labels; do
	get $api/query_range -G --data-urlencode "query=$word"
	ok "$word is no query" code_is 400
	ok "$word: the message is that of any such word" stdout_has 'parse error at line 1, col 1: syntax error: unexpected IDENTIFIER'
	not_ok "$word: and does not speak of commands" stdout_matches 'fmt|option|operand'
done
get $api/query -G --data-urlencode 'query=up'
ok "a metric of Prometheus's is no query" code_is 400
not_ok "the message does not speak of commands" stdout_has 'fmt'

# --- pushes without a type ---
line="{\"streams\":[{\"stream\":{\"app\":\"a\"},\"values\":[[\"$(date +%s%N)\",\"one\"]]}]}"
get $api/push --data-binary "$line"
ok "JSON that is not said to be JSON is refused" code_is 400
ok "in Loki's words" stdout_has 'snappy: corrupt input'
ok "and what to do" stdout_has 'Content-Type: application/json'
get $api/push --data-binary 'nothing'
ok "what is neither" code_is 400
is "has Loki's words alone" "$(cat "$TAP/stdout")" 'snappy: corrupt input'
push "$line"
ok "with its type it is taken" code_is 204

# --- methods ---
get $api/push -D head
ok "a push is no GET" code_is 405
ok "the message says what it is" stdout_has "method 'GET' is not taken here, but POST"
ok "as the header does" grep -q '^Allow: POST' head
get $api/delete -D head -X PATCH
ok "of a path with several rows" code_is 405
ok "all are told" grep -q '^Allow: GET, POST, PUT, DELETE, HEAD' head

# --- the log: what works again ---
get /flush -X POST
ok "the line is packed" code_is 204
pack=$(find data/store -name '*.pack')
mv "$pack" away
push "{\"streams\":[{\"stream\":{\"app\":\"b\"},\"values\":[[\"$(date +%s%N)\",\"two\"]]}]}"
get $api/query_range -G --data-urlencode 'query={app=~".+"}'
ok "a pack that is lost" code_is 500
ok "is named" stdout_has "$(basename "$pack")"
not_ok "without the name of a program" stdout_has 'logql:'
mv away "$pack"

mv data/store/fake/chunks away
: >data/store/fake/chunks
get /flush -X POST
ok "a flush that cannot write" code_is 500
ok "is told" grep -q 'level=error msg="flush failed"' lokid.log
rm data/store/fake/chunks
mv away data/store/fake/chunks
get /flush -X POST
ok "when it can" code_is 204
ok "that is told too" grep -q 'level=info msg="flushing works again"' lokid.log
get /flush -X POST
is "once" "$(grep -c 'flushing works again' lokid.log)" 1

pkill -9 -P "$LOKID_PID" lokid-ingest
ok "lokid-ingest that is started again is told" wait_for 10 grep -q 'level=info msg="lokid-ingest started again"' lokid.log

# --- a folder that somebody took away ---
get /flush -X POST
ok "all is packed" code_is 204
rm -r data/wal
get /flush -X POST
ok "a log that is gone is not flushed" code_is 500
ok "it is told which" stdout_has "the log's folder 'data/wal' was taken away"
lokid_stop
is "it ends" "$STATUS" 0

# --- what a program says before it fails ---
real=$(command -v chunkpack)
mkdir programs
for program in lokid-ingest walreplay idxbuild logql; do
	ln -s "${real%/*}/$program" programs
done
cat >programs/chunkpack <<'END'
#!/bin/sh
cat >/dev/null
cat words >&2
exit 4
END
chmod +x programs/chunkpack
echo "common: {programs: $PWD/programs}" >faked.yaml
ok "it starts with a program that fails" lokid_start --config faked.yaml --data faked
push "{\"streams\":[{\"stream\":{\"app\":\"a\"},\"values\":[[\"$(date +%s%N)\",\"one\"]]}]}" -H 'X-Scope-OrgID: a'
ok "a push" code_is 204
printf 'chunkpack: %s\n' 'warning: the first' 'warning: the second' 'error: the reason' >words
get /flush -X POST
ok "the error is told, without what was only warned of" stdout_has 'chunkpack: exit status 4: the reason'
printf 'chunkpack: %s\n' 'warning: the first' 'warning: the second' >words
get /flush -X POST
ok "without an error the first warning" stdout_has 'chunkpack: exit status 4: warning: the first'
lokid_stop
done_testing
