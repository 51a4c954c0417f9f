#!/bin/sh
# Who may do what: users, tokens, roles, matchers of a role; the audit log; no secret anywhere.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need jq

# "open sesame" by crypt(3); "token-of-bob" and "token-of-root" by SHA-256.
cat >lokid.yaml <<'END'
auth_enabled: true
querier:
  multi_tenant_queries_enabled: true
auth:
  roles:
    writer: {write: "team-*"}
    reader: {read: ["team-a", "team-b"]}
    half: {read: "team-a", matchers: '{app="shop"}'}
    eraser: {read: "eras*", write: "eras*", delete: "eras*", matchers: '{ app="shop" , env!~"p.*" }'}
    letter: {read: "?", write: "?", admin: ["?", "*?"]}
    boss: {read: "*", write: "*", delete: "*", admin: "*"}
  users:
    alice: {password: "PASSWORD", roles: [reader], tenant: team-a}
    agent: {password: "PASSWORD", roles: [writer]}
  tokens:
    bob: {token: "sha256:TOKEN_OF_BOB", roles: [half]}
    carol: {token: "sha256:TOKEN_OF_CAROL", roles: [half, eraser]}
    dave: {token: "sha256:TOKEN_OF_DAVE", roles: [letter]}
    root: {token: "env:ROOT_TOKEN", roles: [boss]}
audit:
  enabled: true
  log_path: audit.log
END
hash_of() { printf '%s' "$1" | sha256sum | cut -d ' ' -f 1; }
# The hash has '$' and '/': awk takes it as it is.
awk -v password='$5$lokidlokid$bf4TP9dx2r4axOzWxIqbmJa4BC3k35a1pAJryQYf9c2' -v bob="$(hash_of token-of-bob)" -v carol="$(hash_of token-of-carol)" -v dave="$(hash_of token-of-dave)" '{
	gsub(/PASSWORD/, password)
	gsub(/TOKEN_OF_BOB/, bob)
	gsub(/TOKEN_OF_CAROL/, carol)
	gsub(/TOKEN_OF_DAVE/, dave)
	print
}' lokid.yaml >filled.yaml
ROOT_TOKEN=sha256:$(hash_of token-of-root)
export ROOT_TOKEN

lokid_start --config filled.yaml || bail "the daemon starts" "$(cat lokid.log)"

# ask WHO PATH [CURL OPTION]...: WHO is alice, agent, bob, carol, dave or root.
ask() {
	ask_who=$1
	ask_path=$2
	shift 2
	case $ask_who in
	alice | agent) get "$ask_path" -u "$ask_who:open sesame" "$@" ;;
	bob | carol | dave | root) get "$ask_path" -H "Authorization: Bearer token-of-$ask_who" "$@" ;;
	esac
}

push_as() {
	who=$1
	tenant=$2
	app=$3
	ask "$who" /loki/api/v1/push -H 'Content-Type: application/json' -H "X-Scope-OrgID: $tenant" --data-binary \
		"{\"streams\":[{\"stream\":{\"app\":\"$app\"},\"values\":[[\"$(date +%s)000000000\",\"line of $app\"]]}]}"
}

labels_as() {
	who=$1
	tenant=$2
	shift 2
	ask "$who" /loki/api/v1/label/app/values -H "X-Scope-OrgID: $tenant" "$@"
}

# --- who asks ---
get /loki/api/v1/labels -H 'X-Scope-OrgID: team-a' -D headers
ok "nobody is refused" code_is 401
ok "and told how to say who" grep -qi '^www-authenticate: basic' headers
ok "the text says what is missing" stdout_has "nobody is named: expected Authorization: Basic or Bearer"
get /ready
ok "the state is open" code_is 200
get /metrics
metrics_open=$CODE
is "metrics are open, as Loki's are" "$metrics_open" 200
for wrong in 'alice:wrong' 'alice:' ':open sesame' 'mallory:open sesame' 'alice'; do
	get /loki/api/v1/labels -H 'X-Scope-OrgID: team-a' -H "Authorization: Basic $(printf %s "$wrong" | base64)"
	ok "'$wrong' is refused" code_is 401
done
truncate -s 40M large
SENT=$(curl -sS -o /dev/null -w '%{http_code} %{size_upload}' -u alice:wrong -H 'Expect:' -H 'Content-Type: application/json' \
	--data-binary @large "$URL/loki/api/v1/push")
