#!/bin/sh
# ringctl: options, streams, exit codes; plans and simulations.
. "${0%/*}/../lib/tap.sh"
need jq

ok "no command is exit 2" exits 2 ringctl
ok "it is said so" stderr_has "no command given"
ok "an unknown command is exit 2" exits 2 ringctl stats
ok "the one that is meant is named" stderr_has "'stats': did you mean 'status'?"
ok "an operand too many is exit 2" exits 2 ringctl status i-1
ok "it is named" stderr_has "status: 'i-1': expected no operand"
ok "none where one is needed is exit 2" exits 2 ringctl join
ok "it is said so" stderr_has "join: expected one INSTANCE"
ok "a name that cannot be is exit 2" exits 2 ringctl join 'i 1'
ok "it is said why" stderr_has "instance 'i 1': expected letters, digits"
ok "an option of another command is exit 2" exits 2 ringctl status --addr a:1
ok "it is said of which" stderr_has "option '--addr' has no effect without 'join'"
ok "--period without --auto is exit 2" exits 2 ringctl forget i-1 --period 1h
ok "it is said so" stderr_has "option '--period' has no effect without '--auto'"
ok "--every without --watch is exit 2" exits 2 ringctl status --every 1s
ok "--watch with --now is exit 2" exits 2 ringctl status --watch --now now
ok "--every with --now is exit 2" exits 2 ringctl heartbeat i-1 --every 1s --now now
ok "it is said so" stderr_has "option '--every' does not go with '--now'"
for verb in status tokens svg; do
	ok "$verb: a tenant without a shard is exit 2" exits 2 ringctl $verb -t acme
	ok "it is said so" stderr_has "option '--tenant' has no effect without '--shard-size'"
done
ok "a duration of 0 is exit 2" exits 2 ringctl init --heartbeat-timeout 0s
ok "it is said so" stderr_has "option '--heartbeat-timeout': expected a duration above 0, at most 100y, found '0s'"
ok "more than 100 years, too" exits 2 ringctl init --heartbeat-timeout 101y
ok "also until somebody is dead" exits 2 ringctl forget --auto --period 876001h
ok "it is said so" stderr_has "option '--period': expected a duration above 0, at most 100y, found '876001h'"
ok "a wait is at most 30 days" exits 2 ringctl --timeout 31d status
ok "it is said so" stderr_has "option '--timeout': expected a duration above 0, at most 30d, found '31d'"
ok "a pause, too" exits 2 ringctl heartbeat i-1 --every 2562047h
ok "it is named" stderr_has "option '--every'"
for now in 1969-12-31T23:59:59Z 2200-01-01 -100y; do
	ok "now is not $now" exits 2 ringctl --now "$now" status
	ok "it is said when it is" stderr_has "option '--now': expected a time from 1970 to 2200, found '$now'"
done
ok "no replicas are exit 2" exits 2 ringctl init --replication 0
ok "too many replicas are exit 2" exits 2 ringctl init --replication 16
ok "a place of another kind is exit 2" exits 2 ringctl --ring consul://x status
ok "it is said what is expected" stderr_has "'consul://x': expected a file"
ok "a ring in etcd without a host is exit 2" exits 2 ringctl --ring etcd:// status
ok "it is said what is expected" stderr_has "'etcd://': expected HOST:PORT,.../PREFIX behind etcd:// or etcds://"
ok "a password in the URL is exit 2" exits 2 ringctl --ring etcd://root:s3cret@127.0.0.1:1 status
ok "it is said where it belongs" stderr_has "--etcd-user-file or ETCDCTL_USER"
not_ok "and not shown" grep -q s3cret "$TAP/stderr"
ok "one in an address, too" exits 2 ringctl --ring none join i-1 --addr http://u:s3cret@h:1
not_ok "which is not shown, either" grep -q s3cret "$TAP/stderr"
ok "labels that are none are exit 2" exits 2 ringctl owner 'app=web'
ok "they are named" stderr_has "'app=web'"
ok "a tenant that cannot be is exit 2" exits 2 ringctl owner '{a="b"}' -t ../x

