#!/bin/sh
# Three hundred requests to delete on a real object store: each query reads them from one file, not each for itself, and finds
# what it found before.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/s3.sh"
s3_faulty
FAR=$(s3_via main) # 30 ms away: what is asked for at once overlaps, whatever the machine does

awk 'BEGIN {
	for (d = 0; d < 3; d++)
		for (k = 0; k < 400; k++)
			printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a%d\",\"pod\":\"p%d\"},\"line\":\"line %d user=%d\"}\n",
				1768471200 + 86400 * d + k, k, k % 3, k % 4, k, k
}' | chunkpack --store dir | idxbuild --store dir >/dev/null
bad=0
user=0
while [ $user -lt 300 ]; do
	logql delete create --store dir --from 2026-01-01 --to 2026-02-01 "{app=~\".+\"} |~ \"user=$user\$\"" >>ids || bad=1
	user=$((user + 1))
done
is "300 requests are made" "$bad $(sort -u ids | wc -l)" "0 300"
is "they leave a quarter" "$(logql --store dir -o raw --limit 0 '{app=~".+"}' | wc -l)" 300
ok "a store on S3 with them" exits 0 chunkpack --copy --from dir --store "$S3_URL"

seen() { logql --store "$1" -o raw --limit 0 '{app=~".+"}' | sort; }
number() { sed -n 's/^logql: \([0-9]* PUT.*\)/\1/p' "$TAP/stderr" | tail -n 1 | grep -o "[0-9]* $1" | head -n 1 | cut -d ' ' -f 1; }
query() { logql --store "$FAR" -o raw --limit 0 --store-stats "$@" '{app=~".+"}'; }
merge() { chunkpack --delete --cancel-period 1000d --store "$S3_URL" "$@"; }
seen dir >want

s3_fault '{"delay_ms":30}'
ok "single ones are found" exits 0 query
note "single: $(number GET) GETs in $(number round) rounds"
ok "by a GET each" test "$(number GET)" -gt 300
ok "a dry run would merge them" exits 0 merge --dry-run -v
ok "and says so" stderr_has "300 requests to delete of 300 files would be in one"
ok "but does not" test "$(s3_keys main | grep -c '\.requests$')" -eq 0
ok "they are merged" exits 0 merge -v
ok "which is said" stderr_has "300 requests to delete of 300 files are in '"
is "in one file" "$(s3_keys main | grep -c '\.requests$')" 1
is "beside the others, for now" "$(s3_keys main | grep -c 'deletes/[0-9a-f]*\.json$')" 301
ok "of which a query reads none" exits 0 query
note "merged: $(number GET) GETs, $(number LIST) LISTs in $(number round) rounds"
ok "but some ten objects in all" test "$(number GET)" -le 12
ok "in four rounds" test "$(number round)" -le 4
seen "$S3_URL" >found
ok "and finds the same" same_file want found

streams() { # VERB [OPERAND]...
	logql "$@" --store dir >want.words
	ok "$*" exits 0 logql "$@" --store "$FAR" --store-stats
	note "$(number GET) GETs, $(number LIST) LISTs in $(number round) rounds"
	ok "in five rounds" test "$(number round)" -le 5
	ok "as in a folder" same_file want.words "$TAP/stdout"
}
streams values app
streams labels
streams series '{app=~"a."}'

for i in 1 2; do
	ok "with a cache: $i" exits 0 query --cache cache
done
note "cached: $(number GET) GETs in $(number round) rounds"
ok "even that one is not fetched again" test "$(number GET)" -le 1
ok "all is right" exits 0 idxbuild --fsck --store "$FAR" --store-stats
fsck() { sed -n 's/^idxbuild: \([0-9]* PUT.*\)/\1/p' "$TAP/stderr" | grep -o "[0-9]* $1" | cut -d ' ' -f 1; }
note "checked: $(fsck GET) GETs, $(fsck LIST) LISTs in $(fsck round) rounds"
ok "each of them is read" test "$(fsck GET)" -ge 300
ok "but not one after the other" test "$(fsck round)" -le 150

# ---- meanwhile

gone=$(head -n 1 ids)
ok "one of them is cancelled" exits 0 logql delete cancel --store "$S3_URL" "$gone"
ok "another one comes" exits 0 logql delete create --store "$S3_URL" --from 2026-01-01 --to 2026-02-01 '{app=~".+"} |= "user=399"'
logql delete cancel --store dir "$gone"
logql delete create --store dir --from 2026-01-01 --to 2026-02-01 '{app=~".+"} |= "user=399"' >/dev/null
seen dir >want
seen "$S3_URL" >found
ok "both are seen at once" same_file want found
is "three entries came, three went" "$(wc -l <found)" 300
is "the list has them" "$(logql delete list --store "$S3_URL" | wc -l)" 300
ok "a copy of both sorts of files" exits 0 chunkpack --copy --from "$S3_URL" --store copy
seen copy >found
ok "says the same" same_file want found

done_testing
