#!/bin/sh
# The answers that a real Loki gave (../shared/conformance), from wherever entries lie: the log, packs, both, many small
# packs, packs whose segments are still there; with one thread and with many. PERCENT=100, as `make conformance` sets it:
# all of them from each; else all from two places, and from the others those that depend most on the order of entries.
# Under a sanitizer, where each start of a program is slow, only these, from three places.
. "${0%/*}/lib/tap.sh"

[ -x "$SHARED/conformance/run" ] || skip_all "$SHARED/conformance is not here"
need python3

# These groups are about HTTP alone: methods and paths, and what a push is refused for.
http="--not-group http_method --not-group push_errors"
except="--except $REPO/tests/logql/conformance.except"
order="--group mixed_* --group limit_direction --group bounds --group duplicates --group out_of_order --group index_stats
	--group volume --group range_shape --group categorize --group detected_*"
# In the other groups nothing is left out.
[ "${PERCENT:-5}" -lt 100 ] || order=

CONFORMANCE_DIR=$PWD/data
export CONFORMANCE_DIR CONFORMANCE_SOURCE CONFORMANCE_JOBS

# answers_alike SOURCE JOBS [OPTION]...
answers_alike() {
	CONFORMANCE_SOURCE=$1 CONFORMANCE_JOBS=$2
	shift 2
	set -f # group names have stars
	# shellcheck disable=SC2086
	"$REPO/tests/lib/conformance" --jobs 2 --errors position $http $except "$@" >log 2>&1
	status=$?
	set +f
	[ "$status" -eq 0 ] && grep -q '^[1-9][0-9]* passed, 0 failed$' log && return
	grep -v ' 0 failed$' log
	return 1
}

# shellcheck disable=SC2086
for source in wal store half small flushed; do
	for jobs in 1 8; do
		case $VARIANT:$source$jobs in
		default:wal1 | default:store8) some= ;;
		default:* | *:wal8 | *:half1 | *:small8) some=$order ;;
		*) continue ;;
		esac
		set -f
		ok "$source, -j$jobs: as Loki answers" answers_alike $source $jobs $some
		set +f
		note "$source, -j$jobs: $(tail -n 1 log)"
	done
done

CONFORMANCE_SOURCE=wal CONFORMANCE_JOBS=1
ok "the same through a command for each case" exits 0 "$SHARED/conformance/run" --cli "$REPO/scripts/conformance-cli" \
	--group syntax --wait 0
ok "none fails" stdout_matches '^[1-9][0-9]* passed, 0 failed$'

done_testing