# Where there is no ring none is made but by init and join, nor a lock for it.
for verb in "forget --auto" "forget i-1" "leave i-1" "heartbeat i-1" "drain i-1"; do
	# shellcheck disable=SC2086
	ok "$verb: no ring is exit 1" exits 1 ringctl --ring nowhere $verb
	ok "it is said so" stderr_is "ringctl: error: 'nowhere': there is no ring"
	# shellcheck disable=SC2086
	ok "$verb: nor where it is by default" exits 1 ringctl $verb
done
is "nothing is left" "$(echo nowhere* lokid-data*)" "nowhere* lokid-data*"

# A ring without zones, with the default settings.
for i in 1 2 3 4 5; do ringctl --ring r --now 1000000000 join i-$i 2>/dev/null; done
at() { ringctl --ring r --now 1000000000 "$@"; }
ok "five instances" exits 0 at status
ok "are well" stdout_has "5 instances, 5 ACTIVE; 3 replicas; the fullest owns"
ok "as CSV" exits 0 at status -o csv
ok "with times" stdout_has "i-1,,ACTIVE,ACTIVE,2001-09-09T01:46:40Z,2001-09-09T01:46:40Z,128,0."

# CSV has what JSON lines have, called the same.
csv_is_jsonl() { # VERB...
	at "$@" -o csv 2>/dev/null | sed -E 's/(0\.[0-9]*[1-9])0+,/\1,/' >as.csv # as jq writes numbers
	at "$@" -o jsonl 2>/dev/null | jq -rs 'map(select(.moved == null and .spread == null)) | (.[0] | keys_unsorted),
		(.[] | [.[]]) | map(tostring) | map(if test("[,\"]") then "\"" + gsub("\""; "\"\"") + "\"" else . end) | join(",")' >as.jsonl
	ok "$1: CSV has the members of JSON lines" same_file as.jsonl as.csv
}
csv_is_jsonl status
csv_is_jsonl tokens i-1
csv_is_jsonl owner '{app="web"}'
ok "a plan as CSV" exits 0 at plan --add 1 -o csv
ok "is headed as its JSON lines are" stdout_has "instance,zone,before,after"
ok "and empty where nothing was before" stdout_matches '^new-1,,,0\.16'
ok "owners as jsonl" exits 0 at owner '{app="web"}' -o jsonl
is "are three" "$(jq -s 'map(select(.write)) | length' "$TAP/stdout")" 3
is "and the same as Loki's, as all are well" "$(jq -s 'map(select(.loki)) | length' "$TAP/stdout")" 3
is "the order of labels does not matter" "$(at owner '{a="1",b="2"}' -o jsonl | md5sum)" "$(at owner '{b="2", a="1"}' -o jsonl | md5sum)"
ok "tokens of one" exits 0 at tokens i-3 -o csv
ok "and no other" stdout_lines 129
ok "of one who is not there" exits 1 at tokens i-9
is "positions are all there are" "$(at tokens -o jsonl | jq -s 'map(.positions) | add')" 4294967296
ok "--output" exits 0 at status --output out.txt
ok "has it" grep -q '5 ACTIVE' out.txt

# One of each is told as one.
ok "one with one token" exits 0 ringctl --ring one join i-1 --tokens 1
ok "is told as one" stderr_is "ringctl: 'i-1' is ACTIVE with 1 token"
ok "it keeps its one" exits 2 ringctl --ring one join i-1 --tokens 2
ok "it is said so" stderr_has "instance 'i-1' has 1 token and keeps them"
ringctl --ring one init --replication 1
ok "one instance" exits 0 ringctl --ring one status
ok "and one replica" stdout_has "1 instance, 1 ACTIVE; 1 replica; "
ok "a picture" exits 0 ringctl --ring one svg
ok "has one replica, too" stdout_has ">1 replica<"

