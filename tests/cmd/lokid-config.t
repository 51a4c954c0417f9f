#!/bin/sh
# lokid --check-config and --print-config: Loki's files as people have them, tests/config, and faults.
. "${0%/*}/../lib/tap.sh"

FILES=$(cd "$GOLDEN/../config" && ls)

# printed LINE: whether it is among what was printed, blanks before it left out.
printed() {
	sed 's/^ *//' "$TAP/stdout" | grep -q -x -F -e "$1" && return 0
	echo "expected a line: $1"
	return 1
}

for file in $FILES; do
	cp "$GOLDEN/../config/$file" .
	ok "$file is taken as it is" exits 0 lokid --config "$file" --check-config
	ok "$file: nothing is printed" stdout_is_empty
	# What this machine has not is told too, but not here.
	ok "$file: what is said goes to stderr" exits 0 sh -c "lokid --config $file --check-config 2>said; code=\$?; sed '/: on this machine: /d' said; exit \$code"
	ok "$file: keys that are not used are named" stdout_is_golden "config-${file%.yaml}.txt"
done

ok "limits in force are printed" exits 0 lokid --config tenant-limits.yaml --print-config
for line in 'ingestion_rate_mb: 10' 'ingestion_burst_size_mb: 20' 'max_streams_per_user: 10000' 'max_line_size: 256KB' \
	'max_entries_limit_per_query: 5000' 'max_query_length: 30d1h' 'max_query_series: 500' 'retention_period: 31d' \
	'per_stream_rate_limit: 3MB' 'per_stream_rate_limit_burst: 15MB' 'tenant-premium:' 'ingestion_rate_mb: 100' \
	'max_streams_per_user: 100000' 'retention_period: 1y' 'tenant-basic:' 'ingestion_rate_mb: 5' 'retention_period: 1w'; do
	ok "  $line" printed "$line"
done
ok "so are the chart's" exits 0 lokid --config helm-distributed.yaml --print-config
for line in 'ingestion_rate_mb: 50' 'ingestion_burst_size_mb: 100' 'max_streams_per_user: 100000' 'max_query_length: 30d1h' \
	'max_query_lookback: 30d' 'auth_enabled: true'; do
	ok "  $line" printed "$line"
done
ok "and the rest of a file" exits 0 lokid --config single-binary.yaml --print-config
for line in 'auth_enabled: false' 'path_prefix: /loki' 'chunk_encoding: snappy' 'max_chunk_age: 1h' 'segment_age: 1h' \
	'chunk_target_size: 1500KB' 'retention_period: 1w'; do
	ok "  $line" printed "$line"
done

ok "defaults are printed" exits 0 lokid --print-config
cp "$TAP/stdout" defaults.yaml
ok "and taken back" exits 0 lokid --config defaults.yaml --check-config
ok "without a word" stderr_is_empty
sed 's/chunk_idle_period: .*/chunk_idle_period: 7m/' defaults.yaml >idle.yaml
ok "what somebody sets is remarked upon" exits 0 lokid --config idle.yaml --check-config
ok "that alone" stderr_lines 1
ok "by its name" stderr_has "'ingester.chunk_idle_period': it is how long"

