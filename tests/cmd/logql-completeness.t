#!/bin/sh
# logql --completeness: lines of sources against what is expected of them.
. "${0%/*}/../lib/tap.sh"

# lines SOURCE N: N lines of a source, the first of them twice.
lines() {
	awk -v s="$1" -v n="$2" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "{\"ts\":\"%d%09d\",\"labels\":{\"service_name\":\"%s\",\"pod\":\"p%d\"},\"line\":\"%d\"}\n",
				1768478400 + i, 0, s, i % 2, i
	}' | sed '1{p}'
}

{
	lines web 950
	lines db 94
} >lines.jsonl
lokid-ingest -q --wal wal --input jsonl lines.jsonl
walreplay --frames wal | chunkpack --store s | idxbuild --store s >/dev/null
printf 'source,expected\nweb,1000\n' >just
printf 'web,1000\ndb,100\nsilent,5\nnothing,0\n' >expected

ok "just enough" exits 0 logql --completeness just --threshold 0.95 --store s
ok "is complete" stdout_is "complete: 950 of 1000 lines, 0.95"
ok "without a word on stderr" stderr_is_empty
ok "95 percent are the default" exits 0 logql --completeness just --store s
ok "and may be written so" exits 0 logql --completeness just --threshold 95% --store s
ok "a little more is not there" exits 1 logql --completeness just --threshold 0.9500000000001 --store s
ok "and named" stdout_matches '^short web: 950 of 1000 lines, 0.95$'
ok "several" exits 1 logql --completeness expected --store s
ok "have a line each for those that are short, and one for all" stdout_is "short db: 94 of 100 lines, 0.94
missing silent: 0 of 5 lines, 0
incomplete: 1044 of 1105 lines, 0.944796"
ok "stderr is empty" stderr_is_empty
ok "JSON lines" exits 1 logql --completeness expected --store s -o jsonl
ok "have the same" stdout_is '{"source":"db","state":"short","stored":94,"expected":100,"ratio":0.94}
{"source":"silent","state":"missing","stored":0,"expected":5,"ratio":0}
{"sources":4,"short":2,"stored":1044,"expected":1105,"ratio":0.944796}'
ok "the log as well" exits 1 logql --completeness expected --wal wal
ok "is the same" stdout_has "incomplete: 1044 of 1105 lines"
ok "files, too" exits 1 logql --completeness expected lines.jsonl
ok "what is there twice counts once" stdout_has "incomplete: 1044 of 1105 lines"
ok "more than expected covers nothing up" sh -c 'printf "web,10\ndb,100\n" | logql --completeness - --store s >out; test $? = 1'
is "in the sum" "$(tail -n 1 out)" "incomplete: 104 of 110 lines, 0.945454"
printf 'web,0\nx,0\n' >zero
ok "of nothing all is there" exits 0 logql --completeness zero --store s --threshold 1
ok "is said" stdout_is "complete: 0 of 0 lines, 1"
ok "a range of time" exits 1 logql --completeness just --store s --from 1768478400 --to 1768478500
ok "has less" stdout_has "short web: 100 of 1000 lines, 0.1"
printf '{pod="p0"},522\n"{service_name=""web"",pod=""p1""}",475\n' >selectors
ok "selectors" exits 0 logql --completeness selectors --threshold 1 --store s
ok "are sources" stdout_has "complete: 997 of 997 lines, 1"
printf 'p0,522\np1,522\n' >pods
ok "values of another label" exits 0 logql --completeness pods --source-label pod --threshold 1 --store s
ok "values that no stream has are exit 1" exits 1 logql --completeness pods --store s
ok "and may be of another label" stderr_is "logql: warning: none of the sources is a value of label 'service_name': --source-label names another"
ok "of a time without anything" exits 1 logql --completeness pods --store s --from 100 --to 200
ok "no other label is named" stderr_is "logql: warning: there is nothing at all of that tenant and time"
ok "of a tenant that is not there" exits 1 logql --completeness just -t fakes --store s
ok "whom it has is told" stderr_has "logql: warning: store 's' has no tenant 'fakes': is 'fake' meant?"
ok "also of one of several" exits 1 logql --completeness just -t 'fake|fakes' --threshold 1 --from 1768478400 --to 1768478500 --store s
ok "in one line" stderr_is "logql: warning: store 's' has no tenant 'fakes': is 'fake' meant?"
echo '{pod="p7"},1' >nopod
ok "a selector that finds nothing is exit 1" exits 1 logql --completeness nopod --store s
ok "and has no label" stderr_is_empty
sed 's/"ts"/"tenant":"acme","ts"/' lines.jsonl | chunkpack --store s | idxbuild --store s >/dev/null
printf '{__tenant_id__="acme",service_name="web"},950\n{__tenant_id__="fake",service_name="db"},94\n' >tenants
ok "of several tenants" exits 0 logql --completeness tenants --threshold 1 -t 'acme|fake' --store s
ok "each is a selector" stdout_is "complete: 1044 of 1044 lines, 1"
ok "another tenant has nothing" exits 1 logql --completeness just -t other --store s
ok "at all" stdout_has "missing web: 0 of 1000 lines, 0"

# --- what the index counts and is not there

cp -r s cut
find cut -name '*.pack' -exec truncate -s 0 {} +
ok "packs that were cut are exit 3" exits 3 logql --completeness just --store cut
ok "and told" stderr_matches "^logql: error: 'cut/.*\.pack': expected [0-9]+ bytes, found 0$"

# --- refused

for t in 1.1 -1 x ''; do
	ok "a threshold of '$t' is exit 2" exits 2 logql --completeness just "--threshold=$t" --store s
done
ok "a threshold alone, too" exits 2 logql --threshold 0.5 '{app="a"}' lines.jsonl
ok "a label alone, too" exits 2 logql --source-label pod '{app="a"}' lines.jsonl
ok "a label that is none, too" exits 2 logql --completeness just --source-label 'a b' --store s
ok "--at, too" exits 2 logql --completeness just --at 1768478400 --store s
ok "--step, too" exits 2 logql --completeness just --step 1m --store s
ok "a format that it has not, too" exits 2 logql --completeness just -o csv --store s
ok "--explain, too" exits 2 logql --completeness just --explain --store s
ok "a file that is not there is exit 4" exits 4 logql --completeness nowhere --store s
echo 'web;1000' >bad
ok "one that cannot be read is exit 3" exits 3 logql --completeness bad --store s
ok "with file and line" stderr_has "'bad': line 1: expected SOURCE,NUMBER"
printf '{x},1\n' >bad
ok "a selector that is none is exit 2" exits 2 logql --completeness bad --store s
ok "and named" stderr_has "source '{x}': "
for text in '' '# nobody' 'source,expected'; do
	echo "$text" >none
	ok "a file of '$text' is exit 3" exits 3 logql --completeness none --store s
	ok "since it expects nothing" stderr_is "logql: error: 'none': no source is in it"
done
ok "a store that is not there is exit 4" exits 4 logql --completeness just --store nowhere
ok "a full stdout, too" exits 4 sh -c 'logql --completeness just --store s >/dev/full'

done_testing
