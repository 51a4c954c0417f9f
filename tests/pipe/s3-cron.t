#!/bin/sh
# examples/cron with an object store: the same table, with its URL and its keys among the settings.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/s3.sh"
. "$REPO/tests/lib/cron.sh"
need flock
s3_start

export TAP
cron_table "$S3_URL"
printf 'AWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" >>settings
for app in one two; do
	cron_fill $app
	cron_all "with $app"
done
is "what came is in the store, and not in the log" \
	"$(find data/wal -name '*.wal'; logql --store "$S3_URL" -o raw '{app=~"one|two"}' --limit 0 | wc -l)" \
	"$((2 * $(wc -l <"$REPO/examples/logs/shop.log")))"
is "the bill has a line a day, however often it runs" "$(wc -l <data/usage.jsonl)" 1
sed -i '/^AWS_SECRET/s/=.*/=nothing-like-it/' settings
ok "a key that is wrong is one line" exits 4 as_cron "$(command_of "$(grep 'quietly compact ' lines)")"
ok "with the status" stderr_matches '^quietly: error: compact: exit status 4: chunkpack: error: '
not_ok "without the key" grep -rq -e "$AWS_SECRET_ACCESS_KEY" -e nothing-like-it data/cron "$TAP/stderr"

done_testing
