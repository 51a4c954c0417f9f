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
echo 'limits_config: {max_line_sise: 1}' >lokid.yaml
kill -HUP "$LOKID_PID"
ok "a file that is wrong is told, with its place" wait_for 5 says 'limits are those of before.*lokid.yaml:1:1'
ok "and changes nothing" pushed small 204
settings 16 4
echo '- no map' >overrides.yaml
kill -HUP "$LOKID_PID"
ok "so are overrides" wait_for 5 says 'limits are those of before.*overrides.yaml:1:1'
ok "which change nothing" pushed big 400
lokid_stop
is "it ends well" "$STATUS" 0

done_testing
