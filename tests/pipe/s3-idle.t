#!/bin/sh
# What those who keep a store in order ask of an object store on which there is nothing to do: of a tenant what one listing
# tells, and its index files, which a cache has; nothing for each day.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/s3.sh"
s3_faulty
FAR=$(s3_via main) # 30 ms away: what is asked for at once overlaps, whatever the machine does

TENANTS=3
DAYS=12

count() { sed -n 's/^[a-z]*: \([0-9]* PUT.*\)/\1/p' "$TAP/stderr" | tail -n 1; }
number() { count | grep -o "[0-9]* $1" | cut -d ' ' -f 1; }
requests() { # at most so many PUT, GET, LIST, HEAD, DELETE, and rounds
	note "$(count)"
	[ "$(number PUT)" -le "$1" ] && [ "$(number GET)" -le "$2" ] && [ "$(number LIST)" -le "$3" ] &&
		[ "$(number HEAD)" -le "$4" ] && [ "$(number DELETE)" -le "$5" ] && [ "$(number round)" -le "$6" ]
}
lines() { # DAY APP: of each tenant
	awk -v tenants=$TENANTS -v day="$1" -v app="$2" 'BEGIN {
		for (t = 0; t < tenants; t++)
			for (k = 0; k < 3; k++)
				printf "{\"ts\":\"%d%09d\",\"tenant\":\"t%d\",\"labels\":{\"app\":\"%s\"},\"line\":\"line %d\"}\n", day, k, t, app, k
	}'
}
today=$(($(date +%s) / 86400 * 86400))

d=0
while [ $d -lt "$DAYS" ]; do
	d=$((d + 1))
	lines $((today - d * 86400)) web
done | chunkpack --store s | idxbuild --store s >/dev/null
ok "the store is made" exits 0 chunkpack --copy --from s --store "$S3_URL"
is "of all days" "$(s3_keys main | grep -c '\.idx$')" $((TENANTS * DAYS))

files=$((TENANTS * DAYS))
far() { ok "$1" exits 0 "$2" "$3" --store "$FAR" --store-stats; }

# ---- without a cache: index files come at once, eight at a time

s3_fault '{"delay_ms":30}'
rounds=$((3 * TENANTS + 4 + files / 8))
far "packs are merged" chunkpack --compact
ok "where there are any: no lock, one list of each tenant" requests 0 $((files + 1)) $((TENANTS + 1)) $TENANTS 0 $rounds
far "index files are merged" idxbuild --compact
ok "likewise" requests 0 $((files + 1)) $((TENANTS + 1)) 0 0 $rounds
far "requests to delete are applied" chunkpack --delete
ok "there are none" requests 0 3 $((TENANTS + 2)) 0 0 $rounds
far "what has expired is taken out" idxbuild --retain
ok "there are no limits, and no list is made of days" requests 0 3 $((2 * TENANTS + 1)) 1 0 $rounds
echo 'limits_config: {retention_period: 8760h}' >limits.yaml
ok "nothing is that old" exits 0 idxbuild --retain --limits limits.yaml --store "$FAR" --store-stats
ok "so there is nothing to look at" requests 0 3 $((3 * TENANTS + 1)) 1 0 $rounds
ok "a bound of bytes" exits 0 idxbuild --retain --keep-bytes 1GB --store "$FAR" --store-stats
ok "is looked at twice" requests 0 $((2 * files + 3)) $((5 * TENANTS + 2)) 1 0 $((2 * rounds))

# ---- with one

ok "a first run" exits 0 chunkpack --compact --store "$FAR" --cache cache
ok "keeps index files" exits 0 chunkpack --compact --store "$FAR" --cache cache --store-stats
ok "the next one lists alone" requests 0 1 $((TENANTS + 1)) $TENANTS 0 $((2 * TENANTS + 3))
ok "so do others" exits 0 idxbuild --compact --store "$FAR" --cache cache --store-stats
ok "that use it" requests 0 1 $((TENANTS + 1)) 0 0 $((TENANTS + 3))

# ---- copies and checks

ok "a copy of what is there" exits 0 chunkpack --copy --from s --store "$FAR" --store-stats
is "tells of each day" "$(grep -c ' 0 copied, 0 made anew, 1 there' "$TAP/stdout")" $files
ok "and asks for no day alone" requests 0 $((files + 2)) $((3 * TENANTS + 1)) 1 0 $((5 * TENANTS + 4 + files / 8))
ok "a copy from there to a folder" exits 0 chunkpack --copy --from "$S3_URL" --store s
is "likewise" "$(grep -c ' 0 copied, 0 made anew, 1 there' "$TAP/stdout")" $files
ok "all of it is right" exits 0 idxbuild --fsck --store "$FAR" --store-stats
ok "and listed once: no request for what a list has told; several days are read at once" \
	requests 0 $((4 * files + 6)) $((TENANTS + 4)) 2 0 $((3 * TENANTS + 10 + files))
ok "likewise when it is only verified" exits 0 idxbuild --verify --store "$FAR" --store-stats
ok "by trailers and heads" requests 0 $((3 * files + 6)) $((TENANTS + 4)) 2 0 $((3 * TENANTS + 10 + files))
ok "copied to another tenant" exits 0 chunkpack --copy --from s -t t0 --to-tenant u --store "$S3_URL"
ok "and again" exits 0 chunkpack --copy --from s -t t0 --to-tenant u --store "$FAR" --store-stats
is "it is there" "$(grep -c ' 0 copied, 0 made anew, 1 there' "$TAP/stdout")" "$DAYS"
ok "as a few lists tell" requests 0 $((DAYS + 3)) 4 1 0 $((8 + DAYS / 8))

# ---- what there is to do is still done

lines $((today - 3 * 86400)) db | chunkpack --store "$S3_URL" | idxbuild --store "$S3_URL" >/dev/null
ok "a day gets another pack" exits 0 idxbuild --compact --store "$FAR" --store-stats
is "its index files are merged, of each tenant" "$(grep -c . "$TAP/stdout")" $TENANTS
ok "alone" test "$(number PUT)" -le $((4 * TENANTS))
ok "and deleted" exits 0 idxbuild --compact --delete-delay 0 --store "$S3_URL"
is "so each day has one" "$(s3_keys main | grep '\.idx$' | grep -vc '^u/')" $files
ok "a finished day that has just got something" exits 0 chunkpack --compact --store "$S3_URL" -v
ok "waits" stderr_matches "^chunkpack: t0 .*: over; what is left of it is merged once nothing has come for 1h"
ok "nothing is merged" stdout_is_empty
ok "a dry run" exits 0 chunkpack --compact --dry-run --store "$S3_URL" -v
ok "says so too" stderr_has "merged once nothing has come for 1h"
ok "what expires" exits 0 sh -c "echo 'limits_config: {retention_period: 240h}' >limits.yaml; idxbuild --retain --limits limits.yaml --now $((today + 3600)) --delete-delay 0 --store '$S3_URL' -t t0"
is "goes" "$(s3_keys main | grep -c '^t0/.*\.idx$')" 9 # days: the tenth began more than 240 hours ago
ok "all is right" exits 0 idxbuild --fsck --store "$S3_URL"
done_testing
