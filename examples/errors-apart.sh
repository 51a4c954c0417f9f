#!/bin/sh
# errors-apart.sh: keeps errors longer than the rest, by giving them a store of their own. What logql
# prints as JSON lines, with its times and labels, chunkpack takes in as it is.
set -eu

logs=$(cd "${0%/*}/logs" && pwd)

lokid-ingest -q -l app=shop "$logs/shop.log"
lokid-ingest -q -l app=payment "$logs/payment.log"
logql -o jsonl --direction forward '{app=~".+"} |~ "level\"?[=:]\"?error"' </dev/null |
	chunkpack --store errors |
	idxbuild --store errors

echo "errors by application, of $(cat "$logs/shop.log" "$logs/payment.log" | wc -l) lines:"
logql --store errors -o csv 'sum by (app) (count_over_time({app=~".+"}[1d]))' |
	sed 1d | cut -d , -f 2,3 | sort
