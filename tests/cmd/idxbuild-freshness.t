#!/bin/sh
# idxbuild --freshness: how old the newest entry of each tenant is, and whether that is too old.
. "${0%/*}/../lib/tap.sh"

# put STORE TENANT TIME: one line of that time.
put() {
	printf '{"ts":"%s","tenant":"%s","labels":{"app":"web"},"line":"x %s"}\n' "$(date -d "$3" +%s%N)" "$2" "$3" |
		chunkpack --store "$1" | idxbuild --store "$1" >/dev/null
}

put s late '3 days ago'
put s late '2 days ago'
put s old '90 minutes ago'
put s new '1 minute ago'
put s soon '5 minutes'
put s soon '3 hours ago'

ok "an age that all keep" exits 0 idxbuild --freshness --max-age 49h --store s
ok "is told of all" stdout_lines 4
ok "with the time and the age" stdout_matches '^old: 20[0-9T:.-]*Z, 1h30m[0-9]s ago$'
ok "nothing on stderr" stderr_is_empty
ok "an age that one does not keep" exits 1 idxbuild --freshness --max-age 47h --store s
ok "names it" stdout_matches '^late: .* ago: too old$'
is "and no other" "$(grep -c 'too old' "$TAP/stdout")" 1
ok "one that two do not" exits 1 idxbuild --freshness --max-age 1h --store s
is "names both" "$(grep -c 'too old' "$TAP/stdout")" 2
ok "what is a little ahead of the clock is of no age" stdout_matches '^soon: .*, 0s ago$'
ok "a tenant of its own" exits 0 idxbuild --freshness --max-age 2m --store s -t new
ok "is one line" stdout_lines 1
ok "another" exits 1 idxbuild --freshness --max-age 2m --store s -t old
ok "one that is not there" exits 1 idxbuild --freshness --max-age 2m --store s -t nobody
ok "has nothing" stdout_is "nobody: nothing is stored: too old"
ok "JSON lines" exits 1 idxbuild --freshness --max-age 2m --store s -o jsonl -t old
ok "have the same" stdout_matches '^\{"tenant":"old","newest":"[0-9]{19}","age_ns":54[0-9]{11},"late":true\}$'
ok "of nothing, too" exits 1 idxbuild --freshness --max-age 2m --store s -o jsonl -t nobody
ok "without a time" stdout_is '{"tenant":"nobody","late":true}'

# One sender whose clock is wrong does not hide that nothing came for days.
put ahead web '2 days ago'
put ahead web '2100-01-01T00:00:00Z'
put ahead web '2099-01-01T00:00:00Z'
put ahead web '11 minutes'
put ahead lone '2100-01-01T00:00:00Z'
for t in '2 days ago' '3 hours'; do # one block has both
	printf '{"ts":"%s","tenant":"both","labels":{"app":"web"},"line":"x"}\n' "$(date -d "$t" +%s%N)"
done | chunkpack --store ahead | idxbuild --store ahead >/dev/null
ok "what is far ahead of the clock does not count" exits 1 idxbuild --freshness --max-age 47h --store ahead -t web
ok "and is told" stdout_matches '^web: .*, 48h[0-9ms.]* ago: too old; an entry of 2100-01-01T00:00:00Z is ahead of the clock and does not count$'
ok "when all else is right, too" exits 0 idxbuild --freshness --max-age 49h --store ahead -t web -o jsonl
ok "as JSON" stdout_matches '^\{"tenant":"web","newest":"[0-9]{19}","age_ns":1728[0-9]{11},"ahead":"4102444800000000000","late":false\}$'
ok "who has nothing else" exits 1 idxbuild --freshness --max-age 49h --store ahead -t lone
ok "has nothing" stdout_is "lone: nothing else is stored: too old; an entry of 2100-01-01T00:00:00Z is ahead of the clock and does not count"
ok "it may lie among older ones" exits 1 idxbuild --freshness --max-age 47h --store ahead -t both
ok "of which the oldest of its block counts" stdout_matches '^both: .*, 48h[0-9ms.]* ago: too old; an entry of '
echo 'limits_config: {creation_grace_period: 20m}' >ahead/~lokid/limits.yaml
ok "how far may be said" exits 0 idxbuild --freshness --max-age 1m --store ahead -t web
ok "by the limits in force" stdout_matches '^web: .*, 0s ago; an entry of 2100'

mkdir -p s/Mail/in s/lost+found "s/lost/chunks/2026-01-15"
ok "folders of others" exits 1 idxbuild --freshness --max-age 49h --store s
ok "are no tenants; one without an index is" stdout_matches '^lost: nothing is stored: too old$'
is "others are told as before" "$(wc -l <"$TAP/stdout")" 5
rm -r s/lost

mkdir -p none/~lokid && cp s/~lokid/format none/~lokid/
ok "a store without anything" exits 1 idxbuild --freshness --max-age 1000h --store none
ok "is too old" stdout_is "nothing is stored: too old"

idx=$(find s/late -name '*.idx' | sort | tail -n 1)
flip_byte "$idx" 30
ok "a damaged index file is exit 3" exits 3 idxbuild --freshness --max-age 1000h --store s
ok "and named" stderr_has "'$idx'"
ok "what is older counts" stdout_matches '^late: .*, 72h[0-9ms.]* ago$'

flip_byte "$idx" 30

ok "without --max-age is exit 2" exits 2 idxbuild --freshness --store s
ok "it is said what is missing" stderr_has "'--max-age' says how old is too old"
ok "--max-age alone, too" exits 2 idxbuild --verify --max-age 1m --store s
ok "a negative age, too" exits 2 idxbuild --freshness --max-age=-1m --store s
ok "operands, too" exits 2 idxbuild --freshness --max-age 1m --store s x.idx
ok "no such store is exit 4" exits 4 idxbuild --freshness --max-age 1m --store nowhere
ok "a full stdout, too" exits 4 sh -c 'idxbuild --freshness --max-age 1m --store s >/dev/full'

done_testing