# Zones without zone awareness.
ringctl --ring idle init
ok "a zone that means nothing is taken" exits 0 ringctl --ring idle join i-1 --zone a
ok "with a warning" stderr_is "ringctl: 'i-1' is ACTIVE with 128 tokens
ringctl: warning: the ring has no zone awareness: replicas may lie in one zone, until init --zone-awareness on"
ok "status" exits 1 ringctl --ring idle status
ok "says so" stdout_has "; 3 replicas, which may lie in one zone: there is no zone awareness"
ok "zone awareness" exits 0 ringctl --ring idle init --zone-awareness on
ok "makes a zone mean something" exits 0 ringctl --ring idle join i-2 --zone b
ok "then nobody is warned" stderr_lines 1
ok "and status" exits 1 ringctl --ring idle status
ok "has zones" stdout_has "; 3 replicas in 2 zones; "

# One replica.
ringctl --ring lone init --replication 1
ringctl --ring lone --now 1970-01-02 join a >/dev/null
ok "nobody takes what is of one" exits 1 ringctl --ring lone owner '{app="web"}'
ok "it is said so" stderr_has "a write needs 1 instance that takes it, have 0"
ok "and what it takes" stdout_has "0 of 1 owner; a write counts when 1 has it"

# Plans.
ok "one more" exits 0 at plan --add 1 -o jsonl
is "takes its fair share, a sixth" "$(tail -n 1 "$TAP/stdout" | jq '.moved > 0.16 and .moved < 0.17 and .fair > 0.1666 and .fair < 0.1667')" true
is "the ring is as it was" "$(at status -o jsonl | wc -l)" 5
ok "two less, by number" exits 0 at plan --remove 2
ok "the last by name go" stdout_matches '^i-5 .* -  '
ok "by name" exits 0 at plan --remove i-1,i-2
ok "it is told how much moves" stdout_matches '^moves [0-9.]*% of all replicas; the fair share of those who come and go is '
ok "too few are left for a quorum" exits 1 at plan --remove 4
ok "it is said so" stderr_has "a write needs 2 instances that take it, have 1"
ok "more than there are" exits 1 at plan --remove 6
ok "it is said so" stderr_has "6 are to go, there are 5"
ok "who is not there" exits 1 at plan --remove i-1,i-8
ok "is named" stderr_has "there is no instance 'i-8'"
ok "who is named twice" exits 2 at plan --remove i-1,i-2,i-1
ok "is said" stderr_is "ringctl: error: option '--remove': 'i-1' is named twice"
ok "a zone that is not there" exits 1 at plan --zone c
ok "is named" stderr_has "no instance is in zone 'c'"
ok "a plan of nothing is exit 2" exits 2 at plan
ok "it is said what is missing" stderr_has "plan: expected --add, --remove or --zone"

for i in 1 2 3 4 5 6; do ringctl --ring z --now 1000000000 join i-$i --zone "$(echo abc | cut -c $(((i - 1) % 3 + 1)))" 2>/dev/null; done
ok "without a zone too few are left" exits 1 ringctl --ring z --now 1000000000 plan --zone b
ok "it is said so" stderr_is "ringctl: error: insufficient zone diversity: need 3 zones, have 2"
ok "nor enough when all are dead" exits 1 ringctl --ring z --now 1000000100 plan --add 1 --zone b
ok "it is said that they are" stderr_is "ringctl: error: 6 of 7 UNHEALTHY: insufficient zone diversity: need 3 zones, have 1"
ok "the plan is told all the same" stdout_matches '^moves '
ok "a newcomer goes to where there are fewest" exits 0 ringctl --ring z --now 1000000000 plan --remove i-2 --add 1
ok "to zone b" stdout_matches '^new-1  *b '

