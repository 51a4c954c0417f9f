#!/bin/sh
# logql: verbs about what there is: volume, detected-labels, detected-fields, detected-values,
# patterns.
. "${0%/*}/../lib/tap.sh"

entry() { # SECONDS LABELS LINE
	printf '{"ts":"%s000000000","tenant":"fake","labels":%s,"line":"%s"%s}\n' "$1" "$2" "$3" "${4-}"
}

shop='{"app":"shop","pod":"0b7e8c1e-32d4-4ca5-8a2c-5a1f0f9d1c11","port":"80"}'
auth='{"app":"auth","pod":"a-1","port":"81"}'
{
	entry 1760522410 "$shop" '{\"status\":200,\"dur\":\"12ms\",\"ok\":true}'
	entry 1760522420 "$shop" '{\"status\":500,\"dur\":\"1.5s\",\"ok\":false}' ',"metadata":{"trace":"t1"}'
	entry 1760522430 "$shop" 'status=x size=10MB user bob'
	entry 1760522410 "$auth" 'user alice logged in from 10.0.0.1 port 22' ',"metadata":{"app_id":"z"}'
	entry 1760608810 "$auth" 'user bob logged in from 10.0.0.27 port 4711'
	entry 1760608811 '{"host":"x"}' 'no app'
} >entries.jsonl

# ---- volume

printf '%s\n' '{app="shop"} 102' '{app="auth"} 85' >expected
ok "bytes of lines, by what the selector names" exits 0 logql volume '{app=~".+"}' entries.jsonl
ok "largest first" stdout_is_file expected
ok "by target labels" exits 0 logql volume --target-labels pod '{app=~".+"}' entries.jsonl
ok "alone" stdout_has '{pod="a-1"} 85'
ok "what has none of the target label does not count" exits 0 \
	logql volume --target-labels host '{port=~".*"}' entries.jsonl
ok "but all others" stdout_is '{host="x"} 6'
ok "by labels" exits 0 logql volume --aggregate-by labels entries.jsonl
printf '%s\n' '{app=""} 187' '{pod=""} 187' '{port=""} 187' '{host=""} 6' >expected
ok "each label has what its streams have" stdout_is_file expected
ok "without a selector" exits 0 logql volume -n 1 entries.jsonl
ok "by all labels" stdout_is '{app="shop", pod="0b7e8c1e-32d4-4ca5-8a2c-5a1f0f9d1c11", port="80"} 102'
ok "a matcher of the empty value selects nothing" exits 0 \
	logql volume '{app="shop",host!=""}' entries.jsonl
ok "and asks for all labels" stdout_is '{app="shop", pod="0b7e8c1e-32d4-4ca5-8a2c-5a1f0f9d1c11", port="80"} 102'
ok "only what lies between --from and --to" exits 0 \
	logql volume --from 1760522420 --to 1760522430 '{app="shop"}' entries.jsonl
ok "counts" stdout_is '{app="shop"} 38'
ok "as the API says it" exits 0 \
	logql volume -o api --from 1760522400 --to 1760522500 '{app="shop"}' entries.jsonl
ok "at the end" stdout_is '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"app":"shop"},"value":[1760522500,"102"]}],"stats":{}}}'
ok "by steps" exits 0 \
	logql volume -o api --step 10s --from 1760522415 --to 1760522440 '{app="shop"}' entries.jsonl
ok "each at its end" stdout_is '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"app":"shop"},"values":[[1760522429.999,"38"],[1760522439.999,"27"]]}],"stats":{}}}'
ok "nothing is exit 1" exits 1 logql volume '{app="none"}' entries.jsonl
ok "too many steps" exits 2 logql volume --step 1s --from 0 --to 1760522440 '{app="shop"}' entries.jsonl
ok "are told" stderr_has 'exceeded maximum resolution of 11,000 points'
ok "a range from behind" exits 2 logql volume --from 20 --to 10 '{app="shop"}' entries.jsonl
ok "a filter" exits 2 logql volume '{app="shop"} |= "x"' entries.jsonl
ok "is refused as Loki does" stderr_has 'only label matchers are supported'
ok "a name that none can have" exits 2 logql volume --target-labels 'a,b-c' '{a="b"}' entries.jsonl
ok "is named" stderr_has "b-c"
ok "--at" exits 2 logql volume --at 10 '{app="shop"}' entries.jsonl
ok "its options are of no other verb" exits 2 logql stats --target-labels pod entries.jsonl
ok "nor of a query" exits 2 logql --aggregate-by labels '{}' entries.jsonl

