#!/bin/sh
# lokid --check-config: whether this machine has what the settings name. Warnings; nothing is made.
. "${0%/*}/../lib/tap.sh"

check() { lokid --config lokid.yaml "$@" --check-config; }
here() { stderr_has "lokid: warning: on this machine: $1"; }

echo 'common: {path_prefix: data}' >lokid.yaml
ok "good settings are exit 0" exits 0 check
ok "and nothing is said" stderr_lines 0
not_ok "nothing is made" test -e data
: >file
ok "a folder that is a file is told" exits 0 check --data file
ok "as what it is for" here "the folder of the data 'file' cannot be written: Not a directory"
ok "but not that nothing can lie in it" stderr_lines 1
ok "so is one below it" exits 0 check --data file/x/y
ok "by its name" here "the folder of the data 'file/x/y' cannot be written: Not a directory"
printf 'common: {path_prefix: data, store: file}\ningester: {wal: {dir: file/wal}}\n' >lokid.yaml
ok "the store and the log are looked at" exits 0 check
ok "the store" here "the store 'file' cannot be written: Not a directory"
ok "the log" here "the log 'file/wal' cannot be written: Not a directory"
mkdir -m 555 closed
if [ "$(id -u)" != 0 ]; then
	as_user() { "$@"; }
elif command -v setpriv >/dev/null && setpriv --reuid 65534 --clear-groups test -x .; then
	as_user() { setpriv --reuid 65534 --clear-groups "$@"; }
else
	as_user() { return 1; }
fi
if as_user true; then
	ok "a folder of others" exits 0 as_user lokid --data closed/data --check-config
	ok "is told" here "the folder of the data 'closed/data' cannot be made in 'closed': Permission denied"
else
	skip "a folder of others" "this is root, and cannot be another"
fi

echo 'audit: {enabled: true, log_path: none/audit.log}' >lokid.yaml
ok "an audit log in a folder that is not there" exits 0 check
ok "is told" here "the audit log 'none/audit.log' cannot be written: No such file"
echo 'audit: {enabled: true}' >lokid.yaml
ok "that of the data has its folder made" exits 0 check
ok "so nothing is told" stderr_lines 0

echo 'common: {programs: nowhere}' >lokid.yaml
ok "programs that are not there" exits 0 check
for name in lokid-ingest walreplay chunkpack idxbuild logql; do
	ok "are told: $name" here "cannot run 'nowhere/$name': No such file"
done

# One program that was copied somewhere without the others.
mkdir alone
cp "$(command -v lokid)" alone
echo 'common: {path_prefix: data}' >lokid.yaml
ok "they lie beside lokid" exits 0 alone/lokid --config lokid.yaml --check-config
for name in lokid-ingest walreplay chunkpack idxbuild logql; do
	ok "are told too: $name" here "cannot run '$PWD/alone/$name': No such file"
done
for name in lokid-ingest walreplay chunkpack idxbuild; do ln -s "$(command -v $name)" alone; done
ok "without one of them it does not start" exits 4 alone/lokid --data data --listen 127.0.0.1:0
ok "and names it" stderr_has "lokid: error: cannot run '$PWD/alone/logql': No such file"

# Retention that nobody carries out.
for vain in 'retention_period: 48h' "retention_stream: [{selector: '{a=\"b\"}', period: 48h}]"; do
	printf 'common: {path_prefix: data}\nlimits_config: {%s}\n' "$vain" >lokid.yaml
	ok "${vain%%:*} without retention" exits 0 check
	ok "is told" stderr_matches "warning: lokid.yaml:2:[0-9]+: 'limits_config.${vain%%:*}' has no effect: compactor.retention_enabled is false"
	echo 'compactor: {retention_enabled: true}' >>lokid.yaml
	ok "with it" exits 0 check
	ok "nothing is" stderr_lines 0
done
printf 'common: {path_prefix: data}\nlimits_config: {retention_period: 0s, retention_stream: []}\n' >lokid.yaml
ok "nor is none" exits 0 check
ok "at all" stderr_lines 0

# Certificates.
need openssl
make_cert() { # NAME FROM TO
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -subj "/CN=$1" -out "$1.csr" 2>/dev/null
	openssl ca -batch -selfsign -config ca.cnf -rand_serial -keyfile "$1.key" -in "$1.csr" -startdate "$2" -enddate "$3" \
		-notext -out "$1.pem" 2>/dev/null
}
cat >ca.cnf <<'END'
[ca]
default_ca=d
[d]
database=db
serial=serial
new_certs_dir=.
default_md=sha256
policy=p
[p]
commonName=supplied
END
: >db
make_cert now 20200101000000Z 21000101000000Z
make_cert old 20200101000000Z 20200102000000Z
make_cert late 20990101000000Z 21000101000000Z
tls() { # CERT KEY [CA]
	echo "server: {http_tls_config: {cert_file: $1, key_file: $2${3:+, client_ca_file: $3, client_auth_type: RequireAndVerifyClientCert}}}" >lokid.yaml
}
tls now.pem now.key now.pem
ok "certificates that hold" exits 0 check
ok "are nothing to tell" stderr_lines 0
tls none.pem none.key none-ca.pem
ok "files that are not there are told" exits 0 check
for name in none.pem none.key none-ca.pem; do
	ok "each: $name" here "cannot open '$name': No such file"
done
tls now.pem old.key
ok "a key of another certificate is told" exits 0 check
ok "with both" here "TLS: certificate 'now.pem' with key 'old.key': "
tls file now.key
ok "so is what is no certificate" exits 0 check
ok "by its name" here "TLS: 'file': expected PEM, found no -----BEGIN"
tls old.pem old.key late.pem
ok "certificates that do not hold now are told" exits 0 check
ok "one that has expired" here "'old.pem': the certificate of 'old' has expired on 2020-01-02T00:00:00Z"
ok "one that does not hold yet, of the client CA" here "'late.pem': the certificate of 'late' holds only from 2099-01-01T00:00:00Z"

# Variables that stay as they are.
cat >lokid.yaml <<'END'
server:
  http_listen_address: ${ADDRESS}
common:
  path_prefix: "/data/${NODE:one}/$${not}" # that is all
END
ok "variables that are not put in are told" exits 0 check --data data
ok "with their line and the option" stderr_has "lokid: warning: lokid.yaml:2:24: '\${ADDRESS}' stays as it is written: variables are put in with --expand-env"
ok "also inside of a text" stderr_has "lokid.yaml:4:16: '\${NODE}' stays as it is written"
ok "what is none is not" stderr_lines 2
ok "nor are those that are put in" exits 0 env ADDRESS=::1 lokid --config lokid.yaml --data data --expand-env --print-config
ok "they are" stdout_has 'http_listen_address: "::1"'
ok "without a word" stderr_lines 0

done_testing
