#!/bin/sh
# Packs with filters and without: the same answers from all, whatever is asked, merged, deleted, copied or damaged.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/deletes.sh"
. "$REPO/tests/lib/filters.sh"

filters_entries 1 4M >entries
for kind in $FILTERS_KINDS; do filters_pack "$kind" "$kind" entries; done
ok "there are none" test -z "$(filters_of none)"
ok "one for each pack" test "$(filters_of small | wc -l)" -eq "$(find small -name '*.pack' | wc -l)"
ok "full ones are larger" test "$(filters_of full | sed 's/.*"length":\([0-9]*\).*/\1/' | sort -n | tail -n 1)" -gt \
	"$(filters_of small | sed 's/.*"length":\([0-9]*\).*/\1/' | sort -n | tail -n 1)"

# ruled_out STORE QUERY: how many blocks filters rule out.
ruled_out() {
	at=
	case $2 in '{'*) ;; *) at=--at=1760600000 ;; esac
	logql --store "$1" --explain -o jsonl $at "$2" | sed -n 's/.*"blocks_that_filters_rule_out":\([0-9]*\).*/\1/p'
}
# same QUERY: the answer of each store, with filters and without, to `answer` if it is one.
same() {
	ask none "$1" --no-filters >answer
	for kind in $FILTERS_KINDS; do
		ask "$kind" "$1" | cmp -s answer - || return
		test "$kind" = none || ask "$kind" "$1" --no-filters | cmp -s answer - || return
	done
}

# ---- each kind of query; behind the first tab how many entries, - for any; behind the second whether blocks are ruled out

