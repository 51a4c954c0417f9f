#!/bin/sh
# report.sh [FILE]...: the cost report of a day, as cron makes it: a page and metrics for node_exporter in the folder OUT, and
# on stdout what is above its threshold, and nothing else, so that cron sends a mail when there is something to be said. Without
# FILE it takes the records beside it. BUDGET is what a cluster may cost a day (350), ALERTMANAGER a URL, when alerts are to go
# there too, and SINCE the first day that can be above it (-3d): without it, a dear day of long ago is told each morning anew.
# The line in `crontab -e`:
#     15 6 * * * OUT=/srv/costs BUDGET=400 SINCE=-3d /usr/local/share/doc/lokid/examples/cost/report.sh /var/lib/costs/*.jsonl
set -eu

[ $# -gt 0 ] || set -- "${0%/*}/costs.jsonl"
out=${OUT:-.}

costrep report -o html --output "$out/costs.html" "$@"
costrep report -o prom --output "$out/costs.prom" "$@"
# Exit status 1 is that something is above; any other one is a failure.
costrep report -q --threshold "cluster=*:${BUDGET:-350}/day" --growth 'resource=*:50%/day' \
	${SINCE:+--from "$SINCE"} ${ALERTMANAGER:+--alertmanager "$ALERTMANAGER"} "$@" || [ $? -eq 1 ]
