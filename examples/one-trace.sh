#!/bin/sh
# one-trace.sh [TRACE-ID]: follows one request through the logs of four programs, searching the files
# as they are, without a store. Without an id it takes that of an order that failed.
set -eu

logs=$(cd "${0%/*}/logs" && pwd)
id=${1:-$(logql -o raw --limit 1 '{} | json | status=504 | line_format "{{.trace_id}}"' "$logs/shop.log")}

echo "trace $id"
for app in nginx shop payment billing; do
	logql -o raw "{} |= \"$id\"" "$logs/$app.log" | sed "s/^/$app: /" | cut -c 1-160
done