is "a wrong password is refused" "${SENT% *}" 401
ok "before the body is taken: ${SENT#* } bytes were sent" [ "${SENT#* }" -lt 20000000 ]
for wrong in 'Bearer' 'Bearer ' 'Bearer token-of-mallory' 'Bearer token-of-bobb' 'Digest x' 'Basic %%%' 'Basic'; do
	get /loki/api/v1/labels -H 'X-Scope-OrgID: team-a' -H "Authorization: $wrong"
	ok "'$wrong' is refused" code_is 401
done
get /loki/api/v1/labels -H 'X-Scope-OrgID: team-a' -H 'Authorization: Bearer token-of-mallory' -H 'Authorization: Bearer token-of-bob'
ok "two Authorizations are refused" code_is 401

# --- what they may ---
push_as agent team-a shop
ok "a writer writes" code_is 204
push_as agent team-a bank
push_as agent team-b secret
ok "in each tenant of its glob" code_is 204
push_as agent other shop
ok "but in no other" code_is 403
ok "which is said" stdout_has "user 'agent' may not write tenant 'other'"
labels_as agent team-a
ok "a writer does not read" code_is 403
push_as alice team-a shop
ok "a reader does not write" code_is 403
labels_as alice team-a
is "a reader reads" "$(jq -c .data "$TAP/stdout")" '["bank","shop"]'
get /loki/api/v1/label/app/values -u 'alice:open sesame'
is "its own tenant when it names none" "$(jq -c .data "$TAP/stdout")" '["bank","shop"]'
labels_as alice 'team-a|team-b'
is "several at once" "$(jq -c .data "$TAP/stdout")" '["bank","secret","shop"]'
labels_as alice 'team-a|other'
ok "but not with one that is another's" code_is 403
labels_as bob team-b
ok "a tenant of others is refused" code_is 403

# --- matchers of a role ---
labels_as bob team-a
is "values are those of its streams" "$(jq -c .data "$TAP/stdout")" '["shop"]'
query_as_bob() {
	ask bob /loki/api/v1/query_range -H 'X-Scope-OrgID: team-a' -G --data-urlencode "query=$1"
	jq -r '[.data.result[].values[][1]] | sort | join(",")' "$TAP/stdout"
}
is "entries too" "$(query_as_bob '{app=~".+"}')" "line of shop"
is "also when others are named" "$(query_as_bob '{app="bank"}')" ""
ask bob /loki/api/v1/series -H 'X-Scope-OrgID: team-a' -G --data-urlencode 'match[]={app=~".+"}'
is "series too" "$(jq -r '[.data[].app] | join(",")' "$TAP/stdout")" shop
ask bob /loki/api/v1/query -H 'X-Scope-OrgID: team-a' -G --data-urlencode 'query=sum(count_over_time({app="bank"}[1h])) or sum(count_over_time({app="shop"}[1h]))'
is "on both sides of an operator" "$(jq -r '[.data.result[].value[1]] | join(",")' "$TAP/stdout")" 1
for path in 'index/stats?query=%7Bapp%3D%22bank%22%7D' 'index/volume?query=%7Bapp%3D~%22.%2B%22%7D' detected_labels \
	'detected_fields?query=%7Bapp%3D%22bank%22%7D' 'patterns?query=%7Bapp%3D%22bank%22%7D'; do
	ask bob "/loki/api/v1/$path" -H 'X-Scope-OrgID: team-a'
	not_ok "nothing of others in ${path%%\?*}" grep -q 'bank' "$TAP/stdout"
done

