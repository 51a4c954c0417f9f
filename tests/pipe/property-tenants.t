#!/bin/sh
# S1-3: a tenant sees only its own entries, labels and series, whatever it is called, from packs and the WAL.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/tenants.sh"

cases=$((10000 * ${PERCENT:-5} / 100))
note "S1-3: $cases cases, seed $SEED"
tenants_make store wal
tenants_ask "$cases" --store store --wal wal

done_testing
