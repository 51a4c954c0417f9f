#!/bin/sh
# A folder of one day that cannot be read is told and left out; the other days and tenants have
# their turn, and what is in that folder is as it was, once it can be read again.
. "${0%/*}/../lib/tap.sh"

# Root may read everything, unless it gives that up.
bare() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --bounding-set=-dac_override,-dac_read_search "$@"
	else
		"$@"
	fi
}
[ "$(id -u)" != 0 ] || need setpriv
mkdir shut && chmod 0 shut
if bare ls shut >ls.out 2>&1; then skip_all "root may read everything"; fi

# Tenants a, b and c, three days, two packs of each.
for n in 1 2; do
	for tenant in a b c; do
		for day in 0 1 2; do
			echo "{\"ts\":\"$((1768435200 + 86400 * day + n))000000000\",\"tenant\":\"$tenant\",\"labels\":{\"app\":\"x\"},\"line\":\"$n of $day\"}"
		done
	done | chunkpack --store store | idxbuild --store store >/dev/null
done
shut=store/b/index/2026-01-16
all() { # STORE
	for tenant in a b c; do logql --store "$1" -t $tenant --limit 0 -o jsonl '{app="x"}'; done | sort
}
tree() { # FOLDER
	find "$1" -type f -exec cksum {} + | sort
}
all store >before
cp -rp store one
cp -rp store two
cp -rp store three
cp -rp store four

# --- compaction

tree $shut >shut.before
chmod 0 $shut
ok "compaction" exits 4 bare chunkpack --compact --fan-in 2 --store store
ok "tells the folder" stderr_has "'$shut': Permission denied"
ok "once" stderr_lines 1
ok "and merges each other day" stdout_lines 8
is "of the tenant, too" "$(grep -c '/b/' "$TAP/stdout")" 2
chmod 755 $shut
tree $shut >shut.after
ok "the day is as it was" cmp shut.before shut.after
all store >after
ok "and so is what is stored" cmp before after
ok "once it can be read" exits 0 bare chunkpack --compact --fan-in 2 --store store
ok "it is merged alone" stdout_lines 1
ok "and all is right" exits 0 idxbuild --fsck --blocks --store store

packs=one/b/chunks/2026-01-16
chmod 0 $packs
ok "with a folder of packs" exits 4 bare chunkpack --compact --fan-in 2 --store one
ok "it is likewise" stdout_lines 8
ok "told" stderr_has "'$packs': Permission denied"
ok "in a dry run" exits 4 bare chunkpack --compact --fan-in 2 --store one --dry-run
ok "too" stderr_has "'$packs': Permission denied"
chmod 755 $packs
all one >after
ok "and nothing is lost" cmp before after

# --- what has expired

printf 'limits_config: {retention_period: 24h}\n' >limits.yaml
retain() { # STORE
	exits "$2" bare idxbuild --retain --store "$1" --limits limits.yaml --now 2026-02-01 --delete-delay 0
}
shut=two/b/index/2026-01-16
chmod 0 $shut
ok "retention" retain two 4
ok "tells it" stderr_has "'$shut': Permission denied"
is "and empties each other day" "$(find two -name '*.pack' | cut -d / -f 2,4 | sort -u)" "b/2026-01-16"
chmod 755 $shut
ok "and this one, once it can be read" retain two 0
is "with all of it" "$(find two -name '*.pack')" ""

# --- room

shut=three/b/index/2026-01-16
tree three >three.before
chmod 0 $shut
ok "where it is not known how much there is" exits 4 bare idxbuild --retain --keep-bytes 1K --store three --delete-delay 0
chmod 755 $shut
find three -path '*/~lokid/*' -prune -o -type f -exec cksum {} + | sort >three.after
grep -v '~lokid' three.before >three.wanted
ok "nothing makes room" cmp three.wanted three.after

# --- a check

damaged=$(find four/c/chunks/2026-01-17 -name '*.pack' | head -n 1)
printf x >>"$damaged"
for kind in index chunks; do
	shut=four/b/$kind/2026-01-16
	tree four/b >four.before
	chmod 0 $shut
	for how in --fsck "--fsck --repair"; do
		# shellcheck disable=SC2086
		ok "idxbuild $how" exits 4 bare idxbuild $how --store four
		ok "tells the folder of $kind" stderr_is "idxbuild: error: cannot open folder '$shut': Permission denied"
		ok "and what is wrong elsewhere" stdout_has "damaged ${damaged#four/}"
		is "but nothing of that day" "$(grep -c '/2026-01-16/' "$TAP/stdout")" 0
	done
	chmod 755 $shut
	tree four/b >four.after
	ok "where nothing is repaired" cmp four.before four.after
done

done_testing
