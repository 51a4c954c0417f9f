#!/bin/sh
# Keys of an object store, from wherever they come, and signatures as a strict server computes them.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/s3.sh"
need python3 ss
[ -x "$S3_COMPONENTS/sigv4.py" ] || skip_all "there is no $S3_COMPONENTS/sigv4.py"
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_ENDPOINT_URL \
	AWS_ENDPOINT_URL_S3 AWS_WEB_IDENTITY_TOKEN_FILE AWS_ROLE_ARN AWS_CONTAINER_CREDENTIALS_FULL_URI
HOME=$PWD
export HOME
secret='s3cr3t/with+signs='
port=$(s3_port)
spawn "$S3_COMPONENTS/sigv4.py" serve "$port" thekey "$secret" eu-7 >oracle.log 2>&1
spawn "$REPO/tests/lib/keys-server" thekey "$secret" >keys.log 2>&1
ok "the servers start" wait_for 10 test -s keys-port
wait_for 10 curl -s "http://127.0.0.1:$port/"
keys=http://127.0.0.1:$(cat keys-port)
S="s3://b/p?endpoint=http://127.0.0.1:$port&region=eu-7&tries=1"
: >said

# The server stores nothing and says "ok" to who signs right, which is no mark of a store: exit 3.
signs() { # DESC COMMAND...
	signs_desc=$1
	shift
	ok "$signs_desc" exits 3 "$@"
	ok "and signs right" stderr_has "expected 'lokid store N'"
	cat "$TAP/stderr" >>said
}
refuses() { # DESC MESSAGE COMMAND...
	refuses_desc=$1
	refuses_text=$2
	shift 2
	ok "$refuses_desc is exit 4" exits 4 "$@"
	ok "and said" stderr_has "$refuses_text"
	cat "$TAP/stderr" >>said
}
: >none
use() { env "$@" chunkpack --store "$S" none; }

# ---- where keys come from

signs "the environment" use AWS_ACCESS_KEY_ID=thekey "AWS_SECRET_ACCESS_KEY=$secret"
signs "a session token is sent and signed" use AWS_ACCESS_KEY_ID=thekey "AWS_SECRET_ACCESS_KEY=$secret" AWS_SESSION_TOKEN=a/b+c==
refuses "a wrong secret" "status 403" use AWS_ACCESS_KEY_ID=thekey AWS_SECRET_ACCESS_KEY=wr0ng
mkdir .aws
printf '[default]\naws_access_key_id = nobody\naws_secret_access_key = wr0ng\n[logs]\naws_access_key_id = thekey\naws_secret_access_key = %s\n' \
	"$secret" >.aws/credentials
signs "a profile that the environment names" use AWS_PROFILE=logs
refuses "the default one" "status 403" use A=1
signs "one that the URL names" chunkpack --store "$S&profile=logs" none
rm .aws/credentials
printf 'web-token\n' >token
signs "a web identity" use AWS_WEB_IDENTITY_TOKEN_FILE=token AWS_ROLE_ARN=arn:role "AWS_ENDPOINT_URL_STS=$keys"
refuses "a role that is not ours" "STS" use AWS_WEB_IDENTITY_TOKEN_FILE=token AWS_ROLE_ARN=arn:other "AWS_ENDPOINT_URL_STS=$keys"
signs "a container" use "AWS_CONTAINER_CREDENTIALS_FULL_URI=$keys/keys" AWS_CONTAINER_AUTHORIZATION_TOKEN=container-token
printf 'container-token\n' >container
signs "with its token in a file" use "AWS_CONTAINER_CREDENTIALS_FULL_URI=$keys/keys" AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=container
refuses "without one" "status 403" use "AWS_CONTAINER_CREDENTIALS_FULL_URI=$keys/keys"
: >keys-log
use "AWS_CONTAINER_CREDENTIALS_FULL_URI=$keys/keys" AWS_CONTAINER_AUTHORIZATION_TOKEN=container-token >/dev/null 2>&1
is "keys are fetched once" "$(wc -l <keys-log)" 1

# ---- what is signed

AWS_ACCESS_KEY_ID=thekey AWS_SECRET_ACCESS_KEY=$secret
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
for prefix in 'a b' "=+(*):',;" 'ä&ö' '~tilde%25' 'a~b/c-d/e.f'; do
	ok "a prefix '$prefix' is signed as the server sees it" exits 3 \
		idxbuild --stats -t "o-ne!_.x*'()" --store "s3://b/$prefix?endpoint=http://127.0.0.1:$port&region=eu-7&tries=1"
	ok "in path and query" stderr_has "no XML"
done
signs "a bucket in the host's name" env chunkpack --store "s3://b/p?endpoint=http://localhost:$port&region=eu-7&path-style=0&tries=1" none
refuses "another region" "status 403" chunkpack --store "s3://b?endpoint=http://127.0.0.1:$port&region=eu-8&tries=1" none

# ---- whom the name leads to

ok "who requires a private peer has one" exits 3 idxbuild --stats --require-private --store "$S"
ok "and is told which" stderr_has "127.0.0.1"
refuses "a public peer" "public address 192.0.2.1" chunkpack --require-private --store "s3://b?endpoint=http://192.0.2.1:9" none

not_ok "no secret is in what was printed" grep -F -e "$secret" -e wr0ng -e web-token -e container-token -e a/b+c said
ok "though something was" test "$(wc -l <said)" -gt 10

done_testing
