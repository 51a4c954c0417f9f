#!/bin/sh
# An object store that fails: a clear message and exit status, a retry where it helps, nothing partial, and never a secret.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/s3.sh"
s3_faulty
: >said

# All that was printed is kept, to look for secrets.
tries() { # STATUS CMD...
	exits "$@"
	tries_rc=$?
	cat "$TAP/stdout" "$TAP/stderr" >>said
	return "$tries_rc"
}
one() { # of a line of text
	awk -v t="$1" 'BEGIN { for (k = 0; k < 200; k++) printf "{\"ts\":\"17684712%02d%09d\",\"labels\":{\"app\":\"a%d\"},\"line\":\"%s %d\"}\n", k % 60, k, k % 3, t, k }'
}
count() { # STORE
	logql --store "$1" -o jsonl --limit 0 '{app=~".+"}' 2>/dev/null | wc -l
}
pack() { # STORE FRAMES
	chunkpack --store "$1" "$2" >packs && idxbuild --store "$1" <packs
}

one first | lokid-ingest -q --wal wal --input jsonl
walreplay --frames wal >frames
ok "the store is made" exits 0 pack "$S3_URL" frames
is "and has its lines" "$(count "$S3_URL")" 200

# ---- who we are and where

main=$(s3_via main)
ok "a wrong secret is exit 4" tries 4 env AWS_SECRET_ACCESS_KEY=wr0ngSecret logql --store "$S3_URL" '{app="a1"}'
ok "and said" stderr_matches "the secret key is wrong|does not know the access key"
ok "an unknown key is exit 4" tries 4 env AWS_ACCESS_KEY_ID=nobody logql --store "$S3_URL" '{app="a1"}'
ok "and said" stderr_matches "does not know the access key|the secret key is wrong"
ok "no keys at all are exit 4" tries 4 env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY HOME="$PWD" logql --store "$S3_URL" '{app="a1"}'
ok "and said" stderr_has "set AWS_ACCESS_KEY_ID"
ok "a bucket that is not there is exit 4" tries 4 logql --store "s3://nowhere/x?endpoint=$S3_ENDPOINT" '{app="a1"}'
ok "and said" stderr_has "there is no such bucket"
ok "nor is it made by who writes" tries 4 chunkpack --store "s3://nowhere/x?endpoint=$S3_ENDPOINT" frames
ok "a host that is none is exit 5" tries 5 logql --store "s3://b?endpoint=http://127.0.0.1:1&tries=2" '{app="a1"}'
ok "keys are refused in an URL" tries 2 logql --store "$S3_URL&secret-key=$AWS_SECRET_ACCESS_KEY" '{app="a1"}'
if [ "$S3_BACKEND" = swift ]; then
	ok "a wrong region is exit 4" tries 4 logql --store "s3://$S3_BUCKET/x?endpoint=$S3_ENDPOINT&region=moon-1" '{app="a1"}'
	ok "and said" stderr_has "region"
fi
if [ "$VARIANT" != default ]; then
	skip "a clock that is off" "faketime and a sanitizer want to be loaded first, both"
elif command -v faketime >/dev/null; then
	ok "a clock that is off is exit 4" tries 4 faketime '1 hour ago' logql --store "$S3_URL" '{app="a1"}'
	ok "and said, with both times" stderr_has "too far apart"
else
	skip "a clock that is off" "faketime is not here: scripts/setup --check installs it"
fi

# Rgw takes it over TLS alone, and signatures come first; s3-uploads.t sees which requests ask for it.
for sse in AES256 aws:kms; do
	if [ "$S3_BACKEND" = rgw ]; then
		ok "encryption by the server is asked for, and signed" tries 4 chunkpack --store "$(s3_store sse)&sse=$sse" frames
		ok "and what it says told" stderr_has "status 400, InvalidRequest"
	else
		skip "sse=$sse is signed" "$S3_BACKEND knows no encryption that is asked for"
	fi
done

# ---- what passes is tried again

for fault in '{"status":500,"count":2}' '{"status":503,"count":2,"retry_after":1}' '{"status":429,"count":1}' '{"refuse":true,"count":2}' \
	'{"lose_answer":true,"count":2}' '{"late_status":500,"count":2}' '{"truncate":300,"count":1}' '{"reset_after":500,"count":1}'; do
	s3_fault "$fault"
	is "a query outlives $fault" "$(count "$main")" 200
done
n=0
for fault in '{"status":503,"prob":0.3,"seed":1}' '{"lose_answer":true,"prob":0.3,"seed":2}' '{"late_status":500,"prob":0.3,"seed":3}' \
	'{"refuse":true,"prob":0.3,"seed":4}'; do
	n=$((n + 1))
	s3_fault "$fault"
	ok "what is written outlives $fault" tries 0 pack "$(s3_via f$n)&tries=20" frames
	s3_fault '{}'
	is "whole and once" "$(count "$(s3_store f$n)")" 200
done
for n in 16 60 110 160; do
	s3_fault "{\"truncate\":$n,\"match\":\"^HEAD\",\"count\":2}"
	ok "an answer cut after $n bytes of its head is none" tries 0 idxbuild --fsck --store "$main"
done
s3_fault '{"status":503,"count":2}'
ok "tries are counted" tries 0 idxbuild --stats --store-stats --store "$main"
ok "and told" stderr_has "2 retries"

# ---- what does not is said

