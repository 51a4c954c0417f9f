# s3.sh - a real object store in a test: source it after tap.sh.
#
# s3_start                 starts Ceph's or OpenStack's S3 server with ../shared/components, where its packages are, or uses the
#                          one whose variables the file $S3_ENV has; skips the test when there is none. Sets S3_ENDPOINT,
#                          S3_BACKEND (rgw, swift), the keys in the environment, S3_URL: an empty store of this test's own, and
#                          TMPDIR, so that what is left in it is seen: ./tmp
# s3_store NAME            the URL of another one, on stdout
# s3_proxy                 puts the fault proxy before the server; sets S3_VIA (as S3_ENDPOINT); s3_via NAME as s3_store
# s3_faulty                all of that
# s3_fault JSON            what it does from now on, {} nothing (faultproxy's own text lists the faults)
# s3_curl METHOD PATH [CURL OPTION]...   a signed request to BUCKET/PATH
# s3_keys NAME             the keys of what lies in a store, on stdout

# shellcheck shell=sh disable=SC2034

S3_COMPONENTS=$SHARED/components

s3_port() { # a port with nine free ones behind it, below those that the kernel gives to clients
	while :; do
		s3_try=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 1270 * 10))
		ss -Hltn 2>/dev/null | awk -v a=$s3_try '{ n = split($4, p, ":"); if (p[n] >= a && p[n] < a + 10) found = 1 } END { exit found }' &&
			break
	done
	echo "$s3_try"
}

# Once in a few hundred starts radosgw-admin never comes back.
s3_try_start() {
	timeout 120 "$S3_COMPONENTS/s3-start" "$TAP/s3" "$(s3_port)" >"$TAP/s3.log" 2>&1 && return
	"$S3_COMPONENTS/s3-stop" -9 -w "$TAP/s3" >/dev/null 2>&1
	rm -rf "$TAP/s3"
	return 1
}

s3_start() {
	need curl
	[ -x "$S3_COMPONENTS/s3-start" ] || skip_all "there is no $S3_COMPONENTS/s3-start"
	need ss python3
	if [ -z "${S3_ENV:-}" ]; then
		command -v radosgw >/dev/null || command -v swift-proxy-server >/dev/null ||
			skip_all "no S3 server is installed (radosgw, ceph-osd and ceph-mon, or swift-proxy)"
		# shellcheck disable=SC2154
		trap 'at_end=$?; "$S3_COMPONENTS/s3-stop" -9 -w "$TAP/s3" >/dev/null 2>&1; (exit $at_end); tap_end' EXIT
		S3_ENV=$TAP/s3/env
		s3_try_start || s3_try_start || bail "the object store starts" "$(tail -n 1 "$TAP/s3.log")"
	fi
	set -a
	# shellcheck disable=SC1090
	. "$S3_ENV"
	set +a
	unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_REGION AWS_WEB_IDENTITY_TOKEN_FILE
	S3_RUN=${TAP##*.}
	S3_URL=$(s3_store main)
	mkdir tmp
	TMPDIR=$PWD/tmp
	export TMPDIR
	note "the object store is $S3_BACKEND"
}

s3_store() {
	echo "s3://$S3_BUCKET/$S3_RUN/$1?endpoint=$S3_ENDPOINT&region=$S3_REGION"
}

s3_via() {
	echo "s3://$S3_BUCKET/$S3_RUN/$1?endpoint=$S3_VIA&region=$S3_REGION"
}

s3_proxy() {
	for s3_attempt in 1 2 3; do # another test may take the port meanwhile
		s3_proxy_port=$(s3_port)
		S3_VIA=http://127.0.0.1:$s3_proxy_port
		S3_CONTROL=http://127.0.0.1:$((s3_proxy_port + 1))
		spawn "$S3_COMPONENTS/faultproxy" "$s3_proxy_port" "${S3_ENDPOINT#http://}" $((s3_proxy_port + 1)) >"$TAP/proxy.log" 2>&1
		wait_for 10 s3_proxy_is && kill -0 "$PID" 2>/dev/null && return 0
	done
	note "$(cat "$TAP/proxy.log")"
	return 1
}

s3_proxy_is() {
	! kill -0 "$PID" 2>/dev/null || curl -s "$S3_CONTROL/" >/dev/null
}

s3_faulty() {
	s3_start
	s3_proxy || bail "the fault proxy starts"
}

s3_fault() {
	curl -sS -X PUT "$S3_CONTROL/" -d "$1" >/dev/null
}

s3_curl() {
	s3_method=$1
	s3_path=$2
	shift 2
	curl -sS --path-as-is --aws-sigv4 "aws:amz:$S3_REGION:s3" -u "$S3_ACCESS_KEY:$S3_SECRET_KEY" -X "$s3_method" \
		-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$@" "$S3_ENDPOINT/$S3_BUCKET$s3_path"
}

s3_keys() {
	s3_curl GET "?list-type=2&max-keys=1000&prefix=$S3_RUN%2F$1%2F" | tr '<' '\n' | sed -n 's/^Key>//p' | sed "s|^$S3_RUN/$1/||"
}
