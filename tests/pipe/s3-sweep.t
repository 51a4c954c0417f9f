#!/bin/sh
# What compaction and deletion of what it replaced ask of an object store: lists, and no request for each object but its deletion.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/s3.sh"
s3_start

number() { sed -n 's/^[a-z]*: \([0-9]* PUT.*\)/\1/p' "$TAP/stderr" | tail -n 1 | grep -o "[0-9]* $1" | cut -d ' ' -f 1; }
told() { note "$(grep ' PUT, ' "$TAP/stderr")"; }

FILES=24
k=0
while [ $k -lt $FILES ]; do
	k=$((k + 1))
	printf '{"ts":"17684352%02d000000000","labels":{"app":"a"},"line":"line %d"}\n' $k $k | chunkpack --store s >packs
	idxbuild --store s <packs >/dev/null
done
ok "a day of many index files" exits 0 chunkpack --copy --from s --store "$S3_URL"
is "is there" "$(s3_keys main | grep -c '\.idx$')" $FILES

ok "what would be done" exits 0 chunkpack --compact --dry-run --store "$S3_URL" --store-stats
told
gets=$(number GET)
ok "a query keeps index files" exits 0 logql --store "$S3_URL" --cache cache '{app="a"}'
ok "so that the next fetches none" exits 0 chunkpack --compact --dry-run --store "$S3_URL" --cache cache --store-stats
told
ok "of them" test "$(number GET)" -le $((gets - FILES))
kept=$(find cache -type f | wc -l)
ok "its packs become one" exits 0 chunkpack --compact --store "$S3_URL" --cache cache --store-stats
told
ok "of packs it keeps nothing" test "$(find cache -type f | wc -l)" -le $((kept + 2))
ok "with few requests that ask for one object" test "$(number HEAD)" -le 4
ok "and few lists" test "$(number LIST)" -le 10
ok "what was replaced goes" exits 0 idxbuild --compact --store "$S3_URL" --delete-delay 0 --store-stats
told
is "each by a request" "$(($(number DELETE) >= 2 * FILES))" 1
ok "of few more" test "$(number DELETE)" -le $((2 * FILES + 4))
ok "none of which asks how old one is" test "$(number HEAD)" -le 4
ok "but lists" test "$(number LIST)" -le 10
ok "and each index file is fetched once" test "$(number GET)" -le $((2 * FILES + 8))
is "one index file is left" "$(s3_keys main | grep -c '\.idx$')" 1
is "and one pack" "$(s3_keys main | grep -c '\.pack$')" 1
ok "all is right" exits 0 idxbuild --fsck --delete-delay 0 --store "$S3_URL"
ok "and all lines are there" exits 0 logql --store "$S3_URL" --limit 0 -o raw '{app="a"}'
ok "once" stdout_lines $FILES

done_testing
