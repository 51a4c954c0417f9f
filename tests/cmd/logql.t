#!/bin/sh
# logql: sources, outputs, exit codes, limits, damage.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/entries.sh"

# ---- raw lines

printf 'one error\ntwo\nthree error' >raw.log
ok "a file of lines" exits 0 logql -o raw '{} |= "error"' raw.log
printf 'one error\nthree error\n' >expected
ok "in their order, a last line without newline too" stdout_is_file expected
ok "stdin" exits 0 sh -c "cat raw.log | logql -o raw '{} |= \"error\"'"
ok "the same" stdout_is_file expected
ok "stdin by name" exits 0 sh -c "logql -o raw '{} |= \"error\"' - <raw.log"
ok "the same" stdout_is_file expected
gzip -k raw.log
ok "gzip" exits 0 logql -o raw '{} |= "error"' raw.log.gz
ok "the same" stdout_is_file expected
zstd -q raw.log
ok "zstd" exits 0 logql -o raw '{} |= "error"' raw.log.zst
ok "the same" stdout_is_file expected
ok "several files" exits 0 logql -o raw 'sum(count_over_time({}[1m]))' raw.log raw.log.gz raw.log.zst
ok "all their lines" stdout_is 9
ok "--direction" exits 0 logql -o raw --direction backward '{}' raw.log
ok "turns the order round" test "$(head -n 1 "$TAP/stdout")" = "three error"
ok "--limit" exits 0 logql -o raw -n 2 '{}' raw.log
ok "ends early" stdout_lines 2
ok "nothing found is exit 1" exits 1 logql '{} |= "four"' raw.log
ok "and prints nothing" stdout_is_empty
ok "nor a hint" stderr_is_empty
hint=": raw lines have no labels, so no such selector finds them; {} does"
ok "a selector that no raw line fits" exits 1 logql '{app="web"} |= "error"' raw.log raw.log
ok "is hinted at, once" stderr_is "logql: 'raw.log'$hint"
ok "of a pipe" exits 1 sh -c "logql 'sum(rate({app=\"web\"}[1m])) + sum(rate({a=\"b\"}[1m]))' <raw.log"
ok "too" stderr_is "logql: 'stdin'$hint"
ok "not when others have it" exits 0 logql '{app="db"}' raw.log entries.jsonl
ok "as is no news" stderr_is_empty
ok "an empty file" exits 1 logql '{}' /dev/null
seq 300000 | sed 's/$/ some more text, so that there are many pieces/' >many
for j in 1 3; do
	ok "many pieces, -j$j" exits 0 logql -j$j -o raw '{} |= "77777"' many
	grep -F 77777 many >expected
	ok "as grep finds them" stdout_is_file expected
done
ok "many pieces of a pipe" exits 0 sh -c "cat many | logql -o raw '{} |= \"77777\"'"
ok "as grep finds them" stdout_is_file expected

mkfifo live
spawn sh -c "logql -o jsonl '{} |= \"o\"' - <live >got"
exec 8>live
echo o >&8
ok "lines of a slow pipe are shown as they come, short ones too" wait_for 10 grep -q '"o"' got
between=$(date +%s%N)
echo two >&8
ok "one after the other" wait_for 10 grep -q two got
exec 8>&-
ts() { sed -n "s/{\"ts\":\"\([0-9]*\)\".*\"$1\".*/\1/p" got; }
ok "each has the time of its coming" sh -c "[ $(ts o) -lt $between ] && [ $between -le $(ts two) ]"
printf 'a %s\n' 1 2 3 >a.log
printf 'b %s\n' 1 2 3 | gzip >b.log.gz
printf 'c %s\n' 1 2 3 >c.log
ok "files, oldest first" exits 0 logql -o raw '{}' a.log b.log.gz c.log
ok "are one after the other" stdout_is "$(cat a.log; zcat b.log.gz; cat c.log)"
ok "newest first" exits 0 logql -o raw --direction backward '{}' c.log b.log.gz a.log
ok "the other way round" stdout_is "$({ cat c.log; zcat b.log.gz; cat a.log; } | tac)"

