#!/bin/sh
# Every script of examples/ runs, in a folder of its own, and ends with exit 0.
. "${0%/*}/lib/tap.sh"

# shellcheck disable=SC2046
set -- $(cd "$REPO" && ls examples/*.sh examples/*/*.sh 2>/dev/null)
[ $# -gt 0 ] || skip_all "examples/ has no script"

for script in "$@"; do
	dir=$(echo "$script" | tr / -)
	mkdir "$dir"
	cd "$dir" || exit 99
	ok "$script is exit 0" exits 0 sh "$REPO/$script"
	cd .. || exit 99
done

done_testing
