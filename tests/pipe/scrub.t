#!/bin/sh
# Lines are rewritten for good by rules: only those that are meant, once; all else stays byte for byte. And what is held is
# neither rewritten nor deleted.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/deletes.sh"

flush() { # STORE NUMBER
	awk -v f="$2" 'BEGIN {
		for (k = 0; k < 300; k++)
			printf "{\"ts\":\"%d%09d\",\"labels\":{\"app\":\"a%d\"},\"line\":\"flush %d line %d%s\"%s}\n",
				1768471200 + f * 600 + k, k, k % 3, f, k, k % 10 ? "" : " card=4111-1111-1111-" 1000 + k,
				k % 5 ? "" : ",\"metadata\":{\"user\":\"u" k "\"}"
	}' >in.jsonl
	lokid-ingest -q --wal "$1.wal" --input jsonl in.jsonl
	walreplay --frames --unpacked --store "$1" "$1.wal" | chunkpack --store "$1" | idxbuild --store "$1" >/dev/null
}
packs() { find "$1" -name '*.pack' | sort; }
bytes_of() { packs "$1" | xargs chunkcat | sort -u; }
scrub() { chunkpack --scrub rules --delete-delay 0 "$@"; }

flush store 1
flush store 2
bytes_of store >whole
cat >rules <<'END'
# card numbers of a1, but for their last digits
{app="a1"} |~ `card=[0-9-]+` | line_format `{{ regexReplaceAll "card=[0-9-]+-([0-9]+)" __line__ "card=***${1}" }}`
other {app=~".+"} | line_format `gone`
END
sed '/"app":"a1"/s/card=[0-9-]*-/card=***/' whole | sort -u >wanted
n=$(comm -23 whole wanted | wc -l)
ok "some lines are meant" test "$n" -eq 20

