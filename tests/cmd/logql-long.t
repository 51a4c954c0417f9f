#!/bin/sh
# Queries that are too long, too deep or too many of something: what is just taken, and what is refused.
. "${0%/*}/../lib/tap.sh"

echo 'k=v' >raw.log

# many N TEXT: TEXT N many.
many() {
	awk -v n="$1" -v s="$2" 'BEGIN { for (i = 0; i < n; i++) printf "%s", s }'
}

# refused WHY QUERY...
refused() {
	why=$1
	shift
	ok "refused: $why" exits 2 logql "$@" raw.log
	ok "is told" stderr_has "$why"
}

ok "1000 label filters in a row" exits 0 logql "{} | a=\"\"$(many 999 ' and a=""')" raw.log
refused "over 1000 label filters in a row" "{} | a=\"\"$(many 1000 ' and a=""')"

ok "as many operations as are taken" exits 0 logql "vector(1)$(many 900 ' + vector(1)')" raw.log
ok "are computed" stdout_is '{} 901'
refused "over 1000 operations in a row" "vector(1)$(many 1001 ' + vector(1)')"
refused "nests over 1000 levels deep" "$(many 1001 '(')vector(1)$(many 1001 ')')"
refused "the query has too many words" "1$(many 30000 '+1')"
echo "{} |= \"$(many 131072 x)\"" >long
ok "more than 128 KiB" exits 2 sh -c 'logql fmt <long'
ok "is told" stderr_has "input size too long"

ok "255 groups of a regex" exits 0 logql "{} | regexp \`(?P<a>k)$(many 254 '()')\`" raw.log
refused "256 groups, at most 255" "{} | regexp \`(?P<a>k)$(many 255 '()')\`"
ok "a regex of 65536 bytes" exits 1 logql "{} |~ \"$(many 65535 x)y\"" raw.log
# Of a long stage only the begin is shown, so that the reason is.
refused "xx...' : regular expression of 65537 bytes, at most 65536" "{} |~ \"$(many 65536 x)y\""
refused "é...' : error parsing regexp: missing closing )" "{} |~ \"$(many 1000 é)(\""
refused "error parsing regexp: expression nests too deeply" "{} |~ \`$(many 1001 '(')x$(many 1001 ')')\`"
refused "error parsing regexp: expression too large" "{} |~ \`$(many 600 'x{1000}')\`"
refused "nested too deep" "{} | line_format \`$(many 1001 '{{if 1}}')$(many 1001 '{{end}}')\`"

ok "a step as long as time" exits 0 logql --from 0 --to 100 --step 290y 'vector(1)' raw.log

done_testing
