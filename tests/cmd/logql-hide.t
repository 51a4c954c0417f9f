#!/bin/sh
# logql: entries that requests to delete mean, or that are older than their retention, are in no
# answer, wherever they lie.
. "${0%/*}/../lib/tap.sh"

# That of lokid-deletes(5), of 2026-01-15T10:00:00Z to the last nanosecond before 11:00.
ID=3fe4036b681325ac
sed -n "/^{\"version\":1,\"id\":\"$ID\"/s/\\\\e/\\\\/gp" "$REPO/man/lokid-deletes.5" >request
ok "the page has a request" test -s request

cat >web.jsonl <<'X'
{"ts":"1768471199999999999","labels":{"app":"web"},"line":"card=before"}
{"ts":"1768471200000000000","labels":{"app":"web"},"line":"card=first"}
{"ts":"1768473000000000000","labels":{"app":"web"},"line":"plain"}
{"ts":"1768473000000000001","labels":{"app":"web"},"line":"card=mid"}
{"ts":"1768473000000000002","labels":{"app":"web","env":"x"},"line":"card=alone"}
{"ts":"1768474799999999999","labels":{"app":"web"},"line":"card=last"}
{"ts":"1768474800000000000","labels":{"app":"web"},"line":"card=after"}
X
cat >rest.jsonl <<'X'
{"ts":"1768473000000000000","labels":{"app":"db"},"line":"card=other"}
{"ts":"1768473000000000000","tenant":"other","labels":{"app":"web"},"line":"card=theirs"}
X

# store: all in packs; log: the web's entries in the log, and a store for the rest.
cat web.jsonl rest.jsonl | chunkpack --store store | idxbuild --store store >/dev/null
chunkpack --store rest rest.jsonl | idxbuild --store rest >/dev/null
lokid-ingest -q --wal wal --input jsonl web.jsonl
ask() {
	# shellcheck disable=SC2086
	logql $from --now 2026-01-16T10:00:00Z "$@"
}
all='card=before
card=first
plain
card=mid
card=alone
card=last
card=after'
left='card=before
plain
card=after'

for s in store rest; do
	mkdir -p "$s/fake/deletes"
	cp request "$s/fake/deletes/$ID.json"
done
for from in '--store store' '--store rest --wal wal'; do
	note "$from"
	ok "entries" exits 0 ask --direction forward -o raw '{app="web"}'
	ok "that a request means are not there" stdout_is "$left"
	ok "whatever becomes of their lines" exits 0 ask --direction forward -o raw '{app="web"} | line_format "x"'
	ok "and however few are asked for" stdout_is 'x
x
x'
	ok "the newest" exits 0 ask -o raw -n 2 '{app="web"}'
	ok "of those that are left" stdout_is 'card=after
plain'
	ok "counts" exits 0 ask --at 2026-01-15T12:00:00Z 'sum by (app) (count_over_time({app=~"web|db"}[1d]))'
	ok "are without them" stdout_is '{app="db"} 1
{app="web"} 3'
	ok "bytes" exits 0 ask volume '{app="web"}'
	ok "too" stdout_is '{app="web"} 26'
	ok "stats" exits 0 ask stats '{app="web"}'
	ok "count what is seen" stdout_has 'entries 3'
	ok "tenants" exits 0 ask -t 'fake|other' -o raw --direction forward '{app="web"} |= "card"'
	ok "have their own requests" stdout_is 'card=before
card=theirs
card=after'
	ok "streams" exits 0 ask series '{app="web"}'
	ok "of which nothing is left are not there" stdout_is '{app="web"}'
	ok "nor their labels" exits 0 ask labels
	ok "  " stdout_is app
	ok "nor with a selector" exits 1 ask values env '{app="web"}'
done

from='--store store'
ok "it is explained" exits 0 ask --analyze '{app="web"}'
ok "which blocks are looked at" stdout_has '2 blocks may hold what requests to delete mean'
ok "and what is hidden of them" stdout_has '4 other entries that requests to delete mean'
printf 'limits_config: {retention_stream: [{selector: '\''{app="web"}'\'', period: 24h}]}\n' >day.yaml
ok "what expired" exits 0 logql --store store --now 2026-01-17 --limits day.yaml -o jsonl --explain '{app="web"}'
ok "is not read" stdout_has '"blocks_that_expired":2'

