#!/bin/sh
# Texts cut at random from what is stored, and texts that are nowhere, from 1 to 40 bytes, and regexes of two or three such
# texts: packs with filters give as many lines as there are.
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

# regexes FILE: two or three of its texts, cut from one line in their order or one of them from elsewhere; before each the
# flags that it has, s or is.
regexes() {
	LC_ALL=C awk -v seed="$SEED" -v n=$((PERCENT * 40)) '
	function piece(text,   at, len) {
		len = 1 + int(rand() * 16)
		at = 1 + int(rand() * length(text))
		rest = substr(text, at + len)
		text = substr(text, at, len)
		gsub(/[][\\.^$*+?(){}|]/, "\\\\&", text)
		return text
	}
	function between() {
		return rand() < 0.7 ? ".*" : rand() < 0.5 ? ".+" : rand() < 0.5 ? "(.*)" : "(no such text|.*)"
	}
	BEGIN { srand(seed + 1) }
	/^[ -_a-~]+$/ && length($0) > 20 { line[lines++] = $0 }
	END {
		while (made < n) {
			rest = line[int(rand() * lines)]
			regex = piece(rest)
			for (more = rand() < 0.5 ? 1 : 2; more > 0 && length(rest) > 1; more--)
				regex = regex between() piece(rand() < 0.1 ? line[int(rand() * lines)] : rest)
			if (regex ~ /^ *$/)
				continue
			how = rand() < 0.4 ? "is" : "s"
			print how "\t" (how == "is" && rand() < 0.5 ? toupper(regex) : regex)
			made++
		}
	}' "$1"
}
regexes lines >patterns
tab=$(printf '\t')
matched=0
while IFS=$tab read -r how regex; do
	case $how in
	s) want=$(LC_ALL=C grep -cE -e "$regex" lines) ;;
	*) want=$(count none "|~ \`(?$how)$regex\`") ;; # beyond ASCII there are letters that grep does not take for those
	esac
	for kind in small full; do
		is_now=$(count $kind "|~ \`(?$how)$regex\`")
		test "$is_now" = "$want" || fail "$kind: $how of $regex" "lines: $want, found: $is_now"
	done
	test "$want" -eq 0 || matched=$((matched + 1))
done <patterns
ok "regexes of several texts are as many as were made" test "$(wc -l <patterns)" -eq $((PERCENT * 40))
ok "most of them match" test "$matched" -gt $((PERCENT * 20))

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