# ---- times of raw lines

cat >timed.log <<'EOF'
2025-10-15T10:00:00Z start
2025-10-15 10:00:01,500 more
	at trace
[15/Oct/2025:12:00:03 +0200] last
EOF
ok "--time line" exits 0 logql --time line '{}' timed.log
ok "RFC 3339" stdout_has "2025-10-15T10:00:00Z {} 2025"
ok "with a blank and a comma" stdout_has "2025-10-15T10:00:01.500Z {} 2025"
ok "a line without has that of the one before" stdout_matches '^2025-10-15T10:00:01.500Z [{][}] .at trace$'
ok "as web servers write it" stdout_has "2025-10-15T10:00:03Z {} [15/"
ok "a window over such times" exits 0 logql --time line --at 2025-10-15T10:00:01.5Z -o raw 'sum(count_over_time({}[1s]))' timed.log
ok "counts them" stdout_is 2
ok "without a time, that of the newest line" exits 0 logql --time line -o raw 'sum(count_over_time({}[1s]))' timed.log
ok "counts it" stdout_is 1
printf '{"t":1760522400,"m":1}\n{"t":"1760522401.5"}\nt=1760522402000 x\n' >field.log
ok "--time-field" exits 0 logql --time-field t '{}' field.log
ok "a number" stdout_has '2025-10-15T10:00:00Z {} {"t"'
ok "a fraction" stdout_has '2025-10-15T10:00:01.500Z {}'
ok "logfmt, milliseconds" stdout_has '2025-10-15T10:00:02Z {} t='

# ---- JSON lines, packs, stores, logs: the same answers

