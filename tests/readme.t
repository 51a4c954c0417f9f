#!/bin/sh
# The tour of README.md does what it shows: its console blocks are written as the examples of man
# pages are (tests/README.md), without mdoc's escapes.
. "${0%/*}/lib/tap.sh"
. "$REPO/tests/lib/examples.sh"

mkdir "$TAP/examples"
awk -v dir="$TAP/examples" '
function name(suffix) { return sprintf("%s/%03d.%s", dir, n, suffix) }
/^```console/ { block = 1; next }
/^```/ { block = 0 }
!block { next }
more { print >name("cmd"); more = /\\$/; next }
/^\$ / {
	n++
	print FNR >name("line")
	printf "" >name("out")
	print substr($0, 3) >name("cmd")
	more = /\\$/
	next
}
{ print >name("out") }
' "$REPO/README.md"

ok "the tour has commands" test -e "$TAP/examples/001.cmd"
run_examples README.md "$TAP/examples"

done_testing
