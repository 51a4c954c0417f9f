#!/bin/sh
# The daemon with TLS: who a client's certificate is, and certificates that are read again.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need openssl

# signed NAME: NAME.pem and NAME.key, by ca.
signed() {
	openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" 2>/dev/null
	printf 'subjectAltName=DNS:localhost\n' >ext
	openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -extfile ext -days 2 -out "$1.pem" 2>/dev/null
}

openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=test-ca -days 2 2>/dev/null
for name in server node-1 stranger; do signed $name; done
cp server.pem cert.pem
cp server.key key.pem

cat >lokid.yaml <<'END'
auth_enabled: true
server:
  http_tls_config: {cert_file: cert.pem, key_file: key.pem, client_ca_file: ca.pem, client_auth_type: VerifyClientCertIfGiven}
audit: {enabled: true, log_path: audit.log}
auth:
  roles: {node: {read: "dev-*"}}
  certificates: {"node-*": {roles: [node], tenant: dev-1}}
END
ok "the daemon starts" lokid_start --config lokid.yaml
URL=https://localhost:$LOKID_PORT

labels() { get /loki/api/v1/labels --cacert ca.pem "$@"; }

labels --cert node-1.pem --key node-1.key
ok "a certificate is a user, with its tenant" code_is 200
labels --cert node-1.pem --key node-1.key -H 'X-Scope-OrgID: prod'
ok "which may what its roles say" code_is 403
labels --cert stranger.pem --key stranger.key
ok "one that no user has is refused" code_is 401
ok "and told so" stdout_has "the certificate is nobody's here"
labels
ok "without one it is nobody" code_is 401
audited() { grep -q "\"user\":\"$1\",\"certificate\":\"$2\"" audit.log; }
ok "the audit log has the rule and the certificate" wait_for 5 audited 'node-\*' node-1
ok "also of whom it refused" wait_for 5 audited '' stranger

# --- who means HTTP ---
plain=http://localhost:$LOKID_PORT
ok "plain HTTP is answered" sh -c 'curl -sS "$1/ready" >plain 2>&1' - "$plain"
is "in words" "$(cat plain)" "this is HTTP, and HTTPS is expected here"
i=0
while [ $i -lt 5 ]; do
	i=$((i + 1))
	curl -s -o plain -w '%{http_code}\n' -X POST --data-binary x "$plain/loki/api/v1/push" >>codes
done
is "each time" "$(sort -u codes)" 400
is "and told once" "$(grep -c 'level=warn msg=http err=".* speaks HTTP where HTTPS is expected"' lokid.log)" 1

serves() { openssl s_client -connect "localhost:$LOKID_PORT" </dev/null 2>/dev/null | openssl x509 -noout -subject | grep -q "$1"; }
says() { grep -q "$1" lokid.log; }

ok "the server shows its certificate" serves server
cp stranger.pem cert.pem
kill -HUP "$LOKID_PID"
ok "one that its key does not fit is told" wait_for 5 says "certificates of before stay in force.*cert.pem"
ok "and not used" serves server
cp stranger.key key.pem
kill -HUP "$LOKID_PID"
ok "a good pair is, without a restart" wait_for 5 serves stranger
ok "and told" wait_for 5 says 'level=info msg="certificates read"'
is "once" "$(grep -c 'certificates read' lokid.log)" 1
cp lokid.yaml good.yaml
echo 'sever: {}' >>lokid.yaml
kill -HUP "$LOKID_PID"
twice() { [ "$(grep -c 'certificates read' lokid.log)" = 2 ]; }
ok "settings that are wrong keep no certificate away" wait_for 5 twice
is "and are told before" "$(grep -Eo 'certificates read|of before stay in force' lokid.log | tail -n 2 | tr '\n' ,)" 'of before stay in force,certificates read,'
mv good.yaml lokid.yaml

lokid_stop
is "it ends well" "$STATUS" 0

echo nothing >key.pem
ok "a key that is none is exit 2" exits 2 lokid --config lokid.yaml --data data --listen 127.0.0.1:0
ok "the message names it" stderr_has "'key.pem': expected PEM, found no -----BEGIN"
rm key.pem
ok "one that is not there is exit 4" exits 4 lokid --config lokid.yaml --data data --listen 127.0.0.1:0

done_testing