ok "what is deleted from the packs" exits 0 chunkpack --delete --store store --cancel-period 0s
ok "is hidden no more" exits 0 ask --analyze '{app="web"}'
not_ok "for it is not there" stdout_has 'requests to delete'
ok "the answer is the same" exits 0 ask --direction forward -o raw '{app="web"}'
ok "  " stdout_is "$left"
chunkpack --store store web.jsonl | idxbuild --store store >/dev/null
ok "what comes again" exits 0 ask --direction forward -o raw '{app="web"}'
ok "is hidden again" stdout_is "$left"

: >"store/fake/deletes/$ID.cancel.json"
ok "a request that is cancelled" exits 0 ask --direction forward -o raw '{app="web"}'
ok "hides nothing" stdout_is "$all"
rm "store/fake/deletes/$ID.cancel.json"
printf 'overrides: {fake: {deletion_mode: disabled}}\n' >off.yaml
ok "nor do those of who may have none" exits 0 ask --limits off.yaml --direction forward -o raw '{app="web"}'
ok "  " stdout_is "$all"
sed 's/card/cart/' request >"store/fake/deletes/$ID.json"
ok "a damaged request is exit 3" exits 3 ask '{app="web"}'
ok "and named" stderr_has "'fake/deletes/$ID.json': damaged"
ok "nothing is answered" stdout_is_empty
ok "nor of streams" exits 3 ask labels
ok "others are" exits 0 ask -t other -o raw '{app="web"}'
ok "  " stdout_is card=theirs
rm "store/fake/deletes/$ID.json"

note "retention"
rm -r store
cat web.jsonl rest.jsonl | chunkpack --store store | idxbuild --store store >/dev/null
mkdir -p rest/~lokid store/~lokid
cp day.yaml rest/~lokid/limits.yaml
rm -r rest/fake/deletes
for from in '--store store --limits day.yaml' '--store rest --wal wal' '--wal wal --limits day.yaml'; do
	note "$from"
	at() {
		now=$1
		shift
		# shellcheck disable=SC2086
		logql $from --now "$now" "$@"
	}
	ok "to the nanosecond" exits 0 at 1768557600000000000 --direction forward -o raw '{app="web"}'
	ok "entries are kept" stdout_is 'card=first
plain
card=mid
card=alone
card=last
card=after'
	ok "and expired a nanosecond later" exits 0 at 1768557600000000001 --direction forward -o raw '{app="web"}'
	ok "  " stdout_is 'plain
card=mid
card=alone
card=last
card=after'
	ok "counts" exits 0 at 1768557600000000001 --at 2026-01-15T12:00:00Z 'sum(count_over_time({app="web"}[1d]))'
	ok "  " stdout_is '{} 5'
	ok "stats" exits 0 at 1768557600000000001 stats '{app="web"}'
	ok "  " stdout_has 'entries 5'
	ok "a stream of which all is expired" exits 1 at 2026-01-16T11:00:00.000000001Z series '{app="web"}'
	ok "is not there" exits 1 at 2026-01-16T11:00:00.000000001Z values app '{app="web"}'
	ok "until then it is" exits 0 at 2026-01-16T11:00:00Z values app '{app="web"}'
	ok "  " stdout_is web
done
from='--store rest'
ok "other streams are kept" exits 0 at 2030-01-01T00:00:00Z labels
ok "  " stdout_is app
ok "limits that cannot be read are exit 2" exits 2 logql --store store --limits request '{app="web"}'
ok "and those of the store" sh -c 'echo "limit_config: {}" >store/~lokid/limits.yaml'
ok "too" exits 2 logql --store store '{app="web"}'
ok "named" stderr_has "~lokid/limits.yaml:1:1: 'limit_config' is not a key"
ok "a file that is not there is exit 4" exits 4 logql --store store --limits none '{app="web"}'
ok "--now stands first" exits 2 logql --store store --from -1h --now 5 '{app="web"}'
ok "and says so" stderr_has "it stands before --from"

done_testing
