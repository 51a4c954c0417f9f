#!/bin/sh
# A file that hangs, as on a disk that does: who does not need it is answered.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

mkdir -p programs data/rules/fake
for p in lokid-ingest walreplay chunkpack logql; do ln -s "$(command -v "$p")" "programs/$p"; done
hangs=other/index/2020-01-01/00112233445566778899aabbccddeeff.idx
# One index file that an index builder names is a pipe, which opens when somebody writes.
cat >programs/idxbuild <<END
#!/bin/sh
"$(command -v idxbuild)" "\$@" && echo "$PWD/data/store/$hangs"
END
chmod +x programs/idxbuild
mkdir -p "data/store/${hangs%/*}" data/store/~lokid
echo "lokid store 1" >data/store/~lokid/format
mkfifo "data/store/$hangs" data/rules/fake/hangs.yaml
cat >lokid.yaml <<END
auth_enabled: false
server:
  http_threads: 1
common:
  programs: $PWD/programs
END
lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"

# others WHAT: what needs no file is answered, by a program too.
others() {
	get /ready -m 10
	ok "$1: /ready is answered" code_is 200
	get /metrics -m 10
	ok "$1: and /metrics" code_is 200
	get /loki/api/v1/format_query -m 10 -G --data-urlencode 'query={app="a"}'
	ok "$1: and what a program answers" code_is 200
	push "{\"streams\":[{\"stream\":{\"app\":\"shop\"},\"values\":[[\"$(date +%s%N)\",\"one\"]]}]}" -m 10
	ok "$1: and a push" code_is 204
}

push "{\"streams\":[{\"stream\":{\"app\":\"shop\"},\"values\":[[\"$(date +%s%N)\",\"one\"]]}]}"
ok "a push" code_is 204

spawn sh -c 'curl -s -m 60 -X POST -w "%{http_code}\n" "$1/flush" >flushed' - "$URL"
FLUSH=$PID
under_way() { get /metrics -m 10 && grep -q "loki_inflight_requests{.*route=\"$1\"} 1" "$TAP/stdout"; }
pruned() { ! ls data/wal/*.wal; }
ok "a flush has packed it, and counts" wait_for 20 pruned
ok "which hangs" under_way flush
others "a flush that hangs"
spawn sh -c ': >"$1"' - "data/store/$hangs"
wait "$FLUSH"
is "it is answered in the end" "$(cat flushed)" 204

spawn sh -c 'curl -s -m 60 -o /dev/null -w "%{http_code}\n" "$1/loki/api/v1/rules" >ruled' - "$URL"
RULES=$PID
ok "rules that hang" wait_for 10 under_way loki_api_v1_rules
others "rules that hang"
spawn sh -c ': >data/rules/fake/hangs.yaml'
wait "$RULES"
is "they are answered in the end" "$(cat ruled)" 500
lokid_stop
is "it ends" "$STATUS" 0
done_testing
