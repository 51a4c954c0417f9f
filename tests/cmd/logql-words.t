#!/bin/sh
# Names and values of labels: of an index that lies inside the time asked for all that it has, of others
# those of streams with entries then.
. "${0%/*}/../lib/tap.sh"

make_index() # FILE; entries on stdin
{
	chunkpack --store store >"$1" 2>/dev/null && idxbuild --store store "$(cat "$1")" >/dev/null
}

at=1760522400
make_index one <<END
{"ts":"${at}000000000","labels":{"a":"1"},"line":"x"}
{"ts":"$((at + 20))000000000","labels":{"b":"2"},"line":"x"}
END
make_index two <<END
{"ts":"$((at + 60))000000000","labels":{"c":"3","b":"4"},"line":"x"}
END

words() # NAME FROM TO EXPECTED [VERB]
{
	# shellcheck disable=SC2086
	run logql ${5:-labels} --store store --from "$((at + $2))" --to "$((at + $3))"
	ok "$1" stdout_is "$4"
}

words "all that both have" 0 61 "a
b
c"
words "the end is not in" 0 60 "a
b"
words "of an index that begins before" 1 61 "b
c"
words "and of one that ends behind" 0 20 a
words "nor is what lies before" 21 61 "b
c"
words "values of all" 0 61 "2
4" "values b"
words "values of one" 0 60 2 "values b"
words "of none" 1 20 "" "values b"

done_testing
