#!/bin/sh
# -t with a tenant that the store does not have: a warning wherever it is said, never a failure, since
# one that has sent nothing yet is no fault.
. "${0%/*}/../lib/tap.sh"

entry() {
	echo '{"ts":"1768478400000000000","tenant":"'"$1"'","labels":{"app":"a"},"line":"one"}'
}
{ entry acme; entry beta; } | chunkpack --store s | idxbuild --store s >/dev/null
mkdir s/lost+found
{ entry acme; entry beta; } | lokid-ingest -q --wal wal --input jsonl

# warned WHAT COMMAND...: exit 0 with the warning alone.
warned() {
	what=$1
	shift
	ok "$what: is exit 0" exits 0 "$@"
	ok "$what: a warning" stderr_is "$1: warning: store 's' has no tenant 'nobody'; it has 'acme', 'beta'"
	ok "$what: and nothing more" stdout_is_empty
}

ls s >before
for mode in --compact --delete '--copy --from s --store t'; do
	case $mode in *--store*) store= ;; *) store='--store s' ;; esac
	# shellcheck disable=SC2086 # several words
	warned "chunkpack ${mode%% *}" chunkpack $mode $store -t nobody
done
echo '{app="a"} | line_format "x"' >rules
warned "chunkpack --scrub" chunkpack --scrub rules --store s -t nobody
for mode in --rebuild --compact --retain --fsck --dump --stats --verify; do
	warned "idxbuild $mode" idxbuild $mode --store s -t nobody
done
ok "idxbuild --freshness: is exit 1" exits 1 idxbuild --freshness --max-age 1h --store s -t nobody
ok "idxbuild --freshness: warns too" stderr_has "warning: store 's' has no tenant 'nobody'"
echo 'nobody {app="a"} | line_format "x"' >rules
ok "a rule of one" exits 0 chunkpack --scrub rules --store s
ok "is a warning with its file" stderr_is "chunkpack: warning: 'rules': store 's' has no tenant 'nobody'; it has 'acme', 'beta'"
ls s >after
ok "none of them makes it" same_file before after
ok "packing is of whom it says" exits 0 sh -c 'echo "{\"ts\":\"1\",\"labels\":{\"app\":\"a\"},\"line\":\"one\"}" | chunkpack --store u -t nobody'
ok "without a warning" stderr_is_empty

ok "one letter is wrong" exits 0 idxbuild --compact --store s -t acne
ok "who is meant" stderr_is "idxbuild: warning: store 's' has no tenant 'acne': is 'acme' meant?"
mkdir empty empty/~lokid && cp s/~lokid/format empty/~lokid/
ok "there is none at all" exits 0 idxbuild --compact --store empty -t acne
ok "which is said" stderr_is "idxbuild: warning: store 'empty' has no tenant 'acne', nor any other"
ok "one that is there" exits 0 idxbuild --compact --store s -t beta
ok "is no warning" stderr_is_empty

# no WHAT COMMAND...: exit 1 with the warning alone.
no() {
	what=$1
	shift
	ok "$what: is exit 1" exits 1 "$@"
	ok "$what: a warning" stderr_is "logql: warning: store 's' has no tenant 'nobody'; it has 'acme', 'beta'"
	ok "$what: and nothing more" stdout_is_empty
}
no "a query" logql --store s -t nobody '{app="a"}'
no "of counts" logql --store s -t nobody 'sum(count_over_time({app="a"}[1h]))'
no "its labels" logql labels --store s -t nobody
no "beside one that is there" logql --store s -t 'acme|nobody' '{app="none"}'
no "beside a log" logql --store s --wal wal -t nobody '{app="a"}'
ok "a query for whom nobody is named" exits 1 logql --store s '{app="a"}'
ok "is told who is there" stderr_is "logql: warning: store 's' has no tenant 'fake'; it has 'acme', 'beta'"
ok "of one that is there and has nothing such" exits 1 logql --store s -t acme '{app="none"}'
ok "nothing is said" stderr_is_empty
ok "of two that are there" exits 1 logql --store s -t 'acme|beta' '{app="none"}'
ok "neither" stderr_is_empty
ok "nor of a store in which nothing is yet" exits 1 logql --store empty '{app="a"}'
ok "at all" stderr_is_empty
ok "as the API has it" exits 1 logql --store s -t nobody -o api '{app="a"}'
ok "it is no mistake" stderr_is_empty

ok "logql delete list is exit 1 as without any" exits 1 logql delete list --store s
ok "and warns of the tenant that is meant unless one is named" \
	stderr_is "logql: warning: store 's' has no tenant 'fake'; it has 'acme', 'beta'"
ok "logql delete create" exits 0 logql delete create --store s -t acmee --from 2026-01-01 --to 2026-01-02 '{app="a"}'
ok "warns" stderr_is "logql: warning: store 's' has no tenant 'acmee': is 'acme' meant?"

ok "walreplay" exits 0 walreplay -t nobody wal
ok "warns of a tenant that the log does not have" stderr_is "walreplay: warning: nothing that was read is of tenant 'nobody'"
ok "not of one that has nothing of that time" exits 0 walreplay -t acme --to 2020-01-01 wal
ok "not at all" stderr_is_empty
ok "nor of what is not packed yet" exits 0 walreplay --unpacked --store s -t nobody wal
ok "since that may be of others" stderr_is_empty

done_testing
