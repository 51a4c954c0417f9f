#!/bin/sh
# Every script of examples/ is a program, and runs in a folder of its own, with a log, to exit 0.
. "${0%/*}/lib/tap.sh"

# shellcheck disable=SC2046
set -- $(cd "$REPO" && ls examples/*.sh examples/*/*.sh 2>/dev/null)
[ $# -gt 0 ] || skip_all "examples/ has no script"

for script in "$@"; do
	dir=$(echo "$script" | tr / -)
	mkdir "$dir"
	cd "$dir" || exit 99
	lokid-ingest -q -l app=shop "$REPO/examples/logs/shop.log"
	ok "$script is exit 0" exits 0 "$REPO/$script"
	cd .. || exit 99
done

done_testing
