#!/bin/sh
# Storage classes by age: packs move onwards, index files stay; a query that needs what is archived answers from the rest and
# names it.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/flush.sh"

tier() { chunkpack --tier 30d=STANDARD_IA,90d=GLACIER "$@"; }
# When the day began, also when the test goes on beyond midnight: what is of one day stays so.
today=$((($(date +%s) - 60) / 86400 * 86400))
# A pack of a day so many days ago.
day() { # DAYS
	at=$((today - $1 * 86400))
	for n in 1 2 3; do
		echo "{\"ts\":\"$((at + n))000000000\",\"labels\":{\"app\":\"a$1\"},\"line\":\"line $n of $1\"}"
	done | chunkpack --store dir "$2" "$3" | idxbuild --store dir >/dev/null
}
for days in 0 10 40 100 200; do day $days -t fake; done
day 100 -t other

ok "rules for the object store" exits 0 tier --lifecycle --dry-run --store dir
ok "are JSON" python3 -c "
import json, sys
rules = json.load(open(sys.argv[1]))['Rules']
assert [r['Filter']['Prefix'] for r in rules] == ['fake/chunks/', 'other/chunks/'], rules
for r in rules:
    assert r['Status'] == 'Enabled' and r['ID'], r
    assert r['Transitions'] == [{'Days': 30, 'StorageClass': 'STANDARD_IA'}, {'Days': 90, 'StorageClass': 'GLACIER'}], r
" "$TAP/stdout"
ok "in lines of JSON they are not" exits 2 tier --lifecycle --dry-run --store dir -o jsonl
ok "as is said" stderr_has "option '--format' has no effect with '--lifecycle'"
ok "of one tenant" exits 0 tier --lifecycle --dry-run --store dir -t other
ok "one" stdout_lines 3
ok "a folder has none" exits 2 tier --lifecycle --store dir
ok "in hours there are none" exits 2 chunkpack --tier 36h=A --lifecycle --dry-run --store dir
ok "as is said" stderr_has "whole days"
ok "a folder has no classes" exits 2 tier --store dir
ok "as is said" stderr_is "chunkpack: error: 'dir' is a folder, which has no storage classes"
for bad in 30d 30d= =A 30d=a 0d=A 30d=A,30d=B 30d=A,20d=B x=A '1d=A,'; do
	ok "--tier $bad" exits 2 chunkpack --tier "$bad" --store dir
done
ok "with what has no meaning for it" exits 2 tier --day 2026-01-01
ok "as is said" stderr_has "option '--day' has no effect without '--compact' or '--copy'"

ok "rules for one tenant need no store, and no keys" exits 0 env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY HOME="$PWD" \
	chunkpack --tier 30d=A --lifecycle --dry-run -t new --store 's3://bucket/some/where?endpoint=http://127.0.0.1:1&tries=1'
ok "for what it is to have" stdout_has '"Prefix": "some/where/new/chunks/"'
ok "nothing else is said" stderr_is_empty

need python3 curl openssl
spawn "$REPO/tests/lib/s3-classes" port
wait_for 10 test -s port || fail "no server"
export AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b
store="s3://bucket/some/where?endpoint=http://127.0.0.1:$(cat port)&region=us-east-1&path-style=1"
ok "a copy to an object store" exits 0 chunkpack --copy --from dir --store "$store"
ask() { logql --store "$store" -o raw --limit 0 "$@" '{app=~".+"}'; }
ok "has all" exits 0 ask
is "lines" "$(sort -u "$TAP/stdout" | wc -l)" 15
ok "rules name the prefix" exits 0 tier --lifecycle --dry-run --store "$store" -t fake
ok "of the store" stdout_has '"Prefix": "some/where/fake/chunks/"'

