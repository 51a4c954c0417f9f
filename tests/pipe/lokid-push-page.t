#!/bin/sh
# The EXAMPLES of lokid-push(7), against a daemon.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"
. "$REPO/tests/lib/examples.sh"

need jq

page=$REPO/man/lokid-push.7
cat >lokid.yaml <<'END'
auth_enabled: false
limits_config: {reject_old_samples: false}
END

lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"

mkdir -p examples "$TAP/work/page"
ln -s "$PWD/data" "$TAP/work/page/lokid-data"
extract_examples "$page" examples
ok "blocks begin with a command" test ! -e examples/bad
sed -i "s|http://localhost:3100|$URL|" examples/*.cmd
run_examples page "$PWD/examples"
lokid_stop
is "the daemon ends" "$STATUS" 0

done_testing
