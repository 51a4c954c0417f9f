#!/bin/sh
# S1-3 with warm caches: what a machine keeps of an object store, its listings too, is all tenants' in one folder, and each sees
# what is its own. One of two stores of the bucket is called as the other's tenant.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/s3.sh"
. "$REPO/tests/lib/tenants.sh"
s3_start

cases=$((10000 * ${PERCENT:-5} / 100))
note "S1-3: $cases cases, seed $SEED"
# Other entries of tenants of the same names, in a store whose name begins with the first's.
tenants_make s wal
sed 's/"line":"/"line":"other /; s/"owner":"/"owner":"other /' all | chunkpack --store "$(s3_store main/a)" >packs
idxbuild --store "$(s3_store main/a)" <packs >/dev/null
ok "a store" exits 0 chunkpack --copy --from s --store "$(s3_store main/aa)"
S=$(s3_store main/aa)
warm() { # STORE
	while read -r tenant; do
		logql --store "$1" --cache cache --list-age 10h "--tenant=$tenant" '{app="x"}' >/dev/null || return 1
	done <tenants
}
ok "a cache is warm" warm "$S"
ok "and has what is another store's" warm "$(s3_store main/a)"
ok "so that nothing is asked for" exits 0 logql --store "$S" --cache cache --list-age 10h -t a --store-stats '{app="x"}'
ok "as the counters say" stderr_matches ' 0 PUT, 0 GET, 0 LIST, 0 HEAD, '
tenants_ask "$cases" --store "$S" --wal wal --cache cache --list-age 10h

done_testing
