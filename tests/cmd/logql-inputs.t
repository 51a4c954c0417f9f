#!/bin/sh
# logql: what it reads from and writes to: files that are not what they are called, pipes, damage,
# the default store, --output.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/entries.sh"

chunkpack --store store entries.jsonl >packs
lokid-ingest -q --wal wal --input jsonl entries.jsonl
idxbuild --store store <packs >/dev/null
logql -o jsonl '{app=~".+"}' entries.jsonl >expected

# One bad file of a log's folder does not hide the others, and is not passed over either.
seg=$(echo wal/*.wal)
mkdir good && cp "$seg" good
for bad in 'flip_byte bad/x.wal 0' 'flip_byte bad/x.wal 5' 'printf abcde >bad/x.wal' 'cut_file bad/x.wal 40' 'flip_byte bad/x.wal 20'; do
	rm -rf bad && cp -r good bad && cp "$seg" bad/x.wal && eval "$bad"
	for ask in "logql '{app=~\".+\"}'" "logql --at $at 'count_over_time({app=~\".+\"}[3d])'" "logql labels" "logql series" "logql stats"; do
		ok "$bad: exit 3" exits 3 sh -c "$ask --wal bad"
		ok "told by name, once" stderr_matches "^logql: error: 'bad/x.wal': (not a WAL|a segment's header has|header: )"
		ok "and nothing else" stderr_lines 1
		cp "$TAP/stdout" found
		ok "the same question" exits 0 sh -c "$ask --wal good"
		ok "the rest is answered" stdout_is_file found
	done
done
cp "$seg" x.wal && flip_byte x.wal 1
cp x.wal x.pack
for file in x.wal x.pack; do
	ok "$file without a magic is no text" exits 3 logql '{}' $file
	ok "told" stderr_is "logql: error: '$file': neither a segment nor a pack: no magic (--input lines reads it as text)"
	ok "nothing is printed" stdout_is_empty
done
ok "unless asked for" exits 0 logql --input lines -n 1 '{}' x.wal
rm -rf bad && cp -r good bad && mkfifo bad/fifo.wal && mkdir bad/folder.wal
ok "a FIFO and a folder in the log" exits 4 logql -o jsonl '{app=~".+"}' --wal bad
ok "the rest is answered" stdout_is_file expected
ok "the FIFO is told" stderr_has "logql: error: 'bad/fifo.wal': no regular file"
ok "the folder is told" stderr_has "logql: error: 'bad/folder.wal': no regular file"
ok "walreplay" exits 4 walreplay bad
ok "goes on as well" stdout_lines "$(wc -l <expected)"
ok "tells the FIFO" stderr_has "walreplay: error: 'bad/fifo.wal': no regular file"
if [ "$(id -u)" != 0 ]; then
	rm -rf bad && cp -r good bad && cp "$seg" bad/x.wal && chmod 0 bad/x.wal
	ok "a segment that one may not read" exits 4 logql -o jsonl '{app=~".+"}' --wal bad
	ok "the rest is answered" stdout_is_file expected
	ok "told" stderr_has "'bad/x.wal'"
else
	skip "a segment that one may not read" "root may"
fi
rm -rf bad && cp -r good bad && walreplay --unpacked --store nosuch good >/dev/null && for sum in good/*.sum; do mkdir "bad/${sum##*/}"; done
ok "a sidecar that cannot be read" exits 4 logql -o jsonl '{app=~".+"}' --wal bad
ok "hides nothing" stdout_is_file expected
ok "told" stderr_has ".sum'"

# ---- a pipe is what its first bytes say, as a file is

gzip -c entries.jsonl >entries.jsonl.gz
zstd -q -c entries.jsonl >entries.jsonl.zst
seq 1 20000 >seq.log && gzip -c seq.log >seq.log.gz
pack=$(head -n 1 packs)
for file in "$seg" entries.jsonl entries.jsonl.gz entries.jsonl.zst; do
	for how in "logql -o jsonl '{app=~\".+\"}' <$file" "cat $file | logql -o jsonl '{app=~\".+\"}'" \
		"(head -c 1 $file; sleep 0.05; tail -c +2 $file) | logql -o jsonl '{app=~\".+\"}' -"; do
		ok "$how" exits 0 sh -c "$how"
		ok "the same entries" stdout_is_file expected
		ok "not a word" stderr_is_empty
	done