# Simulations.
ok "a simulation needs no ring" exits 0 ringctl simulate --nodes 12 --zones 3 --replication 3
is "its last line has what matters" "$(tail -n 1 "$TAP/stdout" | sed 's/[0-9.]*%/X%/g')" "spread X%, movement X%, owners per range 3"
ok "as jsonl" exits 0 ringctl simulate --nodes 12 --zones 3 --streams 10000 --fail zone=zone-1 -o jsonl
is "a zone may fail" "$(jq -r 'select(.figure == "write").value' "$TAP/stdout")" 1
is "no owner lies in it afterwards" "$(jq -r 'select(.figure == "owners_later").value' "$TAP/stdout")" 3
is "the last line is for programs" "$(tail -n 1 "$TAP/stdout" | jq -c 'keys')" '["movement","owners_least","owners_most","spread"]'
is "each stream is placed three times" "$(jq -r 'select(.figure == "streams_mean").value' "$TAP/stdout")" 2500
ok "too few zones are exit 1" exits 1 ringctl simulate --nodes 12 --zones 2
ok "it is said so" stderr_has "insufficient zone diversity: need 3 zones, have 2"
ok "a failure that loses data is exit 1" exits 1 ringctl simulate --nodes 4 --fail nodes=2
ok "it is said so" stderr_has "this failure loses data, or stops writes"
is "the same seed fails the same" "$(ringctl simulate --nodes 30 --fail nodes=4 --seed 7 2>/dev/null | md5sum)" \
	"$(ringctl simulate --nodes 30 --fail nodes=4 --seed 7 2>/dev/null | md5sum)"
ok "fewer nodes than replicas" exits 0 ringctl simulate --nodes 2
ok "have as many owners as there are" stdout_matches 'owners per range 2$'
ok "too few for a write are exit 1" exits 1 ringctl simulate --nodes 1
ok "it is said so" stderr_is "ringctl: error: a write needs 2 instances that take it, have 1"
ok "more zones than nodes are exit 2" exits 2 ringctl simulate --nodes 2 --zones 3
[ "${WRAP:-}" ] || ok "three thousand nodes take less than ten seconds" exits 0 timeout 10 ringctl simulate --nodes 3000 --zones 3 --fail nodes=1 --streams 10000
ok "more tokens than a machine holds are exit 3" exits 3 ringctl simulate --nodes 20000 --tokens 4096
ok "it is said how many there may be" stderr_has "20000 nodes of 4096 tokens: expected at most 10000000 tokens in all"
ok "no nodes are exit 2" exits 2 ringctl simulate
ok "two failures are exit 2" exits 2 ringctl simulate --nodes 6 --zones 3 --fail nodes=1 --fail zone=2
ok "it is said so" stderr_has "option '--fail': 'nodes=1' and 'zone=2': one at a time"
for options in "--seed 0" "--seed 7 --zones 3 --fail zone=1"; do
	# shellcheck disable=SC2086
	ok "$options: a seed of nothing is exit 2" exits 2 ringctl simulate --nodes 6 $options
	ok "it is said so" stderr_has "option '--seed' has no effect without '--fail nodes=N'"
done
for option in "--ring r" "--timeout 1s" "--now now" "--etcd-user-file f" "--etcd-ca-file f" "--etcd-cert-file f" "--etcd-key-file f"; do
	# shellcheck disable=SC2086
	ok "${option% *} is exit 2 where there is no ring" exits 2 ringctl simulate --nodes 3 $option
	ok "it is said so" stderr_has "option '${option% *}' has no effect with 'simulate'"
done
ok "a failure of another kind is exit 2" exits 2 ringctl simulate --nodes 3 --fail disk
ok "it is said what is expected" stderr_has "option '--fail': expected nodes=N or zone=ZONE, found 'disk'"
is "a zone has a number, too" "$(ringctl simulate --nodes 6 --zones 3 --fail zone=2 | md5sum)" "$(ringctl simulate --nodes 6 --zones 3 --fail zone=zone-2 | md5sum)"
ok "where there are no zones none can fail" exits 2 ringctl simulate --nodes 6 --fail zone=zone-1
ok "it is said what is missing" stderr_has "zone 'zone-1' cannot fail: --zones says how many there are"
ok "a zone that is not there cannot fail" exits 2 ringctl simulate --nodes 6 --zones 3 --fail zone=b
ok "it is said which there are" stderr_has "there are zone-1 to zone-3"

