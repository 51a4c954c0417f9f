#!/bin/sh
# logql: limits of what may be asked, with Loki's words.
. "${0%/*}/../lib/tap.sh"

awk 'BEGIN { for (i = 0; i < 6; i++)
	printf "{\"ts\":\"17605224%02d000000000\",\"tenant\":\"fake\",\"labels\":{\"app\":\"a%d\"},\"line\":\"line %d\"}\n", i * 10, i % 3, i }' >six.jsonl

ok "--max-entries" exits 0 logql --max-entries 4 -n 4 '{}' six.jsonl
ok "as many" stdout_lines 4
ok "a larger limit" exits 3 logql --max-entries 4 -n 5 '{}' six.jsonl
ok "is refused" stderr_is 'logql: error: max entries limit per query exceeded, limit > max_entries_limit_per_query (5 > 4)'
ok "without any answer" stdout_is_empty
ok "none is larger" exits 3 logql --max-entries 4 '{}' six.jsonl
ok "than any" stderr_has '(all > 4)'
ok "a metric query has no entries" exits 0 logql --max-entries 4 'count_over_time({}[1h])' six.jsonl
ok "nor have patterns" exits 0 logql patterns --max-entries 4 '{}' six.jsonl
ok "nor fields" exits 0 logql detected-values --max-entries 4 app_extracted '{} | label_format app_extracted="x"' six.jsonl

ok "--min-matchers" exits 0 logql --min-matchers 2 '{app="a1", app!="b"}' six.jsonl
ok "fewer" exits 3 logql --min-matchers 3 'count_over_time({app="a1", app!="b"}[1h])' six.jsonl
ok "are refused" stderr_is 'logql: error: stream selector has less label matchers than required: (present: [app, app], number_present: 2, required_number_label_matchers: 3) (limit: minimum_labels_number)'
ok "of each selector" exits 3 logql --min-matchers 2 'count_over_time({app="a1", app!="b"}[1h]) / count_over_time({app="a1"}[1h])' six.jsonl
ok "--need-labels" exits 0 logql --need-labels app '{app=~"a.+"} | team=""' six.jsonl
ok "a selector without" exits 3 logql --need-labels app,team,pod 'sum(rate({team="x", app="a1"}[1h])) + sum(rate({pod="p", x="y"}[1h]))' six.jsonl
ok "is refused" stderr_is 'logql: error: stream selector is missing required matchers [pod], labels present in the query were [team, app] (limit: required_labels)'
ok "of several names each" exits 3 logql --need-labels app,team,pod --min-matchers 9 '{pod="p", x="y"}' six.jsonl
ok "is told, before their number" stderr_is 'logql: error: stream selector is missing required matchers [app, team], labels present in the query were [pod, x] (limit: required_labels)'
ok "a bad name" exits 2 logql --need-labels app,1 '{app="a1"}' six.jsonl

# kind KIND QUERY: is it of that one and of no other?
kind() {
	others=$(echo metric,filter,limited | sed "s/$1//; s/,,/,/; s/^,//; s/,\$//")
	ok "not refused as another: $2" exits 0 logql --refuse "$others" "$2" six.jsonl
	ok "refused as $1" exits 3 logql --refuse "$1" "$2" six.jsonl
	ok "told so" stderr_is 'logql: error: query blocked by policy'
}
kind metric 'count_over_time({app=~"a.+"} |= "line" [1h])'
kind metric '1 + sum(rate({app="a1"}[1h]))'
kind filter '{app="a1"} |= "line"'
kind filter '{app="a1"} | logfmt | app="a1"'
kind filter '{app="a1"} != "x"'
kind limited '{app="a1"}'
kind limited '{app="a1"} | logfmt |= ""'
ok "what is no query is told as that" exits 2 logql --refuse metric,filter,limited '{app=' six.jsonl
ok "a bad kind" exits 2 logql --refuse metric,all '{app="a1"}' six.jsonl

ok "--max-series" exits 0 logql --max-series 3 'count_over_time({}[1h])' six.jsonl
ok "one more" exits 3 logql --max-series 2 'count_over_time({}[1h])' six.jsonl
ok "is refused" stderr_is 'logql: error: maximum of series (2) reached for a single query (limit: max_query_series)'
ok "without any answer" stdout_is_empty
ok "what is summed up is one" exits 0 logql --max-series 1 'sum(count_over_time({}[1h]))' six.jsonl
ok "volumes are series" exits 3 logql volume --max-series 2 --target-labels app six.jsonl

ok "--max-bytes" exits 0 logql --max-bytes 36 'sum(bytes_over_time({app=~".+"}[1h]))' six.jsonl
ok "one less" exits 3 logql --max-bytes 35B '{app=~".+"}' six.jsonl
ok "is refused" stderr_has 'the query would read too many bytes (query: 36 B, limit: 35 B)'
ok "a selector of fewer" exits 0 logql --max-bytes 12 '{app="a1"}' six.jsonl
ok "of a pipe" exits 3 sh -c "seq 10000 | logql --max-bytes 1000 '{}'"

from=1760522400
ok "--max-query-length" exits 0 logql --max-query-length 1h --from $from --to 1760526000 '{}' six.jsonl
ok "a second more" exits 3 logql --max-query-length 1h --from $from --to 1760526001 '{}' six.jsonl
ok "is refused" stderr_is 'logql: error: the query time range exceeds the limit (query length: 1h0m1s, limit: 1h) (limit: max_query_length)'
ok "of a metric query" exits 3 logql --max-query-length 1h --from $from --to 1760526001 --step 1m 'rate({}[1m])' six.jsonl
ok "without a begin" exits 3 logql --max-query-length 1h '{}' six.jsonl
ok "it is all time" stderr_has '(query length: all time, limit: 1h)'
ok "a moment has no length" exits 0 logql --max-query-length 1s 'count_over_time({}[1h])' six.jsonl

ok "--max-query-range" exits 0 logql --max-query-range 1h 'count_over_time({}[1h])' six.jsonl
ok "longer ones" exits 3 logql --max-query-range 1h '1 + sum(count_over_time({}[2h])) / 2' six.jsonl
ok "are refused" stderr_is 'logql: error: [interval] value exceeds limit: [2h] > [1h] (limit: max_query_range)'

{
	cat six.jsonl
	printf '{"ts":"%s000000000","tenant":"fake","labels":{"app":"new"},"line":"now"}\n' "$(date +%s)"
} >seven.jsonl
ok "--max-query-lookback" exits 0 logql --max-query-lookback 1h -o raw '{}' seven.jsonl
ok "leaves out what is older" stdout_is now
ok "of metrics" exits 0 logql --max-query-lookback 1h -o raw 'sum(count_over_time({}[100y]))' seven.jsonl
ok "too" stdout_is 1
ok "of labels" exits 0 logql values --max-query-lookback 1h app seven.jsonl
ok "too" stdout_is new
ok "is a begin" exits 0 logql --max-query-lookback 1h --max-query-length 61m -o raw '{}' seven.jsonl

seq 2000000 >many
ok "--timeout" exits 5 logql --timeout 1ms -j 1 'sum(count_over_time({} |~ "[13]5.*7$" [1h]))' many
ok "is told" stderr_has 'request timed out'
ok "enough time" exits 0 logql --timeout 10m '{}' six.jsonl

for o in max-entries min-matchers max-series max-bytes max-query-length max-query-range max-query-lookback timeout; do
	ok "--$o 0 is none" exits 2 logql --$o 0 '{}' six.jsonl
done

done_testing
