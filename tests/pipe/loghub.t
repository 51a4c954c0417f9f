#!/bin/sh
# Real logs through the whole pipe: what is found equals what grep finds in the sources, while the
# lines lie in the WAL only, half in packs, in packs whose index is missing, and all in the store.
. "${0%/*}/../lib/tap.sh"

need perl
src=$SHARED/data/loghub
if [ ! -d "$src" ]; then
	note "$src is absent: examples/logs instead"
	src=$REPO/examples/logs
fi
tab=$(printf '\t')

# Five literals and five regexes from a file's own lines, picked by their place; a regex means the
# same to grep -E and to RE2. One a line: L or R, TAB, text.
pick() {
	perl -e '
		use strict;
		my @lines = grep { /[A-Za-z]{3}.*[A-Za-z]{3}/ && !/[`\x80-\xff]/ } <STDIN>;
		s/[\r\n]+$// for @lines;
		my $at = sub { $lines[int(@lines * $_[0] / 11)] };
		my $words = sub { sort { length $b <=> length $a || $a cmp $b } $at->($_[0]) =~ /[A-Za-z]{3,}/g };
		my $quote = sub { $_[0] =~ s/([][\\.^\$*+?(){}|])/\\$1/gr };
		for my $i (1 .. 3) {
			my @w = $words->($i);
			print "L\t", $w[@w / 2], "\n";
		}
		for my $i (4, 5) { # a piece as it comes, with its punctuation
			my $line = $at->($i);
			print "L\t", substr($line, length($line) / 3, 12), "\n";
		}
		my ($digits) = $at->(6) =~ /(\S*[0-9]\S*)/;
		print "R\t", $quote->(substr($digits // "x1", 0, 20)) =~ s/[0-9]+/[0-9]+/gr, "\n";
		print "R\t^", $quote->(substr($at->(7), 0, 9)), "\n";
		my @w = $at->(8) =~ /[A-Za-z]{2,}/g;
		print "R\t$w[0].*$w[-1]\n";
		print "R\t(", join("|", ($words->(9))[0], ($words->(10))[0]), ")\n";
		print "R\t", ($words->(10))[0], "[^a-z]\n";
	' <"$1"
}

# wanted FILE PICKS: the number of lines, then of those that match each pick.
wanted() {
	grep -a -c '' "$1"
	while IFS=$tab read -r kind text; do
		if [ "$kind" = L ]; then grep -a -c -F -e "$text" "$1"; else grep -a -c -E -e "$text" "$1"; fi
	done <"$2"
}

# count QUERY: what logql counts; nothing found is exit 1 and an empty answer.
count() {
	# shellcheck disable=SC2086
	run logql $sources --at "$later" -o api "sum(count_over_time($1 [2d]))"
	[ "$STATUS" -le 1 ] || { echo "exit $STATUS: $1"; cat "$TAP/stderr"; return; }
	n=$(sed -n 's/.*"value":\[[^,]*,"\([^"]*\)"\].*/\1/p' "$TAP/stdout")
	echo "${n:-0}"
}

# found APP PICKS: as wanted.
found() {
	count "{app=\"$1\"}"
	while IFS=$tab read -r kind text; do
		if [ "$kind" = L ]; then op='|='; else op='|~'; fi
		count "{app=\"$1\"} $op \`$text\`"
	done <"$2"
}

# compare STATE SOURCES: one check for each file.
compare() {
	sources=$2
	later=$(($(date +%s) + 60))
	for f in "$src"/*.log; do
		app=$(basename "$f" .log)
		found "$app" "$app.picks" >"$app.found"
		ok "$1: $app: all lines, and ten filters" same_file "$app.want" "$app.found"
	done
}

# The lines of chunkcat's JSON as "TS BASE64"; they must come by time.
cat >decode.pl <<'END'
use strict;
use JSON::PP;
use MIME::Base64;
my $last = -1;
while (my $json = <STDIN>) {
	my $e = decode_json($json);
	die "not by time: $e->{ts} after $last\n" if $e->{ts} < $last;
	$last = $e->{ts};
	my $line = exists $e->{line_b64} ? decode_base64($e->{line_b64}) : $e->{line};
	utf8::encode($line) unless exists $e->{line_b64};
	print "$e->{ts} ", encode_base64($line, ""), "\n";
}
END

# lines_of APP: its lines out of all packs, which follow each other by their first entry.
lines_of() {
	find store -name '*.pack' >packs
	while read -r pack; do
		chunkcat --match "{app=\"$1\"}" "$pack" >part || [ $? -eq 1 ] || return 1
		perl decode.pl <part >part.new || return 1
		mv part.new "part.$(cut -c 1-19 part.new | head -n 1).dec"
	done <packs
	cat part.*.dec | perl -MMIME::Base64 -ne 'print decode_base64((split)[1] // ""), "\n"'
	rm -f part.*
}

for f in "$src"/*.log; do
	app=$(basename "$f" .log)
	pick "$f" >"$app.picks"
	wanted "$f" "$app.picks" >"$app.want"
	half=$(($(grep -c '' "$f") / 2))
	head -n $half "$f" >"$app.1"
	tail -n +$((half + 1)) "$f" >"$app.2"
done
is "ten filters were chosen for each file" "$(cat ./*.picks | grep -c "^[LR]$tab.")" \
	$((10 * $(find "$src" -name '*.log' | grep -c '')))

ingest() {
	for f in *."$1"; do
		lokid-ingest --wal wal -l app="${f%."$1"}" "$f" || return 1
	done
}
ok "the first half of each file is ingested" ingest 1
find wal -name '*.wal' >first
ok "the second too" ingest 2
compare "WAL only" "--wal wal"

# A pipe of sh has the status of its last command only: the others are to say nothing.
ok "the segments of the first halves are packed" exits 0 sh -c \
	'walreplay --frames $(cat first) | chunkpack --store store | idxbuild --store store'
ok "without a message" stderr_is_empty
compare "half packed" "--store store --wal wal"

ok "the rest is packed" exits 0 sh -c \
	'walreplay --frames --unpacked --store store wal | chunkpack --store store >packs'
ok "without a message too" stderr_is_empty
compare "packed, not indexed" "--store store --wal wal"
ok "and indexed" idxbuild --store store <packs
is "nothing is left to pack" "$(walreplay --unpacked --store store wal)" ""
compare "packed, WAL still there" "--store store --wal wal"
compare "packed" "--store store"

for f in "$src"/*.log; do
	app=$(basename "$f" .log)
	lines_of "$app" >"$app.lines"
	# A last line that no newline ends is ended by one here.
	{ cat "$f"; [ -z "$(tail -c 1 "$f")" ] || echo; } >"$app.source"
	ok "$app: chunkcat gives every byte back" cmp "$app.source" "$app.lines"
done
# shellcheck disable=SC2046
ok "the packs verify" exits 0 chunkcat --verify $(find store -name '*.pack')
ok "the index verifies" exits 0 idxbuild --verify --store store
ok "the WAL verifies" exits 0 walreplay --verify wal

done_testing
