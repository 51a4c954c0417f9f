#!/bin/sh
# The EXAMPLES of every page of sections 1 and 8 do what the page shows; tests/README.md says how they are
# written.
. "${0%/*}/lib/tap.sh"
. "$REPO/tests/lib/examples.sh"

# The examples of a page, one a file: NN.cmd (a script), NN.out (its stdout), NN.line (where).
extract() {
	awk -v dir="$2" '
	function name(suffix) { return sprintf("%s/%03d.%s", dir, n, suffix) }
	function begin_command(text)
	{
		n++
		print FNR >name("line")
		printf "" >name("out")
		print text >name("cmd")
		more = text ~ /\\$/
		in_output = !more
	}
	# What mdoc makes of a literal line.
	function plain(text)
	{
		gsub(/\\&/, "", text)
		gsub(/\\-/, "-", text)
		gsub(/\\\(aq/, "\047", text)
		gsub(/\\\(ti/, "~", text)
		gsub(/\\\(ha/, "^", text)
		gsub(/\\\(ga/, "`", text)
		gsub(/\\e/, "\\", text)
		return text
	}
	/^\.Sh / { examples = /EXAMPLES/ }
	/^\.\\" no-run/ { skip = 1; next }
	/^\.Bd -literal/ { block = examples && !skip; skip = 0; in_output = 0; more = 0; next }
	/^\.Ed/ { block = 0; next }
	!block || /^\.\\"/ { next }
	{ text = plain($0) }
	more { print text >name("cmd"); more = text ~ /\\$/; in_output = !more; next }
	text ~ /^\$ / { begin_command(substr(text, 3)); next }
	in_output { print text >name("out"); next }
	{ printf "%s:%d: a literal block of EXAMPLES begins without \"$ \"\n", FILENAME, FNR >(dir "/bad") }
	' "$1"
}

set -- "$REPO"/man/*.[18]
[ -e "$1" ] || skip_all "man/ has no page of a program"

for page in "$@"; do
	name=${page##*/}
	mkdir -p "$TAP/examples/$name"
	extract "$page" "$TAP/examples/$name"
	ok "$name: blocks begin with a command" test ! -e "$TAP/examples/$name/bad"
	[ ! -e "$TAP/examples/$name/bad" ] || note "$(cat "$TAP/examples/$name/bad")"
	run_examples "$name" "$TAP/examples/$name"
done

done_testing
