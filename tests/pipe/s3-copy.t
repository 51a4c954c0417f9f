#!/bin/sh
# chunkpack --copy to a real object store and back: the same packs and answers; who is killed, or meets faults, goes on.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/s3.sh"
. "$REPO/tests/lib/flush.sh"
s3_start

ask() { # STORE TENANT
	logql --store "$1" -t "$2" --limit 0 -o jsonl '{app=~".+"}' | sort
	logql --store "$1" -t "$2" --at 1768600000 -o jsonl 'sum by (app) (count_over_time({app=~".+"}[3d]))' | sort
}
same() { # STORE1 TENANT1 STORE2 TENANT2
	ask "$1" "$2" | sed "s/\"tenant\":\"$2\",//" >answer1
	ask "$3" "$4" | sed "s/\"tenant\":\"$4\",//" >answer2
	test -s answer1 && diff answer1 answer2
}
for n in 1 2; do
	flush_ingest_json json-$n 300
	flush_pipe >/dev/null
done

ok "a copy to the object store" exits 0 chunkpack --copy --from store --store "$S3_URL"
cp "$TAP/stdout" there
for t in t0 t1; do ok "$t: the same answers" same store $t "$S3_URL" $t; done
ok "again: nothing is left to do" exits 0 chunkpack --copy --from store --store "$S3_URL" --store-stats
is "nothing is copied" "$(grep -c -v ': 0 copied, 0 made anew' "$TAP/stdout")" 0
ok "and back" exits 0 chunkpack --copy --from "$S3_URL" --store back
ok "in the same words, with the same checksums" stdout_is_file there
for t in t0 t1; do ok "$t: the same bytes" diff -r store/$t back/$t; done
cp -rp back beside
junk=0123456789abcdef0123456789abcdef.idx
mkdir -p beside/t0/index/2020-01-01
echo junk >beside/t0/index/2020-01-01/$junk
ok "a day of the target that the source does not have" exits 0 chunkpack --copy --from "$S3_URL" --store beside
ok "is nobody's business" stderr_is_empty
day=$(cd back/t0/index && printf '%s\n' * | head -n 1)
echo junk >"beside/t0/index/$day/$junk"
ok "damage of a day that both have" exits 3 chunkpack --copy --from "$S3_URL" --store beside
is "is told once" "$(grep -c "$day/$junk" "$TAP/stderr")" 1
ok "within the object store, to another tenant" exits 0 chunkpack --copy --from "$S3_URL" --store "$S3_URL" -t t0 --to-tenant u0
ok "the same answers" same store t0 "$S3_URL" u0

killed=$(s3_store killed)
for n in 1 2 3; do
	chunkpack --copy --from store --store "$killed" >/dev/null 2>&1 &
	flush_rand 60
	sleep "0.0$(printf %02d "$RAND")"
	kill -9 $! 2>/dev/null
	wait $! 2>/dev/null
done
ok "after kills the last run" exits 0 chunkpack --copy --from store --store "$killed"
for t in t0 t1; do ok "$t: has all" same store $t "$killed" $t; done

s3_proxy
broken=$(s3_via broken)
s3_fault '{"status":503,"prob":0.2,"seed":7}'
ok "while one request of five fails" exits 0 chunkpack --copy --from store --store "$broken"
s3_fault '{}'
ok "all is there" same store t1 "$broken" t1
s3_fault '{"corrupt":1200,"match":"GET .*pack","count":1}'
ok "what comes damaged once is asked for again" exits 0 chunkpack --copy --from "$broken" --store hurt
ok "and is sound" diff -r store/t0 hurt/t0
rm -r hurt
s3_fault '{"corrupt":1200,"match":"GET .*pack","count":100}'
run chunkpack --copy --from "$broken" --store hurt
ok "what always comes damaged is exit 3" test "$STATUS" -eq 3
ok "and said to be" stderr_has "its bytes are not those that it is named after"
is "no such pack is made" "$(find hurt -name '*.pack' -exec chunkcat --verify {} + 2>&1)" ''
s3_fault '{}'
ok "when that is over" exits 0 chunkpack --copy --from "$broken" --store hurt
for t in t0 t1; do ok "$t: the same bytes" diff -r store/$t hurt/$t; done

done_testing
