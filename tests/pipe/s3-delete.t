#!/bin/sh
# Many requests to delete that are applied at once on a real object store: marks and receipts of several are on their way at a
# time. Who is killed among them has neither shown nor hidden anything, and the next one ends it.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/s3.sh"
s3_start

REQUESTS=60
DAYS=2

awk -v days=$DAYS 'BEGIN {
	for (d = 0; d < days; d++)
		for (k = 0; k < 100; k++)
			printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a%d\"},\"line\":\"line %d user=%d\"}\n", 1768471200 + 86400 * d + k, k, k % 3, k, k
}' | chunkpack --store dir | idxbuild --store dir >/dev/null
bad=0
user=0
while [ $user -lt $REQUESTS ]; do
	logql delete create --store dir --from 2026-01-01 --to 2026-02-01 "{app=~\".+\"} |~ \"user=$user\$\"" >/dev/null || bad=1
	user=$((user + 1))
done
is "requests are made" $bad 0
ok "a store on S3 with them" exits 0 chunkpack --copy --from dir --store "$S3_URL"
ok "and another one" exits 0 chunkpack --copy --from dir --store "$(s3_store killed)"

seen() { logql --store "$1" -o raw --limit 0 '{app=~".+"}' | sort; }
rows() { cat "$1"/fake/receipts/*/2026-*.json | grep '"after"' | sed 's/"at":"[0-9]*",//; s/,$//' | sort; }
erase() { chunkpack --delete --cancel-period 0 --store "$@"; }
number() { sed -n 's/^chunkpack: \([0-9]* PUT.*\)/\1/p' "$TAP/stderr" | tail -n 1 | grep -o "[0-9]* $1" | head -n 1 | cut -d ' ' -f 1; }
n_processed() { logql delete list --store "$1" | grep -c 'processed'; }
copied() { # NAME STORE: a folder that has it
	chunkpack --copy --from "$2" --store "$1" >/dev/null 2>&1 && rows "$1" >found.rows && seen "$1" >found
}
seen dir >want
is "lines are left" "$(wc -l <want)" $((DAYS * (100 - REQUESTS)))

ok "in a folder they are applied" exits 0 erase dir
rows dir >want.rows
is "with a row of each for each day" "$(wc -l <want.rows)" $((REQUESTS * DAYS))

# ---- undisturbed

ok "on S3, too" exits 0 erase "$S3_URL" --store-stats
note "$(number PUT) PUTs, $(number GET) GETs, $(number HEAD) HEADs, $(number LIST) LISTs in $(number round) rounds"
ok "a mark of each, a receipt of each day, and one of all days" test "$(number PUT)" -le $((REQUESTS * (DAYS + 2) + 30))
ok "several at once" test "$(number round)" -le $((5 * REQUESTS))
is "each is processed" "$(n_processed "$S3_URL")" $REQUESTS
is "no query lists a receipt" "$(s3_keys main | grep -c '/deletes/.*receipt')" 0
is "they lie apart" "$(s3_keys main | grep -c '/processed/[0-9a-f]*\.json$')" $REQUESTS
ok "a copy of it" copied applied "$S3_URL"
ok "has the same rows" same_file want.rows found.rows
ok "and the same lines" same_file want found

# ---- killed

killed="$(s3_store killed)&lock-expiry=1s"
some_receipts() { [ "$(s3_keys killed | grep -c 'receipts/.*/2026')" -gt 0 ]; }
processed() { erase "$killed" >/dev/null 2>&1 && [ "$(n_processed "$killed")" -eq "$REQUESTS" ]; }
spawn chunkpack --delete --cancel-period 0 --store "$killed"
ok "receipts are written" wait_for 60 some_receipts
kill -9 "$PID" 2>/dev/null
seen "$killed" >found
ok "what a killed deletion leaves has the same lines" same_file want found
ok "another one ends it" wait_for 60 processed
ok "a copy of that" copied ended "$killed"
sort -u found.rows >found.once
ok "has rows of all that went" same_file want.rows found.once
ok "and the same lines" same_file want found
ok "and nothing is wrong" exits 0 idxbuild --fsck --store ended

done_testing
