#!/bin/sh
# Texts cut at random from what is stored, and texts that are nowhere, from 1 to 40 bytes: packs with filters give as many
# lines as there are.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/filters.sh"

PERCENT=${PERCENT:-5}
SEED=${SEED:-1}
note "SEED=$SEED"

filters_entries "$SEED" 2M >entries
for kind in $FILTERS_KINDS; do filters_pack "$kind" "$kind" entries; done
logql --store none -o raw --limit 0 '{app=~".+"}' >lines

# A text on a line; none has what LogQL's backticks would have to escape.
LC_ALL=C awk -v seed="$SEED" -v n=$((PERCENT * 100)) '
	function changed(text,   at) { # a byte is another
		at = 1 + int(rand() * length(text))
		return substr(text, 1, at - 1) substr("0fgzQ-=x", 1 + int(rand() * 8), 1) substr(text, at + 1)
	}
	BEGIN { srand(seed) }
	/^[ -_a-~]+$/ && length($0) > 1 { line[lines++] = $0 }
	END {
		while (made < n) {
			text = line[int(rand() * lines)]
			text = substr(text, 1 + int(rand() * length(text)), 1 + int(rand() * 40))
			if (text !~ /[^ ]/)
				continue
			if (rand() < 0.3)
				text = changed(text)
			if (rand() < 0.2)
				text = toupper(text)
			print text
			made++
		}
	}' lines >needles

# count STORE FILTER
count() {
	logql --store "$1" --at 1760600000 -o raw "sum(count_over_time({app=~\".+\"} $2 [2d])) or vector(0)" | sed 's/.*[^0-9]\([0-9]*\)$/\1/'
}
# as_regex TEXT
as_regex() { printf '%s' "$1" | sed 's/[][\\.^$*+?(){}|]/\\&/g'; }

tried=0 found=0
while IFS= read -r text; do
	want=$(LC_ALL=C grep -cF -e "$text" lines)
	for kind in small full; do
		is_now=$(count $kind "|= \`$text\`")
		test "$is_now" = "$want" || fail "$kind: |= $text" "lines: $want, found: $is_now"
	done
	case $((tried % 4)) in
	0)
		want=$(LC_ALL=C grep -ciF -e "$text" lines)
		is_now=$(count small "|~ \`(?i)$(as_regex "$text")\`")
		test "$is_now" = "$want" || fail "small: (?i) of $text" "lines: $want, found: $is_now"
		;;
	esac
	tried=$((tried + 1))
	test "$want" -eq 0 || found=$((found + 1))
done <needles
is "as many texts as were made have been looked for" "$tried" $((PERCENT * 100))
ok "some are there" test "$found" -gt $((tried / 3))
ok "and some are not" test "$found" -lt $((tried * 19 / 20))

done_testing
