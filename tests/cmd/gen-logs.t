#!/bin/sh
# The generator: the same bytes every time, and truth.json tells the truth.
. "${0%/*}/../lib/tap.sh"

export BUILD="$TAP/gen" # compiled anew, so that what is tested is the source
gen=$REPO/scripts/gen-logs

mkdir samples
ok "samples are made" exits 0 "$gen" samples samples
for f in "$REPO"/examples/logs/*.log; do
	ok "examples/logs/${f##*/} is what the generator writes" same_file "$f" "samples/${f##*/}"
done
is "and nothing else" "$(ls samples)" "$(cd "$REPO/examples/logs" && ls -- *.log)"

mkdir outage
ok "an outage is made" exits 0 "$gen" outage outage
for f in "$REPO"/tests/logql/documents/*.jsonl; do
	ok "tests/logql/documents/${f##*/} is what the generator writes" same_file "$f" "outage/${f##*/}"
done
is "all of it" "$(ls outage)" "$(cd "$REPO/tests/logql/documents" && ls -- *.jsonl)"
is "no two entries of one time" "$(cat outage/*.jsonl | cut -c 1-28 | sort | uniq -d)" ""

ok "data" exits 0 "$gen" data one 400K 30 7
ok "data again" exits 0 "$gen" data two 400K 30 7
ok "the same bytes" diff -r one two
ok "another seed" exits 0 "$gen" data three 400K 30 8
not_ok "gives other bytes" cmp -s one/entries.jsonl three/entries.jsonl

truth() { sed -n "s/^  \"$1\": \"*\([^\",]*\).*/\1/p" one/truth.json; }
cat one/raw/*.log >lines
is "lines" "$(truth lines)" "$(grep -c '' lines)"
is "bytes" "$(truth bytes)" "$(size_of lines)"
is "entries" "$(truth lines)" "$(grep -c '^{"ts":"[0-9]\{19\}","labels":{.*},"line":".*"}$' one/entries.jsonl)"
is "streams" "$(truth streams)" "$(find one/raw -name '*.log' | grep -c '')"
is "the rare word lies there three times" "$(grep -c -F "$(truth rare_word)" lines)" 3
is "the rare trace id too" "$(grep -c -F "$(truth rare_trace)" lines)" 3
is "entries come by time" "$(cut -c 1-28 one/entries.jsonl | LC_ALL=C sort -c 2>&1)" ""
is "no two of one time" "$(cut -c 1-28 one/entries.jsonl | uniq -d)" ""
is "the window" "$(($(truth last_ns) / 1000000000 <= 1760594400 && $(truth first_ns) / 1000000000 >= 1760508000))" 1

ok "many streams" exits 0 "$gen" streams many 500 4
is "each has its lines" "$(sed 's/.*"pod":"\([^"]*\).*/\1/' many/entries.jsonl | sort | uniq -c | awk '{ print $1 }' | uniq -c | tr -s ' ')" " 500 4"

for format in json logfmt; do
	ok "requests as $format" exits 0 "$gen" requests $format $format 100K 3
	ok "again" exits 0 "$gen" requests $format again 100K 3
	ok "the same bytes" diff -r $format again
	is "$format: lines" "$(sed -n 's/^  "lines": \([0-9]*\).*/\1/p' $format/truth.json)" "$(grep -c '' $format/lines)"
	is "$format: bytes" "$(sed -n 's/^  "bytes": \([0-9]*\).*/\1/p' $format/truth.json)" "$(size_of $format/lines)"
	is "$format: entries" "$(grep -c '^{"ts":"17[0-9]*","labels":{"app":"shop","pod":"web-[012]"},"line":".*"}$' $format/entries.jsonl)" \
		"$(grep -c '' $format/lines)"
	is "$format: failures" "$(sed -n 's/^  "status_5xx_lines": \([0-9]*\).*/\1/p' $format/truth.json)" \
		"$(grep -c '[ "]status["=:]*5' $format/lines)"
done
ok "a format that is none is exit 2" exits 2 "$gen" requests xml xml 100K

# Of each app: its name, a number of truth.json, how many of its lines hold TEXT.
apps() { sed -n 's/^"\([^"]*\)":{"namespace".*/\1/p' bodies/truth.json; }
by_app() { sed -n "s/^\"[^\"]*\":{\"namespace\":.*,\"$1\":\([0-9]*\),.*/\1/p" bodies/truth.json; }
in_files() { apps | while read -r app; do cut -d ' ' -f 3- "bodies/raw/$app.log" | grep -c -F -e "$1"; done; }
field() { sed -n "s/.*\"$1\":\"*\([^\",]*\).*/\1/p" bodies/truth.json | head -n 1; }
# The lines of all bodies, by the heads before them.
lines_of_bodies() {
	at=0 lines=0
	while [ $at -lt "$(size_of bodies/bodies.bin)" ]; do
		# shellcheck disable=SC2046
		set -- $(od -An -v -tu4 -w24 -j $at -N 24 --endian=little bodies/bodies.bin)
		lines=$((lines + $2)) at=$((at + 24 + $5))
	done
	echo $lines
}

ok "pushes" exits 0 "$gen" bodies bodies 3M
ok "pushes again" exits 0 "$gen" bodies again-bodies 3M
ok "the same bytes" diff -r bodies again-bodies
is "pushes: an app has a file" "$(apps | sort)" "$(find bodies/raw -name '*.log' | sed 's,.*/,,; s/.log$//' | LC_ALL=C sort)"
is "pushes: lines" "$(by_app lines)" "$(in_files '')"
is "pushes: bytes, without newlines" "$(field raw_bytes)" \
	"$(cut -d ' ' -f 3- bodies/raw/*.log | awk '{ n += length($0) } END { print n }')"
is "pushes: lines with error" "$(by_app error_lines)" "$(in_files error)"
is "pushes: the rare word lies there five times" "$(cat bodies/raw/*.log | grep -c -F "$(field word)")" 5
is "pushes: the trace id three times" "$(cat bodies/raw/*.log | grep -c -F "$(field needle)")" 3
is "pushes: each app gave up twice" "$(in_files 'unrecoverable state' | uniq -c | awk '{ print $2 }')" 2
is "pushes: no time is a whole second" "$(cut -c 21-29 bodies/raw/*.log | grep -c 000000000)" 0
is "pushes: the bodies have them all" "$(lines_of_bodies)" "$(field lines)"

ok "no mode is exit 2" exits 2 "$gen"
ok "a bad number is exit 2" exits 2 "$gen" data four 12x
ok "and says what was expected" stderr_has "BYTES is to be a number"
ok "a place that cannot be written is exit 4" exits 4 "$gen" samples /nonexistent

done_testing