printf 'sever: {}\nserver: {log_level: loud}\n' >bad.yaml
ok "a file with faults is exit 2" exits 2 lokid --config bad.yaml --check-config
ok "the first is told" stderr_has "lokid: error: bad.yaml:1:1: 'sever' is not a key: did you mean 'server'?"
ok "and the second" stderr_has "lokid: error: bad.yaml:2:21: 'server.log_level': expected debug, info, warn or error, found 'loud'"
ok "each once" stderr_lines 2
printf 'server: {http_tls_config: {client_auth_type: Any}}\n' >bad.yaml
ok "a word that is none is exit 2" exits 2 lokid --config bad.yaml --check-config
ok "the words are told, but the empty one" stderr_has "'server.http_tls_config.client_auth_type': expected NoClientCert, RequestClientCert, VerifyClientCertIfGiven, RequireAnyClientCert or RequireAndVerifyClientCert, found 'Any'"
cat >bad.yaml <<'YAML'
syslog: {listen: "udp://:1514", tenant: a/b, labels: "job=syslog,host"}
YAML
ok "settings of syslog that lokid-ingest would not take are exit 2" exits 2 lokid --config bad.yaml --check-config
ok "the address" stderr_has "bad.yaml:1:18: 'syslog.listen': expected ADDRESS:PORT, found ':1514'"
ok "the tenant" stderr_has "bad.yaml:1:41: 'syslog.tenant': tenant 'a/b': expected letters"
ok "a label" stderr_has "bad.yaml:1:54: 'syslog.labels': expected NAME=VALUE, found 'host'"
printf 'server: [\n' >bad.yaml
ok "what is no YAML is exit 3" exits 3 lokid --config bad.yaml --check-config
ok "the message has the place" stderr_matches 'bad.yaml:[0-9]+:[0-9]+: '
printf 'server:\n\thttp_listen_port: 1\n' >bad.yaml
ok "so is a tab" exits 3 lokid --config bad.yaml --check-config
ok "which is called by its name" stderr_has "bad.yaml:2:1: a tab: YAML is indented with blanks"

printf 'loki:\n  structuredConfig: {auth_enabled: false}\n  storage: {type: s3}\n' >bad.yaml
ok "values of the chart that have all of Loki's file elsewhere are exit 2" exits 2 lokid --config bad.yaml --check-config
ok "what to give is told" stderr_has "bad.yaml:2:21: 'loki.structuredConfig': these are values of the Helm chart, and Loki's own file is made of what stands here: give that alone, or the config.yaml that 'helm template' prints"
printf 'loki:\n  config: |\n    auth_enabled: false\n' >bad.yaml
ok "so is a template" exits 2 lokid --config bad.yaml --check-config
ok "which is told, too" stderr_has "bad.yaml:2:11: 'loki.config': these are values of the Helm chart"
printf 'server: {http_tls_config: {client_cert: a.pem}}\n' >bad.yaml
ok "a key for clients' certificates that is none is exit 2" exits 2 lokid --config bad.yaml --check-config
ok "what does that is told" stderr_has "'server.http_tls_config.client_cert' is not a key: in server.http_tls_config client_ca_file says which certificates of clients hold, client_auth_type who needs one, and auth.certificates who they are"
ok "an option behind one dash" exits 2 lokid -check-config
ok "is told by its name" stderr_is "lokid: error: unknown option '-check-config': did you mean '--check-config'? (see lokid -h)"
ok "also with a value" exits 2 lokid -listen=127.0.0.1:1
ok "likewise" stderr_is "lokid: error: unknown option '-listen': did you mean '--listen'? (see lokid -h)"
ok "what is no name is not" exits 2 lokid -check
ok "its letter is" stderr_is "lokid: error: unknown option '-c' (see lokid -h)"

printf 'runtime_config: {file: o.yaml}\n' >c.yaml
ok "overrides that are not there may be there elsewhere" exits 0 lokid --config c.yaml --check-config
ok "the warning says whose name it is, and what comes of it" stderr_is "lokid: warning: on this machine: 'runtime_config.file': cannot open 'o.yaml': No such file or directory: without it the daemon does not start"
ok "which does not start here" exits 4 lokid --config c.yaml --data d --listen 127.0.0.1:0
ok "for that reason" stderr_has "'runtime_config.file': cannot open 'o.yaml': No such file"
printf 'overrides: {a: {max_query_series: many}}\n' >o.yaml
ok "overrides with a fault are exit 2" exits 2 lokid --config c.yaml --check-config
ok "which is told" stderr_has "o.yaml:1:35: 'overrides.a.max_query_series': expected a whole number, found 'many'"
printf 'overrides: {a: {max_query_series: 7}}\n' >o.yaml
ok "good ones are printed" exits 0 lokid --config c.yaml --print-config
ok "by tenant" printed 'max_query_series: 7'
printf 'runtime_config: {file: "o.yaml, more.yaml,last.yaml"}\n' >c.yaml
printf 'overrides: {a: {max_query_series: 8, max_query_length: 5h}, b: {max_query_series: 9}}\n' >more.yaml
printf 'overrides: {b: {max_query_series: 10}}\n' >last.yaml
ok "of several files" exits 0 lokid --config c.yaml --print-config
is "each stands over those before, key by key" "$(sed -n '/^overrides:/,/^[a-z]*:$/p' "$TAP/stdout" | grep -v '^overrides' | tr -s ' \n' ' ')" \
	' a: max_query_series: 8 max_query_length: 5h b: max_query_series: 10 '
