#!/bin/sh
# logql: several tenants asked together, and matchers that every stream must fit.
. "${0%/*}/../lib/tap.sh"

cat >all.jsonl <<'X'
{"ts":"1000000000","tenant":"a","labels":{"app":"x","team":"a"},"line":"one"}
{"ts":"2000000000","tenant":"b","labels":{"app":"x","team":"b"},"line":"two"}
{"ts":"3000000000","tenant":"b","labels":{"app":"y","__tenant_id__":"zz"},"line":"three"}
{"ts":"4000000000","tenant":"c","labels":{"app":"x","team":"a"},"line":"four"}
X
lokid-ingest -q --wal wal --input jsonl all.jsonl >/dev/null
walreplay --frames wal | chunkpack --store store | idxbuild --store store >/dev/null

for from in all.jsonl '--wal wal' '--store store' '--store store --wal wal'; do
	# shellcheck disable=SC2086
	ask() {
		case $from in
		-*) logql $from "$@" ;;
		*) logql "$@" "$from" ;;
		esac
	}
	note "from $from"

	ok "two tenants" exits 0 ask -t 'b|a' '{app=~".+"}'
	ok "are told apart by a label" stdout_is '1970-01-01T00:00:03Z {__tenant_id__="b", app="y", original___tenant_id__="zz"} three
1970-01-01T00:00:02Z {__tenant_id__="b", app="x", team="b"} two
1970-01-01T00:00:01Z {__tenant_id__="a", app="x", team="a"} one'
	ok "that matchers see" exits 0 ask -t 'a|b|c' -o raw '{__tenant_id__=~"a|c"}'
	ok "and that leaves tenants out" stdout_is 'four
one'
	ok "as the label that it was" exits 0 ask -t 'a|b|c' -o raw '{original___tenant_id__="zz"}'
	ok "has another name" stdout_is three
	ok "labels" exits 0 ask -t 'a|b' labels
	ok "have it too" stdout_is '__tenant_id__
app
original___tenant_id__
team'
	ok "its values" exits 0 ask -t 'a|b|nobody' values __tenant_id__
	ok "are the tenants that have streams" stdout_is 'a
b'
	ok "series" exits 0 ask -t 'a|c' series '{team="a"}' '{team="b"}'
	ok "are of each tenant" stdout_is '{__tenant_id__="a", app="x", team="a"}
{__tenant_id__="c", app="x", team="a"}'
	ok "sums by it" exits 0 ask -t 'a|b' --at 5 'sum by (__tenant_id__) (count_over_time({app="x"}[1h]))'
	ok "are by tenant" stdout_is '{__tenant_id__="a"} 1
{__tenant_id__="b"} 1'
	ok "one tenant" exits 0 ask -t b '{__tenant_id__="zz"}'
	ok "has no such label, but its own" stdout_is \
		'1970-01-01T00:00:03Z {__tenant_id__="zz", app="y"} three'
	ok "one tenant twice is one" exits 0 ask -t 'b|b' labels
	ok "as it is" stdout_is '__tenant_id__
app
team'

	ok "with matchers of somebody else" exits 0 ask -t b --match '{team="b"}' -o raw '{app=~".+"}'
	ok "there are only streams that fit" stdout_is two
	ok "whatever is asked" exits 0 ask -t b --match '{team="b"}' series '{team!="b"}' '{app="x"}'
	ok "by any selector" stdout_is '{app="x", team="b"}'
	ok "several" exits 1 ask -t b --match '{team="b"}' --match '{app="y"}' '{app=~".+"}'
	ok "must all fit" stdout_is_empty
	ok "labels are of these" exits 0 ask -t b --match '{app="x"}' labels
	ok "streams" stdout_is 'app
team'
	ok "and values" exits 0 ask -t b --match '{team="b"}' values app
	ok "likewise" stdout_is x
	ok "and stats" exits 0 ask -t b --match '{team="b"}' stats '{app="x"}' '{app="y"}'
	ok "likewise" stdout_has 'streams 1'
	ok "and volumes" exits 0 ask -t b --match '{team="b"}' volume
	ok "by all labels" stdout_is '{app="x", team="b"} 3'
	ok "and what is detected" exits 0 ask -t 'a|b' --match '{app="y"}' detected-labels
	ok "in labels" stdout_has '__tenant_id__ 1'
	ok "absence of what others have" exits 0 ask -t b --match '{team="b"}' --at 5 \
		'absent_over_time({app="y"}[1h])'
	ok "is told without them" stdout_is '{app="y"} 1'
	ok "a binary operation" exits 0 ask -t b --match '{team="b"}' --at 5 \
		'sum(count_over_time({app="x"}[1h])) or sum(count_over_time({app="y"}[1h]))'
	ok "has them on both sides" stdout_is '{} 1'
	ok "the first and last time" exits 0 ask -t b --match '{team="b"}' volume --step 1s
	ok "are of what is seen" stdout_is '1970-01-01T00:00:02.999999999Z {app="x", team="b"} 3'
done

ok "raw lines have no labels that fit" exits 1 sh -c 'echo x | logql --match "{a=\"b\"}" "{}" -'
ok "matchers that are none" exits 2 logql --match '{a="b"} |= "x"' '{}' all.jsonl
ok "are refused" stderr_has "option '--match': only label matchers are supported"
ok "as is one that does not end" exits 2 logql --match '{a="b"' '{}' all.jsonl
ok "and a tenant that is none, among others" exits 2 logql -t 'a|..' '{}' all.jsonl
ok "or empty" exits 2 logql -t 'a|' '{}' all.jsonl
ok "a query is formatted without" exits 2 logql --match '{a="b"}' fmt '{a="b"}'

done_testing
