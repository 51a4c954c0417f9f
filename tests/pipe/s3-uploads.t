#!/bin/sh
# What is sent in parts: how it is to be encrypted goes with what begins it, and what a killed program has begun is counted and
# deleted after a day, as lokid-store(7) has it.
. "${0%/*}/../lib/tap.sh"
need python3 curl
export AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b

serve() { # LOG AGE: sets STORE
	rm -f port
	spawn "$REPO/tests/lib/s3-classes" port "$@"
	wait_for 10 test -s port || fail "no server"
	STORE="s3://bucket/some/where?endpoint=http://127.0.0.1:$(cat port)&region=us-east-1&path-style=1"
	UPLOADS="http://127.0.0.1:$(cat port)/bucket?uploads=&prefix=some/where/"
}
uploads() { curl -s "$UPLOADS" | grep -o '<Upload>' | wc -l; }
head -c 20000000 /dev/urandom | base64 -w 800 | awk '{ printf "{\"ts\":\"1768435200%09d\",\"labels\":{\"app\":\"a\"},\"line\":\"%s\"}\n", NR, $0 }' >big.jsonl
pack() { chunkpack --store "$STORE$1" --encoding none big.jsonl; }

# ---- how it is to be encrypted

serve log
for sse in AES256 aws:kms; do
	: >log
	ok "sse=$sse: a pack is sent in parts" exits 0 pack "&sse=$sse"
	is "which its beginning says" "$(grep -c "^POST .*[.]pack?uploads= $sse\$" log)" 1
	is "and no part" "$(grep 'partNumber' log | grep -vc ' -$')" 0
	mv "$TAP/stdout" packs
	: >log
	ok "its index file is sent" exits 0 idxbuild --store "$STORE&sse=$sse" <packs
	is "which says so too" "$(grep -c "^PUT .*[.]idx $sse\$" log)" 1
	is "as does all else that is kept" "$(grep -c '^PUT .* -$' log)" 0
	: >log
	ok "a copy into another class" exits 0 chunkpack --tier 1d=STANDARD_IA --store "$STORE&sse=$sse"
	ok "is encrypted too" grep -q "^PUT .*[.]pack $sse\$" log
done
: >log
ok "who does not ask for it" exits 0 pack ''
is "has what the bucket says" "$(grep -vc ' -$' log)" 0

# ---- what was begun and not ended

export S3_ANSWERS="$PWD/answers"
for age in 3600 90000; do
	serve log$age $age
	idxbuild --store "$STORE" </dev/null 2>/dev/null
	head -n 10 big.jsonl | chunkpack --store "$STORE" | idxbuild --store "$STORE" >/dev/null
	echo '{"for": "^POST [^ ]*uploadId=", "times": 1000, "status": 503}' >answers # no upload can be ended
	chunkpack --store "$STORE" --encoding none big.jsonl >/dev/null 2>&1 & # not a function, which is a shell of its own
	writer=$!
	begun() { grep -q partNumber "log$age"; }
	kill_it() { begun && kill -9 "$writer"; }
	ok "who sends parts is killed" wait_for 20 kill_it
	wait $writer 2>/dev/null
	rm -f log$age
	is "an upload is left" "$(uploads)" 1
	case $age in
	3600)
		ok "after an hour it may be somebody's" exits 0 idxbuild --fsck --store "$STORE"
		ok "and stays" exits 0 idxbuild --fsck --repair --store "$STORE"
		is "there" "$(uploads)" 1
		;;
	*)
		ok "after a day it is a fault" exits 3 idxbuild --fsck --store "$STORE"
		ok "which has a name" stdout_has abandoned
		run idxbuild --verify --store "$STORE"
		ok "and is told by who verifies" stderr_has "1 *.tmp file is left by writers that died"
		ok "--repair" exits 0 idxbuild --fsck --repair --store "$STORE"
		is "ends it" "$(uploads)" 0
		ok "then all is right" exits 0 idxbuild --fsck --store "$STORE"
		;;
	esac
done
echo 'limits_config: {retention_period: 24h}' >limits.yaml
for run in '--retain --limits limits.yaml' '--rebuild'; do
	serve log 90000
	head -n 10 big.jsonl | chunkpack --store "$STORE" | idxbuild --store "$STORE" >/dev/null
	curl -s -X POST "http://127.0.0.1:$(cat port)/bucket/some/where/fake/chunks/2026-01-15/x.pack?uploads=" >/dev/null
	is "another is left" "$(uploads)" 1
	# shellcheck disable=SC2086
	ok "idxbuild $run" exits 0 idxbuild $run --store "$STORE"
	is "ends it" "$(uploads)" 0
done

done_testing
