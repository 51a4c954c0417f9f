#!/bin/sh
# Queries that wait, are given up, take too long or too much: each ends as it should, and none keeps another.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need jq perl

# The daemon's programs, with a logql before the real one: a query that names one of these words does what it says.
real=$(command -v logql)
real=${real%/*}
mkdir programs state
for program in lokid-ingest walreplay chunkpack idxbuild; do
	ln -s "$real/$program" programs
done
cat >programs/logql <<END
#!/bin/sh
# block: runs until it is killed; scan: says that it is to read much, waits, and then for a file; cheap: answers at once
case \$* in
*block*)
	echo \$\$ >$PWD/state/block.\$\$
	exec sleep 1000
	;;
*scan*)
	echo 'plan 999999999999' >&3
	case \$* in
	*'--gate-bytes 1152921504606846976'*) ;; # known to be a scan: has its place
	*) [ "\$(dd bs=1 count=1 <&3 2>/dev/null)" ] || exit 5 ;;
	esac
	echo \$\$ >$PWD/state/scan.\$\$
	until [ -e $PWD/go ]; do sleep 0.05; done
	rm $PWD/state/scan.\$\$
	echo 'done 5 6 7' >&3
	echo '{"status":"success"}'
	;;
*long*) exec head -c 40000000 /dev/zero ;;
*large*) exec head -c 100000000 /dev/zero ;;
*memory*) echo 'out of memory: 123456 bytes' >&2; kill -ABRT \$\$ ;;
*crash*) kill -SEGV \$\$ ;;
*killed*) kill -KILL \$\$ ;;
*ended*) kill -TERM \$\$ ;;
*) exec $real/logql "\$@" ;;
esac
END
chmod +x programs/logql

cat >lokid.yaml <<END
auth_enabled: true
common:
  programs: $PWD/programs
server:
  graceful_shutdown_timeout: 3s
  http_server_idle_timeout: 1h # who reads nothing is closed for others, and for nothing else
querier:
  max_concurrent: 2
  standby: 0 # the logql above looks at its arguments
frontend:
  max_answers_size: 60MB
limits_config:
  query_timeout: 30s
  max_query_memory: 50MB
overrides:
  hasty: { query_timeout: 300ms }
  few: { max_outstanding_per_tenant: 1, max_concurrent_queries: 1 }
  rated: { query_rate: 0.001 }
END
api=/loki/api/v1

# behind TENANT QUERY [CURL OPTION]...: asks, and does not wait for the answer, whose status will be in answer.N
n=0
behind() {
	behind_tenant=$1 behind_query=$2
	shift 2
	n=$((n + 1))
	# shellcheck disable=SC2016
	spawn sh -c 'n=$1 url=$2; shift 2; curl -s -o "body.$n" -w "%{http_code}" "$@" "$url" >"answer.$n.tmp"; mv "answer.$n.tmp" "answer.$n"' - \
		$n "$URL$api/query_range" -H "X-Scope-OrgID: $behind_tenant" -G --data-urlencode "query={a=\"$behind_query\"}" "$@"
}

ask() {
	get $api/query_range -H "X-Scope-OrgID: $1" -G --data-urlencode "query={a=\"$2\"}"
}

count() {
	find state -name "$1.*" | wc -l
}

runs() {
	[ "$(count "$1")" -eq "$2" ]
}

gone() {
	for gone_file in state/block.*; do
		! kill -0 "${gone_file##*.}" || return 1
		rm "$gone_file"
	done
}

metric() {
	get /metrics
	sed -n "s/^$1 //p" "$TAP/stdout"
}

metric_is() {
	[ "$(metric "$1")" = "$2" ]
}

ok "it starts" lokid_start --config lokid.yaml

# --- a client that leaves ---
behind a block --max-time 0.3
ok "a query runs" wait_for 10 runs block 1
ok "its client leaves" wait_for 10 test -e answer.$n
ok "the query is gone" wait_for 5 gone
ok "and counted" wait_for 5 metric_is lokid_queries_left_total 1
is "nothing runs any more" "$(metric 'lokid_queries_running{class="short"}')" 0

# --- one whose turn has not come ---
behind a block
behind b block
ok "two run" wait_for 10 runs block 2
behind c block
ok "a third waits" wait_for 10 metric_is 'loki_query_frontend_queue_length{user="c"}' 1
kill "$PID"
behind d block --max-time 0.3
ok "another one leaves before its turn" wait_for 10 test -e answer.$n
ok "it waits no more" wait_for 5 metric_is 'loki_query_frontend_queue_length{user="d"}' 0
ok "it was never started" runs block 2
get $api/labels -H 'X-Scope-OrgID: a'
ok "questions about labels do not wait for them" code_is 200
lokid_stop
is "the daemon stops" "$STATUS" 0
ok "and takes them with it" wait_for 5 gone
ok "it starts again" lokid_start --config lokid.yaml

# --- limits ---
ask hasty block
ok "one that takes too long is 504" code_is 504
ok "the limit is named" stdout_has "request timed out, decrease the duration of the request or add more label matchers (prefer exact match over regex match) to reduce the amount of data processed (limit: query_timeout 300ms; waited 0s, ran 3"
ok "it is gone" wait_for 5 gone
behind a block
behind a block
ok "all places are taken" wait_for 10 runs block 2
ask hasty cheap
ok "one that waits for too long is 504" code_is 504
ok "it is said that it waited" stdout_matches "waited [3-9][0-9][0-9]ms, ran 0s"
behind few cheap
few=$n
ok "one of a tenant waits" wait_for 10 metric_is 'loki_query_frontend_queue_length{user="few"}' 1
ask few cheap
ok "one more is 429" code_is 429
ok "the limit is named" stdout_has "too many outstanding requests: 1 wait (limit: max_outstanding_per_tenant 1)"
ok "and counted" metric_is 'loki_query_frontend_discarded_requests_total{user="few"}' 1
for file in state/block.*; do
	kill "${file##*.}"
	rm "$file"
done
ok "the one that waited is answered" wait_for 10 test -e answer.$few
is "with 200" "$(cat answer.$few)" 200
ask rated cheap
ok "the first of a tenant with a rate is answered" code_is 200
get "$api/query_range?query=%7Ba%3D%22x%22%7D" -H 'X-Scope-OrgID: rated' -D head
ok "the next is 429" code_is 429
ok "the limit is named" stdout_has "too many queries a second (limit: query_rate 0.001)"
ok "and when to try again" grep -i '^retry-after: ' head
ask a large
ok "an answer that is too large is 400" code_is 400
ok "the limit is named" stdout_has "(limit: max_query_memory 50.0 MiB)"
ask a memory
ok "one that needs too much memory is 400" code_is 400
ok "the limit is named" stdout_has "the query needs more memory (limit: max_query_memory 50.0 MiB)"
ask a crash
ok "one that crashes is 500" code_is 500
ok "it says so" stdout_has "ended by signal 11"
ask a killed
ok "one that is killed is 500" code_is 500
is "and whoever did it is named" "$(cat "$TAP/stdout")" \
	"the query was killed: by somebody, or by the system, as that does when it is out of memory"
ask a ended
ok "one that is ended is 500" code_is 500
is "and that it was" "$(cat "$TAP/stdout")" "the query was ended by somebody: signal 15"
ok "failed ones are counted" metric_is loki_query_frontend_failed_queries_total 7

# --- scans ---
for i in 1 2 3 4 5 6 7 8; do
	behind a scan
	behind b scan
done
ok "one scan runs" wait_for 10 runs scan 1
for i in 1 2 3; do
	ask a cheap
	is "a cheap query of the same tenant does not wait, $i" "$CODE" 200
done
is "it is still one scan" "$(count scan)" 1
is "a scan and no other" "$(metric 'lokid_queries_running{class="long"}') $(metric 'lokid_queries_running{class="short"}')" "1 0"
: >go
done_all() {
	[ "$(cat answer.* | sed 's/200/&\n/g' | grep -c 200)" -ge 17 ] # with that of few
}
ok "all scans come to their turn" wait_for 30 done_all
get /metrics
ok "what a scan has read is counted" stdout_matches '^lokid_query_bytes_total{tenant="b"} 40$'
ok "lines too" stdout_matches '^lokid_query_lines_total{tenant="b"} 48$'

# --- answers that nobody reads ---
no_room() {
	get_slowly "$api/query_range?query=%7Ba%3D%22long%22%7D"
	wait_for 10 metric_is lokid_answer_bytes 40000000
	ask b long
	[ "$CODE" = 503 ]
}
ok "an answer without room is refused" wait_for 30 no_room
ok "it is said why" stdout_has "the answers that clients have not read yet are at their limit (frontend.max_answers_size)"
answered() {
	ask b long
	[ "$CODE" = 200 ]
}
ok "the slow one is closed for it" wait_for 10 answered
touch read
ok "and ends" wait_for 10 test -e slow
ok "without its answer" test "$(cat slow)" -lt 40000000
ok "nothing is kept any more" wait_for 10 metric_is lokid_answer_bytes 0
ok "it is counted" test "$(metric lokid_answers_cut_total)" -ge 1

# --- stopping ---
rm go
behind a scan
ok "a scan runs" wait_for 10 runs scan 1
behind a scan
waits=$n
ok "another one waits" wait_for 10 metric_is 'loki_query_frontend_queue_length{user="a"}' 1
kill -TERM "$LOKID_PID"
ok "the one that waits is answered at once" wait_for 10 test -e answer.$waits
is "with 503" "$(cat answer.$waits)" 503
: >go
wait "$LOKID_PID"
is "the daemon stops" "$?" 0
is "the one that ran is answered" "$(cat answer.$((waits - 1)))" 200

done_testing
