#!/bin/sh
# What an object store answers that is no answer, and requests that are made once and no more.
. "${0%/*}/../lib/tap.sh"
need curl python3
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3
export S3_ANSWERS="$PWD/answers"
spawn "$REPO/tests/lib/s3-classes" port log 100000
spawn "$REPO/tests/lib/keys-server" thekey s3cr3t
wait_for 10 [ -s port ] || bail "the store starts"
wait_for 10 [ -s keys-port ] || bail "the server of keys starts"
at="endpoint=http://127.0.0.1:$(cat port)"
S="s3://b/p?$at"
give() { # LINE OF S3_ANSWERS... or nothing: as usual
	printf '%s\n' "$@" | sed '/^$/d' >answers.tmp
	mv answers.tmp answers
}
number() { sed -n 's/^[a-z]*: \([0-9]* PUT.*\)/\1/p' "$TAP/stderr" | tail -n 1 | grep -o "[0-9]* $1" | head -n 1 | cut -d ' ' -f 1; }
found() { logql --store "$S" -o raw --limit 0 '{app="a"}' 2>/dev/null | wc -l; }
export AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b
awk 'BEGIN { srand(1); for (k = 0; k < 20000; k++) printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a\"},\"line\":\"%d %.15f %.15f\"}\n", 1768471200 + k, k, k, rand(), rand() }' >lines
chunkpack --store "$S" <lines | idxbuild --store "$S" >/dev/null
is "the store has its lines" "$(found)" 20000

# ---- who is no object store

give '{"for":".","times":1000,"status":404,"body":"<html>not found</html>"}'
none() { # PROGRAM...
	ok "a server that finds nothing is exit 4: $1 $2" exits 4 "$@" --store "$S"
	ok "and said" stderr_has "no object store answers there"
}
none logql '{app="a"}'
none idxbuild --stats
none idxbuild --fsck
none chunkpack lines

# ---- listings of which a part is missing

for end in '' '<IsTruncated>TRUE</IsTruncated>' '<IsTruncated></IsTruncated>'; do
	give '{"for":"list-type.*index","times":1,"status":200,"body":"<ListBucketResult>'"$end"'</ListBucketResult>"}'
	is "a listing that does not say whether it is whole is asked for again: '$end'" "$(found)" 20000
done

# ---- an error behind a status of 200

give '{"for":"list-type","times":1000,"status":200,"body":"<Error><Code>InternalError</Code><Message>We lost it</Message></Error>"}'
ok "a late error is exit 5" exits 5 logql --store "$S&tries=1" '{app="a"}'
ok "and says what the server said" stderr_has "We lost it (status 200, InternalError)"
dd if=/dev/urandom bs=1M count=20 2>/dev/null | od -An -v -tx1 -w64 | tr -d ' ' |
	awk '{ printf "{\"ts\":\"1768471200%09d\",\"labels\":{\"app\":\"big\"},\"line\":\"%s\"}\n", NR, $0 }' >big
give '{"for":"^POST .*uploadId","times":1000,"status":200,"body":"<Error><Code>SlowDown</Code><Message>Not now</Message></Error>"}'
ok "so is one of an upload in parts" exits 5 chunkpack --store "$S&tries=1" big
ok "and says what the server said" stderr_has "Not now (status 200, SlowDown)"
for what in '^PUT .*partNumber=2' '^POST .*uploadId'; do
	give "{\"for\":\"$what\",\"times\":1000,\"status\":404,\"body\":\"<Error><Code>NoSuchUpload</Code><Message>Gone</Message></Error>\"}"
	: >log
	ok "an upload in parts that somebody has ended is exit 5: $what" exits 5 chunkpack --store "$S" big
	ok "and said" stderr_has "the next run begins it anew (status 404, NoSuchUpload)"
	is "and asked for once" "$(grep -c "$what" log)" 1
done
give
ok "the next run sends it" exits 0 chunkpack --store "$S" big

# ---- keys

