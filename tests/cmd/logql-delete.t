#!/bin/sh
# logql delete: requests to delete, made, listed and cancelled without a daemon, with the texts of Loki's API.
. "${0%/*}/../lib/tap.sh"

awk 'BEGIN { for (i = 0; i < 20; i++)
	printf "{\"ts\":\"%d000000000\",\"labels\":{\"app\":\"a%d\"},\"line\":\"line %d\"}\n", 1768471200 + i, i % 2, i }' >in.jsonl
chunkpack --store s in.jsonl | idxbuild --store s >/dev/null
delete() { logql delete --store s "$@"; }
seen() { logql --store s -o raw '{app=~".+"}' | wc -l; }
files() { find s/fake/deletes -type f 2>/dev/null | sort; }
refused() { # TEXT [ARG]...
	text=$1
	shift
	ok "refused: $*" exits 2 delete "$@"
	ok "because: $text" stderr_is "logql: error: $text"
}

# ---- refused, as the API does

refused "query not set" create ' ' --from 2026-01-15
refused "start time not set: --from or --since says it" create '{app="a0"}'
refused "deletes in the future are not allowed" create '{app="a0"}' --now 2026-01-16 --from 2026-01-15 --to 2026-02-01
refused "--from is after --to" create '{app="a0"}' --from 2026-01-16 --to 2026-01-15
refused "difference between start time and end time must be at least one second" create '{app="a0"} |= "x"' --from 2026-01-15 --to 2026-01-15
ok "a query that is none" exits 2 delete create '{app="a0"' --from 2026-01-15
ok "is told where" stderr_has 'parse error at line 1'
ok "other stages than line filters" exits 2 delete create '{app="a0"} | json' --from 2026-01-15
ok "no label of the stream" exits 2 delete create '{app=~".*"}' --from 2026-01-15
ok "a metric query" exits 2 delete create 'rate({app="a0"}[1m])' --from 2026-01-15
refused "expected 'delete create SELECTOR', found 1 operands" create
refused "expected 'delete list', found 2 operands" list x
refused "delete: expected create, list or cancel, found 'drop'" drop
refused "delete: expected create, list or cancel, found nothing"
refused "option '--wal': delete reads no entries" list --wal w
refused "option '--limit': delete reads no entries" list -n 3
refused "option '--explain': delete reads no entries" list --explain
refused "options '--from', '--since', '--to': only with delete create" list --from 2026-01-15
refused "option '--force': only with delete cancel" list --force
refused "option '--format': only with delete list" create '{app="a0"}' --from 2026-01-15 -o jsonl
refused "option '--format': requests are listed as default, jsonl or api" list -o raw
ok "two tenants at once" exits 2 delete list -t 'a|b'
ok "--force with a query" exits 2 logql --force '{app="a0"}' in.jsonl
echo 'limits_config: {deletion_mode: disabled}' >none.yaml
refused "deletion is not available for this tenant" create '{app="a0"}' --from 2026-01-15 --limits none.yaml
refused "deletion is not available for this tenant" list --limits none.yaml
ok "a folder that is no store" exits 4 logql delete create --store nothing '{app="a0"}' --from 2026-01-15
ok "is not made one" test ! -e nothing
mkdir empty
ok "nor is an empty one" exits 4 logql delete create --store empty '{app="a0"}' --from 2026-01-15
is "nothing is in it" "$(ls empty)" ""
is "nothing was written" "$(files)" ""
ok "nothing is listed" exits 1 delete list
is "all is seen" "$(seen)" 20

# ---- made, listed, obeyed

ok "a request" exits 0 delete create '{app="a0"} |= "line"' --from 2026-01-15T10:00:00Z --to 2026-01-15T10:00:04Z
id=$(cat "$TAP/stdout")
ok "its id is printed" stdout_matches '^[0-9a-f]{16}$'
is "it is a file" "$(files)" "s/fake/deletes/$id.json"
is "both ends are meant" "$(seen)" 17
ok "a list" exits 0 delete list
ok "has it" stdout_matches "^$id received 20[0-9T:.-]*Z 2026-01-15T10:00:00Z 2026-01-15T10:00:04Z \{app=\"a0\"\} \|= \"line\"\$"
ok "another, until now" exits 0 delete create '{app="a1"}' --since 100000d
second=$(cat "$TAP/stdout")
is "is obeyed" "$(seen)" 7
ok "as JSON lines" exits 0 delete list -o jsonl
is "both, in the order in which they came" "$(sed 's/.*"request_id":"\([0-9a-f]*\)".*/\1/' "$TAP/stdout" | tr '\n' ' ')" "$id $second "
ok "as the API has them" stdout_matches "^\{\"request_id\":\"$id\",\"start_time\":1768471200,\"end_time\":1768471204,\"query\":\"\{app=\\\\\"a0\\\\\"\} \|= \\\\\"line\\\\\"\",\"status\":\"received\",\"created_at\":[0-9.]+\}\$"
ok "which has an array" exits 0 delete list -o api
ok "of them" stdout_matches "^\[\{.*\},\{.*\}\]\$"
ok "of another tenant there is none" exits 1 delete list -t other

# ---- cancelled

ok "one that is not there" exits 2 delete cancel 0123456789abcdef
ok "is told so" stderr_is "logql: error: could not find delete request with given id"
ok "no path either" exits 2 delete cancel ../../x
ok "cancelled" exits 0 delete cancel "$second"
ok "without a word" stdout_is_empty
is "its entries are seen again" "$(seen)" 17
ok "once more" exits 2 delete cancel "$second"

# ---- applied

ok "a young one waits" exits 0 chunkpack --delete --store s
ok "it is not applied" stdout_is_empty
ok "old enough" exits 0 chunkpack --delete --store s --cancel-period 0
ok "it is" stdout_matches "^fake 2026-01-15: $id: 3 entries"
delete list >listed
ok "which the list says" grep -q "^$id processed " listed
ok "it cannot be cancelled any more" exits 2 delete cancel "$id"
ok "says why" stderr_is "logql: error: deletion of request which is in process or already processed is not allowed; by force it stops hiding entries that come late, and nothing comes back"
mv "s/fake/processed/$id.json" "s/fake/deletes/$id.receipt.json"
delete list >listed
ok "where its receipt lay before, it counts as well" grep -q "^$id processed " listed
rm "s/fake/deletes/$id.receipt.json"
ok "nor one that is done in part" exits 2 delete cancel "$id"
ok "without force" stderr_matches "^logql: error: Unable to cancel partially completed delete request\."
ok "with it, it is" exits 0 delete cancel "$id" --force
is "what went does not come back" "$(seen)" 17
ok "the list is empty again" exits 1 delete list

# ---- as it was once written

for file in "$GOLDEN"/frozen/deletes-v1-*.requests; do
	mkdir -p frozen/fake/deletes
	mkdir -p frozen/~lokid && echo "lokid store 1" >frozen/~lokid/format
	cp "$file" "frozen/fake/deletes/${file##*deletes-v1-}"
done
ok "a merged file is read" exits 0 logql delete list --store frozen -o jsonl
is "it has all" "$(grep -c 'card=' "$TAP/stdout")" 17

for what in list 'cancel 0123'; do
	# shellcheck disable=SC2086
	ok "delete $what where no store is" exits 4 logql delete $what --store nowhere
	ok "is said" stderr_has "there is no store 'nowhere'"
done

done_testing