at="http://127.0.0.1:$(cat port)/bucket?lifecycle="
rules() { curl -s "$at"; }
put() { curl -s -X PUT "$at" -H "Content-MD5: $(printf %s "$1" | openssl dgst -md5 -binary | openssl base64)" -d "$1"; }
names() { rules | grep -o '<ID>[^<]*' | sed 's/<ID>//' | tr '\n' ','; }
is "a dry run writes none" "$(names)" ''
ok "rules are written" exits 0 tier --lifecycle --store "$store"
ok "each is told" stdout_has "set rule 'lokid some/where/other/chunks/'"
is "of each tenant one" "$(names)" "lokid some/where/fake/chunks/,lokid some/where/other/chunks/,"
theirs='<Rule><ID>theirs</ID><Filter><Prefix>tmp/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>7</Days></Expiration></Rule>'
nameless='<Rule><Prefix>x/</Prefix><Status>Disabled</Status><Expiration><Days>1</Days></Expiration></Rule>'
put "<LifecycleConfiguration>$theirs$(rules | grep -o '<Rule>.*</Rule>')$nameless</LifecycleConfiguration>"
ok "beside those of others" exits 0 chunkpack --tier 60d=STANDARD_IA --lifecycle --store "$store" -t fake
ok "which are told" stdout_has "3 other rules stay"
rules >now
ok "and stay as they were" grep -qF "$theirs" now
ok "also without a name" grep -qF "$nameless" now
is "that of the tenant is another one" "$(grep -o '<ID>lokid some/where/fake.*' now | grep -o '<Days>[0-9]*' | tr '\n' ' ')" "<Days>60 "
is "that of another tenant is the same" "$(grep -o '<ID>lokid some/where/other.*<ID>lokid' now | grep -o 'Days>[0-9][0-9]*' | head -n 2 | tr '\n' ' ')" "Days>30 Days>90 "
put '<LifecycleConfiguration><Rule xmlns="x"><ID>y</ID></Rule></LifecycleConfiguration>'
ok "rules in another form" exits 3 tier --lifecycle --store "$store"
ok "are not overwritten" stderr_has "in a form that is not known: nothing is changed"
is "by anything" "$(names)" "y,"

ok "a dry run" exits 0 tier --store "$store" --dry-run
cp "$TAP/stdout" would
is "names packs and classes" "$(sed 's/.* //' would | sort | uniq -c | tr -s ' ' | tr '\n' ',')" " 3 GLACIER, 1 STANDARD_IA,"
ok "and moves none" exits 0 ask
ok "in JSON" exits 0 tier --store "$store" --dry-run -o jsonl
cp "$TAP/stdout" would.jsonl
is "a pack is a name and two classes" "$(sed 's/.*"from"/"from"/' would.jsonl | sort | uniq -c | tr -s ' ' | tr '\n' ',')" \
	' 3 "from":"STANDARD","to":"GLACIER"}, 1 "from":"STANDARD","to":"STANDARD_IA"},'
