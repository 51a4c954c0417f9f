#!/bin/sh
# A store that goes to a real object store and back gives the same answers everywhere; its check and its repair work there, too.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/s3.sh"
. "$REPO/tests/lib/years.sh"
s3_start

make_week s 7 1
make_queries >queries
is "forty queries" "$(wc -l <queries)" 40
ask s >before
ok "there are answers" test "$(grep -vc "^#" before)" -gt 100

# copying FROM TO WHAT: while a copy is made the answers of what is copied are the same.
copying() {
	spawn chunkpack --copy --from "$1" --store "$2" >copied
	same "while '$3'" "$1"
	wait "$PID"
	ok "$3" test $? -eq 0
}

copying s "$S3_URL" "a copy to S3"
same "on S3" "$S3_URL"
ok "all is right there" exits 0 idxbuild --fsck --store "$S3_URL"
ok "without a word" stdout_is_empty
spawn chunkpack --compact --store "$S3_URL" --fan-in 2 >made
same "while 'compaction there'" "$S3_URL"
wait "$PID"
ok "compaction there" test $? -eq 0
ok "does something" test "$(wc -l <made)" -gt 0
ok "all is right" exits 0 idxbuild --fsck --store "$S3_URL"
copying "$S3_URL" back "a copy back"
same "copied back" back
ok "all is right" exits 0 idxbuild --fsck --store back

# An index file is lost, another is damaged, something lies there that is not ours.
key() { s3_keys main | grep "$1" | sort | sed -n "$2p"; }
first=$(key '^alpha/index/' 1)
second=$(key '^beta/index/' 1)
printf 'LKIX, but no more' >junk
ok "an index file is deleted" s3_curl DELETE "/$S3_RUN/main/$first" -o out
ok "another is overwritten" s3_curl PUT "/$S3_RUN/main/$second" -T junk -o out
ok "a file of somebody else" s3_curl PUT "/$S3_RUN/main/alpha/chunks/notes.txt" -T junk -o out
ok "--fsck finds it all" exits 3 idxbuild --fsck --delete-delay 0 --store "$S3_URL"
ok "the damage" stdout_matches "^damaged $second: "
ok "the foreign file" stdout_matches '^foreign alpha/chunks/notes.txt: '
ok "--repair" exits 3 idxbuild --fsck --repair --delete-delay 0 --store "$S3_URL"
ok "tells what it moved" stderr_matches "moved '$second' to '~lokid/lost/$second/[0-9a-f]{32}'"
ok "and leaves that alone" stderr_has "'alpha/chunks/notes.txt' stays: it is not of the store"
ok "who put it there takes it away" s3_curl DELETE "/$S3_RUN/main/alpha/chunks/notes.txt" -o out
ok "then all is right" exits 0 idxbuild --fsck --delete-delay 0 --store "$S3_URL"
ok "without a word" stdout_is_empty
same "repaired" "$S3_URL"
ok "what was moved is there" test "$(s3_keys main | grep -c '^~lokid/lost/')" -ge 1
ok "data is old" exits 1 idxbuild --freshness --max-age 1h --store "$S3_URL"
ok "of three tenants" stdout_lines 3

done_testing