# Pictures.
ok "a picture" exits 0 ringctl --ring z --now 1000000000 svg
ok "is SVG" stdout_matches '^<svg .*role="img"'
ok "with every instance" stdout_has ">i-6 (c)<"
ok "and its share" stdout_matches '>16\.[0-9]*%<'
ok "well formed" sh -c 'ringctl --ring z --now 1000000000 svg | xmllint --noout - 2>&1 || ! command -v xmllint'
ringctl --ring z --now 1000000000 leave i-5 2>/dev/null
ok "who leaves is marked" exits 0 ringctl --ring z --now 1000000000 svg
ok "in the legend" stdout_has "i-5 (b) LEAVING"
is "and with a mark at each token" "$(grep -c '<line .*class="warn"' "$TAP/stdout")" 128
ok "an option that means nothing there is exit 2" exits 2 ringctl svg -o csv

not_ok "nothing is left out" grep -q 'have a band\|the first owner' "$TAP/stdout"
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do ringctl --ring many --now 1000000000 join i-$i --zone zone-$i --tokens 4 2>/dev/null; done
ok "a picture of many zones" exits 0 ringctl --ring many --now 1000000000 svg
ok "says which are left out" stdout_has ">16 of 17 zones have a band<"
ringctl --ring two --now 1000000000 init --zone-awareness on
for i in 1 2 3 4; do ringctl --ring two --now 1000000000 join i-$i --zone "zone-$((i % 2))" 2>/dev/null; done
ok "a picture of more replicas than zones" exits 0 ringctl --ring two --now 1000000000 svg
ok "says that one of each zone is shown" stdout_has ">of each zone the first owner<"

# Pages.
page() { # VERB...
	ok "$1 as a page" exits 0 ringctl --ring r --now 1000000000 "$@" -o html
	ok "$1: is one" stdout_has "<table"
	is "$1: whole" "$(tail -n 1 "$TAP/stdout")" "</html>"
}
page status
page tokens
page owner '{app="web"}'
page plan --add 1
ok "status has the picture" exits 0 ringctl --ring r --now 1000000000 status -o html
ok "in it" stdout_matches '<svg .*role="img"'
ok "a simulation as a page" exits 0 ringctl simulate --nodes 3 -o html
ok "has its last line" stdout_has "owners per range 3"

ringctl --ring dead --now 1970-01-01 join a >/dev/null 2>&1
ok "where the answer is no, a full stdout is told" exits 4 sh -c 'ringctl --ring dead status >/dev/full'
ok "with the reason" stderr_is "ringctl: error: stdout: cannot write: No space left on device"
ok "also of what is long" exits 4 sh -c 'ringctl --ring r --now 1000000000 tokens >/dev/full'
ok "it is said why" stderr_is "ringctl: error: stdout: cannot write: No space left on device"
ringctl --ring empty init
ok "of an empty ring" exits 1 ringctl --ring empty status -o jsonl
ok "nothing is told" stdout_is_empty
ringctl --ring ahead init --replication 1
ringctl --ring ahead --now 2026-01-15T00:01:00Z join a 2>/dev/null
ok "a clock may be ahead by the timeout" exits 0 ringctl --ring ahead --now 2026-01-15 status
ringctl --ring ahead --now 2026-01-15T00:01:01Z heartbeat a
ok "not by more: exit 1" exits 1 ringctl --ring ahead --now 2026-01-15 status
ok "it is said why" stderr_is "ringctl: error: 1 with a heartbeat ahead of the clock"
ok "and a heartbeat of long ago is no future" exits 1 ringctl --ring dead --now 2199-12-31 status
ok "but long ago" stdout_has "2016120h0m0s ago"
ok "nor is a timeout of a century over soon" exits 0 ringctl --ring dead init --heartbeat-timeout 100y --replication 1
ok "but after it" exits 0 ringctl --ring dead --now 2069-12-07 status
ok "or ten of them" exits 0 ringctl --ring dead --now 2199-12-31 forget --auto
ok "which is not yet" stdout_is_empty

done_testing
