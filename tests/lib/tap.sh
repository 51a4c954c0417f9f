# tap.sh - a test in plain sh that speaks TAP. Source it first: . "${0%/*}/../lib/tap.sh"
#
# The test then stands in a folder of its own, which vanishes at the end (KEEP=1 keeps it and
# says where), the programs of the build are first in PATH, stdin is empty, the locale is C and
# the time zone UTC. tests/README.md lists the functions. Names that begin with tap_ are private.

# shellcheck shell=sh disable=SC2034

set -u

tap_find_repo() {
	tap_at=$(cd "${0%/*}" && pwd -P) || exit 99
	while [ ! -d "$tap_at/libcore" ]; do
		[ "$tap_at" != "" ] || { echo "Bail out! $0 lies in no tree with a libcore/"; exit 99; }
		tap_at=${tap_at%/*}
	done
	echo "$tap_at"
}

REPO=$(tap_find_repo) || { echo "$REPO"; exit 99; }
GOLDEN=$REPO/tests/golden
SHARED=${SHARED:-$REPO/../shared}
VARIANT=${VARIANT:-default}
BUILD=${BUILD:-build}
case $BUILD in
/*) B=$BUILD/$VARIANT ;;
*) B=$REPO/$BUILD/$VARIANT ;;
esac
BIN=${BIN:-$B/bin}

TAP=$(mktemp -d "${TMPDIR:-/tmp}/lokid-test.XXXXXX") || exit 99
mkdir "$TAP/work" "$TAP/wrap" || exit 99
: >"$TAP/stdout"
: >"$TAP/stderr"
STATUS=0

tap_n=0
tap_failed=0
tap_pids=
tap_done=no

tap_end() {
	tap_status=$?
	trap - EXIT
	for tap_pid in $tap_pids; do
		kill -9 "$tap_pid" 2>/dev/null && wait "$tap_pid" 2>/dev/null
	done
	cd / || exit 99
	if [ "${KEEP:-}" ]; then
		echo "# kept: $TAP/work" >&2
	else
		chmod -R u+rwx "$TAP" 2>/dev/null
		rm -rf "$TAP"
	fi
	[ $tap_done = yes ] || [ $tap_status -ne 0 ] || tap_status=98 # no done_testing
	exit $tap_status
}
trap tap_end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# WRAP runs each program of the suite under a tool, also where a test calls it inside a pipe.
if [ "${WRAP:-}" ]; then
	for tap_prog in "$BIN"/*; do
		printf '#!/bin/sh\nexec %s %s "$@"\n' "$WRAP" "$tap_prog" >"$TAP/wrap/${tap_prog##*/}"
		chmod +x "$TAP/wrap/${tap_prog##*/}"
	done
	PATH=$TAP/wrap:$PATH
else
	PATH=$BIN:$PATH
fi
LC_ALL=C TZ=UTC TERM=dumb TMPDIR=$TAP
export PATH LC_ALL TZ TERM TMPDIR REPO GOLDEN SHARED BUILD VARIANT BIN
unset NO_COLOR CLICOLOR CLICOLOR_FORCE
exec </dev/null
cd "$TAP/work" || exit 99

# note TEXT...: a line for people, shown also when prove is quiet.
note() {
	printf '%s\n' "$*" | sed 's/^/# /' >&2
}

# tap_show NAME FILE: the first lines of a file.
tap_show() {
	if [ -s "$2" ]; then
		printf '%s:\n' "$1"
		head -n 25 "$2" | cut -c 1-400 | sed 's/^/  /'
		[ "$(wc -l <"$2")" -le 25 ] || echo "  ..."
	else
		printf '%s: empty\n' "$1"
	fi
}

# tap_report DESC, with the status of the check in tap_bad (0 = passed).
tap_report() {
	tap_n=$((tap_n + 1))
	if [ "$tap_bad" -eq 0 ]; then
		printf 'ok %d - %s\n' $tap_n "$1"
		return 0
	fi
	tap_failed=$((tap_failed + 1))
	printf 'not ok %d - %s\n' $tap_n "$1"
	{
		printf '# failed: %s: %s\n' "${0##*/}" "$1"
		sed 's/^/# /' "$TAP/log"
	} >&2
	return 0
}

# ok DESC CMD...: passes when CMD succeeds. What CMD prints is shown only when it fails.
ok() {
	tap_desc=$1
	shift
	tap_bad=0
	"$@" >"$TAP/log" 2>&1 || tap_bad=$?
	[ $tap_bad -eq 0 ] || printf 'check: %s (gave %d)\n' "$*" $tap_bad >>"$TAP/log"
	tap_report "$tap_desc"
}

# not_ok DESC CMD...: passes when CMD fails.
not_ok() {
	tap_desc=$1
	shift
	tap_bad=0
	if "$@" >"$TAP/log" 2>&1; then
		tap_bad=1
		printf 'expected a failure, but this succeeded: %s\n' "$*" >>"$TAP/log"
	fi
	tap_report "$tap_desc"
}

# is DESC FOUND EXPECTED: passes when the two texts are equal.
is() {
	tap_bad=0
	if [ "$2" != "$3" ]; then
		tap_bad=1
		printf 'expected: %s\nfound:    %s\n' "$3" "$2" >"$TAP/log"
	fi
	tap_report "$1"
}

# pass DESC, fail DESC [WHY]: a result that the test found by itself.
pass() {
	tap_bad=0
	tap_report "$1"
}

fail() {
	tap_bad=1
	printf '%s\n' "${2:-}" >"$TAP/log"
	tap_report "$1"
}

# bail DESC [WHY]: a failure without which the rest makes no sense; the test ends.
bail() {
	fail "$@"
	done_testing
}

# run CMD...: runs it, keeps stdout and stderr for the checks below, sets STATUS. Always succeeds.
run() {
	STATUS=0
	"$@" >"$TAP/stdout" 2>"$TAP/stderr" || STATUS=$?
}

# exits N CMD...: runs it as `run` does; true when its exit status is N (128 + signal if killed).
exits() {
	tap_want=$1
	shift
	run "$@"
	[ "$STATUS" -eq "$tap_want" ] && return 0
	printf 'expected exit %d, found %d: %s\n' "$tap_want" "$STATUS" "$*"
	tap_show stdout "$TAP/stdout"
	tap_show stderr "$TAP/stderr"
	return 1
}

# tap_is NAME FILE TEXT: the file is TEXT and a newline, or empty when TEXT is.
tap_is() {
	if [ "$3" ]; then
		printf '%s\n' "$3" >"$TAP/expected"
	else
		: >"$TAP/expected"
	fi
	tap_same "$1" "$TAP/expected" "$2"
}

# tap_same NAME EXPECTED FOUND
tap_same() {
	cmp -s "$2" "$3" && return 0
	printf '%s is not as expected (- expected, + found):\n' "$1"
	diff -u "$2" "$3" | sed 1,2d | head -n 40 | cut -c 1-400
	return 1
}

# tap_has NAME FILE TEXT: some line of the file holds the text.
tap_has() {
	grep -q -F -e "$3" "$2" && return 0
	printf 'expected in %s: %s\n' "$1" "$3"
	tap_show "found $1" "$2"
	return 1
}

tap_matches() {
	grep -q -E -e "$3" "$2" && return 0
	printf 'expected in %s a line that matches: %s\n' "$1" "$3"
	tap_show "found $1" "$2"
	return 1
}

stdout_is() { tap_is stdout "$TAP/stdout" "$1"; }
stderr_is() { tap_is stderr "$TAP/stderr" "$1"; }
stdout_is_file() { tap_same stdout "$1" "$TAP/stdout"; }

# stdout_is_golden NAME: the bytes of tests/golden/expected/NAME. `make golden` rewrites that file.
stdout_is_golden() {
	if [ "${UPDATE_GOLDEN:-}" ]; then
		mkdir -p "$GOLDEN/expected" && cp "$TAP/stdout" "$GOLDEN/expected/$1"
	fi
	stdout_is_file "$GOLDEN/expected/$1"
}

stdout_has() { tap_has stdout "$TAP/stdout" "$1"; }
stderr_has() { tap_has stderr "$TAP/stderr" "$1"; }
stdout_matches() { tap_matches stdout "$TAP/stdout" "$1"; }
stderr_matches() { tap_matches stderr "$TAP/stderr" "$1"; }
stdout_is_empty() { tap_is stdout "$TAP/stdout" ''; }
stderr_is_empty() { tap_is stderr "$TAP/stderr" ''; }

# stdout_lines N, stderr_lines N: as many lines.
stdout_lines() { tap_lines stdout "$1"; }
stderr_lines() { tap_lines stderr "$1"; }

tap_lines() {
	tap_found=$(wc -l <"$TAP/$1")
	[ "$tap_found" -eq "$2" ] && return 0
	printf 'expected %d lines on %s, found %d\n' "$2" "$1" "$tap_found"
	tap_show "$1" "$TAP/$1"
	return 1
}

# same_file EXPECTED FOUND: byte for byte.
same_file() {
	tap_same "$2" "$1" "$2"
}

# size_of FILE: its bytes, on stdout.
size_of() {
	echo $(($(wc -c <"$1")))
}

# byte_at FILE OFFSET: its value, on stdout; fails beyond the end.
byte_at() {
	tap_byte=$(od -An -v -tu1 -j "$2" -N 1 "$1" 2>/dev/null | tr -d ' \n')
	[ "$tap_byte" ] && echo "$tap_byte"
}

# put_byte FILE OFFSET VALUE: overwrites one byte; the file keeps its length.
put_byte() {
	# shellcheck disable=SC2059
	printf "\\$(printf %o "$3")" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# flip_byte FILE OFFSET: inverts its eight bits.
flip_byte() {
	tap_byte=$(byte_at "$1" "$2") || { note "flip_byte: $1 has no byte $2"; return 1; }
	put_byte "$1" "$2" $((tap_byte ^ 255))
}

# flip_bit FILE OFFSET BIT: inverts one; bit 0 is the lowest.
flip_bit() {
	tap_byte=$(byte_at "$1" "$2") || { note "flip_bit: $1 has no byte $2"; return 1; }
	put_byte "$1" "$2" $((tap_byte ^ (1 << $3)))
}

# cut_file FILE LENGTH: keeps its first LENGTH bytes.
cut_file() {
	dd of="$1" bs=1 seek="$2" count=0 2>/dev/null </dev/null
}

# wait_for SECONDS CMD...: tries CMD again and again until it succeeds; fails at the deadline, which on a
# busy machine is four times as late.
wait_for() {
	tap_secs=$((4 * $1))
	tap_deadline=$(($(date +%s) + tap_secs + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		if [ "$(date +%s)" -ge $tap_deadline ]; then
			printf 'still not true after %d s: %s\n' "$tap_secs" "$*"
			return 1
		fi
		sleep 0.02
	done
}

# spawn CMD...: starts it behind; its id is in PID; it is killed at the end of the test. Redirect
# its output: `spawn prog >out 2>err`.
spawn() {
	"$@" &
	PID=$!
	tap_pids="$tap_pids $PID"
}

# skip_all REASON: the whole test does not apply here. Only before the first result.
skip_all() {
	echo "1..0 # SKIP $*"
	tap_done=yes
	exit 0
}

# skip DESC REASON: this one check does not apply here.
skip() {
	tap_n=$((tap_n + 1))
	printf 'ok %d - %s # SKIP %s\n' $tap_n "$1" "$2"
}

# need PROGRAM...: skips the whole test when one is not installed.
need() {
	for tap_prog in "$@"; do
		command -v "$tap_prog" >/dev/null || skip_all "needs $tap_prog"
	done
}

# done_testing: the plan, and the end. A test that ends without it has failed.
done_testing() {
	echo "1..$tap_n"
	tap_done=yes
	[ $tap_failed -eq 0 ] || exit 1
	exit 0
}
