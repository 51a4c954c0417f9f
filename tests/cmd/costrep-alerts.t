#!/bin/sh
# costrep report: what is above a threshold or grows too fast is told: in the report, by the exit status, to servers.
. "${0%/*}/../lib/tap.sh"

# cost DATE CLUSTER COST: a record
cost() {
	echo "{\"resource\":\"loki\",\"cluster\":\"$2\",\"date\":\"$1\",\"cost_usd\":$3}"
}

{
	cost 2024-01-01 prod 60
	cost 2024-01-31 prod 40
	cost 2024-01-31 dev 10
	cost 2024-02-01 prod 125
	cost 2024-02-29 dev 10.01
} >costs.jsonl
echo '{"date":"2024-02-10","cost_usd":5}' >>costs.jsonl

# alerts STATUS TEXT OPTION...: what -q prints
alerts() {
	status=$1
	text=$2
	shift 2
	ok "$*: exit $status" exits "$status" costrep report -q "$@" costs.jsonl
	ok "$*: what is told" stdout_is "$text"
}

alerts 0 "" --threshold 250.01
alerts 1 "total: 250.01 USD, above 250.009999999" --threshold 250.009999999
alerts 0 "" --threshold 250.010000001
alerts 1 "total: 125.00 USD in 2024-02-01, above 124.99" --threshold 124.99/day
alerts 0 "" --threshold 125/day
alerts 1 "total: 140.01 USD in 2024-02, above 110.00" --threshold 110/month
alerts 1 "total: 175.00 USD in 2024-W05, above 100.00" --threshold 100/week
alerts 1 "cluster prod: 225.00 USD, above 224.00" --threshold cluster=prod:224
alerts 0 "" --threshold cluster=prod:225
alerts 1 "cluster dev: 10.01 USD in 2024-02, above 10.00
cluster prod: 100.00 USD in 2024-01, above 10.00
cluster prod: 125.00 USD in 2024-02, above 10.00" --threshold 'cluster=[dp]*:10/month'
alerts 1 "cluster unattributed: 5.00 USD, above 4.00" --threshold cluster=unattributed:4
alerts 1 "total: 250.01 USD, above 1.00
cluster dev: 20.01 USD, above 20.00" --threshold 1 --threshold cluster=dev:20
# 29 days, 31 before: 140.01 * 31 / (110 * 29) = 1.360598746...
alerts 1 "total: 140.01 USD in 2024-02, 36.1 % a day above the 110.00 in 2024-01, more than 35 %" --growth 35%
alerts 1 "total: 140.01 USD in 2024-02, 36.1 % a day above the 110.00 in 2024-01, more than 36.0598746 %" --growth 36.0598746%/month
alerts 0 "" --growth 36.0598747%
# 125 * 31 / (100 * 29) = 1.33620689...
alerts 1 "cluster prod: 125.00 USD in 2024-02, 33.6 % a day above the 100.00 in 2024-01, more than 33.5 %" --growth cluster=prod:33.5%
alerts 1 "cluster prod: 125.00 USD in 2024-02, 33.62 % a day above the 100.00 in 2024-01, more than 33.6 %" --growth cluster=prod:33.6%
alerts 0 "" --growth cluster=prod:33.7%/month
for month in 01:31 02:29 03:31; do cost 2024-${month%:*}-01 prod ${month#*:}; done >flat.jsonl
cost 2024-03-31 prod 0 >>flat.jsonl
ok "what is the same each day does not grow by the month" exits 0 costrep report -q --growth 0% flat.jsonl
ok "really" stderr_is ""
for day in 01-01 02-01 02-29; do cost 2024-$day prod 4611686018; done >large.jsonl
ok "nor does what is large, by a large rate" exits 0 costrep report -q --growth 9223372036% large.jsonl
ok "by a small one it does" exits 1 costrep report -q --growth 100% large.jsonl
{
	cost 2024-02-11 prod 9223372036
	cost 2024-02-12 prod 0.000000001
	cost 2024-02-13 prod 9223372036
} >bounds.jsonl
ok "the largest growth" exits 1 costrep report -q --growth 9223372035%/day bounds.jsonl
ok "is told as far as can be counted" stdout_is "total: 9223372036.00 USD in 2024-02-13, 9223372036854775807.0 % above the 0.000000001 in 2024-02-12, more than 9223372035 %"
alerts 1 "cluster unattributed: 5.00 USD in 2024-02, above the 0.00 in 2024-01, more than 1000 %" --growth 'cluster=u*:1000%'
alerts 1 "total: 125.00 USD in 2024-02-01, 150.0 % above the 50.00 in 2024-01-31, more than 149.9 %" --growth 149.9%/day
ok "days without a record are not nothing" stderr_is "costrep: warning: option '--growth 149.9%/day': nothing is compared with 2024-01-02 and 54 other days, of which there is no record"
cost 2024-02-12 dev 1 >week
cost 2024-02-14 dev 2 >>week
cost 2024-02-15 prod 7 >>week
ok "one of a group is, where others have one" exits 1 costrep report -q --growth 'cluster=*:50%/day' week
ok "which is told" stdout_is "cluster prod: 7.00 USD in 2024-02-15, above the 0.00 in 2024-02-14, more than 50 %"
ok "and the day of which there is none" stderr_is "costrep: warning: option '--growth cluster=*:50%/day': nothing is compared with 2024-02-13, of which there is no record"
{
	for day in 01 02 31; do cost 2024-01-$day prod 1; done
	for day in 01 02 03 29; do cost 2024-02-$day prod 1; done
	for day in 01 02 03 31; do cost 2024-03-$day prod 1.1; done
} >months
ok "growth since a month that has fewer days" exits 1 costrep report -q --growth 5% months
ok "is told" stdout_has "total: 4.00 USD in 2024-02, 42.5 % a day above"
ok "with a warning" stderr_is "costrep: warning: option '--growth 5%': there are records of 3 of the 31 days of 2024-01 alone: what is above it may be what is missing there"
ok "since one that has as many there is none" exits 1 costrep report -q --growth 2% --from 2024-02-01 months
ok "really" stderr_is ""
alerts 0 "" --growth 0% --to 2024-02-29
alerts 0 "" --growth 0% --from 2024-01-02

ok "a growth with no two whole months is exit 0" exits 0 costrep report -q --growth 'cluster=*:0%' --from 2024-01-02 costs.jsonl
ok "but not silent" stderr_is "costrep: warning: option '--growth cluster=*:0%': nothing to compare: the records have no two whole months"
ok "with two it is" exits 0 costrep report -q --growth 100% costs.jsonl
ok "really" stderr_is ""
ok "weeks are of their own" exits 0 costrep report -q --growth 0%/week --from 2024-02-01 --to 2024-02-11 costs.jsonl
ok "and told" stderr_has "the records have no two whole weeks"
for option in '--by=clutser' '--match=clutser=p*' '--threshold=clutser=p*:1' '--growth=clutser=p*:1%'; do
	run costrep report "$option" costs.jsonl
	ok "$option: a name that no record has is told" stderr_has "costrep: warning: no record names 'clutser' (they name 'resource', 'cluster')"
done
for option in --threshold=cluster=prd:1 --growth=cluster=prd:1%; do
	run costrep report "$option" costs.jsonl
	ok "$option: nor is a value silent" stderr_is "costrep: warning: option '$(echo "$option" | sed 's/=/ /')': no record has such a cluster"
done
ok "one that a record has, which is left out, is" exits 0 costrep report --threshold cluster=dev:1 --threshold 'cluster=unatt*:9' --to 2024-01-31 costs.jsonl
ok "really" stderr_is ""
sed '/dev/!d' costs.jsonl >attributed.jsonl
ok "and so is one of what belongs to none, as it should be" exits 0 costrep report --threshold cluster=unattributed:1 attributed.jsonl
ok "really" stderr_is ""
ok "one that a record has, which is left out, is not" exits 0 costrep report --by cluster --from 2024-02-10 --to 2024-02-11 costs.jsonl
ok "really" stderr_is ""

ok "the report has them too" exits 1 costrep report --threshold 1 costs.jsonl
ok "behind its tables" sh -c 'tail -n 2 "$1" | head -n 1 | grep -qx alerts' - "$TAP/stdout"
ok "-o jsonl" exits 1 costrep report -o jsonl -q --threshold cluster=dev:20 --growth cluster=prod:1% costs.jsonl
ok "-o jsonl: objects" stdout_is '{"alert":"threshold","period":"total","of":"total","by":"cluster","cluster":"dev","cost":20.01,"currency":"USD","threshold":20.00}
{"alert":"growth","period":"month","of":"2024-02","by":"cluster","cluster":"prod","cost":125.00,"currency":"USD","before":100.00,"growth":33.6}'
ok "-o csv has no place for them" exits 1 costrep report -o csv --threshold 1 costs.jsonl
ok "so they are warnings" stderr_has "costrep: warning: total: 250.01 USD, above 1.00"
ok "of breakdowns that are not asked for" exits 1 costrep report --by resource --threshold cluster=dev:1 costs.jsonl
not_ok "there is no table" grep -q "^by cluster" "$TAP/stdout"
ok "a report that is written to a file is written with alerts too" exits 1 costrep report --output out.txt --threshold 1 costs.jsonl
ok "whole" grep -q "above 1.00" out.txt

for bad in '' x -1 5/year 5/ 'cluster:5' 'cluster=:5' '=a:5' 20% 5/day/week; do
	ok "--threshold '$bad' is exit 2" exits 2 costrep report --threshold "$bad" costs.jsonl
done
ok "the message says what is expected" stderr_has "option '--threshold': expected AMOUNT, NAME=VALUE:AMOUNT"
ok "one that is too large is exit 2" exits 2 costrep report --threshold cluster=a:99999999999 costs.jsonl
ok "and told" stderr_has "option '--threshold': more than can be counted (up to 9223372036.85): 'cluster=a:99999999999'"
for bad in 20 -1% % 20%/total 20%/year; do
	ok "--growth '$bad' is exit 2" exits 2 costrep report --growth "$bad" costs.jsonl
done
ok "--quiet without a threshold is exit 2" exits 2 costrep report -q costs.jsonl
ok "--quiet with a picture is exit 2" exits 2 costrep report -q --threshold 1 -o svg costs.jsonl
ok "--webhook without a threshold is exit 2" exits 2 costrep report --webhook http://127.0.0.1:1 costs.jsonl
ok "--alert-for without Alertmanager is exit 2" exits 2 costrep report --threshold 1 --alert-for 1h costs.jsonl
ok "one that ends at once is exit 2" exits 2 costrep report --threshold 1 --alertmanager http://127.0.0.1:1 --alert-for 0s costs.jsonl
ok "and told" stderr_has "option '--alert-for': expected 1s or more, found '0s'"
ok "credentials for two servers are exit 2" exits 2 costrep report --threshold 1 --token-file costs.jsonl \
	--webhook http://127.0.0.1:1 --alertmanager http://127.0.0.1:1 costs.jsonl
ok "and it is said why" stderr_has "they are for one server, and two are named"

# --- servers ---

if ! command -v python3 >/dev/null; then
	skip "alerts are sent" "python3 is not here"
	done_testing
	exit
fi
spawn python3 "$REPO/tests/lib/http-sink"
wait_for 10 test -s port || bail "the sink starts"
url=http://127.0.0.1:$(cat port)
echo "$url/secret" >url
echo "token-of-mine" >token

ok "nothing above is nothing sent" exits 0 costrep report --webhook "$url/hook" --threshold 1000 costs.jsonl
not_ok "really" test -e requests
ok "--webhook" exits 1 costrep report -q --webhook "$url/hook" --threshold cluster=dev:20 costs.jsonl
is "its body" "$(cat requests)" 'POST /hook - application/json {"text":"1 cost alert: cluster dev: 20.01 USD, above 20.00","currency":"USD","alerts":[{"alert":"threshold","period":"total","of":"total","by":"cluster","cluster":"dev","cost":20.01,"currency":"USD","threshold":20.00}]}'
rm requests
ok "--webhook-file" exits 1 env LOKI_BEARER_TOKEN=of-loki costrep report -q --webhook-file url --threshold 1 costs.jsonl
ok "the path is the file's, and what the environment has for Loki stays here" grep -q "^POST /secret - " requests
rm requests
ok "--alertmanager" exits 1 costrep report -q --alertmanager "$url/" --token-file token \
	--threshold 'cluster=prod:10/month' --alert-for 1h costs.jsonl
ok "its path and credentials" grep -q '^POST /api/v2/alerts Bearer token-of-mine application/json ' requests
is "of each group the last period" "$(cut -d ' ' -f 6- requests | sed 's/"startsAt":"[^"]*","endsAt":"[^"]*"/"endsAt":0/')" \
	'[{"labels":{"alertname":"CostAboveThreshold","severity":"warning","period":"month","currency":"USD","threshold":"cluster=prod:10/month","cluster":"prod"},"annotations":{"summary":"cluster prod: 125.00 USD in 2024-02, above 10.00","cost":"125.00","of":"2024-02"},"endsAt":0}]'

# A server that takes connections, and answers when there is a file "go".
cat >mute.py <<'END'
import os, socket, time
s = socket.create_server(("127.0.0.1", 0))
with open("mute.tmp", "w") as f:
    f.write(str(s.getsockname()[1]))
os.rename("mute.tmp", "mute")
c = s.accept()[0]
c.recv(65536)
open("asked", "w").close()
while not os.path.exists("go"):
    time.sleep(0.01)
c.sendall(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")
c.close()
END
for how in "-q" "--output late.txt"; do
	rm -f go asked mute late.txt
	spawn python3 mute.py
	wait_for 10 test -s mute || bail "the mute server starts"
	# shellcheck disable=SC2086 # two words
	spawn sh -c 'costrep report "$@" >late.out; echo $? >late.rc' - $how --webhook "http://127.0.0.1:$(cat mute)/" --threshold 1 costs.jsonl
	wait_for 10 test -e asked || bail "the mute server is asked"
	case $how in
	-q) ok "what is printed does not wait for the server" grep -q "total: 250.01 USD, above 1.00" late.out ;;
	*) ok "nor does a file" grep -q "total: 250.01 USD, above 1.00" late.txt ;;
	esac
	touch go
	wait_for 10 test -s late.rc || bail "the report ends"
	is "and the exit status is the same ($how)" "$(cat late.rc)" 1
	rm late.rc
