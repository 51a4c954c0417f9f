# examples.sh - runs the examples of a page, after tap.sh: man.t and readme.t extract them.
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