keys="http://127.0.0.1:$(cat keys-port)"
given() { # PATH PROGRAM...: with keys that whoever runs the container gives
	given_path=$1
	shift
	env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY "AWS_CONTAINER_CREDENTIALS_FULL_URI=$keys/$given_path" \
		AWS_CONTAINER_AUTHORIZATION_TOKEN=container-token "$@"
}
: >keys-log
give
ok "keys that expire soon are good until then" exits 0 given short logql --store "$S" --store-stats '{app="a"}'
ok "for many requests" test "$(number GET)" -gt 2
is "and are asked for once" "$(wc -l <keys-log)" 1
: >keys-log
give '{"for":"^HEAD .* a/b[+]c==$","times":1,"status":400}'
ok "a HEAD that is refused without a word is made again" exits 0 given keys idxbuild --retain --store "$S&tries=1"
is "with new keys" "$(wc -l <keys-log)" 2
: >keys-log
give '{"for":"^HEAD","times":1000,"status":400}'
ok "but once" exits 4 given keys idxbuild --retain --store "$S"
is "and no more" "$(wc -l <keys-log)" 2
give

# ---- many deletions

head -n 1 lines | chunkpack --store dir | idxbuild --store dir >/dev/null
user=0
while [ $user -lt 300 ]; do
	logql delete create --store dir --from 2026-01-01 --to 2026-02-01 "{app=\"none\"} |= \"user=$user\"" || bail "a request is made"
	user=$((user + 1))
done >ids
D="s3://b/d?$at&tries=2"
ok "a store of 300 requests to delete" exits 0 chunkpack --copy --from dir --store "$D" -t fake
ok "and another one" exits 0 chunkpack --copy --from dir --store "s3://b/e?$at" -t fake
ok "which are merged" exits 0 chunkpack --delete --cancel-period 1000d --store "$D"
later='{"for":"^HEAD .*format","times":1000,"status":404,"headers":{"Date":"'"$(date -u -d tomorrow '+%a, %d %b %Y %H:%M:%S GMT')"'"}}'
give "$later" '{"for":"^DELETE .*/deletes/","times":100000,"status":503}'
: >log
ok "a server that deletes nothing" exits 5 chunkpack --delete --cancel-period 1000d --delete-delay 0s --store "$D"
ok "is not asked to for each of them" test "$(grep -c '^DELETE .*/deletes/' log)" -eq 512
give "$later" '{"for":"^DELETE .*/deletes/","times":1,"status":403}'
ok "one that refuses a single one" exits 4 chunkpack --delete --cancel-period 1000d --delete-delay 0s --store "$D"
is "is asked for each of the others" "$(curl -s "http://127.0.0.1:$(cat port)/b?list-type=2&prefix=d/fake/deletes/" | grep -o '<Key>' | wc -l)" 3
give

# ---- another range than the one that was asked for

one=$(head -n 1 ids)
size=$(wc -c <"dir/fake/deletes/$one.json")
range="\"headers\":{\"Content-Range\":\"bytes 7-$((size + 6))/$size\"},\"body\":\"$(printf "%${size}d" 0)\""
give "{\"for\":\"GET .*${one}[.]json\",\"times\":1,\"status\":206,$range}"
ok "a copy by way of bytes of elsewhere" exits 0 chunkpack --copy --from "s3://b/e?$at" --store copy
ok "is right" same_file "dir/fake/deletes/$one.json" "copy/fake/deletes/$one.json"

# ---- what comes once

ok "fsck reads all blocks" exits 0 idxbuild --fsck --blocks --store "$S" --store-stats
all=$(curl -s "http://127.0.0.1:$(cat port)/b?list-type=2" | tr '<' '\n' | awk -F '>' '$1 == "Size" { n += $2 } END { print int(n / 1024) }')
read=$(sed -n 's/.*read \([0-9]*\).* KiB.*/\1/p' "$TAP/stderr")
ok "which come once ($read of $all KiB)" test "$((read * 2))" -lt "$((all * 3))"

done_testing
