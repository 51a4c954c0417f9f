#!/bin/sh
# Bundles in an object store: queries of a remote store find what those of a folder find, and one that is damaged costs itself alone.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/bundles.sh"
need curl python3
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3
spawn "$REPO/tests/lib/s3-classes" port log 100000
wait_for 10 [ -s port ] || bail "the store starts"
export AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b
S="s3://b/p?endpoint=http://127.0.0.1:$(cat port)"

bundle_streams 4000 4 >in.jsonl
chunkpack --store here in.jsonl | idxbuild --store here >/dev/null
chunkpack --copy --from here --store "$S" >/dev/null
ok "there are bundles" test "$(bundles_of here/fake/chunks/*/*.pack)" -gt 3

bundle_answers here >want
bundle_answers "$S" >got
ok "the same answers" cmp want got
ok "many have an answer" test "$(wc -l <want)" -gt 30000
logql --store "$S" -o jsonl --limit 0 '{app=~".+"}' >all
is "all entries" "$(wc -l <all)" 16000
ok "compaction reads them" exits 0 chunkpack --compact --store "$S" --dry-run
ok "fsck, too" exits 0 idxbuild --fsck --blocks --store "$S"

pack=$(find here -name '*.pack')
flip_byte "$pack" "$(bundle_end 1 "$pack")"
lost=$(chunkcat --header "$pack" 2>/dev/null | jq -s 'map(select(.kind == "bundle").chunks) | add')
url="http://127.0.0.1:$(cat port)/b/p/${pack#here/}"
curl -sf -T "$pack" "$url" >/dev/null || curl -sf --aws-sigv4 aws:amz:us-east-1:s3 -u a:b -T "$pack" "$url" >/dev/null
ok "one that is damaged" exits 3 logql --store "$S" -o jsonl --limit 0 '{app=~".+"}'
is "costs itself alone" "$(wc -l <"$TAP/stdout")" $((lost * 4))
ok "and is named" stderr_matches "bundle at offset [0-9]+: crc32c mismatch"

done_testing
