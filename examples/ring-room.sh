#!/bin/sh
# ring-room.sh: before a cluster is bought: how many nodes a zone needs so that it may fail, and no write is lost. Then a
# ring of that size is made, a zone's worth of it is planned away, and the plan says no.
set -eu

echo "nodes  a zone fails  two nodes fail: at risk"
for nodes in 3 6 12 24; do
	zone=$(ringctl simulate --nodes $nodes --zones 3 --fail zone=zone-1 -o csv | sed -n 's/^read,//p')
	risk=$(ringctl simulate --nodes $nodes --zones 3 --fail nodes=2 -o csv 2>/dev/null | sed -n 's/^at_risk,//p') || true
	awk -v n=$nodes -v zone="$zone" -v risk="$risk" 'BEGIN {
		printf "%5d  %s  %.1f%%\n", n, zone == 1 ? "nothing lost" : "LOSES DATA  ", 100 * risk }'
done

for i in 1 2 3 4 5 6; do
	ringctl --ring ring join "node-$i" --zone "zone-$(((i - 1) % 3 + 1))" --addr "10.0.0.$i:3100" 2>/dev/null
done
ringctl --ring ring plan --remove node-6 | tail -n 1
ringctl --ring ring plan --zone zone-3 >/dev/null 2>&1 || echo "a whole zone cannot go"
ringctl --ring ring svg --output ring.svg
