#!/bin/sh
# flush.sh [DATA [STORE]]: what an hourly cron line runs to keep a store: packs the closed segments of
# DATA/wal (lokid-data), indexes them into STORE (DATA/store; a folder or an URL, lokid-store(7)), then
# deletes the segments that are covered.
# Killed or cut at any point, or run twice at once, it loses and doubles nothing; the next run goes
# on. Segments that a writer still holds are left alone: queries read them where they are.
# It is silent when all went well, and exits 0; else with the gravest status of the programs.
set -eu

# A folder is made by what is packed into it, and before that there is nothing to prune by.
has_store() {
	case $store in s3:*) ;; *) [ -d "${store%% *}" ] ;; esac
}

wal=${1:-lokid-data}/wal
store=${2:-${1:-lokid-data}/store}
[ -d "$wal" ] || { echo "flush.sh: error: there is no log '$wal'" >&2; exit 4; }

# A pipe's status is that of its last program alone: who fails says it on descriptor 3. Status 141
# is a broken pipe, so it only follows from another's. Pruning frees space, also when packing failed.
failed=$({
	{ walreplay --frames --unpacked --store "$store" "$wal" || echo $? >&3; } |
		{ chunkpack --store "$store" || echo $? >&3; } |
		{ idxbuild --store "$store" >/dev/null || echo $? >&3; }
	! has_store || walreplay --prune -q --store "$store" "$wal" || echo $? >&3
} 3>&1)
exit "$(printf '0\n%s\n' "$failed" | grep -vx 141 | sort -n | tail -n 1)"
