#!/bin/sh
# SIGHUP: who may ask is read again, whole or not at all.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need jq

# "hocus pocus" and "abracadabra" by crypt(3).
HOCUS='$5$lokidlokid$xtpGV4fJmnn4wCiGIuMRRjaX2sc8WyNeXc7S4jvL0f4'
ABRA='$5$lokidlokid$kUMQjOnW9bMhgsDskHrR763tieipQ9V9KjdWMt0nEA8'
hash_of() { printf '%s' "$1" | sha256sum | cut -d ' ' -f 1; }

# settings HASH_OF_ALICE ROLE_OF_BOB [LINE]...: those of alice, who has a password, and of bob and root, who have tokens.
settings() {
	cat <<END2
auth_enabled: true
limits_config:
  max_line_size: ${LINE_SIZE:-100}
  per_tenant_override_config: overrides.yaml
  per_tenant_override_period: ${PERIOD:-1h}
auth:
  roles:
    reader: {read: "*"}
    half: {read: "*", matchers: '{app="shop"}'}
    boss: {read: "*", write: "*", admin: "*"}
  users:
    alice: {password: "$1", roles: [reader]}
  tokens:
    bob: {token: "file:bob.token", roles: [$2]}
    root: {token: "sha256:$(hash_of token-of-root)", roles: [boss]}
END2
}
as_alice() { get /loki/api/v1/labels -H 'X-Scope-OrgID: a' -u "alice:$1"; }
as_token() { get "$2" -H 'X-Scope-OrgID: a' -H "Authorization: Bearer $1"; }
labels_as_bob() { as_token "$1" /loki/api/v1/labels; }
reload_is() { as_token token-of-root /metrics && stdout_has "loki_runtime_config_last_reload_successful $1"; }
users_read() { [ "$(grep -c 'msg="users read"' lokid.log)" -eq "$1" ]; }
failed() { [ "$(grep -c 'msg="limits and users of before stay in force"' lokid.log)" -eq "$1" ]; }
hup() { kill -HUP "$LOKID_PID"; }

echo "sha256:$(hash_of token-of-bob)" >bob.token
echo 'overrides: {}' >overrides.yaml
settings "$HOCUS" reader >lokid.yaml
lokid_start --config lokid.yaml || bail "the daemon starts"
as_alice 'hocus pocus'
ok "a password that is right" code_is 200
as_alice 'abracadabra'
ok "one that is wrong" code_is 401
labels_as_bob token-of-bob
ok "a token that is right" code_is 200

# --- tails go on as long as their user is there ---
n=0
# begin_tail TOKEN
begin_tail() {
	n=$((n + 1))
	spawn "$REPO/tests/lib/ws-tail" "127.0.0.1:$LOKID_PORT" '/loki/api/v1/tail?query=%7Bapp%3D%22shop%22%7D' \
		"X-Scope-OrgID: a" "Authorization: Bearer $1" >"tail.$n"
	wait_for 10 grep -q '^open' "tail.$n"
}
begin_tail token-of-bob || bail "a tail begins" "$(cat tail.1)"
begin_tail token-of-root || bail "another begins" "$(cat tail.2)"

# --- a change ---
settings "$ABRA" reader >lokid.yaml
echo "sha256:$(hash_of other-token-of-bob)" >bob.token
as_alice 'hocus pocus'
ok "without SIGHUP nothing changes" code_is 200
hup
ok "users are read" wait_for 10 users_read 1
as_alice 'hocus pocus'
ok "a password of before is wrong, although it was right a moment ago" code_is 401
as_alice 'abracadabra'
ok "the new one is right, although it was wrong a moment ago" code_is 200
labels_as_bob token-of-bob
ok "a token of before is wrong, in a file of its own" code_is 401
labels_as_bob other-token-of-bob
ok "the new one is right" code_is 200
ok "a tail of it ends" wait_for 10 grep -q 'closed 1008 who asked is no user any more' tail.1
shop=$(printf '{"streams":[{"stream":{"app":"shop"},"values":[["%s000000000","still there"]]}]}' "$(date +%s)")
push "$shop" -H 'X-Scope-OrgID: a' -H 'Authorization: Bearer token-of-root'
ok "one of who stays goes on" wait_for 10 grep -q 'still there' tail.2
begin_tail other-token-of-bob || bail "a third begins" "$(cat tail.3)"
settings "$ABRA" half >lokid.yaml
hup
ok "a tail ends, too, when its user may see less" wait_for 10 grep -q 'closed 1008' tail.3

