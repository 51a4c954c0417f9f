#!/bin/sh
# SIGHUP: limits of the file and of the overrides are read again; a file that is wrong changes nothing.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

# settings LINE_SIZE OVERRIDE
settings() {
	cat >lokid.yaml <<END
auth_enabled: true
limits_config:
  max_line_size: $1
  per_tenant_override_config: overrides.yaml
  per_tenant_override_period: 1h
END
	printf 'overrides:\n  big:\n    max_line_size: %s\n' "$2" >overrides.yaml
}
push_of() {
	push "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[[\"$(date +%s)000000000\",\"$2\"]]}]}" -H "X-Scope-OrgID: $1"
}
pushed() { push_of "$1" 12345678 && code_is "$2"; }
says() { grep -q "$1" lokid.log; }

settings 4 16
ok "the daemon starts" lokid_start --config lokid.yaml
ok "the file's limit holds" pushed small 400
ok "and that of an override" pushed big 204
settings 16 4
kill -HUP "$LOKID_PID"
ok "after SIGHUP the file's new limit holds" wait_for 5 pushed small 204
ok "and the override's" pushed big 400
not_ok "nothing waits for another start" says 'has changed'
{
	cat lokid.yaml
	cat <<'END'
server: {http_listen_port: 1, http_server_idle_timeout: 1m}
frontend: {max_outstanding_per_tenant: 7}
END
} >more.yaml
cp more.yaml lokid.yaml
kill -HUP "$LOKID_PID"
limits_read() { [ "$(grep -c 'msg="limits read"' lokid.log)" -eq "$1" ]; }
held() { says "level=warn msg=settings err=\"lokid.yaml: '$1' has changed: it holds when the daemon is started again\""; }
ok "what does is told" wait_for 5 held server.http_server_idle_timeout
ok "each key" held server.http_listen_port
not_ok "not what holds now" held frontend.max_outstanding_per_tenant
ok "the limits are read" wait_for 5 limits_read 2
is "nothing else" "$(grep -c 'has changed' lokid.log)" 2
errors() { grep -c 'level=error' lokid.log; }
errors_are() { [ "$(errors)" -eq "$1" ]; }
printf 'sever: 1\nlimits_config: {max_line_sise: 1, max_query_series: many, per_tenant_override_config: overrides.yaml}\n' >lokid.yaml
printf 'overrides: {a: {no_key: 1, max_line_size: long}}\n' >overrides.yaml
kill -HUP "$LOKID_PID"
ok "files that are wrong are told: those of before stay in force" wait_for 5 says 'msg="limits and users of before stay in force"'
ok "a fault apart from its place" says "msg=settings at=lokid.yaml:1:1 err=\"'sever' is not a key"
ok "each of them" says "at=lokid.yaml:2:17 err=\"'limits_config.max_line_sise' is not a key"
ok "of the file" says "at=lokid.yaml:2:[0-9]* err=\"'limits_config.max_query_series': expected a whole number, found 'many'"
ok "and of the overrides" says "at=overrides.yaml:1:17 err=\"'overrides.a.no_key' is not a key"
ok "all" says "at=overrides.yaml:1:43 err=\"'overrides.a.max_line_size': expected a size"
is "each once" "$(errors)" 6
ok "nothing is changed" pushed small 204
settings 16 4
printf 'querier: {jobs: 1000}\ncompactor: {max_compaction_parallelism: 2, max_compaction_memory: 200MB}\n' >>lokid.yaml
kill -HUP "$LOKID_PID"
ok "values that programs would refuse are, too" wait_for 5 says "at=lokid.yaml:6:17 err=\"'querier.jobs': expected 1 to 256, found '1000'"
ok "and too little memory" wait_for 5 says "at=lokid.yaml:7:67 err=\"'compactor.max_compaction_memory': 2 threads and this chunk size need 243 MiB"
settings 16 4
echo '- no map' >overrides.yaml
kill -HUP "$LOKID_PID"
ok "overrides alone are told, too" wait_for 5 says 'msg=settings at=overrides.yaml:1:1 err='
ok "which change nothing" pushed big 400
echo 'limits_config: [' >lokid.yaml
kill -HUP "$LOKID_PID"
ok "what is no YAML is told, and the overrides are not looked for" wait_for 5 errors_are 13
ok "with its place" says 'msg=settings at=lokid.yaml:[0-9]*:[0-9]* err='
lokid_stop
is "it ends well" "$STATUS" 0

# Overrides in several files, each looked at by itself.
cat >lokid.yaml <<'END'
auth_enabled: true
limits_config: {max_line_size: 4}
runtime_config: {file: "one.yaml,two.yaml", period: 50ms}
END
printf 'overrides: {big: {max_line_size: 4}}\n' >one.yaml
printf 'overrides: {big: {max_line_size: 16}}\n' >two.yaml
ok "the daemon starts with two files" lokid_start --config lokid.yaml
ok "the later one counts" pushed big 204
printf 'overrides: {big: {max_line_size: 5}}\n' >two.yaml
ok "a change of it is seen" wait_for 5 pushed big 400
printf 'overrides: {big: {max_line_size: 4}, other: {max_line_size: 20}}\n' >one.yaml
ok "and one of the first" wait_for 5 pushed other 204
ok "over which the later one stands" pushed big 400
mv two.yaml away
ok "one that is gone is told" wait_for 5 says "level=error msg=settings err=\"'runtime_config.file': cannot open 'two.yaml'"
ok "and changes nothing" pushed other 204
mv away two.yaml
lokid_stop

done_testing
