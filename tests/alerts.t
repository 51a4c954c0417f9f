#!/bin/sh
# The alerts of examples/prometheus: Prometheus takes them, each fires and stays quiet, and what they
# ask for and tell people to run is there.
. "${0%/*}/lib/tap.sh"

dir=$REPO/examples/prometheus
alerts=$dir/lokid-alerts.yml

has_promtool() {
	command -v promtool >/dev/null 2>&1
}

# with_promtool DESC ARG...
with_promtool() {
	desc=$1
	shift
	if has_promtool; then
		ok "$desc" promtool "$@"
	else
		skip "$desc" "promtool is not here (package prometheus; scripts/setup --check installs it)"
	fi
}

with_promtool "the rules are rules" check rules "$alerts"
with_promtool "each alert fires, and stays quiet" test rules "$dir/lokid-alerts.test.yml"
with_promtool "the configuration that scrapes lokid is one" check config "$dir/prometheus.yml"

sed -n 's/^ *- alert: //p' "$alerts" | sort >found
sort >expected <<'END'
AlloyCollectionFailed
LogCollectionGap
LokiDiskUsage
LokiDown
LokiElevatedErrorRate
LokiErrorBudgetLow
LokiHighCardinality
LokiHighErrorBudgetBurn
LokiIndexLost
LokiIngesterMemoryHigh
LokiIngestionSlow
LokiIngestionStopped
LokiLogDamaged
LokiQueryFailures
LokiStoreAway
S3StorageFailed
END
ok "all alerts are there" diff expected found

# An alert without its case in the tests would pass them.
while read -r alert; do
	grep -q "alertname[=:] *\"*$alert" "$dir/lokid-alerts.test.yml" || echo "$alert"
done <expected >untested
ok "each is in the tests" diff /dev/null untested

# What stands in braces are values of labels. Two are Alloy's; what the rules record is theirs.
{
	echo loki_write_dropped_entries_total
	echo loki_source_file_read_lines_total
	sed -n 's/^ *- record: [a-z]*:\([a-z_]*\):.*/\1/p' "$alerts"
} >others
sed 's/_\(bucket\|count\|sum\)\([{[]\)/\2/g; s/{[^}]*}//g' "$alerts" |
	grep -o '\blokid\?_[a-z0-9_]*[a-z0-9]\b' | sort -u | grep -vxF -f others >asked
sed -n 's/.*\(COUNTER\|GAUGE\|HISTOGRAM\)("\([a-z0-9_]*\)".*/\2/p; s/^[[:space:]]*\(COUNTER\|GAUGE\|HISTOGRAM\)*("\([a-z0-9_]*\)",.*/\2/p' \
	"$REPO/libcore/server/server_metrics.c" | sort -u >counted
ok "alerts ask for something of lokid" test "$(wc -l <asked)" -gt 8
comm -23 asked counted >unknown
ok "and lokid has it" diff /dev/null unknown

# Options in what `action` says to run are of the program named before them.
sed -n 's/^ *action: "\(.*\)"$/\1/p' "$alerts" | awk '
	{
		gsub(/[,;.:]( |$)/, " | ")
		for (i = 1; i <= NF; i++) {
			if ($i == "|")
				prog = ""
			else if ($i ~ /^(logql|walreplay|chunkpack|idxbuild|chunkcat|lokid-ingest)$/)
				prog = $i
			else if ($i ~ /^--/ && prog != "")
				print prog, $i
		}
	}' | sort -u >options
ok "actions name programs with options" test "$(wc -l <options)" -gt 5
while read -r prog option; do
	"$prog" --help | grep -q -e "$option\\b" || echo "$prog has no $option"
done <options >wrong
ok "which they have" diff /dev/null wrong

# So are the keys of the daemon's file.
sed -n 's/^ *action: "\(.*\)"$/\1/p' "$alerts" |
	grep -o '\b\(max_[a-z_]*\|ingestion_[a-z_]*\|\(ingester\|distributor\)\.[a-z_.]*[a-z]\)' | sort -u >keys
ok "actions name keys of lokid.yaml" test "$(wc -l <keys)" -gt 4
while read -r key; do
	grep -q "(\"$key\"" "$REPO/libcore/limits/keys.c" "$REPO/libcore/server/config_keys.c" || echo "$key"
done <keys >wrong
ok "which it has" diff /dev/null wrong

done_testing