cat >queries <<'END'
{app=~".+"} |= "E_LEDGER_MISMATCH_7731"	3	yes
{app=~".+"} |= "c0ffee5e11ab1e0ddba11ca11ab1e5ad"	3	yes
{app=~".+"} |= "no such text anywhere"	0	yes
{app=~".+"} |= "f"	-	no
{app=~".+"} |= "e"	-	no
{app=~".+"} |= "5A0F3C1E-9B7D-4E21-8C66-0123456789AB"	1	yes
{app=~".+"} |= "5a0f3c1e-9b7d-4e21-8c66-0123456789ab"	0	yes
{app=~".+"} |~ "(?i)5a0f3c1e-9b7d-4e21-8c66-0123456789ab"	1	yes
{app=~".+"} |~ "(?i)kelvinator-sensor"	-	yes
{app=~".+"} |~ "(?i)nimb"	-	-
{app=~".+"} |~ "zeppelin|kelvin|quux"	2	yes
{app=~".+"} |~ "zeppelin.*no such text"	0	yes
{app=~".+"} |~ "(?i)KELVINATOR.SENSOR.*nimb"	-	yes
{app=~".+"} |~ "quoted.*(nimbus|cirrus).*zephyr"	1	yes
{app=~".+"} |~ "(appl|no such text|another).*-escaped"	-	-
{app=~".+"} | json | msg=~"apple.*-esc.*"	2	yes
{app=~".+"} | json | msg=~"(?i)APPLE.*-ESC.*"	2	yes
{app=~".+"} | logfmt | who=~"quot.*nimbus.*zephyr" or who="jumble"	-	yes
{app=~".+"} |= "zeppelin" or "apple-pie" or "no such text"	2	yes
{app=~".+"} |= "zeppelin" or ""	-	no
{app=~".+"} |~ "zeppelin|.*"	-	no
{app=~".+"} |> "<_>quoted <_> zephyr<_>"	1	yes
{app=~".+"} != "no such text anywhere"	-	no
{app=~".+"} !~ "zeppelin"	-	no
{app=~".+"} |= "apple-pie" |= "escaped" != "zeppelin"	1	yes
{app=~".+"} |= "192.0.2.77:65123"	1	-
{app=~".+"} |= ip("192.0.2.77")	1	no
{app=~".+"} | json | msg="apple-pie-escaped done"	2	yes
{app=~".+"} | json | msg=~"apple-pie-esc.*"	2	yes
{app=~".+"} | json m="msg" | m="apple-pie-escaped done"	2	yes
{app=~".+"} | json | path="/srv/www/quux-index.html"	1	yes
{app=~".+"} | json | q="x <quagmire>"	1	yes
{app=~".+"} | json | q=~".*<quagmire.*"	1	yes
{app=~".+"} | json | user_name="user49"	-	-
{app=~".+"} | logfmt | who="quoted \"nimbus\" zephyr"	1	yes
{app=~".+"} | logfmt | who=~"jumble|no such who"	1	yes
{app=~".+"} | logfmt | who="jumble" or trace="no such trace"	1	yes
{app=~".+"} | logfmt | who="jumble" and trace="ffeeddccbbaa99887766554433221100"	1	yes
{app=~".+"} | logfmt | who="jumble" or level="info"	-	-
{app=~".+"} | logfmt | (who="jumble" or who="zephyr") and level="error"	1	yes
{app=~".+"} | logfmt | who!="jumble"	-	no
{app=~".+"} | logfmt | who=""	-	no
{app=~".+"} | logfmt | took > 776ms	-	no
{app=~".+"} | regexp "trace=(?P<t>[0-9a-f]+)" | t="ffeeddccbbaa99887766554433221100"	1	yes
{app=~".+"} | pattern "<_> who=<w>" | w="jumble"	1	yes
{app="odd"} | logfmt | site="of-the-stream"	4000	no
{app=~".+"} | logfmt | site="of-the-stream"	4000	-
{app=~".+"} | logfmt | app="odd" or who="jumble"	-	-
{app=~".+"} | order="ord-quiz-778899"	1	yes
{app=~".+"} | order=~"ord-quiz-.*"	1	yes
{app=~".+"} | ref="00112233445566778899aabbccddeeff"	1	yes
{app=~".+"} | user="meta35"	-	-
{app=~".+"} | unpack |= "inner yonder"	1	no
{app=~".+"} | unpack | host="packedhost"	1	no
{app=~".+"} | line_format "made by {{.app}}" |= "made by odd"	4000	no
{app=~".+"} |= "zeppelin" | line_format "made by {{.app}}" |= "made by even"	1	yes
{app=~".+"} | label_format made="label by format" | made="label by format"	-	no
{app=~".+"} | label_format app="other" | app="other"	-	no
{app=~".+"} | decolorize |= "redalert"	-	-
{app=~".+"} |= "zeppelin" | decolorize |= "alert"	1	yes
{app=~".+"} | logfmt | drop level | who="jumble"	1	yes
{app=~".+"} | logfmt | keep who | who="jumble"	1	yes
{app=~".+"} | json | __error__="JSONParserErr"	-	no
sum by (app) (count_over_time({app=~".+"} |= "zeppelin" [2d]))	1	yes
sum(count_over_time({app=~".+"} | logfmt | who="jumble" [2d])) or vector(0)	1	yes
sum by (level) (count_over_time({app=~".+"} | logfmt | trace=~"ffeeddccbbaa99887766.*" [2d]))	1	yes
END
tab=$(printf '\t')
while IFS=$tab read -r query n rules_out; do
	ok "the same answers: $query" same "$query"
	test "$n" = - || is "  as many as there are" "$(wc -l <answer)" "$n"
	case $rules_out in
	yes) ok "  filters rule blocks out" test "$(ruled_out small "$query")" -gt 0 ;;
	no) is "  filters rule nothing out" "$(ruled_out small "$query")" 0 ;;
	esac
done <queries

