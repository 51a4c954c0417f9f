#!/bin/sh
# flush.sh [DATA]: what an hourly cron line runs to keep a store: packs the closed segments of
# DATA/wal (lokid-data), indexes them into DATA/store, then deletes the segments that are covered.
# Killed or cut at any point, or run twice at once, it loses and doubles nothing; the next run goes
# on. Segments that a writer still holds are left alone: queries read them where they are.
set -eu

data=${1:-lokid-data}
mkdir -p "$data/wal"
walreplay --frames --unpacked --store "$data/store" "$data/wal" |
	chunkpack --store "$data/store" |
	idxbuild --store "$data/store"
walreplay --prune --store "$data/store" "$data/wal"
