# examples.sh - takes the examples out of a page and runs them, after tap.sh.
# shellcheck shell=sh

# run_examples NAME DIR: DIR has for each, in order, NN.cmd (a script), NN.out (its stdout) and
# NN.line (where it stands). They run in one folder with the sample logs.
run_examples() {
	mkdir -p "$TAP/work/$1"
	cd "$TAP/work/$1" || exit 99
	cp "$REPO"/examples/logs/*.log .
	for cmd in "$2"/*.cmd; do
		[ -e "$cmd" ] || break
		at=$(cat "${cmd%.cmd}.line")
		run sh "$cmd"
		ok "$1:$at: prints what the page shows" stdout_is_file "${cmd%.cmd}.out"
		if [ -s "${cmd%.cmd}.out" ]; then
			is "$1:$at: exit status" "$STATUS" 0
		else
			ok "$1:$at: exit status $STATUS" test "$STATUS" -le 1
		fi
		[ "$STATUS" -le 1 ] || note "$(cat "$TAP/stderr")"
	done
	cd "$TAP/work" || exit 99
}

# extract_examples PAGE DIR: those of a man page go to DIR, one a file: NN.cmd (a script), NN.out (its
# stdout) and NN.line (where); DIR/bad names blocks that begin without a command. A command goes on behind
# \, behind | and in an open quote.
extract_examples() {
	awk -v dir="$2" '
	function name(suffix) { return sprintf("%s/%03d.%s", dir, n, suffix) }
	function begin_command(text)
	{
		n++
		print FNR >name("line")
		printf "" >name("out")
		quotes = 0
		add_line(text)
	}
	function add_line(text)
	{
		print text >name("cmd")
		quotes += gsub(/\047/, "&", text)
		more = text ~ /[\\|]$/ || quotes % 2
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
	more { add_line(text); next }
	text ~ /^\$ / { begin_command(substr(text, 3)); next }
	in_output { print text >name("out"); next }
	{ printf "%s:%d: a literal block of EXAMPLES begins without \"$ \"\n", FILENAME, FNR >(dir "/bad") }
	' "$1"
}
