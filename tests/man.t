#!/bin/sh
# The EXAMPLES of every page of sections 1 and 8 do what the page shows; tests/README.md says how they are
# written.
. "${0%/*}/lib/tap.sh"
. "$REPO/tests/lib/examples.sh"

set -- "$REPO"/man/*.[18]
[ -e "$1" ] || skip_all "man/ has no page of a program"

for page in "$@"; do
	name=${page##*/}
	mkdir -p "$TAP/examples/$name"
	extract_examples "$page" "$TAP/examples/$name"
	ok "$name: blocks begin with a command" test ! -e "$TAP/examples/$name/bad"
	[ ! -e "$TAP/examples/$name/bad" ] || note "$(cat "$TAP/examples/$name/bad")"
	run_examples "$name" "$TAP/examples/$name"
done

done_testing