# --- who is in force is shown ---
as_token token-of-root /config
ok "/config has the roles of now" stdout_matches '^ *roles: \["?half"?\]'

# --- what is wrong changes nothing ---
ok "a good file is told by a metric" reload_is 1
LINE_SIZE=1 settings '' half >lokid.yaml
hup
ok "a file that is wrong is told" wait_for 10 failed 1
ok "with its place" grep -q "at=[^ ]*lokid.yaml:12:[0-9]* err=\"'password' of 'alice': expected" lokid.log
ok "and by the metric" reload_is 0
as_alice 'abracadabra'
ok "users of before stay in force" code_is 200
push "$shop" -H 'X-Scope-OrgID: a' -H 'Authorization: Bearer token-of-root'
ok "limits too" code_is 204
settings "$ABRA" half >lokid.yaml
mv bob.token away
hup
ok "a token's file that is gone is told" wait_for 10 failed 2
labels_as_bob other-token-of-bob
ok "its user stays" code_is 200
mv away bob.token
echo 'auth_enabled: true' >lokid.yaml
hup
ok "a file without 'auth' opens nothing" wait_for 10 failed 3
ok "which is told" grep -q "'auth' is gone, without which everybody may do everything: that needs another start" lokid.log
get /loki/api/v1/labels -H 'X-Scope-OrgID: a'
ok "nobody is refused as ever" code_is 401
not_ok "a tail goes on through all that" grep -q closed tail.2
settings "$ABRA" half >lokid.yaml
hup
ok "a good file again" wait_for 10 reload_is 1
lokid_stop

# --- only SIGHUP does it ---
PERIOD=100ms settings "$HOCUS" reader >lokid.yaml
lokid_start --config lokid.yaml || bail "the daemon starts"
as_alice 'hocus pocus'
ok "a password is right" code_is 200
LINE_SIZE=5 PERIOD=100ms settings "$ABRA" reader >lokid.yaml
echo 'overrides: {b: {max_line_size: 1}}' >overrides.yaml
limited() { push "$shop" -H 'X-Scope-OrgID: a' -H 'Authorization: Bearer token-of-root' && code_is 400; }
ok "overrides that change are read, with the limits" wait_for 10 limited
as_alice 'hocus pocus'
ok "but not users" code_is 200
lokid_stop

# --- wrong ones without end, of a password that takes seconds to check ---
settings "$HOCUS" reader | sed "s|^  tokens:|    slow: {password: \"\$5\$rounds=5000000\$lokidlokid\$MYJqmwJnmyktN8nmLHP44bP5LWXFW3m54vstb18w9f1\", roles: [reader]}\n&|" >lokid.yaml
lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
as_alice 'hocus pocus'
n=0
guess() {
	n=$((n + 1))
	get /loki/api/v1/labels -H 'X-Scope-OrgID: a' -u "slow:wrong $n" -m 0.2 -D headers
	code_is 503
}
ok "who guesses is told to wait" wait_for 20 guess
ok "for so long" grep -qi '^retry-after: 1' headers
ok "since there is a bound" stdout_has "passwords of this user from this network are being checked"
get /loki/api/v1/labels -H 'X-Scope-OrgID: a' -u 'alice:hocus pocus' -m 1
ok "who was let in before, from the same network, is so at once" code_is 200
lokid_stop KILL

# --- from nobody to somebody ---
echo 'auth_enabled: true' >lokid.yaml
lokid_start --config lokid.yaml || bail "the daemon starts"
get /loki/api/v1/labels -H 'X-Scope-OrgID: a'
ok "without users everybody may" code_is 200
settings "$HOCUS" reader >lokid.yaml
hup
ok "users are read" wait_for 10 users_read 1
get /loki/api/v1/labels -H 'X-Scope-OrgID: a'
ok "then nobody may" code_is 401
as_alice 'hocus pocus'
ok "but they" code_is 200
lokid_stop

done_testing
