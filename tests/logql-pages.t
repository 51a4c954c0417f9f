#!/bin/sh
# The examples of logql(7) and logql-template(7) give what the pages show; the queries of the cookbook
# are those of tests/logql/documents, whose answers are tested there. tests/README.md says how the
# pages are written.
. "${0%/*}/lib/tap.sh"

# What mdoc makes of literal lines.
plain() {
	sed 's/\\&//g; s/\\e/\\/g' "$1"
}

# The examples of a page, in ./NAME: NNN.query, NNN.want, NNN.kind (the comment that begins the
# block) and NNN.line. A line that begins with two blanks goes on with a query, four begin a line of
# the answer, eight go on with it. A template has its output behind it and three blanks or more.
extract() {
	mkdir "$2"
	plain "$1" | awk -v dir="$2" '
	function name(suffix) { return sprintf("%s/%03d.%s", dir, n, suffix) }
	function begin() {
		n++
		print kind >name("kind")
		print FNR >name("line")
		printf "" >name("want")
	}
	function end_answer() { if (answer != "") print answer >name("want"); answer = "" }
	/^\.\\" (answers|labels|messages|templates)$/ { kind = $2; next }
	/^\./ { end_answer(); kind = ""; next }
	kind == "" { next }
	kind == "templates" {
		begin()
		at = match($0, /   +[^ ]+( ? ?[^ ]+)*$/)
		print substr($0, 1, at - 1) >name("query")
		print substr($0, at + (match(substr($0, at), /[^ ]/) - 1)) >name("want")
		next
	}
	/^        / { answer = answer " " substr($0, 9); next }
	/^    / { end_answer(); answer = substr($0, 5); next }
	/^  / { print >name("query"); next }
	{ end_answer(); begin(); print >name("query") }
	'
}

# ask KIND QUERY: the answer as the page shows it is in ./got then.
ask() {
	case $1-$2 in
	templates-*) run logql -o raw -- "{app=\"shop\"} | line_format \`$2\`" entry.jsonl ;;
	'answers-{'*) run logql -o raw --direction forward -- "$2" small.jsonl ;;
	*) run logql --direction forward -- "$2" small.jsonl ;;
	esac
	case $1 in
	labels) sed 's/^20[^ ]* \({[^}]*}\) .*/\1/' "$TAP/stdout" ;;
	messages) sed 's/^logql: error: //' "$TAP/stderr" ;;
	*) cat "$TAP/stdout" ;;
	esac >got
}

# Of an answer that the page ends with "..." the lines before are compared, and that there are more.
compare() {
	if [ "$(cat "$1")" = "(nothing)" ]; then
		[ ! -s got ] && [ "$STATUS" -eq 1 ]
	elif [ "$(tail -n 1 "$1")" = ... ]; then
		n=$(($(wc -l <"$1") - 1))
		[ "$(wc -l <got)" -gt "$n" ] && [ "$(head -n "$n" got)" = "$(head -n "$n" "$1")" ]
	else
		same_file "$1" got
	fi
}

cp "$REPO/examples/logs/small.jsonl" .
cat >entry.jsonl <<'END1'
{"ts":"1768472231328620347","labels":{"app":"shop","n":"12.5"},"line":"the line"}
END1

for page in logql logql-template; do
	extract "$REPO/man/$page.7" "$page"
	ok "$page(7) has examples" test -e "$page/050.query"
	for query in "$page"/*.query; do
		at=${query%.query}
		ask "$(cat "$at.kind")" "$(cat "$query")"
		ok "$page.7:$(cat "$at.line"): $(head -n 1 "$query")" compare "$at.want"
	done
done

# Every word of the language, as the lexer and the tables of functions have it, stands in an example;
# but for call, which has nothing to call.
lexer_words=$(sed -n 's/^	{ "\([a-z_]*\)", LEX_.*/\1/p' "$REPO/libcore/logql/lex.c")
functions=$(sed -n 's/.*{ \.name = "\([^"]*\)".*/\1/p' "$REPO"/libcore/template/funcs_*.c | grep -vx call)
cat logql/*.query >queries
cat logql-template/*.query >templates
missing=
for word in and $lexer_words; do
	grep -qwF -e "$word" queries || missing="$missing $word"
done
for operator in '==' '!=' '=~' '!~' '>=' '<=' '|=' '|~' '|>' '!>' '>' '<' + - '*' / % '^'; do
	grep -qF -e " $operator " -e "$operator\"" queries || missing="$missing $operator"
done
for word in $functions; do
	grep -qwF -e "$word" templates || missing="$missing $word"
done
is "the lexer has words, and templates functions" $(($(echo "$lexer_words $functions" | wc -w) > 120)) 1
is "words without an example" "$missing" ""

# The queries of the sections that show those of the tables, one a file: N.query.
mkdir cookbook
plain "$REPO/man/logql.7" | awk '
/^\.Sh / { inside = /COOKBOOK|FASTER FORMS/ }
/^\.Bd/ { literal = 1; next }
/^\./ { literal = 0 }
!inside || !literal { next }
{ sub(/^(slow|fast)  /, "") }
!/^  / { n++ }
{ print >("cookbook/" n ".query") }
'
for query in cookbook/*.query; do
	logql fmt "$(cat "$query")" >>in-page || fail "$query is no query: $(cat "$query")"
done
# Those of the tables that have a name and are no refusals.
awk '
function end_case() { if (named && !refused) printf "%s", queries; named = refused = 0; queries = "" }
/^$/ || FNR == 1 { end_case() }
/^name/ { named = 1 }
/^exit/ { refused = 1 }
/^(query|same)/ { sub(/^[a-z]+ +/, ""); queries = queries $0 "\n" }
END { end_case() }
' "$REPO"/tests/logql/documents/*.test | while IFS= read -r query; do
	logql fmt "$query"
done >in-tables
for f in in-page in-tables; do sort -u $f >$f.sorted; done
is "queries of the cookbook that are not in the tables" "$(comm -23 in-page.sorted in-tables.sorted)" ""
is "queries of the tables that are not in the cookbook" "$(comm -13 in-page.sorted in-tables.sorted)" ""

done_testing