# ---- types, as Go's libraries read values

printf '%s\n' 'i=+5 f=1_000 g=nan h=0x1p3 s=0x1F b=T d=-2ms e=1d n="1,000" m=5k' >types.log
ok "types" exits 0 logql detected-fields -o csv '{}' types.log
for t in i,int f,float g,float h,float s,string b,boolean d,duration e,string n,bytes m,bytes; do
	ok "$t" stdout_has "$t,1,logfmt"
done

# ---- the same from the log, from packs, from half and half; twice as many entries that are doubles

grep -v 1760608 entries.jsonl >old
grep 1760608 entries.jsonl >new
lokid-ingest -q --wal wal1 --input jsonl old
walreplay --frames --unpacked --store store wal1 2>/dev/null | chunkpack --store store | idxbuild --store store >/dev/null
lokid-ingest -q --wal wal2 --input jsonl new
lokid-ingest -q --wal wal2 --input jsonl old
for what in 'volume --target-labels app,pod' 'volume --aggregate-by labels' \
	'volume --step 1h --from 1760522400 --to 1760612400 {app=~`.+`}' detected-labels \
	'detected-fields {app=~`.+`}' 'detected-values status {app=~`.+`}' 'patterns {app=~`.+`}'; do
	# shellcheck disable=SC2086
	logql $what entries.jsonl >expected
	# shellcheck disable=SC2086
	ok "$what: from the log" exits 0 logql --wal wal2 $what
	ok "the same" stdout_is_file expected
	# shellcheck disable=SC2086
	ok "$what: half from packs, with doubles" exits 0 logql --store store --wal wal2 $what
	ok "the same" stdout_is_file expected
done

# ---- detected-labels

ok "labels that tell streams apart" exits 0 logql detected-labels entries.jsonl
printf '%s\n' 'app 2' 'host 1' 'pod 2' >expected
ok "but not those of numbers alone" stdout_is_file expected
ok "of a selector" exits 0 logql detected-labels -o api '{app="shop"}' entries.jsonl
ok "pod stays, whatever it holds" stdout_is \
	'{"detectedLabels":[{"label":"app","cardinality":1},{"label":"pod","cardinality":1}]}'
ok "csv" exits 0 logql detected-labels -o csv '{app="shop"}' entries.jsonl
ok "has a heading" stdout_has 'label,cardinality'
ok "no selector" exits 2 logql detected-labels '{app=}' entries.jsonl
ok "is a parse error" stderr_has 'parse error'

# ---- detected-fields

ok "fields" exits 0 logql detected-fields '{app="shop"}' entries.jsonl
cat >expected <<-'EOF'
	dur duration 2 json
	ok boolean 2 json
	size bytes 1 logfmt
	status int 3 json,logfmt
	trace string 1
EOF
ok "of lines and metadata, with types and parsers" stdout_is_file expected
ok "as the API says them" exits 0 logql detected-fields -o api '{app="auth"}' entries.jsonl
ok "metadata has no parser" stdout_is \
	'{"fields":[{"label":"app_id","type":"string","cardinality":1,"parsers":null}],"limit":1000}'
ok "of a pipeline" exits 0 logql detected-fields '{app="shop"} |= "size" | label_format x="1"' entries.jsonl
ok "its labels too" stdout_has 'x int 1 logfmt'
ok "--line-limit" exits 0 logql detected-fields --line-limit 1 '{app="shop"}' entries.jsonl
ok "looks at the newest alone" stdout_lines 2
ok "--limit" exits 0 logql detected-fields -n 2 '{app="shop"}' entries.jsonl
ok "gives so many fields" stdout_lines 2
ok "none" exits 1 logql detected-fields -o api '{app="none"}' entries.jsonl
ok "is an empty object" stdout_is '{}'
ok "a metric query" exits 2 logql detected-fields 'rate({app="shop"}[5m])' entries.jsonl
ok "is refused as Loki does" stderr_has 'only log selector is supported'
ok "no query" exits 2 logql detected-fields
ok "values of one" exits 0 logql detected-values -o api status '{app="shop"}' entries.jsonl
ok "sorted" stdout_is '{"values":["200","500","x"],"limit":1000}'
ok "of a field that is not there" exits 1 logql detected-values nothing '{app="shop"}' entries.jsonl
ok "without a query" exits 2 logql detected-values status
ok "--line-limit is of no other verb" exits 2 logql labels --line-limit 3 entries.jsonl