# --- what may be deleted ---
# delete_as WHO TENANT METHOD PARAMETER...
delete_as() {
	who=$1 tenant=$2 method=$3
	shift 3
	for p; do set -- "$@" --data-urlencode "$p"; shift; done
	ask "$who" /loki/api/v1/delete -X "$method" -G -H "X-Scope-OrgID: $tenant" "$@"
}
apps_of() {
	labels_as root "$1"
	ask root /loki/api/v1/query_range -G -H "X-Scope-OrgID: $1" --data-urlencode 'query={app=~".+"}'
	jq -r '[.data.result[].stream.app] | sort | join(",")' "$TAP/stdout"
}
day_ago=$(($(date +%s) - 86400))
push_as root erasable shop
push_as root erasable bank
push_as root other bank
delete_as bob team-a POST 'query={app="shop"}' "start=$day_ago"
ok "who reads does not delete" code_is 403
ok "which is said" stdout_has "user 'bob' may not delete tenant 'team-a'"
delete_as carol other POST 'query={app="bank"}' "start=$day_ago"
ok "in a tenant of no glob nobody does" code_is 403
delete_as carol erasable POST 'query={app=~".+"}' "start=$day_ago"
ok "who may, does" code_is 204
is "in its own streams alone" "$(apps_of erasable)" bank
delete_as carol erasable POST 'query={app="bank"} |= "line"' "start=$day_ago"
ok "of streams of others" code_is 204
is "nothing is deleted" "$(apps_of erasable)" bank
for query in '{}' '{app=~".*"}' '# {
{app="bank"}' '{app="bank"} or {app="shop"}' '{app="shop"' 'app="bank"}'; do
	delete_as carol erasable POST "query=$query" "start=$day_ago"
	ok "no way round it: $query" code_is 400
done
delete_as root erasable POST 'query={app="bank"}' "start=$day_ago"
ok "another's request" code_is 204
delete_as root erasable GET
is "who sees all has all in the list" "$(jq -r '[.[].query] | join(" ")' "$TAP/stdout")" '{app="shop",env!~"p.*",app=~".+"} {app="shop",env!~"p.*",app="bank"} |= "line" {app="bank"}'
of_others=$(jq -r '.[2].request_id' "$TAP/stdout")
own=$(jq -r '.[1].request_id' "$TAP/stdout")
delete_as carol erasable GET
is "who does not, its own" "$(jq length "$TAP/stdout")" 2
delete_as carol erasable DELETE "request_id=$of_others"
ok "what is not its own it does not cancel" code_is 404
delete_as carol erasable DELETE "request_id=$own"
ok "what is it does" code_is 204
delete_as root erasable DELETE "request_id=$of_others"
ok "nor is it in the way of others" code_is 204

# --- administration ---
for path in config services ring log_level; do
	ask alice "/$path"
	ok "/$path is not for readers" code_is 403
	ask root "/$path"
	ok "/$path is for admins" code_is 200
done
ask agent /flush -X POST
ok "nor is /flush" code_is 403
ok "which is said" stdout_has "user 'agent' may not administer the daemon"
ask dave /config
ok "who administers tenants of some names does not administer the daemon" code_is 403
ok "which is told at the start" grep -q "'admin' of 'letter': '?' has no effect" lokid.log
ok "of each glob" grep -q "'admin' of 'letter': '\*?' has no effect" lokid.log

# --- what is of no tenant ---
for who in alice bob dave; do
	ask "$who" '/loki/api/v1/format_query?query=%7Ba%3D%22b%22%7D'
	ok "$who, who may read some tenant, has a query laid out" code_is 200
done
ask agent '/loki/api/v1/format_query?query=%7Ba%3D%22b%22%7D'
ok "who may only write has not" code_is 403
ok "which is said" stdout_has "user 'agent' may not read any tenant"
ask root /config
not_ok "no secret in /config" grep -qE 'lokidlokid|[0-9a-f]{64}' "$TAP/stdout"
ok "but who there is" stdout_has alice

# --- which tenant ---
labels_as root '../other'
ok "a tenant that is a path is refused" code_is 400
labels_as root '..'
ok "so is one that is a folder" code_is 400
ask root /loki/api/v1/labels -H 'X-Scope-OrgID: team-a' -H 'X-Scope-OrgID: team-b'
ok "two headers are refused" code_is 400
ask root /loki/api/v1/labels
ok "none is 401" code_is 401
push_as root 'team-a|team-b' shop
ok "a push to several is refused" code_is 400

