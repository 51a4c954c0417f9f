#!/bin/sh
# Root that writes into another user's folder is told whose it is, and how to run the program as that user.
. "${0%/*}/../lib/tap.sh"

[ "$(id -u)" = 0 ] || skip_all "needs root"
mkdir -p d/wal d/store
chown -R 65534:65534 d 2>/dev/null || skip_all "root may not give files away"
name=$(getent passwd 65534 | cut -d : -f 1)
as="runuser -u $name -- "
[ "$name" ] || as="setpriv --reuid 65534 --regid 65534 --clear-groups "

# told PROG FOLDER
told() {
	stderr_matches "^$1: (warning: )?'$2' is the folder of user .* writes there: $as$1\$"
}

echo one >log
ok "lokid-ingest" exits 0 lokid-ingest --wal d/wal -l app=a log
ok "tells it" told lokid-ingest d/wal
ok "quiet" exits 0 lokid-ingest -q --wal d/wal -l app=a log
ok "is silent" stderr_is_empty
ok "chunkpack" exits 0 sh -c 'walreplay --frames --unpacked --store d/store d/wal | chunkpack --store d/store >packs'
ok "tells it" told chunkpack d/store
ok "idxbuild" exits 0 sh -c 'idxbuild --store d/store <packs'
ok "tells it" told idxbuild d/store
ok "a rebuild" exits 0 idxbuild --rebuild --store d/store
ok "tells it" told idxbuild d/store
ok "a repair" exits 0 idxbuild --fsck --repair --store d/store
ok "tells it" told idxbuild d/store
ok "a check" exits 0 idxbuild --fsck --store d/store
ok "is silent: it writes nothing" stderr_is_empty
ok "so is a query" exits 0 logql --store d/store '{app="a"}'
ok "as it is" stderr_is_empty
ok "one that deletes" exits 0 logql delete create '{app="a"}' --store d/store --from 1
ok "tells it" told logql d/store
ok "walreplay that makes segments" exits 0 walreplay --salvage d/wal d/wal
ok "tells it" told walreplay d/wal
chown -R 0:0 d
ok "of a folder of its own" exits 0 idxbuild --rebuild --store d/store
ok "nobody is told" stderr_is_empty
done_testing