done
ok "a pack as a file" exits 0 logql -o jsonl '{app=~".+"}' "$pack"
cp "$TAP/stdout" of_pack
ok "as a pipe" exits 0 sh -c "cat '$pack' | logql -o jsonl '{app=~\".+\"}'"
ok "is the same" stdout_is_file of_pack
ok "as stdin" exits 0 sh -c "logql -o jsonl '{app=~\".+\"}' <'$pack'"
ok "is the same" stdout_is_file of_pack
# A byte order mark, as some editors write it, is no part of the text.
{ printf '\357\273\277'; cat entries.jsonl; } >bom.jsonl
printf '\357\273\277{"level":"error"}\n{"level":"info"}\n' >bom.log
gzip -k bom.jsonl bom.log
printf '\357\273\277' >bom
for how in ' ' '- <' .gz; do
	jsonl="${how%.gz}bom.jsonl${how##*[ <]}" log="${how%.gz}bom.log${how##*[ <]}"
	ok "entries behind a byte order mark: $jsonl" exits 0 sh -c "logql -o jsonl '{app=~\".+\"}' $jsonl"
	ok "are entries" stdout_is_file expected
	ok "lines behind one: $log" exits 0 sh -c "logql -o raw '{} | json | level=\"error\"' $log"
	ok "are as without" stdout_is '{"level":"error"}'
	ok "chunkpack: $jsonl" exits 0 sh -c "chunkpack --store bom.store $jsonl"
	ok "gives the same pack" test "$(find bom.store -name '*.pack' | wc -l)" = "$(wc -l <packs)"
	rm -rf bom.wal
	ok "lokid-ingest: $jsonl" exits 0 sh -c "lokid-ingest -q --wal bom.wal --input jsonl $jsonl"
	ok "and its lines" exits 0 sh -c "lokid-ingest -q --wal bom.wal -l app=bom $log"
	ok "are all there" test "$(walreplay bom.wal | grep -c -e '"line":"[GS]' -e '"line":"slow' -e '"line":"{')" = 7
done
ok "one alone is nothing" exits 1 logql '{}' bom
rm -rf bom.wal
ok "in parts" sh -c "(head -c 1 bom.log; sleep 0.05; tail -c +2 bom.log) | lokid-ingest -q --wal bom.wal -l app=bom"
ok "it is left out too" test "$(walreplay bom.wal | grep -c '"line":"{')" = 2
ok "a store as a file" exits 4 logql '{app="web"}' store
ok "is told how it is asked" stderr_is "logql: error: 'store': a folder; --store names a store, --wal a log"
ok "a place for temporary files that is not there" exits 4 sh -c "cat '$pack' | TMPDIR=$PWD/none logql '{app=\"web\"}'"
ok "is named, and how another is chosen" stderr_is "logql: error: 'stdin': temporary file in '$PWD/none' (TMPDIR names another folder): cannot make it: No such file or directory"
ok "frames of several segments" exits 0 sh -c "walreplay --frames wal | logql -o jsonl '{app=~\".+\"}'"
ok "the same entries" stdout_is_file expected
ok "compressed lines in a pipe" exits 0 sh -c "cat seq.log.gz | logql -o raw '{}'"
ok "are lines" stdout_is_file seq.log
printf 'a\0b\n' >odd.bin
ok "what looks binary" exits 0 logql -o raw '{}' odd.bin
ok "is not read without a word" stderr_is "logql: warning: 'odd.bin': looks binary; read as lines (--input lines says so)"
ok "a pack in gzip neither" exits 0 sh -c "gzip -c '$pack' | logql '{}'"
ok "but told" stderr_is "logql: warning: 'stdin': looks binary; read as lines (--input lines says so)"
ok "as asked for" exits 0 logql --input lines -o raw '{}' odd.bin
ok "not a word" stderr_is_empty

# Damaged compression: what comes before is answered.
for pack in gzip zstd; do
	seq 1 200000 | $pack -c >cut.x && cut_file cut.x $(($(size_of cut.x) / 2))
	ok "half a $pack file" exits 3 logql -o raw '{}' cut.x
	ok "told with its place" stderr_matches "^logql: error: 'cut.x': offset [1-9][0-9]*: compressed data is cut short$"
	ok "gives about half of the lines" test "$(wc -l <"$TAP/stdout")" -gt 30000
	ok "each as it was" sh -c "seq 1 200000 | head -n $(($(wc -l <"$TAP/stdout") - 1)) | cmp - '$TAP/stdout' 2>&1 | grep -q 'EOF on -'"
	ok "counts as well" exits 3 logql -o raw 'sum(count_over_time({}[1h]))' cut.x
	ok "something" stdout_matches '^[0-9]{5,6}$'
done
# A store's pack of many chunks, of which half are not there any more.
seq 1 100 | awk '{ for (i = 0; i < 40; i++)
	printf "{\"ts\":\"17936136000000000%02d\",\"labels\":{\"app\":\"a%d\"},\"line\":\"%0400d\"}\n", i, $1, i }' |
	chunkpack --store of-many --encoding none >name
idxbuild --store of-many <name >/dev/null
cut_file "$(cat name)" $(($(size_of "$(cat name)") / 2))
ok "half a pack of a hundred chunks" exits 3 logql --store of-many --at 1793613601 'sum(count_over_time({app=~".+"} |= "1" [1h]))'
ok "twenty faults are told" test "$(grep -c 'error: ' "$TAP/stderr")" -eq 20
ok "and how many more there are" stderr_matches '^logql: warning: [1-9][0-9]* more faults$'
gzip -c entries.jsonl entries.jsonl >cut.gz && cut_file cut.gz $(($(size_of cut.gz) - 9))
ok "cut JSON lines" exits 3 logql '{app=~".+"}' cut.gz
ok "give what can be read" stdout_has "slow query"
ok "and one message" stderr_lines 1

# A pipe is answered as it comes.
mkfifo pipe
spawn sh -c "logql -o raw '{} |= \"x\"' <pipe >came"
exec 3>pipe
printf 'x 1\ny 2\nx 3\nx un' >&3
ok "lines are given when the pipe waits" wait_for 10 grep -q 'x 3' came
ok "whole ones" test "$(cat came)" = "x 1
x 3"
printf 'finished\n' >&3
exec 3>&-
ok "the rest follows" wait_for 10 grep -q 'x unfinished' came

# ---- --output

answer="slow query"
ask() { # --output FILE...: an answer of one line
	logql -o raw '{app="db"}' --store store "$@"
}
echo old >plain && chmod 640 plain && ln -s plain link && ln -s newer dangling && mkfifo out
ok "to a file that is there" exits 0 ask --output plain
ok "keeps its mode" test "$(stat -c %a plain)" = 640
ok "replaces its text" test "$(cat plain)" = "$answer"
echo old >plain
ok "to a symbolic link" exits 0 ask --output link
ok "which stays one" test -L link
ok "and leads to the answer" test "$(cat plain)" = "$answer"
ok "to one that leads to nothing yet" exits 0 ask --output dangling
ok "makes what it names" test "$(cat newer)" = "$answer"
timeout 20 cat out >fifo_got &
cat_pid=$!
ok "to a FIFO" exits 0 ask --output out
ok "which stays one" test -p out
wait $cat_pid
ok "whose reader gets it" test "$(cat fifo_got)" = "$answer"
ok "a folder that is not there is exit 4" exits 4 ask --output nosuch/x
ok "named once" stderr_matches "^logql: error: 'nosuch/x': cannot make a file in 'nosuch/': No such"
ok "one line" stderr_lines 1
cp entries.jsonl in.jsonl
ok "one of the inputs is exit 2" exits 2 logql --output in.jsonl '{app="db"}' in.jsonl
ok "says so" stderr_has "--output 'in.jsonl' is one of the inputs"
ok "stdin too" exits 2 sh -c "logql --output in.jsonl '{app=\"db\"}' <in.jsonl"
ok "by another name too" exits 2 logql --output in.jsonl '{app="db"}' ./in.jsonl
ok "it is as it was" same_file entries.jsonl in.jsonl
# By a link, and only when what is no file was left alone above: nobody's /dev is to be harmed.
if [ -c /dev/full ] && [ -p out ]; then
	ln -s /dev/full full
	for to in '>/dev/full' '--output full'; do
		for ask in "'{app=\"db\"}'" series stats labels "--at $at 'count_over_time({app=\"db\"}[3d])'"; do
			ok "$ask $to is exit 4" exits 4 sh -c "logql $ask --store store $to"
			ok "said once" stderr_lines 1
			ok "with the name and the reason" stderr_matches "^logql: error: ('full'|stdout|cannot write to ('full'|stdout)): .*No space left"
		done
	done
fi
mkfifo wait1
spawn sh -c "exec logql --output killed -o raw '{}' - <wait1"
killed=$PID
exec 3>wait1
seq 1000 >&3
kill -9 "$killed"
wait "$killed" 2>/dev/null
exec 3>&-
ok "killed, it leaves nothing" test ! -e killed
ok "no temporary file either" test -z "$(find . -name '*.tmp')"

# ---- an empty pipe is no data

mkdir lokid-data && cp -r store wal lokid-data
: >empty
for ask in ": | ASK" "cat /dev/null | ASK" "ASK </dev/null" "ASK <empty"; do
	ok "$ask" exits 0 sh -c "$(echo "$ask" | sed "s/ASK/logql -o jsonl '{app=~\".+\"}'/")"
	ok "asks the default store and log" stdout_is_file expected
done
ok "a pipe with a line is asked itself" exits 0 sh -c "echo line | logql -o raw '{}'"
ok "for it" stdout_is line
rm -r lokid-data
ok "without a store an empty pipe is what is asked" exits 1 sh -c ": | logql '{}'"

# ---- stats: each entry once, wherever it is

for source in "--store half --wal half.wal" "--wal half.wal" entries.jsonl half.wal/*.wal; do
	[ -d half.wal ] || lokid-ingest -q --wal half.wal --input jsonl entries.jsonl
	[ "$source" != "half.wal/*.wal" ] || source=$(echo half.wal/*.wal)
	[ -d half ] || { walreplay --frames half.wal | chunkpack --store half | idxbuild --store half >/dev/null; }
	ok "stats $source" exits 0 sh -c "logql stats $source"
	ok "5 entries" stdout_has "entries 5"
	ok "of their bytes" stdout_has "bytes 49"
done
rm half/fake/index/2025-10-15/*
ok "one day in the store, both in the log" exits 0 logql stats --store half --wal half.wal
ok "still 5 entries" stdout_has "entries 5"
ok "of their bytes" stdout_has "bytes 49"
ok "in two streams" stdout_has "streams 2"
printf 'one\ntwo\nlast' >three.log
ok "stats of raw lines" exits 0 logql stats three.log
ok "counts them" stdout_is "streams 1
chunks 0
entries 3
bytes 10"

# ---- times that stand in lines

cat >forms <<'EOF'
2025/10/14 09:00:05 [error] nginx
[Tue Oct 14 09:00:06.500000 2025] [core:error] apache
EOF
ok "--time line" exits 0 logql --time line '{}' forms
ok "as nginx writes errors" stdout_has "2025-10-14T09:00:05Z {} 2025/"
ok "as Apache does" stdout_has "2025-10-14T09:00:06.500Z {} [Tue"
date -u -d '-2 days' '+%b %e %H:%M:%S host x' >syslog
ok "as syslog does" exits 0 logql --time line '{}' syslog
ok "two days ago" stdout_has "$(date -u -d '-2 days' +%Y-%m-%dT)"
date -u -d '+9 days' '+%b %e %H:%M:%S host x' >syslog
ok "a day that is to come" exits 0 logql --time line '{}' syslog
ok "was last year" stdout_has "$(($(date -u -d '+9 days' +%Y) - 1))-"
ok "a field that no line has" exits 0 logql --time-field nosuch '{}' forms
ok "is told" stderr_is "logql: warning: 'forms': no line has a time in a field 'nosuch'"
printf '2026-01-15 10:00:00 a\n0893-01-15 10:00:00 b\nTue Oct 14 09:00:05.5 9999 c\n' >far
ok "a year that no time can have" exits 0 logql --time line '{}' far
ok "is none" stdout_is "2026-01-15T10:00:00Z {} 2026-01-15 10:00:00 a
2026-01-15T10:00:00Z {} 0893-01-15 10:00:00 b
2026-01-15T10:00:00Z {} Tue Oct 14 09:00:05.5 9999 c"
ok "no time at all" exits 0 logql --time line '{}' three.log
ok "is told" stderr_is "logql: warning: 'three.log': no line has a time that --time line knows"

# ---- CSV of what there is, and what makes no sense

ok "labels" exits 0 logql labels -o csv --store store
ok "as CSV" stdout_is "label
app
host"
ok "values" exits 0 logql values app -o csv --store store
ok "as CSV" stdout_is "app
db
web"
ok "series" exits 0 logql series -o csv --store store
ok "as CSV" stdout_is 'labels
"{app=""db""}"
"{app=""web"", host=""a""}"'
ok "stats" exits 0 logql stats -o csv --store store
ok "as CSV" stdout_is "streams,chunks,entries,bytes
2,3,5,49"
ok "--from after --to is exit 2" exits 2 logql --from 20 --to 10 '{app="db"}' --store store
ok "and said" stderr_is "logql: error: --from is after --to"

seq 50 | sed 's/.*/{&/' | cat entries.jsonl - >many_bad.jsonl
ok "many lines that are no entries" exits 3 logql '{app="db"}' many_bad.jsonl
ok "are told by the first ten" stderr_lines 11
ok "and their number" stderr_has "'many_bad.jsonl': 40 more lines are no entries"

done_testing