cp -rp store one
printf '\357\273\277' | cat - rules >marked
ok "a byte order mark before the rules" exits 0 chunkpack --scrub marked --store one --dry-run
cp "$TAP/stdout" with-mark
ok "a dry run" exits 0 chunkpack --scrub rules --store one --dry-run
ok "means nothing" stdout_is_file with-mark
ok "says what would be" stdout_matches "^fake 2026-01-15: [0-9a-f]{16}: $n entries, .* of lines would be rewritten in 2 packs\$"
bytes_of one >after
ok "and does nothing" cmp whole after
ok "scrubbing" exits 0 scrub --store one
ok "says what was" stdout_matches "^fake 2026-01-15: [0-9a-f]{16}: $n entries, .* of lines rewritten in 2 packs\$"
bytes_of one >after
ok "the lines are others, and all else is as it was" cmp wanted after
ok "all is right" exits 0 idxbuild --verify --store one
ok "as a whole, too" exits 0 idxbuild --fsck --store one
ok "without a word" stderr_is ""
ok "a receipt says so" grep -q "\"scrub\":.*\"packs\":2,.*\"entries\":$n," one/fake/processed/*.json
ok "of the one tenant" test "$(find one -path '*/processed/*.json' | wc -l)" -eq 1
ok "queries find them so" test "$(logql --store one -o raw --limit 0 '{app="a1"} |= "card=***"' | wc -l)" -eq "$n"
ok "again" exits 0 scrub --store one
ok "nothing is to be done" stdout_is_empty
mv store.wal one.wal
flush one 2
ok "lines that came late" exits 0 scrub --store one
ok "are rewritten too" stdout_matches ": 10 entries, .* rewritten in 1 pack\$"
bytes_of one >again
ok "and are the same then" cmp wanted again

# ---- an index file that is lost as long as what it replaced is there

rewritten() { # FAULT: mended, all is as the scrub has left it
	ok "what is wrong is found" exits 3 idxbuild --fsck --delete-delay 0 --store two
	ok "$1" stdout_matches "^$1 fake/"
	ok "and told of nothing else" test "$(grep -vc "^$1 " "$TAP/stdout")" -eq 0
	ok "it is mended" exits 0 idxbuild --fsck --repair --delete-delay 0 --store two
	is "no line is as it was before" "$(logql --store two -o raw --limit 0 '{app="a1"} |~ `card=[0-9]`')" ""
	is "and all are there" "$(logql --store two -o raw --limit 0 '{app="a1"} |= "card=***"' | wc -l)" "$n"
	ok "all is right" exits 0 idxbuild --fsck --delete-delay 0 --store two
}
cp -rp store first
ok "scrubbing, while others may still read" exits 0 chunkpack --scrub rules --store first
made=$(cd first && find . -name '*.idx' -newer ../wanted | sort)
is "gives an index file" "$(echo "$made" | wc -l)" 1
cp -rp first two
flip_byte "two/$made" 200
rewritten damaged
rm -r two && cp -rp first two
rm "two/$made"
rewritten orphan

# ---- rules that are wrong

refused() { # TEXT RULE
	printf '%s\n' "$2" >rules
	ok "refused: $1" exits 2 scrub --store store
	ok "in words: $1" stderr_has "$1"
}
refused "'rules': line 1: expected a log query that makes other lines" '{app="a1"} |= "x"'
refused "'rules': line 1, col 11: syntax error: unexpected RANGE" '{app="a1"}[1m]'
refused "'rules': it has no rule" '# nothing'
refused "'rules': line 1: expected [TENANT] {SELECTOR}" 'x'
refused "'rules': line 1, col 11: syntax error: unexpected |" '{app="a1" | line_format `x`'
refused "'rules': line 3, col 32: literal not terminated" '# of one tenant

  fake{app="a1"} | line_format `x'
refused "'rules': line 1, col 12: stage '| line_format" '{app="a1"} | line_format `{{`'
refused "it would rewrite again what it has written" '{app="a1"} | line_format `more {{ __line__ }}`'
refused "a line sets TemplateFormatErr" '{app="a1"} | line_format `{{ regexReplaceAll "(" __line__ "" }}`'
bytes_of store >after
ok "nothing was rewritten" cmp whole after
ok "without the file" exits 4 chunkpack --scrub nothing --store store

# ---- held

cat >rules <<'END'
{app=~".+"} |= "card=" | line_format `***`
END
cat >hold <<'END'
{app="a1"}
fake {app="a2"} 2026-01-15T10:10:00Z 2026-01-15T10:19:59Z
END
cp -rp store held
ok "what is held" exits 0 scrub --store held --hold hold
ok "is told" stdout_matches '; 30 entries held$'
sed '/"app":"a0"/s/flush [0-9]* line [0-9]* card=[0-9-]*/***/; /"app":"a2".*flush 2 /s/flush 2 line [0-9]* card=[0-9-]*/***/' whole | sort -u >wanted
bytes_of held >after
ok "and stays" cmp wanted after
ok "nobody says that all was done" test ! -e held/fake/processed/*.json
cp hold held/~lokid/hold
cp -rp store gone
mkdir -p gone/~lokid && cp hold gone/~lokid/hold
id=$(request gone fake '{app=~".+"}' 1768471200000000000 1768514400000000000)
ok "a request to delete" exits 0 chunkpack --delete --delete-delay 0 --store gone
ok "takes only what is not" stdout_matches "^fake 2026-01-15: $id: 300 entries, .*; 300 entries held\$"
grep -e '"app":"a1"' -e '"app":"a2".*flush 1 ' whole | sort -u >wanted
bytes_of gone >after
ok "by the store's own file too" cmp wanted after
is "queries find nothing of it all the same" "$(logql --store gone -o raw --limit 0 '{app=~".+"}' | wc -l)" 0
ok "again" exits 0 chunkpack --delete --delete-delay 0 --store gone
ok "it says what is held" stdout_matches ': 0 entries, 0 B of lines gone from 0 packs; 300 entries held$'
rm gone/~lokid/hold
ok "when it is not any more" exits 0 chunkpack --delete --delete-delay 0 --store gone
is "it goes" "$(bytes_of gone | wc -l)" 0
ok "a line of it that is wrong" exits 2 chunkpack --delete --hold rules --store store

# ---- what a repair has set aside

cp -rp store lost
mkdir -p lost/~lokid/lost/fake/chunks/a.pack lost/~lokid/lost/other/x
echo old >lost/~lokid/lost/fake/chunks/a.pack/1
echo old >lost/~lokid/lost/other/x/3
touch -d '31 days ago' lost/~lokid/lost/fake/chunks/a.pack/1 lost/~lokid/lost/other/x/3
echo young >lost/~lokid/lost/fake/chunks/a.pack/2
ok "a dry run" exits 0 chunkpack --delete --dry-run --store lost
ok "says what would go" stdout_has "would delete 'lost/~lokid/lost/fake/chunks/a.pack/1': set aside more than 30 days ago"
ok "and leaves it" test -e lost/~lokid/lost/fake/chunks/a.pack/1
ok "of one tenant" exits 0 chunkpack --delete --store lost -t fake
ok "what was set aside long ago goes" stdout_is "deleted 'lost/~lokid/lost/fake/chunks/a.pack/1': set aside more than 30 days ago"
ok "for good" test ! -e lost/~lokid/lost/fake/chunks/a.pack/1
is "alone" "$(find lost/~lokid/lost -type f | wc -l)" 2
ok "of all tenants" exits 0 chunkpack --delete --store lost
ok "that of the other too" stdout_is "deleted 'lost/~lokid/lost/other/x/3': set aside more than 30 days ago"
ok "what is young stays" test -e lost/~lokid/lost/fake/chunks/a.pack/2
done_testing
