#!/bin/sh
# The tables of queries again, with the entries in the log only, and half in packs and half in the log: the same answers.
# And how many cases all tables have.
. "${0%/*}/lib/tap.sh"

same_from() {
	TABLE_SOURCE=$1 sh "$REPO/tests/lib/logql-table" "$2" >log 2>&1 || {
		grep -v '^ok' log
		return 1
	}
}

n=0
for table in "$REPO"/tests/logql/*.test; do
	n=$((n + $(grep -c '^query' "$table")))
	grep -q '^entry' "$table" || continue # raw lines lie in files
	for source in wal half; do
		ok "${table##*/} from $source" same_from $source "$table"
	done
done

ok "there are 400 cases or more" test $n -ge 400
note "$n cases"

done_testing