done
ok "a file that cannot be written is exit 4" exits 4 costrep report --output /nowhere/x --webhook "$url/hook" --threshold 1 costs.jsonl

echo 503 >status
ok "a server that refuses for now is exit 5" exits 5 costrep report --webhook "$url/hook" --threshold 1 costs.jsonl
ok "it is named" stderr_has "the alerts are not at the webhook: "
ok "the report is there all the same" stdout_has "total: 250.01 USD, above 1.00"
echo 400 >status
ok "one that refuses is exit 4" exits 4 costrep report --alertmanager "$url" --threshold 1 costs.jsonl
ok "it is said too" stderr_has "the alerts are not at Alertmanager: "
ok "a server that is not there is exit 5" exits 5 costrep report --webhook http://127.0.0.1:1/secret?secret --threshold 1 costs.jsonl
ok "it is named, and why" stderr_has "the alerts are not at the webhook: http://127.0.0.1:1: "
not_ok "but not its path, which may be a secret" grep -q secret "$TAP/stderr"
echo 400 >status
ok "one that refuses is exit 4" exits 4 costrep report --webhook "$url/secret" --threshold 1 costs.jsonl
ok "and named" stderr_has "the alerts are not at the webhook: $url answered 400"
not_ok "without its path" grep -q secret "$TAP/stderr"
echo http://127.0.0.1:1/secret >url
ok "of a file too" exits 5 costrep report --webhook-file url --threshold 1 costs.jsonl
not_ok "the secret is not told" grep -q secret "$TAP/stderr"
cat >other.py <<'END'
import os, socket
s = socket.create_server(("127.0.0.1", 0))
with open("other.tmp", "w") as f:
    f.write(str(s.getsockname()[1]))
