#!/bin/sh
# A store of which a part lies on an object store and the rest in a folder: the same answers, and nobody works on it who knows only
# a part.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/s3.sh"
. "$REPO/tests/lib/years.sh"
s3_start

make_week s 2 1
make_queries >queries
ask s >before

# all_over WHAT STORE: whatever works on a store.
all_over() {
	ok "$1: a copy to it" exits 0 chunkpack --copy --from s --store "$2"
	same "$1: there" "$2"
	ok "$1: compaction" exits 0 chunkpack --compact --store "$2" --fan-in 2 --delete-delay 0
	ok "$1: compaction of index files" exits 0 idxbuild --compact --store "$2" --delete-delay 0
	same "$1: after it" "$2"
	ok "$1: all is right" exits 0 idxbuild --fsck --delete-delay 0 --store "$2"
	ok "$1: without a word" stdout_is_empty
	ok "$1: a copy back" exits 0 chunkpack --copy --from "$2" --store "back$3"
	same "$1: copied back" "back$3"
}

all_over "packs on S3" "$S3_URL index=idx rules=rules" 1
is "no index is there" "$(s3_keys main | grep -c '/index/')" 0
ok "but packs are" test "$(s3_keys main | grep -c '/chunks/')" -gt 0
ok "without the index" exits 2 logql --store "$S3_URL" -t alpha '{app="a1"}'
ok "nobody goes on" stderr_has "has its index in a store of its own"
ok "nor without the rules" exits 2 idxbuild --retain --store "$S3_URL index=idx"
ok "which are named" stderr_has "has its rules in a store of its own"
ok "nor writes there" exits 2 chunkpack --store "$S3_URL" </dev/null

all_over "the index on S3" "packs index=$(s3_store index)" 2
ok "there it is" test "$(s3_keys index | grep -c '/index/')" -gt 0
is "and no pack" "$(s3_keys index | grep -c '/chunks/')" 0

# ---- a mark that is none

s3_curl PUT "/$S3_RUN/marks/~lokid/format" -d 'lokid store 1' >/dev/null
ok "packs alone" exits 0 chunkpack --copy --from s --store "$(s3_store marks) index=idx2"
is "and their mark" "$(s3_curl GET "/$S3_RUN/marks/~lokid/format")" "lokid store 1 without index"
s3_curl PUT "/$S3_RUN/marks/~lokid/format" -d '' >/dev/null
ok "an empty one" exits 3 idxbuild --fsck --store "$(s3_store marks) index=idx2"
ok "is told" stdout_matches '^unmarked ~lokid/format: '
ok "and mended" exits 0 idxbuild --fsck --repair --store "$(s3_store marks) index=idx2"
is "as it was" "$(s3_curl GET "/$S3_RUN/marks/~lokid/format")" "lokid store 1 without index"
s3_curl PUT "/$S3_RUN/marks/~lokid/format" -d 'lokid store 2' >/dev/null
ok "a newer one" exits 3 idxbuild --fsck --repair --store "$(s3_store marks) index=idx2"
is "is left" "$(s3_curl GET "/$S3_RUN/marks/~lokid/format")" "lokid store 2"

done_testing