ok "with its tenant, day, name and size" grep -Eq '^\{"tenant":"other","day":"[0-9-]{10}","pack":"other/chunks/[0-9-]{10}/[0-9a-f]{32}.pack","bytes":[1-9][0-9]*,"from"' would.jsonl
is "in the order of the text" "$(sed 's/.*"pack":"\([^"]*\)".*"to":"\(.*\)"}/\1 \2/' would.jsonl)" "$(sed 's,.*/some/where[^ ]*/\([^/ ]*/chunks/\),\1,' would)"
ok "the run" exits 0 tier --store "$store"
ok "does the same" stdout_is_file would
ok "again" exits 0 tier --store "$store"
ok "nothing is left to do" stdout_is_empty
ok "later tiers" exits 0 chunkpack --tier 1d=STANDARD_IA,300d=GLACIER --store "$store"
ok "never move back" stdout_lines 1

ok "a query over all is partial" exits 3 ask
is "it answers from the rest" "$(sort -u "$TAP/stdout" | wc -l)" 9
ok "and names each pack that is to be restored" test "$(grep -c 'archived: it has to be restored first' "$TAP/stderr")" -eq 2
grep GLACIER would | grep /fake/ | sed 's,.*/,,; s/ .*//' >archived
while read -r name; do
	ok "that is $name" stderr_has "$name"
done <archived
not_ok "no name stands there twice" stderr_matches "('[^']*': )\\1"
ok "a query that needs none of them is whole" exits 0 ask --from -50d
is "and right" "$(sort -u "$TAP/stdout" | wc -l)" 9
ok "counts alone need no pack" exits 0 logql --store "$store" --at "$(date +%s)" -o jsonl 'sum(count_over_time({app=~".+"}[300d]))'
ok "and are whole" stdout_has '"15"'
day 5 -t third
chunkpack --copy --from dir --store "$store" -t third >/dev/null
ok "a class that is none" exits 4 chunkpack --tier 1d=NO_SUCH_CLASS --store "$store" -t third
ok "is named" stderr_matches "storage class 'NO_SUCH_CLASS': .*the server has no such storage class .*InvalidStorageClass"
ok "the class that new ones have" exits 0 chunkpack --tier 1d=STANDARD,2000d=OTHER --store "$store" -t third
ok "is none to move to" stdout_is_empty
ok "what is archived cannot be moved" exits 3 chunkpack --tier 1d=STANDARD_IA,2d=OTHER --store "$store"
ok "is told of each" stderr_lines 3
ok "compaction leaves it alone" exits 0 chunkpack --compact --store "$store"

ok "to a check it is no fault" exits 0 idxbuild --fsck --store "$store"
ok "of any depth" exits 0 idxbuild --fsck --blocks --store "$store"
ok "that it was not read is said" stderr_is "idxbuild: 3 packs are archived: seen to be there, in their size, and not read"
ok "as a look at heads does" exits 0 idxbuild --verify --store "$store"
ok "in a warning" stderr_is "idxbuild: warning: 3 packs are archived and not read"
objects() { curl -s "http://127.0.0.1:$(cat port)/bucket?list-type=2&prefix=some/where/$1" | grep -o '<Key>[^<]*' | sed 's/<Key>//'; }
delete() { curl -s -X DELETE "http://127.0.0.1:$(cat port)/bucket/$1" >/dev/null; }
delete "$(objects third/index/)"
delete "$(objects other/index/)"
ok "a fault behind it is found" exits 3 idxbuild --fsck --delete-delay 0 --store "$store"
ok "of what can be read" stdout_matches '^orphan third/.*so no query sees it$'
ok "and of what cannot" stdout_matches '^orphan other/.*: no index file names it, and it is archived: it has to be restored first$'
ok "and mended, but for that" exits 3 idxbuild --fsck --repair --delete-delay 0 --store "$store"
ok "which stays" stderr_matches "'other/chunks/.*' stays: it could not be mended: .* archived"
ok "once" exits 3 idxbuild --fsck --delete-delay 0 --store "$store"
ok "the rest is right" stdout_lines 1
late=$((today - 200 * 86400))
for n in 1 2 3; do # two of them are neighbours, wherever the archived one has its place
	echo "{\"ts\":\"$((late + n))500000000\",\"labels\":{\"app\":\"late\"},\"line\":\"late $n\"}" |
		chunkpack --store "$store" | idxbuild --store "$store" >/dev/null
done
ok "compaction goes on beside it" exits 0 chunkpack --compact --fan-in 2 --store "$store"
ok "merges what came late" stdout_lines 1
ok "without a word about the rest" stderr_is_empty
ok "now and later" exits 0 chunkpack --compact --fan-in 2 --store "$store" -v
ok "but when it is asked" stderr_matches "^chunkpack: fake .*archived: it has to be restored first"

old=$((today - 20 * 86400))
for n in 1 2 3 4; do
	echo "{\"ts\":\"$((old + n))000000000\",\"labels\":{\"app\":\"old\"},\"line\":\"old $n\"}" |
		chunkpack --store "$store" -t merged | idxbuild --store "$store" >/dev/null
done
ok "a day is merged" exits 0 chunkpack --compact --fan-in 2 --store "$store" -t merged
objects merged/chunks/ | sort >before
is "what was replaced waits for its deletion" "$(wc -l <before)" 5
echo '{"ts":"'$old'000000000","labels":{"app":"old"},"line":"never committed"}' | chunkpack --store "$store" -t merged >/dev/null
ok "a dry run" exits 0 chunkpack --tier 1d=STANDARD_IA --store "$store" -t merged --dry-run
cp "$TAP/stdout" would
is "names the pack that is read" "$(wc -l <would)" 1
ok "the run" exits 0 chunkpack --tier 1d=STANDARD_IA --store "$store" -t merged
ok "moves it alone" stdout_is_file would
ok "again" exits 0 chunkpack --tier 1d=STANDARD_IA --store "$store" -t merged
ok "nothing" stdout_is_empty
ok "once what it replaced is deleted" exits 0 chunkpack --compact --delete-delay 0 --store "$store" -t merged
is "it is there" "$(sed 's,.*/,,; s/ .*//' would)" "$(objects merged/chunks/ | grep -Ff before | grep -o '[^/]*$')"
index=$(objects merged/index/ | head -n 1)
curl -s -X PUT --data-binary 'damaged' "http://127.0.0.1:$(cat port)/bucket/$index" >/dev/null
day 20 -t whole
chunkpack --copy --from dir --store "$store" -t whole >/dev/null
ok "a day with a damaged index file" exits 3 chunkpack --tier 1d=STANDARD_IA,2d=OTHER --store "$store" -t merged
ok "is named" stderr_has "$(basename "$index")"
ok "and stays" stdout_is_empty
ok "the others are done" exits 3 chunkpack --tier 1d=STANDARD_IA --store "$store" --dry-run
ok "as they are without it" stdout_has "/whole/chunks/"

pack=$(objects fake/chunks/ | grep -F "$(head -n 1 archived)")
delete "$pack"
ok "an archived pack that is gone" exits 3 idxbuild --fsck --store "$store" -t fake
ok "is missing" stdout_matches "^missing ${pack#some/where/}:"

done_testing