a_of() { ruled_out small "{app=~\".+\"} $1"; }
is "a regex rules out as much as each of its texts" "$(a_of '|~ "(?i)request.*someone.*user4"')" "$(a_of '|~ "(?i)request" |~ "(?i)someone" |~ "(?i)user4"')"
ok "and more than one of them" test "$(a_of '|~ "(?i)request.*user4"')" -gt "$(a_of '|~ "(?i)request"')"
is "nothing without filters" "$(ruled_out none '{app=~".+"} |= "zeppelin"')" 0
is "nor with --no-filters" "$(logql --store small --no-filters --explain '{app=~".+"} |= "zeppelin"' | grep -c ' rule')" 0
unfiltered() { logql --store "$1" --explain -o jsonl "$2" | sed -n 's/.*"blocks_needed":\([0-9]*\),.*"blocks_without_filters":\([0-9]*\),.*/\1 \2/p'; }
ok "without filters" exits 0 logql --store none --explain '{app=~".+"} |= "zeppelin"'
ok "it is said why nothing is left out" stdout_matches '^[|] *[0-9]+ blocks are in packs without a filter that can be read$'
is "of all blocks" "$(unfiltered none '{app=~".+"} |= "zeppelin"' | awk '{ print $1 - $2 }')" 0
is "of none where all packs have one" "$(unfiltered small '{app=~".+"} |= "zeppelin"' | cut -d ' ' -f 2)" 0
is "nor where nothing is asked of filters" "$(unfiltered none '{app=~".+"} != "zeppelin"' | cut -d ' ' -f 2)" 0
ok "what has 9 bytes without letters, full ones serve" test "$(ruled_out full '{app=~".+"} |= "192.0.2.77:65123"')" -gt 0
is "and small ones do not" "$(ruled_out small '{app=~".+"} |= "192.0.2.77:65123"')" 0
ok "an explanation" exits 0 logql --store small --explain '{app=~".+"} |= "zeppelin"'
ok "says how many blocks" stdout_matches 'left out: [0-9]+ that( filters rule out)?$'

# sources QUERY [OPTION]...: what is read and left out of where.
sources() {
	logql --store small --now 1760700000000000000 --explain -o jsonl "$@" | sed -n 's/.*"sources":\({"store":{[^}]*}}\).*/\1/p'
}
# Retention of streams that are not there: what is seen of a stream is not known before its labels are.
printf 'limits_config: {retention_stream: [{selector: '\''{app="nobody"}'\'', period: 24h}]}\n' >nobody.yaml
same_sources() { test -s first && cmp first later; }
while IFS= read -r options; do
	for text in '|= "zeppelin"' '|= "no such text anywhere"' '|= "request"' '| json | app="even"' '| json | app="even" |= "zeppelin"'; do
		# shellcheck disable=SC2086 # several words
		sources $options "{app=~\".+\"} $text" >first
		# shellcheck disable=SC2086
		sources $options --limits nobody.yaml "{app=~\".+\"} $text" >later
		ok "counted alike before labels are known and after: $text $options" same_sources
	done
	ok "  where blocks are left out" grep -q '"blocks_that_filters_rule_out":[1-9]' first
done <<'END'

--from 1760520100 --to 1760523000
--from 1760521000
END

ok "what filters rule out is of streams all the same" exits 0 logql --store small --explain '{app=~".*"} |= "no such text anywhere" | json | app="even"'
ok "  the selector that fits them all is hinted at" stdout_has 'the selector fits every stream'
is "  and nothing that spares reading: there is nothing to read" "$(grep -c 'leaves lines without it unparsed' "$TAP/stdout")" 0

# hinted QUERY [OPTION]...: how many hints there are at a text that is too short; nothing when the query fails.
hinted() { logql --store small --explain -o jsonl "$@" >plan.json && grep -cF ' is too short for filters: ' plan.json; }
is "a text that filters do not know is hinted at" "$(hinted '{app=~".+"} |= "5xx"')" 1
is "so are hexadecimal digits" "$(hinted '{app=~".+"} | label_format a="b" | decolorize |= "abcdef012345678"')" 1
for q in '|= "abcdef0123456789"' '|= "zeppelin"' '|= "5xx" |= "zeppelin"' '|= ""' '!= "5xx"' '|~ "5xx"' '|= "5xx" or "zeppelin"' \
	'|= ip("192.0.2.77")' '| line_format "{{.app}}" |= "5xx"'; do
	is "not $q" "$(hinted "{app=~\".+\"} $q")" 0