printf 'overrides: {b: {max_query_series: x}}\n' >last.yaml
ok "a fault in one" exits 2 lokid --config c.yaml --check-config
ok "has its place" stderr_has "last.yaml:1:35: 'overrides.b.max_query_series': expected a whole number"
rm more.yaml last.yaml
ok "two that are not there" exits 0 lokid --config c.yaml --check-config
ok "are two warnings" stderr_lines 2

for store in S3://b/p gs://b s3:/b file:///srv "' '" "s3://b?endpont=http://h" s3://; do
	echo "common: {store: $store}" >c.yaml
	ok "a store that is none, $store" exits 2 lokid --config c.yaml --check-config
	ok "is told" stderr_has 'c.yaml:1:17: '
done
echo "common: {store: gs://b}" >c.yaml
ok "as are the stores there are" exits 2 lokid --config c.yaml --check-config
ok "in its message" stderr_has "expected a store, which is a folder or s3://BUCKET/PREFIX, found 'gs://b' (a folder of this name is './gs://b')"
echo "ingester: {wal: {dir: s3://b/wal}}" >c.yaml
ok "a log is a folder" exits 2 lokid --config c.yaml --check-config
ok "and no URL" stderr_has "expected a folder, found 's3://b/wal'"
ok "--store, too" exits 2 lokid --store S3://b --check-config
ok "names the option" stderr_has "--store: expected a store"

cat >secret.yaml <<'YAML'
auth:
  roles: {all: {read: "*"}}
  users: {alice: {password: $6$salt$hunter2, roles: all}}
  tokens: {ci: {token: "env:TOKEN", roles: [all], tenant: ops}}
YAML
TOKEN=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
export TOKEN
ok "users are printed" exits 0 lokid --config secret.yaml --print-config
ok "with their tenant" printed 'tenant: ops'
ok "in place of secrets stands that they are there" printed 'token: <secret>'
not_ok "no hash is printed" stdout_has hunter2
not_ok "no token is printed" stdout_has 0123456789
TOKEN=hunter2
ok "a token that is not hashed is exit 2" exits 2 lokid --config secret.yaml --check-config
not_ok "and not shown" stderr_has hunter2

# --- a bucket in Loki's words

cat >s3.yaml <<'Y'
common:
  storage:
    s3: {s3: "s3://AKID:s3cr3t@minio.local:9000/chunks", insecure: true, s3forcepathstyle: true}
storage_config:
  aws:
    bucketnames: one,two
    endpoint: http://key:s3cr3t@s3.example.com/
    region: eu-1
    secret_access_key: s3cr3t
    sse: {type: SSE-KMS}
Y
ok "is none of ours" exits 0 lokid --config s3.yaml --check-config
ok "but its URL is told" stderr_has 'common.store: "s3://chunks/lokid?endpoint=http://minio.local:9000", with the keys in the environment'
ok "of each" stderr_has 'first of several, would be common.store: "s3://one/lokid?endpoint=http://s3.example.com&region=eu-1&path-style=0&sse=aws:kms"'
not_ok "without a secret" stderr_has s3cr3t
sed -n 's/.*\(common\).\(store: ".*"\).*/\1: {\2}/p' "$TAP/stderr" >urls
while read -r line; do
	echo "$line" >own.yaml
	ok "which is one: $line" exits 0 lokid --config own.yaml --check-config
done <urls
is "both are" "$(wc -l <urls)" 2

done_testing
