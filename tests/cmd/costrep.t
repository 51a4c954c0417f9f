#!/bin/sh
# costrep: options, streams, exit codes.
. "${0%/*}/../lib/tap.sh"

: >empty
ok "a file is exit 0" exits 0 costrep empty
ok "it is named" stdout_has "empty is open"
ok "-q is silent" exits 0 costrep -q empty
ok "really" stdout_is_empty
ok "a missing file is exit 4" exits 4 costrep missing empty
ok "the message names it" stderr_has "'missing'"
ok "the other is still done" stdout_has "empty is open"

done_testing
