#!/bin/sh
# The whole pipe on a real object store: the same answers as on a directory, before and after compaction and rebuilding.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/s3.sh"
s3_start

lines() { # NUMBER
	awk -v f="$1" 'BEGIN {
		for (k = 0; k < 300; k++)
			printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a%d\",\"pod\":\"p%d\"},\"line\":\"flush %d line %d level=%s\",\"metadata\":{\"user\":\"u%d\"}}\n",
				1768471200 + f * 20000 + k % 90, k, k % 3, k % 8, f, k, k % 10 ? "info" : "error", k % 5
	}'
}

flush() { # NUMBER TENANT
	rm -rf wal
	lines "$1" | lokid-ingest -q --wal wal --input jsonl -t "$2" || return
	for s in dir "$S3_URL"; do
		walreplay --frames --unpacked --store "$s" wal >frames || return
		chunkpack --store "$s" <frames >packs || return
		idxbuild --store "$s" <packs >indexes || return
	done
}

ask() { # STORE
	for tenant in fake acme 'o-ne!_.x()'; do
		for query in '{app=~".+"}' '{app="a1"} |= "error"' '{app="a0"} | user="u4"'; do
			logql --store "$1" -t "$tenant" -o jsonl --limit 0 "$query"
			logql --store "$1" -t "$tenant" -o jsonl --limit 7 --from 1768471200 --to 1768551300 "$query"
		done
		logql --store "$1" -t "$tenant" --at 1768671300 'sum by (app) (count_over_time({app=~".+"}[3d]))'
	done
}

files() { (cd dir && find . -name '*.pack' -o -name '*.idx') | sed 's|^\./||' | sort; }
objects() { s3_keys main | grep -v '^~' | sort; }

# ---- flushes: three tenants, one whose name has to be encoded

bad=0
for i in 1 2 3 4 5 6; do flush $i fake || bad=1; done
flush 3 acme || bad=1
flush 4 'o-ne!_.x()' || bad=1
is "flushes to both" $bad 0
files >want
objects >found
ok "leave the same names, which are hashes of the bytes" same_file want found
ask dir >want
ok "which give answers" test "$(wc -l <want)" -gt 800
ask "$S3_URL" >found
ok "and the same from both" same_file want found
ok "all is right" exits 0 idxbuild --verify --store "$S3_URL"
ok "and says nothing" stderr_is_empty
ok "what is counted is the same" exits 0 idxbuild --stats --store "$S3_URL"
sed "s|s3://[^ ?']*main|STORE|g" "$TAP/stdout" >found
idxbuild --stats --store dir | sed 's|dir/|STORE/|g' >want.stats
ok "by tenant and day" same_file want.stats found

# ---- a query needs few requests

ok "a query says what it asked of the store" exits 0 chunkpack --compact --store-stats --dry-run --store "$S3_URL" --fan-in 3
ok "in one line" stderr_matches '^chunkpack: [0-9]+ PUT, [0-9]+ GET, [0-9]+ LIST, [0-9]+ HEAD, [0-9]+ DELETE; read .*; 0 retries; [0-9]+ rounds? of requests$'

# ---- compaction, merging of index files, rebuilding

for s in dir "$S3_URL"; do
	chunkpack --compact --fan-in 3 --delete-delay 0 --store "$s" >"made.${s%%:*}" || bad=1
done
is "compaction" $bad 0
ok "merges" test "$(wc -l <made.s3)" -gt 0
sed 's|^s3://.*main/||' made.s3 >found
sed 's|^dir/||' made.dir >want.made
ok "to the same packs" same_file want.made found
ask "$S3_URL" >found
ok "and the same answers" same_file want found
ok "all is right then" exits 0 idxbuild --verify --store "$S3_URL"
for s in dir "$S3_URL"; do
	idxbuild --compact --delete-delay 0 --store "$s" >/dev/null || bad=1
	idxbuild --compact --delete-delay 0 --store "$s" >/dev/null || bad=1
done
is "index files are merged" $bad 0
ask "$S3_URL" >found
ok "and give the same answers" same_file want found
objects | grep '\.idx$' | while read -r name; do
	s3_curl DELETE "/$S3_RUN/main/$(echo "$name" | sed 's/!/%21/g; s/(/%28/g; s/)/%29/g')"
done
is "index files that are lost" "$(objects | grep -c '\.idx$')" 0
ok "are made anew" exits 0 idxbuild --rebuild --store "$S3_URL"
ask "$S3_URL" >found
ok "and give the same answers again" same_file want found

# ---- rules of the bucket

if [ "$S3_BACKEND" = rgw ]; then
	theirs='<Rule><ID>theirs</ID><Filter><Prefix>tmp/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>7</Days></Expiration></Rule>'
	theirs="<LifecycleConfiguration>$theirs</LifecycleConfiguration>"
	s3_curl PUT '?lifecycle=' -H "Content-MD5: $(printf %s "$theirs" | openssl dgst -md5 -binary | openssl base64)" -d "$theirs"
	ok "rules for storage classes" exits 0 chunkpack --tier 3000d=STANDARD --lifecycle --store "$S3_URL"
	ok "are told" stdout_has "set rule 'lokid $S3_RUN/main/fake/chunks/'"
	ok "and are taken" test "$(s3_curl GET '?lifecycle=' | grep -c "<ID>lokid $S3_RUN/main/fake/chunks/</ID>")" -eq 1
	ok "beside those of others" test "$(s3_curl GET '?lifecycle=' | grep -c '<ID>theirs</ID>')" -eq 1
else
	skip "rules of a bucket" "$S3_BACKEND has none"
fi

# ---- what it is not

is "nothing is left of locks" "$(s3_keys main | grep -c '^~lokid/locks/')" 0
is "nor of temporary files" "$(find tmp -type f | wc -l)" 0
ok "an empty prefix is an empty store" exits 1 logql --store "$(s3_store none)" --limit 0 '{app=~".+"}'
s3_curl PUT "/$S3_RUN/foreign/holiday.jpg" -d picture >/dev/null
echo '{"ts":"1768471200000000000","labels":{"app":"a"},"line":"x"}' | lokid-ingest -q --wal foreign.wal --input jsonl
walreplay --frames foreign.wal >frames
ok "a prefix with something else is no store" exits 4 chunkpack --store "$(s3_store foreign)" frames
ok "and is told so" stderr_has "is no store: it has no '~lokid/format'"

done_testing