done
is "nor where filters are not asked" "$(hinted '{app=~".+"} |= "5xx"' --no-filters)" 0
is "nor where there is little to be read" "$(hinted '{app="odd"} |= "5xx"' --from 1760520000 --to 1760520060)" 0
ok "  a few blocks" grep -q '"line_bytes":[1-9][0-9]\{4,5\},' plan.json

# ---- packs by themselves

pack=$(find small -name '*.pack' | sort | head -n 1)
set --
for p in small/fake/chunks/*/*.pack; do set -- "$@" "$p"; done
ok "a pack verifies" exits 0 chunkcat --verify "$@"
ok "stats tell how large filters are" sh -c 'chunkcat --stats "$@" | grep -Eq "^  filters +[1-9]"' - "$@"
chunkcat --header "$pack" | sed -n 's/.*"kind":"filter","offset":\([0-9]*\),"length":\([0-9]*\).*/\1 \2/p' >where
read -r off len <where
is "a pack tells what filter it has" "$(chunkcat --header "$pack" | grep -c "\"filter\":\"small\",\"filter_length\":$len,")" 1
chunkcat none/fake/chunks/*/*.pack | LC_ALL=C sort >wanted
chunkcat "$@" | LC_ALL=C sort >got
ok "its entries are the same" cmp wanted got
cat "$@" | chunkcat | LC_ALL=C sort >got
ok "so are those of packs through a pipe" cmp wanted got
ok "which verify" sh -c 'cat "$@" | chunkcat --verify' - "$@"
ask none '{app=~".+"} |= "zeppelin"' | sed 's/"tenant":"[^"]*",//' >wanted
logql -o jsonl --limit 0 '{app=~".+"} |= "zeppelin"' "$@" | sed 's/"tenant":"[^"]*",//' >got
ok "queries read packs by name" cmp wanted got

# ---- merged, rewritten, copied

# checks STORE: it is whole, and has filters.
checks() {
	idxbuild --verify --store "$1" && idxbuild --fsck --blocks --store "$1" >fsck.out && test ! -s fsck.out &&
		find "$1" -name '*.pack' -exec chunkcat --verify {} + && test -n "$(filters_of "$1")"
}
# like STORE1 STORE2: the same answers to what filters rule out much of.
like() {
	for like_query in '{app=~".+"} |= "zeppelin" or "apple-pie"' '{app=~".+"} | logfmt | who="jumble"' '{app=~".+"} | order=~"ord-.*"' \
		'{app=~".+"} |= "c0ffee5e11ab1e0ddba11ca11ab1e5ad"' '{app=~".+"} |= "no such text"' 'sum by (app) (count_over_time({app=~".+"}[2d]))'; do
		ask "$1" "$like_query" >like1
		ask "$2" "$like_query" >like2
		cmp like1 like2 || return
	done
}
split -n l/3 entries part.
for x in aa ab ac; do
	filters_pack plain none part.$x
	case $x in ab) filters_pack mixed small part.$x ;; ac) filters_pack mixed full part.$x ;; *) filters_pack mixed none part.$x ;; esac
done
find plain mixed -type f -exec touch -d '2025-12-01T00:00:00Z' {} +
ok "packs without filters, with them and others give the same answers" like none mixed
ok "packs without filters are merged" exits 0 chunkpack --compact --filter small --delete-delay 0 --store plain
ok "to a store with them" checks plain
ok "of the same answers" like none plain
ok "packs of all kinds are merged" exits 0 chunkpack --compact --delete-delay 0 --store mixed
ok "to a store with them" checks mixed
is "of the one kind" "$(find mixed -name '*.pack' -exec chunkcat --header {} + | grep -o '"filter":"[a-z]*"' | sort -u)" '"filter":"small"'
ok "of the same answers" like none mixed

ok "a copy" exits 0 chunkpack --copy --from small --store copy
ok "has the filters" checks copy
ok "and gives the same answers" like none copy
ok "a copy to another tenant" exits 0 chunkpack --copy --from small --store moved -t fake --to-tenant other
ok "has filters" checks moved
logql --store moved -t other -o raw --limit 0 '{app=~".+"} |= "zeppelin"' >got
logql --store none -o raw --limit 0 '{app=~".+"} |= "zeppelin"' >wanted
ok "that rule out nothing that is there" cmp wanted got
ok "but some" test "$(logql --store moved -t other --explain -o jsonl '{app=~".+"} |= "zeppelin"' | grep -c 'rule_out":[1-9]')" -gt 0
ok "a copy of some streams" exits 0 chunkpack --copy --from small --store some --match '{app=~"odd|even"}'
ok "has filters" checks some
for query in '{app="even"} |= "zeppelin"' '{app="odd"} |= "request 17 done"'; do
	ask none "$query" >wanted
	ask some "$query" >got
	ok "it answers $query" cmp wanted got
done

ok "index files made anew" exits 0 idxbuild --rebuild --store copy
ok "know of filters" checks copy
ok "and answer the same" like none copy

for s in none small; do
	cp -rp $s deleted.$s
	request deleted.$s fake '{app="even"} |= "zeppelin"' 1760500000000000000 1760600000000000000 >/dev/null
	request deleted.$s fake '{app="odd"} |= "request 17 done"' 1760500000000000000 1760600000000000000 >/dev/null
	ok "deleting" exits 0 chunkpack --delete --delete-delay 0 --store deleted.$s
done
ok "leaves filters" checks deleted.small
ok "that rule out the same" like deleted.none deleted.small
is "what was deleted is gone" "$(ask deleted.small '{app="even"} |= "zeppelin"' | wc -l)$(ask deleted.small '{app="odd"} |= "request 17 done"' | wc -l)" 00

cat >rules <<'END'
{app="even"} |= "zeppelin" | line_format "a scrubbed sphinx"
END
for s in none small; do
	cp -rp $s scrubbed.$s
	ok "scrubbing" exits 0 chunkpack --scrub rules --delete-delay 0 --store scrubbed.$s
done
ok "leaves filters" checks scrubbed.small
ok "that rule out the same" like scrubbed.none scrubbed.small
is "and know what lines are now" "$(logql --store scrubbed.small -o raw '{app=~".+"} |= "scrubbed sphinx"')" "a scrubbed sphinx"

# ---- damage

# damaged OFFSET: a store with a pack whose byte there is another, and the pack.
damaged() {
	rm -rf damaged
	cp -rp small damaged
	bad=damaged/${pack#small/}
	chmod u+w "$bad"
	flip_byte "$bad" "$1"
}
i=0
while [ $((i += 1)) -le 12 ]; do
	damaged $((off + len - 1 - i * len / 14))
	run chunkcat --verify "$bad"
	{ test "$STATUS" -eq 3 && stderr_has "filter: page at "; } || fail "a damaged page is found" "at $i"
	like none damaged || fail "answers are right with a damaged page" "at $i"
done
ok "a damaged page is named" stderr_matches "filter: page at [0-9]+: crc32c mismatch"
ok "damage of a page is exit 3" exits 3 chunkcat --verify "$bad"
chunkcat "$bad" >got
chunkcat "$pack" >wanted
ok "the entries are all there" cmp wanted got
ok "a check of the store finds it" exits 3 idxbuild --fsck --blocks --store damaged
ok "and names it" stdout_matches 'filter: page at '
damaged $((off + 30))
ok "a damaged table is found" exits 3 chunkcat --verify "$bad"
ok "answers are right" like none damaged
damaged $((off + 1))
ok "so is a damaged start" exits 3 chunkcat --verify "$bad"
ok "answers are right" like none damaged

# ---- options

ok "another kind is an error" exits 2 chunkpack --filter some --store none
ok "which is named" stderr_has "expected none, small or full, found 'some'"
not_for() { # OPTION...
	ok "--filter is not for $1" exits 2 chunkpack "$@" --filter small --store none
	ok "which says so" stderr_has "--filter"
}
not_for --copy --from small
not_for --delete
not_for --tier 30d=GLACIER

done_testing
