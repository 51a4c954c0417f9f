# lokid.sh - the daemon in a test: source it after tap.sh.
#
# lokid_start [OPTION]...   starts lokid in ./data on a free port, waits until it answers; sets URL, LOKID_PID
# lokid_stop [SIGNAL]       ends it (TERM), waits; its exit status is in STATUS
# lokid_any_rate            settings without limits of rate, on stdout, for the end of a file
# get PATH [CURL OPTION]..  asks it: the body is in $TAP/stdout, the status in CODE
# get_slowly PATH           asks it for tenant a, and reads only when the file `read` is there; how many bytes came is in
#                           the file `slow` at the end (needs perl)
# count_of PREFIX           the sum of the samples of /metrics whose lines begin with it, on stdout
# push JSON [CURL OPTION].. pushes a body; CODE as of get

# shellcheck shell=sh disable=SC2034

command -v curl >/dev/null || skip_all "curl is not here"

lokid_port() {
	LOKID_PORT=$(sed -n 's/.* msg=ready addr=[^ ]*:\([0-9][0-9]*\) .*/\1/p; s/.*"msg":"ready","addr":"[^"]*:\([0-9]*\)".*/\1/p' lokid.log | tail -n 1)
	[ "$LOKID_PORT" ]
}

lokid_start() {
	: >lokid.log
	spawn lokid --data data --listen 127.0.0.1:0 "$@" 2>lokid.log
	LOKID_PID=$PID
	if ! wait_for 10 lokid_port; then
		note "lokid did not become ready:"
		note "$(cat lokid.log)"
		return 1
	fi
	URL=http://127.0.0.1:$LOKID_PORT
}

lokid_any_rate() {
	echo 'limits_config:
  ingestion_rate_mb: 1000
  ingestion_burst_size_mb: 1000
  per_stream_rate_limit: 1GB
  per_stream_rate_limit_burst: 1GB'
}

lokid_stop() {
	kill -"${1:-TERM}" "$LOKID_PID" 2>/dev/null
	wait "$LOKID_PID"
	STATUS=$?
	return 0
}

get() {
	get_path=$1
	shift
	CODE=$(curl -sS -o "$TAP/stdout" -w '%{http_code}' "$@" "$URL$get_path" 2>"$TAP/stderr")
}

get_slowly() {
	rm -f read slow
	# The system is not to read in its place.
	# shellcheck disable=SC2016
	spawn perl -MSocket -e 'my ($port, $path) = @ARGV;
		socket(my $s, PF_INET, SOCK_STREAM, 0) or die;
		setsockopt($s, SOL_SOCKET, SO_RCVBUF, 65536) or die;
		connect($s, sockaddr_in($port, INADDR_LOOPBACK)) or die;
		syswrite $s, "GET $path HTTP/1.1\r\nHost: a\r\nX-Scope-OrgID: a\r\n\r\n";
		select undef, undef, undef, 0.05 until -e "read";
		my ($n, $all) = (1, 0);
		while ($n) { $n = sysread $s, my $drop, 65536; $all += $n // 0 }
		open my $f, ">", "slow.tmp"; print $f "$all\n"; close $f; rename "slow.tmp", "slow"' "$LOKID_PORT" "$1"
}

count_of() {
	get /metrics
	awk -v want="$1" 'index($1, want) == 1 { n += $2 } END { print n + 0 }' "$TAP/stdout"
}

push() {
	push_body=$1
	shift
	get /loki/api/v1/push -H 'Content-Type: application/json' --data-binary "$push_body" "$@"
}

# Does the last answer have this status?
code_is() {
	[ "$CODE" = "$1" ] || { echo "status $CODE, expected $1: $(head -c 300 "$TAP/stdout")"; return 1; }
}
