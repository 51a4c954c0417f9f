#!/bin/sh
# The log stands still, as on a disk that hangs: pushes wait in bounded memory, and it is told.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need gzip

pushes=12
mib=24
cat >lokid.yaml <<'END'
auth_enabled: false
distributor:
  max_bodies_size: 32MB
  max_decompressed_size: 512MB
END

# body MIB: one line, and blanks that are nothing when they are packed.
body() {
	printf '{"streams":[{"stream":{"app":"shop"},"values":[["%s000000000","one"]]}]}' "$(date +%s)"
	head -c "$1M" /dev/zero | tr '\0' ' '
}
body "$mib" | gzip -1 >body.gz
body 40 | gzip -1 >large.gz

push_file() {
	get /loki/api/v1/push -H 'Content-Type: application/json' -H 'Content-Encoding: gzip' --data-binary "@$1"
}
memory_mib() { awk "/^$1:/ { print int(\$2 / 1024) }" "/proc/$LOKID_PID/status"; }

lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
push_file large.gz
ok "a push that unpacks to more than all bodies may have is 413" code_is 413
ok "in words" stdout_has "it unpacks to more than 33554432 bytes"
push_file body.gz
ok "a smaller one is taken" code_is 204

INGEST=$(pgrep -P "$LOKID_PID" lokid-ingest)
kill -STOP "$INGEST"
i=0
waiting=
while [ "$i" -lt "$pushes" ]; do
	i=$((i + 1))
	spawn sh -c 'curl -s -o "$1.out" -w "%{http_code}" -H "Content-Type: application/json" -H "Content-Encoding: gzip" \
		--data-binary @body.gz "$2/loki/api/v1/push" >"$1.code"' - "$i" "$URL"
	waiting="$waiting $PID"
	ok "push $i is decoded, or refused" wait_for 10 sh -c '[ -s "$3.code" ] || [ "$(curl -s "$1/metrics" |
		awk "/^loki_distributor_lines_received_total/ { n += \$NF } END { print n + 0 }")" -gt "$2" ]' - "$URL" "$i" "$i"
done
# A sanitizer keeps what is freed for a while.
[ "${VARIANT:-default}" = asan ] || [ "${VARIANT:-default}" = tsan ] ||
	ok "bodies are not kept while the log stands still" [ "$(memory_mib VmRSS)" -lt $((4 * mib)) ]
not_ready() { get /ready && code_is 503; }
ok "it is not ready" wait_for 20 not_ready
ok "and says why" stdout_has "the log has taken nothing for"
kill -CONT "$INGEST"
for pid in $waiting; do wait "$pid"; done
is "all are answered" "$(cat ./*.code | sed 's/204/&\n/g; s/503/&\n/g' | grep -c .)" "$pushes"
ready() { get /ready && code_is 200; }
ok "it is ready again" wait_for 10 ready

# --- many at once ---
i=0
waiting=
rm -f ./*.code
while [ "$i" -lt "$pushes" ]; do
	i=$((i + 1))
	spawn sh -c 'curl -s -o "$1.out" -w "%{http_code}\n" -H "Content-Type: application/json" -H "Content-Encoding: gzip" \
		--data-binary @body.gz "$2/loki/api/v1/push" >"$1.code"' - "$i" "$URL"
	waiting="$waiting $PID"
done
for pid in $waiting; do wait "$pid"; done
is "each is taken, or refused for now" "$(cat ./*.code | grep -cvE '^(204|503)$')" 0
ok "some are taken" grep -q 204 ./*.code
[ "${VARIANT:-default}" = asan ] || [ "${VARIANT:-default}" = tsan ] ||
	ok "in bounded memory" [ "$(memory_mib VmHWM)" -lt 160 ]

lokid_stop TERM
is "it ends" "$STATUS" 0
done_testing