os.rename("other.tmp", "other")
while True:
    c = s.accept()[0]
    c.sendall(b"220 mail.example ESMTP\r\n")
    c.recv(65536)
    c.close()
END
spawn python3 other.py
wait_for 10 test -s other || bail "the other server starts"
ok "a server that does not speak HTTP is exit 5" exits 5 costrep report --webhook "http://127.0.0.1:$(cat other)/" --threshold 1 costs.jsonl
ok "the report is there all the same" stdout_has "total: 250.01 USD, above 1.00"
ok "so is one that does not speak TLS" exits 5 costrep report --alertmanager "https://${url#http://}" --threshold 1 costs.jsonl
ok "which is said" stderr_has "does not speak TLS there"
: >token
ok "an empty file of a token is exit 2" exits 2 costrep report --alertmanager "$url" --token-file token --threshold 1 costs.jsonl
ok "and said" stderr_has "'token': expected a token in its first line"
ok "one of a user too" exits 2 costrep report --alertmanager "$url" --user-file token --threshold 1 costs.jsonl
ok "and said" stderr_has "'token': expected USER:PASSWORD in its first line"
echo "no url" >url
ok "a file without a URL is exit 2" exits 2 costrep report --webhook-file url --threshold 1 costs.jsonl
ok "and named" stderr_has "'url': expected one URL"

done_testing
