#!/bin/sh
# What settings of the file do in the daemon that runs.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

now() { date +%s%N; }
lines() { # LINE...: a push of them
	lines_sep=
	printf '{"streams":[{"stream":{"app":"web"},"values":['
	for line; do
		printf '%s["%s","%s"]' "$lines_sep" "$(now)" "$line"
		lines_sep=,
	done
	printf ']}]}'
}
pushed_is() { # STATUS LINE
	push "$(lines "$2")" -H 'X-Scope-OrgID: ops'
	[ "$CODE" = "$1" ]
}
logged() { grep -q -F -e "$1" lokid.log; }
ready_is() { get /loki-a/ready && [ "$CODE" = "$1" ]; }

cat >lokid.yaml <<'YAML'
server: {http_path_prefix: loki-a/}
runtime_config: {file: overrides.yaml, period: 50ms}
limits_config: {max_line_size: 20B}
ingester: {chunk_encoding: none, chunk_target_size: 1KB, chunk_block_size: 1KB}
shutdown_delay: 30s
YAML

ok "without its overrides the daemon does not start" exits 4 lokid --data data --listen 127.0.0.1:0 --config lokid.yaml
ok "and says why" stderr_has "overrides.yaml"

echo 'overrides: {}' >overrides.yaml
ok "with them it does" lokid_start --config lokid.yaml
get /ready
ok "a path without the prefix is none" code_is 404
get /loki-a/ready
ok "with it, it is" code_is 200
URL=$URL/loki-a

ok "a line over the limit is refused" pushed_is 400 'a line of more than 20 bytes'
echo 'overrides: {ops: {max_line_size: 1KB}}' >overrides.yaml
ok "an override is in force soon" wait_for 10 pushed_is 204 'a line of more than 20 bytes'
echo 'overrides: {ops: {max_line_size: long}}' >overrides.yaml
ok "one that cannot be used is told" wait_for 10 logged "at=overrides.yaml:1:34 err=\"'overrides.ops.max_line_size': expected a size"
ok "and changes nothing" pushed_is 204 'again more than 20 bytes of line'
echo 'overrides: {ops: {unordered_writes: true}}' >overrides.yaml
ok "what has no effect is told" wait_for 10 logged "'overrides.ops.unordered_writes' has no effect"
ok "an override that is gone is so" wait_for 10 pushed_is 400 'a line of more than 20 bytes'

get /config
ok "/config has what is in force" code_is 200
ok "the prefix" stdout_has 'http_path_prefix: /loki-a'

echo 'overrides: {ops: {max_line_size: 1KB}}' >overrides.yaml
limit_is() { get /config/tenant/v1/limits -H 'X-Scope-OrgID: ops' && grep -q -x "max_line_size: $1" "$TAP/stdout"; }
ok "a tenant sees its limits" wait_for 10 limit_is 1KB
get /loki/api/v1/drilldown-limits -H 'X-Scope-OrgID: ops'
ok "in JSON too" stdout_has '"max_line_size":"1KB"'
ok "with what Grafana asks for" stdout_matches '"query_timeout":"1m".*"volume_enabled":true.*"pattern_ingester_enabled":true,"version":"'
ok "a long line" wait_for 10 pushed_is 204 'the last line of more than 20 bytes'
get /flush -X POST
pack() { find data/store -name '*.pack' | grep -q .; }
ok "the log is packed" wait_for 20 pack
ok "as the settings say" exits 0 sh -c 'chunkcat --header $(find data/store -name "*.pack")'
ok "with this encoding" stdout_has '"encoding":"none"'

URL=${URL%/loki-a}
kill -TERM "$LOKID_PID"
ok "told to stop, it is not ready any more" wait_for 10 ready_is 503
get /loki-a/loki/api/v1/labels -H 'X-Scope-OrgID: ops'
ok "but answers" code_is 200
lokid_stop
ok "until it is told again" [ "$STATUS" -eq 0 ]

done_testing