# --- what is kept of it ---
long=$(printf '%05000d' 7)
get "/loki/api/v1/label/$long/values" -H "X-Scope-OrgID: $long" -u "$(printf %.300s "$long"):wrong"
ok "nobody's claims are long" code_is 401
get /loki/api/v1/labels -H "$(printf 'X-Scope-OrgID: a"b\\c\377d')" -u "mal\"lory:wrong"
ok "or what breaks lines" code_is 401
labels_as root '..'
ok "somebody's tenant cannot be" code_is 400
ask agent /loki/api/v1/query -H 'X-Scope-OrgID: other' -G --data-urlencode 'query={app="secret"}'
ok "who may only write asks nothing" code_is 403
get /loki/api/v1/query -H 'X-Scope-OrgID: other' -G --data-urlencode 'query={app="secret"}'
ok "nor does nobody" code_is 401
ask root /loki/api/v1/query -H 'X-Scope-OrgID: other' -G --data-urlencode 'query={app='
ok "a query that is none is refused" code_is 400
audited() { jq -e -s "map(select($1)) | length > 0" audit.log; }
ok "who asked what is in the audit log" wait_for 5 audited '.user == "bob" and .tenant == "team-a" and .status == 200 and (.query // "" | contains("bank"))'
ok "what was refused too" audited '.user == "agent" and .tenant == "other" and .status == 403'
ok "with what was asked" audited '.user == "agent" and .status == 403 and .query == "{app=\"secret\"}"'
ok "so is a query that is none" audited '.user == "root" and .status == 400 and .query == "{app="'
not_ok "but not what nobody asked" audited '.user == "" and .query != null'
ok "and who could not say who" audited '.user == "" and .status == 401'
ok "with the name that was tried, and the reason" audited '.user == "" and .status == 401 and .claimed == "mallory" and .refusal == "wrong user or password"'
ok "of a wrong password too" audited '.user == "" and .claimed == "alice" and .refusal == "wrong user or password"'
ok "and the tenant that was claimed" audited '.user == "" and .claimed == "alice" and .tenant == "" and .claimed_tenant == "team-a"'
ok "of what names nobody only the reason" audited '.user == "" and .claimed == null and .refusal == "wrong token"'
ok "also what is no name" audited '.user == "" and .claimed == null and .refusal == "Authorization: not what Basic has"'
ok "who is known and may not has a reason" audited '.user == "agent" and .claimed == null and .refusal == "user \u0027agent\u0027 may not write tenant \u0027other\u0027"'
ok "who may has none" audited '.user == "alice" and .status == 200 and .claimed == null and .refusal == null'
ok "what was deleted is in it" audited '.user == "carol" and .method == "POST" and .path == "/loki/api/v1/delete" and .tenant == "erasable" and .status == 204 and .query == "{app=~\".+\"}" and (.from | length) == 19 and (.to | length) == 19'
ok "what was cancelled" audited '.user == "carol" and .method == "DELETE" and .status == 204 and (.query | endswith("|= \"line\""))'
ok "and who may not" audited '.user == "bob" and .method == "POST" and .path == "/loki/api/v1/delete" and .status == 403'
ok "claims are cut" audited '.claimed_tenant and (.claimed_tenant | length) == 256 and (.claimed | length) == 256 and (.path | length) == 4096'
ok "and made safe" audited '.claimed == "mal\"lory" and .claimed_tenant == "a\"b\\c\ufffdd"'
ok "a tenant that cannot be is one that was claimed" audited '.user == "root" and .status == 400 and .tenant == "" and .claimed_tenant == ".."'
ok "who is let in claims nothing" audited '.user == "bob" and .status == 200 and .claimed == null and .claimed_tenant == null'
is "a line is a JSON object" "$(jq -c 'type' audit.log | sort -u)" '"object"'
ok "each line has its time, path, bytes and rows" audited '.ts and .path and (.bytes >= 0) and (.rows >= 0) and (.seconds >= 0) and .peer'
is "the file is its owner's alone" "$(stat -c %a audit.log)" 600
mv audit.log audit.1
kill -HUP "$LOKID_PID"
fresh() { ask root /services && [ -s audit.log ]; }
ok "after SIGHUP a new file is begun" wait_for 5 fresh
not_ok "no secret in logs" grep -rqE 'sesame|token-of|lokidlokid|Bearer [^ ]*-' audit.log audit.1 lokid.log
not_ok "nor in ps" sh -c 'ps -eo args | grep -v grep | grep -q "open sesame"'

lokid_stop

# --- an audit log that cannot be written ---
sed 's|audit.log|/dev/full|' filled.yaml >full.yaml
lokid_start --config full.yaml || fail "the daemon starts" "$(cat lokid.log)"
ask root /services
lost() { get /metrics && stdout_matches '^lokid_audit_lost_total [1-9]'; }
ok "lines that are lost are counted" wait_for 5 lost
ok "and told" grep -q 'audit log not written' lokid.log
lokid_stop
done_testing