chunkpack --store store entries.jsonl >packs
lokid-ingest -q --wal wal --input jsonl entries.jsonl
idxbuild --store store <packs >/dev/null
logql -o jsonl '{app=~".+"}' entries.jsonl >expected
ok "newest first, equal times in reverse" test "$(head -n 1 expected)" = "$(tail -n 1 entries.jsonl)"
for source in "--store store" "--wal wal" "--store store --wal wal" "$(tr '\n' ' ' <packs)" wal/*.wal; do
	ok "a log query: ${source%% *}" exits 0 sh -c "logql -o jsonl '{app=~\".+\"}' $source"
	ok "the same entries" stdout_is_file expected
	ok "a count" exits 0 sh -c "logql --at $at -o raw 'sum(count_over_time({app=\"web\"} |= \"500\" [3d]))' $source"
	ok "is right" stdout_is 2
	ok "limits" exits 0 sh -c "logql -n 2 -o jsonl '{app=\"web\"}' $source"
	ok "give the newest" stdout_is "$(grep web expected | head -n 2)"
	ok "times" exits 0 sh -c "logql --from 2025-10-15T10:00:01Z --to 2025-10-15T10:00:02Z -o raw '{app=~\".+\"}' $source"
	ok "from is in, to is out" stdout_is "GET /x 500"
	ok "labels" exits 0 sh -c "logql labels $source"
	ok "all names" stdout_is "app
host"
	ok "values" exits 0 sh -c "logql values app '{host=\"a\"}' $source"
	ok "of the streams that fit" stdout_is web
	ok "series" exits 0 sh -c "logql series $source"
	ok "all of them" stdout_is '{app="db"}
{app="web", host="a"}'
done
sed 's/"fake"/"alice"/' entries.jsonl | lokid-ingest -q --wal alice.wal --input jsonl
ok "entries of a tenant" exits 0 logql -t alice -o jsonl '{app="db"}' --wal alice.wal
ok "say whose they are" stdout_is "$(grep '"db"' entries.jsonl | sed 's/fake/alice/')"
ok "and go to who they are of" sh -c "logql -t alice -o jsonl '{app=\"db\"}' --wal alice.wal | chunkpack --store alice | grep '^alice/'"
ok "files of two tenants" exits 0 logql -o jsonl '{app="db"}' alice.wal/*.wal "$(head -n 1 packs)" entries.jsonl
ok "are told apart" stdout_is "$(grep '"db"' entries.jsonl)
$(grep '"db"' entries.jsonl | sed 's/fake/alice/')"
ok "of raw lines nothing is said" exits 0 sh -c "logql -o jsonl '{}' raw.log | grep -v tenant"
newest='sum(count_over_time({app="web"}[1m]))'
for files in entries.jsonl "$(tr '\n' ' ' <packs)" wal/*.wal '- <entries.jsonl' 'entries.jsonl many'; do
	case $files in
	*many) want=1 ;; # lines are of this moment
	*) want=0 ;;
	esac
	ok "a count without a time: ${files%% *}" exits "$want" sh -c "logql -o raw '$newest' $files"
	[ "$want" = 1 ] || ok "is that of the newest entry" stdout_is 2
done
ok "of a store it is now" exits 1 logql -o raw "$newest" --store store
ok "of a log too" exits 1 logql -o raw "$newest" --wal wal entries.jsonl
ok "stats" exits 0 logql stats --store store '{app="web"}'
ok "of what fits" stdout_is "streams 1
chunks 2
entries 4
bytes 39"
mkdir lokid-data && cp -r store wal lokid-data
ok "the default store and log" exits 0 sh -c "logql -o jsonl '{app=~\".+\"}' </dev/null"
ok "the same entries" stdout_is_file expected
ok "another tenant has nothing" exits 1 logql -t other --store store '{app=~".+"}'
ok "nor names" exits 1 logql labels -t other --store store --wal wal

# ---- outputs

ok "default" exits 0 logql -n 1 '{app="db"}' --store store
ok "time, labels, line" stdout_is '2025-10-15T10:00:02Z {app="db"} slow query'
printf 'tab\there \033[31mred\033[0m \302\233 \233 bell\007 \303\251 \r\n' >control.log
ok "a pipe" exits 0 sh -c "logql '{}' control.log | cut -d ' ' -f 3-"
ok "gets lines as they are" stdout_is_file control.log
if command -v script >/dev/null; then
	ok "a terminal" exits 0 script -qec "logql '{}' control.log" /dev/null
	ok "gets no control characters" stdout_has "$(printf 'tab\there \\x1b[31mred\\x1b[0m \\x9b \\x9b bell\\x07 \303\251 \\x0d')"
	printf '{"ts":"1","labels":{"app":"a\\u001bb"},"line":"x"}\n' >control.jsonl
	ok "values too" exits 0 script -qec "logql values app control.jsonl" /dev/null
	ok "get none" stdout_has 'a\x1bb'
	ok "unless raw ones are asked for" exits 0 script -qec "logql -o raw '{}' control.log" /dev/null
	ok "as they are" stdout_has "$(printf '\033[31mred')"
else
	skip "a terminal gets no control characters" "no script(1) here"
fi
ok "csv" exits 0 logql -o csv '{app="db"}' --store store
ok "with a heading" stdout_is 'timestamp,labels,line
2025-10-15T10:00:02Z,"{app=""db""}",slow query'
ok "api" exits 0 logql -o api '{app="db"}' --store store
ok "Loki's body" stdout_is '{"status":"success","data":{"resultType":"streams","result":[{"stream":{"app":"db"},"values":[["1760522402000000000","slow query"]]}],"stats":{}}}'
ok "api, a vector" exits 0 logql -o api --at $at 'sum by (app) (count_over_time({app="db"}[3d]))' --store store
ok "Loki's body" stdout_is '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"app":"db"},"value":[1760700000,"1"]}],"stats":{}}}'
ok "api, nothing" exits 1 logql -o api '{app="no"}' --store store
ok "is a body too" stdout_has '"result":[]'
ok "--help lists the verbs" exits 0 logql --help
for verb in labels values series stats fmt; do
	ok "$verb" stdout_matches "^  $verb "
done
while read -r word like; do
	ok "'$word' is no verb" exits 2 logql "$word" --store store
	ok "but '$like'" stderr_has "; '$word': did you mean '$like'?"
done <<'EOF'
serie series
label labels
lables labels
Stats stats
fm fmt
EOF
ok "it is a query that is none" stderr_has "error: parse error at line 1, col 1: syntax error: unexpected IDENTIFIER"
ok "a word like none" exits 2 logql frobnicate --store store
ok "is told which there are" stderr_has "; 'frobnicate': expected a query, or labels, values, series, stats, volume, detected-labels, detected-fields, detected-values, tail, patterns, delete, fmt or query"
echo 'one line' >one.log
ok "query answers the query behind it" exits 0 logql query -o raw '{} |= "one"' one.log
ok "as without it" stdout_is 'one line'
ok "in --explain too" exits 0 logql query --explain '{} |= "one"' one.log
ok "of that query" stdout_has '|= "one"'
ok "a command behind it is none" exits 2 logql query labels --store store
ok "but a query that is wrong" stderr_is 'logql: error: parse error at line 1, col 1: syntax error: unexpected IDENTIFIER, want a selector {...}, a function, a number or ('
ok "it needs one" exits 2 logql query --store store
ok "and says so" stderr_has 'query: no query given'
ok "fmt" exits 0 logql fmt '{app="a"}|="x"'
ok "lays out" stdout_is '{app="a"} |= "x"'
ok "fmt of stdin" exits 0 sh -c "printf '{app=\"a\"}\n|=\"x\"\n' | logql fmt"
ok "is the same" stdout_is '{app="a"} |= "x"'
ok "of nothing" exits 2 logql fmt
ok "is no query" stderr_has "parse error"
ok "of too much" exits 2 sh -c "head -c 300000 /dev/zero | tr '\\0' ' ' | logql fmt"
ok "neither" stderr_has "error"
ok "of two queries" exits 2 logql fmt '{app="a"}' '{app="b"}'
ok "one is expected" stderr_is "logql: error: fmt: one query expected, found 2"
ok "numbers as Loki prints them" exits 0 logql fmt 'vector(0.00000012)'
ok "with six digits" stdout_is 'vector(0.000000)'
ok "--output" exits 0 logql --output answer -o raw '{app="db"}' --store store
ok "prints nothing" stdout_is_empty
ok "writes the file" test "$(cat answer)" = "slow query"
ok "a wrong query leaves it alone" exits 2 logql --output answer '{app="db"} | nosuch' --store store
ok "as it was" test "$(cat answer)" = "slow query"
ok "a full stdout is exit 4" exits 4 sh -c "logql '{}' many >/dev/full"

# ---- refusals

ok "no query is exit 2" exits 2 logql
ok "a wrong query is exit 2" exits 2 logql '{app="a"' raw.log
ok "with its place" stderr_has "logql: error: parse error at line 1, col 9: "
ok "--strict refuses what Loki refuses" exits 2 logql --strict '{}' raw.log
ok "a regex that is none" exits 2 logql '{a=~"("}' raw.log
ok "a template that is none" exits 2 logql '{a="b"} | line_format "{{ .x | nosuch }}"' nosuchfile
ok "in the words of its language" stderr_has 'template: line:1: function "nosuch" not defined'

# ---- options without an effect are refused

# refused WHY OPTIONS QUERY...: exit 2, and the message.
refused() {
	why=$1
	shift
	ok "logql $*" exits 2 logql "$@"
	ok "tells why" stderr_has "$why"
}
metric='count_over_time({a="b"}[1m])'
refused "error: log queries are not supported as an instant query type" --at now '{a="b"}' raw.log
for option in '--from 0' '--to 100' '--step 1s'; do
	# shellcheck disable=SC2086
	refused "error: option '${option%% *}': --at asks for one moment, not for a range" $option --at 50 "$metric" raw.log
done
ok "what clients give along with any query is no error" exits 0 logql -n 1 --direction forward 'count_over_time({} [1m])' raw.log
ok "nor of a log query" exits 0 logql --step 1s '{}' raw.log
ok "nor are labels by their origin" exits 0 logql --encoding-flags categorize-labels -o api 'count_over_time({} [1m])' raw.log
refused "error: option '--memory': only metric queries hold series" --memory 1MiB '{a="b"}' raw.log
refused "error: option '--memory': expected at least 1, found '0'" --memory 0 "$metric" raw.log
refused "error: option '--jobs': expected at least 1, found '0'" -j 0 '{a="b"}' raw.log
refused "error: option '--jobs': expected at most 256, found '100000'" -j 100000 '{a="b"}' raw.log
for option in '-j 3' '-t x' '--input lines' '--time line' '--time-field f'; do
	# shellcheck disable=SC2086
	refused ": fmt only formats a query" $option fmt '{a="b"}'
done
refused "error: option '--format': a query is printed as text, or with api" -o csv fmt '{a="b"}'
refused "error: option '--format': a query is printed as text, or with api" -o jsonl fmt '{a="b"}'
for verb in labels series stats; do
	ok "$verb: how to work may be said of all" exits 0 logql -j 3 --strict "$verb" entries.jsonl
	refused "error: option '--encoding-flags': no entries are printed" --encoding-flags x -o api "$verb" raw.log
done
refused "error: option '--encoding-flags': no entries are printed" --encoding-flags x -o api fmt '{a="b"}'
refused "queries require at least one" --strict labels '{}' raw.log
for verb in labels '{a="b"}'; do
	refused "error: --from is after --to" --from 100 --to 50 "$verb" raw.log
done
refused "error: option '--limit': no entries are printed" -n 1 labels raw.log
refused "error: option '--at': --from and --to say when" --at 1 series raw.log
refused "error: --time, --time-field: only one of them" --time line --time-field x '{}' raw.log
refused "error: --time, --time-field: no file of raw lines is read" --time line '{a="b"}' entries.jsonl
refused "error: --time, --time-field: no file of raw lines is read" --time-field x '{a="b"}' entries.jsonl
refused "error: option '--tenant': raw lines belong to none" -t foo '{}' raw.log
ok "of a tenant's nothing, nothing is found" exits 1 logql -t foo '{}' - </dev/null
ok "lines and entries of a tenant" exits 0 logql -t fake '{app="db"}' raw.log entries.jsonl
refused "error: option '--from': fmt only formats a query" --from 1 fmt '{a="b"}'
refused "error: option '--store': fmt only formats a query" --store store fmt '{a="b"}'
refused "error: option '--encoding-flags': only with -o api" --encoding-flags x '{a="b"}' raw.log
for option in '--time line' '--time-field t' '--input lines'; do
	# shellcheck disable=SC2086
	refused "no text file is read" $option --store store '{a="b"}'
done
refused "option '--since': expected a duration above 0, found '0s'" --since 0s '{a="b"}' raw.log
refused "option '--since': expected a duration as 1h30m, found 'yesterday'" --since yesterday '{a="b"}' raw.log
printf '%s\n' "{\"ts\":\"$(date +%s)000000000\",\"labels\":{\"a\":\"b\"},\"line\":\"new\"}" \
	'{"ts":"1","labels":{"a":"b"},"line":"old"}' >since.jsonl
ok "--since 1h: what is younger" exits 0 logql --since 1h -o raw '{a="b"}' since.jsonl
ok "alone" stdout_is new
ok "--since 290y: all there is" exits 0 logql --since 290y -o raw '{a="b"}' since.jsonl
ok "with the oldest" stdout_has old
ok "-n 0 is all" exits 0 logql -n 0 -o raw '{}' raw.log
ok "of them" stdout_lines 3
ok "--to alone is a moment" exits 0 logql --to $at -o raw 'sum(count_over_time({app="web"}[3d]))' entries.jsonl
ok "as --at" stdout_is 4
ok "--limit 0 too" exits 0 logql --limit 0 '{}' raw.log
ok "of them" stdout_lines 3
ok "too many steps" exits 2 logql --from 0 --to 100000 --step 1s 'count_over_time({a="b"}[1m])' raw.log
ok "a step of nothing" exits 2 logql --step 0s 'count_over_time({a="b"}[1m])' raw.log
ok "a file that is not there is exit 4" exits 4 logql '{}' nosuchfile
ok "a store that is not there is exit 4" exits 4 logql --store nosuch '{a="b"}'
mkdir -p other/app
for ask in "'{a=\"b\"}'" labels series stats "--explain '{a=\"b\"}'"; do
	ok "a folder that is no store: $ask" exits 4 sh -c "logql --store other $ask"
	ok "is told, as by other programs" stderr_is "logql: error: 'other' is no store: it has no '~lokid/format', and 'app' lies in it"
done
mkdir blank
ok "an empty one has nothing" exits 1 logql --store blank '{a="b"}'
refused "error: option '--analyze': not with --explain" --explain --analyze '{a="b"}' entries.jsonl
refused "error: option '--explain': not with --analyze" --analyze --explain '{a="b"}' entries.jsonl
for verb in labels series stats; do
	refused "error: option '--no-filters': no lines are searched" --no-filters "$verb" entries.jsonl
done
refused "error: option '--no-filters': fmt only formats a query" --no-filters fmt '{a="b"}'
refused "error: option '--no-filters': not with --addr" --no-filters --addr http://127.0.0.1:1 '{a="b"}'
ok "of a query it changes nothing" exits 0 logql --no-filters '{app="db"}' entries.jsonl
for ask in "logql '{a=\"b\"}'" "logql --at $at 'count_over_time({a=\"b\"}[1m])'" "logql labels" "logql stats"; do
	ok "a log that is not there: $ask" exits 4 sh -c "$ask --wal nosuch"
	ok "is told" stderr_is "logql: error: there is no write-ahead log 'nosuch'"
	ok "also beside a store" exits 4 sh -c "$ask --store store --wal nosuch"
done
mkdir empty && cd empty || exit 99
ok "nothing to read is exit 2" exits 2 sh -c "logql '{}' </dev/null"
ok "and told how to go on" stderr_matches "nothing to read: ./lokid-data is not there; name a FILE, .* make it with lokid-ingest"
mkdir -p lokid-data/wal
ok "of the default store and log one is enough" exits 1 sh -c "logql '{}' </dev/null"
ok "without a message" stderr_is_empty
cd .. || exit 99

# ---- damage: told, and the rest is answered

cp "$(head -n 1 packs)" bad.pack
flip_byte bad.pack 140
ok "a damaged pack is exit 3" exits 3 logql -o raw '{app=~".+"}' bad.pack entries.jsonl
ok "told by name" stderr_has "logql: error: 'bad.pack'"
ok "the rest is there" stdout_has "slow query"
ok "damaged gzip is exit 3" exits 3 sh -c "head -c 40 raw.log.gz >cut.gz; logql '{}' cut.gz"
ok "told by name" stderr_has "'cut.gz': "
sed 's/^{/[/' entries.jsonl >bad.jsonl
ok "JSON lines that are none" exits 3 logql --input jsonl '{}' bad.jsonl
ok "told by line" stderr_has "'bad.jsonl': line 1: "

cp -r store torn
torn=$(ls torn/fake/chunks/2025-10-16/*.pack)
chmod u+w "$torn" && flip_byte "$torn" 60
rm -rf lokid-data && mkdir lokid-data && cp -r torn lokid-data/store
for ask in "--store torn" "--store ./torn/" "--store $PWD/torn" ""; do
	dir=${ask#--store } && dir=${dir:-lokid-data/store}
	ok "damage in a store: $ask" exits 3 sh -c "logql $ask '{app=\"web\"}' </dev/null"
	ok "the pack's path as one would type it" stderr_matches "^logql: error: '${dir%/}/fake/chunks/2025-10-16/[0-9a-f]*.pack': "
done
ok "idxbuild" exits 0 sh -c 'rm -rf lokid-data/store/* && chunkpack entries.jsonl </dev/null | idxbuild'
ok "spells the default store as others do" stdout_matches '^lokid-data/store/fake/index/'
rm -r lokid-data

# ---- memory of metric queries: one limit for all threads

seq 20000 | awk '{ printf "{\"ts\":\"%d000000000\",\"labels\":{\"app\":\"m\"},\"line\":\"id=%d v=1\"}\n", 1760522400 + $1 % 500, $1 }' >many.jsonl
chunkpack --store many.store --block-size 16KiB many.jsonl | idxbuild --store many.store >/dev/null
for ask in 'count(count_over_time({app="m"} | logfmt [1h]))' 'count(sum_over_time({app="m"} | logfmt | unwrap v [1h]))'; do
	for j in 1 4; do
		ok "-j$j, little memory: $ask" exits 3 logql -j$j --memory 2MB --at 1760522900 --store many.store "$ask"
		ok "is refused" stderr_is "logql: error: more than the 2000000 bytes of memory for series and values: ask for fewer, or longer steps (or --memory)"
		ok "enough is enough" exits 0 logql -j$j --memory 64MB --at 1760522900 --store many.store -o raw "$ask"
		ok "for all" stdout_is 20000
	done
done
seq 70000 | sed 's/^/v=/' >values
ask='sum_over_time({} | logfmt | unwrap v [1h])'
ok "an array that grows is counted with the old one" exits 3 logql -j1 --memory 2500KiB "$ask" values
ok "and fits with both" exits 0 logql -j1 --memory 3500KiB -o raw "$ask" values
ok "fewer series need less" exits 0 logql --memory 2MB --at 1760522900 --store many.store -o raw 'sum(count_over_time({app="m"} | logfmt [1h]))'
ok "for the same entries" stdout_is 20000

# ---- a pack that is lost

lokid-ingest -q --wal lost.wal --input jsonl entries.jsonl
walreplay --frames lost.wal | chunkpack --store lost | idxbuild --store lost >/dev/null
rm lost/fake/chunks/2025-10-15/*.pack
ok "a lost pack" exits 3 logql --store lost -o raw '{app=~".+"}'
ok "is named" stderr_matches "/2025-10-15/.*names a pack that is lost: 'lost/fake/chunks/2025-10-15/"
ok "once" stderr_lines 1
ok "the other day is read" stdout_is "GET /z 500
GET /y 200"
ok "also when a text is looked for" exits 3 logql --store lost -o raw '{app=~".+"} |= "GET /y"'
ok "once" stderr_lines 1
ok "which is found" stdout_is "GET /y 200"
ok "with the log" exits 3 logql --store lost --wal lost.wal -o jsonl '{app=~".+"}'
logql -o jsonl '{app=~".+"}' entries.jsonl >expected
ok "nothing is missing, nothing twice" stdout_is_file expected
ok "counts too" exits 3 logql --store lost --wal lost.wal --at $at -o raw 'sum(count_over_time({app="web"}[3d]))'
ok "are right" stdout_is 4
ok "days that have all" exits 0 logql --store lost --wal lost.wal --from 2025-10-16 -o raw '{app=~".+"}'
ok "are answered without a word" stderr_is_empty

# ---- the first times there are, and the last ones

{
	entry -9223372036854775808 '{"app":"t"}' first
	entry -9223372036854775807 '{"app":"t"}' second
	entry 0 '{"app":"t"}' v=2
	entry 9223372036854775806 '{"app":"t"}' last
	entry 9223372036854775807 '{"app":"t"}' end
} >extreme.jsonl
lokid-ingest -q --wal extreme.wal --input jsonl extreme.jsonl
chunkpack --store extreme extreme.jsonl | idxbuild --store extreme >/dev/null
for source in extreme.jsonl "--wal extreme.wal" "--store extreme"; do
	# shellcheck disable=SC2086
	ok "all times, $source" exits 0 logql '{app="t"}' $source
	ok "are shown" stdout_is '2262-04-11T23:47:16.854775807Z {app="t"} end
2262-04-11T23:47:16.854775806Z {app="t"} last
1970-01-01T00:00:00Z {app="t"} v=2
1677-09-21T00:12:43.145224193Z {app="t"} second
1677-09-21T00:12:43.145224192Z {app="t"} first'
	# shellcheck disable=SC2086
	ok "from the last moment on" exits 0 logql --from 9223372036854775807 -o raw '{app="t"}' $source
	ok "that is there" stdout_is end
	for step in '' '--step 1ns' '--step 1h'; do
		# shellcheck disable=SC2086
		ok "its volume, $step" exits 0 logql volume --from 9223372036854775807 $step '{app="t"}' $source
		ok "is that of one line" stdout_has '{app="t"} 3'
	done
	# shellcheck disable=SC2086
	ok "up to it" exits 0 logql --to 9223372036854775806 -o raw -n 1 '{app="t"}' $source
	ok "nothing behind" stdout_is v=2
	# shellcheck disable=SC2086
	ok "stats" exits 0 logql stats -o csv $source
	ok "know it" stdout_matches '(^|,)5(,|$)'
	# shellcheck disable=SC2086
	ok "counted" exits 0 logql -o raw --at 1678-01-01T00:00:00Z 'sum(count_over_time({app="t"}[100y]))' $source
	ok "in a window that begins before all time" stdout_is 2
	# shellcheck disable=SC2086
	ok "of steps over 580 years" exits 0 logql --from 1680-01-01T00:00:00Z --to 2262-04-11T00:00:00Z --step 1y 'sum(count_over_time({app="t"}[1y]))' $source
	ok "those that are times" stdout_is '1970-01-01T00:00:00Z {} 1'
	# shellcheck disable=SC2086
	ok "without a step" exits 0 logql -o raw --from 1680-01-01T00:00:00Z --to 2261-01-01T00:00:00Z 'sum(count_over_time({app="t"}[1y]))' $source
	# shellcheck disable=SC2086
	ok "of values" exits 0 logql --from 1680-01-01T00:00:00Z --to 2262-04-11T00:00:00Z --step 1y 'sum_over_time({app="t"} | logfmt n="v" | unwrap n [1y])' $source
	ok "too" stdout_is '1970-01-01T00:00:00Z {app="t"} 2'
	# shellcheck disable=SC2086
	ok "an offset out of all times" exits 1 logql -o raw --at 1678-01-01T00:00:00Z 'sum(count_over_time({app="t"}[1h] offset 200y))' $source
	# shellcheck disable=SC2086
	ok "to the other side" exits 1 logql -o raw --at 2262-01-01T00:00:00Z 'sum(count_over_time({app="t"}[1h] offset -200y))' $source
done
ok "seconds beyond" exits 2 logql --at 9999999999 'sum(count_over_time({app="t"}[1h]))' extreme.jsonl
printf '%s\n' '2025-10-15T10:00:00Z a' '9999-12-31T23:59:59Z b' '9999999999 c' '9999999999999 d' '9999999999999999999 e' >beyond.log
ok "lines of times beyond" exits 0 logql --time line '{}' beyond.log
ok "have that of the one before" test "$(grep -c '^2025-10-15T10:00:00Z' "$TAP/stdout")" = 5

done_testing