for fault in '{"status":500}' '{"status":503}' '{"refuse":true}' '{"truncate":120}'; do
	s3_fault "$fault"
	ok "a query gives up on $fault with exit 5" tries 5 logql --store "$main&tries=2" '{app="a1"}'
	ok "naming the store" stderr_has "s3://$S3_BUCKET/$S3_RUN/main"
	ok "so does who writes" tries 5 chunkpack --store "$(s3_via none)&tries=2" frames
	ok "who prints no pack" stdout_is_empty
done
s3_fault '{"drop":true}'
ok "an answer that never comes is exit 5" tries 5 logql --store "$main&tries=1&timeout=1s" '{app="a1"}'
s3_fault '{"status":403}'
ok "no permission is exit 4" tries 4 logql --store "$main" '{app="a1"}'
ok "and said" stderr_has "no permission"
s3_fault '{}'
is "nothing partial came of it" "$(s3_keys none)" ''

# ---- bytes that were changed on their way

s3_fault '{"corrupt":900,"match":"GET .*[.]idx"}'
ok "an index file that came damaged is exit 3" tries 3 logql --store "$main" -o jsonl --limit 0 '{app=~".+"}'
s3_fault '{"corrupt":700,"match":"GET .*[.]pack"}'
run logql --store "$main" -o jsonl --limit 0 '{app=~".+"}'
cat "$TAP/stderr" >>said
ok "so is a pack" test $STATUS -eq 3
ok "and none of its lines is a wrong one" test "$(grep -vc '"line":"first [0-9]*"' "$TAP/stdout")" -eq 0
s3_fault '{"corrupt":450,"count":1,"match":"list-type"}'
run logql --store "$main" -o jsonl --limit 0 '{app=~".+"}'
cat "$TAP/stderr" >>said
ok "a listing that came damaged is read again, or told" test $STATUS -ne 0 -o "$(wc -l <"$TAP/stdout")" -eq 200
s3_fault '{}'

# ---- large ones, in parts

dd if=/dev/urandom bs=1M count=36 2>/dev/null | od -An -v -tx1 -w64 | tr -d ' ' |
	awk '{ printf "{\"ts\":\"1768471200%09d\",\"labels\":{\"app\":\"big\"},\"line\":\"%s\"}\n", NR, $0 }' >big.jsonl
lokid-ingest -q --wal big --input jsonl big.jsonl
walreplay --frames big >frames.big
uploads() { s3_curl GET "?prefix=$S3_RUN%2Fbig&uploads=" | grep -c '<Upload>'; }
s3_fault '{"status":500,"match":"partNumber=2"}'
ok "a part that is never taken is exit 5" tries 5 chunkpack --store "$(s3_via big)&tries=2" frames.big
s3_fault '{}'
is "no object is there" "$(s3_keys big | grep -c pack)" 0
is "and the upload was ended" "$(uploads)" 0
s3_fault '{"lose_answer":true,"match":"POST .*uploadId","count":1}'
ok "an upload whose last answer is lost is done" tries 0 pack "$(s3_via big)" frames.big
s3_fault '{"prob":0.3,"seed":5,"status":503,"match":"partNumber"}'
ok "so is one whose parts are tried again" tries 0 pack "$(s3_via big2)&tries=20" frames.big
s3_fault '{}'
big_lines=$(wc -l <big.jsonl)
is "all of it is there" "$(logql --store "$(s3_store big2)" 'count_over_time({app="big"}[1d])' --at 1768500000 | awk '{ print $2 }')" "$big_lines"
ok "and right" exits 0 idxbuild --verify --store "$(s3_store big)"
is "no upload is left" "$(uploads)" 0

# ---- a full disk, a killed writer, a lock

ok "no room to spool is exit 4" tries 4 sh -c "ulimit -f 2000; trap '' XFSZ; chunkpack --store '$(s3_store full)' frames.big"
is "and leaves nothing" "$(s3_keys full | grep -c pack)" 0
s3_fault '{"drop":true,"match":"PUT .*partNumber"}'
chunkpack --store "$(s3_via killed)" frames.big >/dev/null 2>&1 &
writer=$!
proxy_has() { curl -s "$S3_CONTROL/" | grep -q '"faulted": [1-9]'; }
wait_for 30 proxy_has
ps -ww -o args= -p $writer >>said
kill -9 $writer
wait $writer 2>/dev/null
s3_fault '{}'
is "who is killed leaves no object" "$(s3_keys killed | grep -c pack)" 0
is "nor a file" "$(find tmp -type f | wc -l)" 0
# One with something to do: others are not locked.
echo '{"ts":"1768471200000000000","labels":{"app":"more"},"line":"more"}' | chunkpack --store "$S3_URL" | idxbuild --store "$S3_URL" >/dev/null
s3_curl PUT "/$S3_RUN/main/~lokid/locks/fake/index/2026-01-15" -d 'lokid lock 00112233445566778899aabbccddeeff 3600' >/dev/null
ok "a day that another has locked is left to it" tries 0 idxbuild --compact -v --store "$S3_URL"
ok "which is told" stderr_has "left to another compaction"
s3_curl PUT "/$S3_RUN/main/~lokid/locks/fake/index/2026-01-15" -d 'lokid lock 00112233445566778899aabbccddeeff 0' >/dev/null
not_left() { idxbuild --compact -v --store "$S3_URL" 2>&1 | grep -q 'left to' && return 1; return 0; }
ok "a lock that nobody renewed is taken over" wait_for 10 not_left
is "and given back" "$(s3_keys main | grep -c locks)" 0

# ---- secrets

not_ok "no key is in anything that was printed" grep -e "$AWS_SECRET_ACCESS_KEY" -e wr0ngSecret said
ok "though much was" test "$(wc -l <said)" -gt 30

done_testing