printf '%s\n' 'a=1 b=1.5 c=T d=1h e=5 f=0x10 g=1d h=1e999 i=12kib j=1,024 k=-3 l=2e3 m=5ns n=.' >types
ok "types" exits 0 logql detected-fields '{}' types
cat >expected <<-'EOF'
	a int 1 logfmt
	b float 1 logfmt
	c boolean 1 logfmt
	d duration 1 logfmt
	e int 1 logfmt
	f string 1 logfmt
	g string 1 logfmt
	h string 1 logfmt
	i bytes 1 logfmt
	j bytes 1 logfmt
	k int 1 logfmt
	l float 1 logfmt
	m duration 1 logfmt
	n string 1 logfmt
EOF
ok "as Go tells them" stdout_is_file expected

# ---- patterns

ok "patterns" exits 0 logql patterns '{app="auth"}' entries.jsonl
ok "what differs is left open" stdout_is '2 user <_> logged in from <_> port <_>'
ok "as the API says them" exits 0 logql patterns -o api --step 1h '{app="auth"}' entries.jsonl
ok "with samples by step" stdout_is '{"status":"success","data":[{"pattern":"user <_> logged in from <_> port <_>","samples":[[1760522400,1],[1760608800,1]]}]}'
ok "none" exits 1 logql patterns -o api '{app="none"}' entries.jsonl
ok "is an empty list" stdout_is '{"status":"success","data":[]}'
ok "of a pipeline" exits 0 logql patterns '{app="auth"} |= "bob"' entries.jsonl
ok "too" stdout_is '1 user bob logged in from <_> port <_>'
ok "unless --strict" exits 2 logql patterns --strict '{app="auth"} |= "bob"' entries.jsonl
ok "as in Loki" stderr_has 'only label matchers are supported'
ok "no query" exits 2 logql patterns
seq 1 12000 | awk '{ printf "{\"ts\":\"%d000000000\",\"tenant\":\"fake\",\"labels\":{\"a\":\"b\"},\"line\":\"n %d <x>\"}\n", $1 * 10, $1 }' >long.jsonl
ok "steps that do not suffice" exits 0 logql patterns -o jsonl '{}' long.jsonl
ok "are doubled" stdout_has '[119980,2],[120000,1]]'
ok "unless they were asked for" exits 2 logql patterns --step 10s '{}' long.jsonl
ok "which is told" stderr_has 'exceeded maximum resolution'

# Shapes that no other has: 300 patterns, and the rest.
awk 'BEGIN { for (i = 0; i < 400; i++) { s = ""; for (k = 0; k < 9; k++) s = s (int(i / 2 ^ k) % 2 ? "a " : "(b"); print s } }' >shapes
ok "many patterns" exits 0 logql patterns '{}' shapes
ok "are told apart up to 300" stdout_lines 301
ok "the others are one" test "$(head -n 1 "$TAP/stdout")" = '100 <_>'

# Each pattern's own filter finds its lines, of all sorts.
{
	awk 'BEGIN { for (i = 0; i < 5000; i++) printf "%s ", (i % 7 ? "w" : i); print "" }'
	awk 'BEGIN { for (i = 0; i < 700; i++) printf "longword "; print "" }'
	printf 'a <b> c\na <_> c\n1.2.3:4-5 x,y 7,8\n10.0.0.1 10.0.0.2\n..\n 1\n1 \n'
	printf 'tab\t1 \001 \177 \303\274ml\303\244ut 5\n'
} >odd
logql patterns -o raw '{}' odd >odd.patterns
lost=
while read -r p; do
	logql -o raw "{} |> \`$p\`" odd >found </dev/null || lost="$lost $p"
	cat found >>all
done <odd.patterns
ok "no pattern finds nothing" test -z "$lost"
sort -u odd >expected
sort -u all >got
ok "every line is found by one" same_file expected got

done_testing
