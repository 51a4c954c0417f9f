#!/bin/sh
# Index files that are lost while the daemon runs: its upkeep finds the packs that no index file names, and says so.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

now=$(date +%s)
says() { grep -q "$1" lokid.log; }
metric() { get /metrics && grep -q "^lokid_store_unnamed_packs $1\$" "$TAP/stdout"; }

cat >lokid.yaml <<'END'
auth_enabled: false
compactor:
  compaction_interval: 1s
  retention_delete_delay: 1h
END
mkdir -p data
echo "{\"ts\":\"${now}000000000\",\"labels\":{\"app\":\"shop\"},\"line\":\"one\"}" |
	chunkpack --store data/store | idxbuild --store data/store >index || bail "a store"
lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
looked() { get /metrics && grep -q '^lokid_child_ended_total{program="idxbuild",how="ok"} [1-9]' "$TAP/stdout"; }
ok "the upkeep looks" wait_for 20 looked
ok "and finds nothing" metric 0
not_ok "nor says anything" says 'no index file names'
lokid_stop TERM
is "it ends" "$STATUS" 0

mv data/store/fake/index lost
lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
ok "a young pack may be one of a flush" wait_for 20 looked
ok "and is none that is told of" metric 0
get /loki/api/v1/query_range -G --data-urlencode 'query={app="shop"}' -d "start=$((now - 3600))"
ok "nor is an answer that may be right" stdout_has '"status":"success","data":'
lokid_stop TERM

find data/store -name '*.pack' -exec touch -d '10 minutes ago' {} +
lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
ok "one that is older than a first flush is counted" wait_for 20 metric 1
ok "and told of, with what mends it" says 'level=warn .*msg="packs that no index file names: queries do not see them" packs=1 mend="idxbuild --fsck --repair" store=data/store'
get /ready
ok "the daemon is ready" code_is 200
ok "and says what it lacks" stdout_has 'but 1 pack of the store is in no index file: idxbuild --fsck --repair'
not_ok "nothing failed for that" says 'level=error'
ask() { get "/loki/api/v1/$1" -G --data-urlencode "query=$2" -d "start=$((now - 3600))"; }
lost="\"status\":\"success\",\"warnings\":[\"tenant 'fake' has packs and no index: idxbuild --rebuild makes it\"],\"data\":{"
ask query_range '{app="shop"}'
ok "an answer that lacks them" code_is 200
ok "says so itself" stdout_has "$lost"
ask query_range 'sum(count_over_time({app="shop"}[1h])) / sum(count_over_time({app="shop"}[5m]))'
ok "and so does a metric's, once" stdout_has "$lost"
ok "logql asks the daemon" exits 1 logql --addr "$URL" '{app="shop"}'
ok "and tells what it says" stderr_has "logql: warning: tenant 'fake' has packs and no index: idxbuild --rebuild makes it"
ok "in an answer of the API too" exits 1 logql --addr "$URL" -o api '{app="shop"}'
ok "as its own" stdout_has "$lost"
# What keeps it from looking has the same status.
cp data/store/~lokid/format format
echo 'lokid store 99' >data/store/~lokid/format
ok "a look that fails is told of" wait_for 20 says \
	'level=error .*msg="the index cannot be looked at" err="idxbuild: exit status 3: .*has format 99'
mv format data/store/~lokid/format

ok "by hand" exits 3 idxbuild --fsck --unnamed --store data/store -o jsonl
ok "it is the same" stdout_matches '^{"fault":"orphan","name":"fake/chunks/.*no index file names it'
ok "it is mended" exits 0 sh -c 'idxbuild --fsck --repair --store data/store >mended 2>&1'
ok "which the next run sees" wait_for 20 metric 0
get /loki/api/v1/query_range -G --data-urlencode 'query={app="shop"}' -d "start=$((now - 3600))"
ok "queries find it again" stdout_has '"one"'
not_ok "without a warning" stdout_has warnings
lokid_stop TERM
is "it ends" "$STATUS" 0

# --repair adds none that is damaged.
cp -r data/store whole
rm -r data/store/fake/index
pack=$(find data/store -name '*.pack')
cut_file "$pack" 2
touch -d '2 hours ago' "$pack"
lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
ok "one that is damaged, too, is told of" wait_for 20 says \
	"level=error .*msg=\"packs that no index file names, and none can: they are damaged\" packs=1 first=.*${pack##*/}.* err=\"too short"
ok "and does not count as one that can be added" metric 0
lokid_stop TERM
is "it ends" "$STATUS" 0
rm -r data/store
mv whole data/store

ok "what does not go together" exits 2 idxbuild --fsck --unnamed --repair --store data/store
ok "is named" stderr_has "option '--unnamed' does not go with '--repair', '--blocks' or '--sample'"
ok "nor does it go alone" exits 2 idxbuild --unnamed --store data/store
ok "nor with a cache else" exits 2 idxbuild --fsck --cache cache --store data/store
ok "with --unnamed there may be one" exits 0 idxbuild --fsck --unnamed --cache cache --store data/store
done_testing
