#!/bin/sh
# The daemon with its index and its rules in stores of their own: what it starts finds them, too.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

cat >lokid.yaml <<END
auth_enabled: false
store:
  index: $PWD/idx
  rules: $PWD/rules
limits_config:
  retention_period: 48h
  reject_old_samples: false
compactor:
  compaction_interval: 200ms
  retention_enabled: true
  retention_delete_delay: 0s
  delete_request_cancel_period: 0s
END
S="data/store index=$PWD/idx rules=$PWD/rules"
lokid_start --config lokid.yaml || { fail "the daemon starts" "$(cat lokid.log)"; done_testing; exit 1; }
now=$(date +%s)
old=$((now - 3 * 86400))
entry() { # LINE TIME
	push "{\"streams\":[{\"stream\":{\"app\":\"shop\"},\"values\":[[\"${2}000000000\",\"$1\"]]}]}"
}
lines() {
	get "/loki/api/v1/query_range?limit=100&direction=forward&query=%7Bapp%3D%22shop%22%7D&start=$((now - 1000))&end=$((now + 10))"
	grep -oE '"(one|two|three)"' "$TAP/stdout" | tr -d '"\n'
}
for line in one two three; do
	entry $line "$now"
	get /flush -X POST
	is "a flush" "$CODE" 204
done
is "what was flushed is found" "$(lines)" onetwothree
has() { [ "$(find "$1" -name "$2" | wc -l)" -gt 0 ]; }
ok "packs are in the store" has data/store '*.pack'
not_ok "index files are not" has data/store '*.idx'
ok "they have their own" has idx '*.idx'
ok "the limits have theirs" grep -qx '  retention_period: 2d' 'rules/~lokid/limits.yaml'
ok "and nobody else's" test ! -e 'data/store/~lokid/limits.yaml'

# Compaction, retention and deletion are started with the same store.
entry old $old
get /flush -X POST
day=$(date -u -d "@$old" +%F)
gone() { [ "$(find data/store idx -path "*$day*" -type f | wc -l)" -eq 0 ]; }
ok "what has expired is deleted" wait_for 30 gone
get "/loki/api/v1/delete?query=%7Bapp%3D%22shop%22%7D%7C%3D%22two%22&start=$((now - 100))&end=$now" -X POST
is "a request to delete" "$CODE" 204
is "hides at once" "$(lines)" onethree
applied() { [ "$(find data/store -path '*/processed/*.json' | wc -l)" -gt 0 ]; }
ok "and is applied" wait_for 30 applied
is "the rest is there" "$(lines)" onethree
lokid_stop
is "it ends well" "$STATUS" 0
ok "all is right" exits 0 idxbuild --fsck --delete-delay 0 --store "$S"
ok "a program finds the same" exits 0 logql --store "$S" -o raw --direction forward '{app="shop"}'
ok "lines" stdout_is "one
three"

# --store on the command line is all of it.
ok "settings are checked" exits 0 lokid --check-config --config lokid.yaml
lokid_start --config lokid.yaml --store "other index=other.idx"
entry one "$now"
get /flush -X POST
ok "a store of the command line's own" has other.idx '*.idx'
ok "with its rules" test -s 'other/~lokid/limits.yaml'
lokid_stop

done_testing
