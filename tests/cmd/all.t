#!/bin/sh
# What every program does alike: help, version, unknown options, a full stdout, a closed pipe.
. "${0%/*}/../lib/tap.sh"

# Whoever started us may ignore SIGPIPE, and children inherit that; GNU env can put it back.
default_pipe() {
	if env --default-signal=PIPE true 2>/dev/null; then
		env --default-signal=PIPE "$@"
	else
		"$@"
	fi
}

# The pipe has no reader any more when the program starts.
into_closed_pipe() {
	rm -f closed pipe.err
	{
		until [ -e closed ]; do :; done
		default_pipe "$@" 2>pipe.err
	} | {
		exec <&-
		: >closed
	}
	[ ! -s pipe.err ] || { cat pipe.err; return 1; }
}

set -- "$REPO"/cmd/*.c
[ -e "$1" ] || skip_all "cmd/ has no program"

for src in "$@"; do
	prog=${src##*/}
	prog=${prog%.c}

	ok "$prog is built" test -x "$BIN/$prog"

	ok "$prog --help is exit 0" exits 0 "$prog" --help
	ok "$prog --help says how it is called" stdout_has "usage: $prog "
	ok "$prog --help names its page" stdout_has "See $prog("
	ok "$prog --help says nothing on stderr" stderr_is_empty
	cp "$TAP/stdout" help.long
	not_ok "$prog --help spells the default folder as the programs print it" grep -q "[.]/lokid-data" help.long
	ok "$prog --help says in a sentence what it is for" sh -c 'sed -n 2p help.long | grep -q "^[A-Z]"; sed -n "/^\$/q;p" help.long | tail -n 1 | grep -q "[.]\$"'
	ok "$prog -h is exit 0" exits 0 "$prog" -h
	ok "$prog -h is the same help" stdout_is_file help.long

	ok "$prog --version is exit 0" exits 0 "$prog" --version
	ok "$prog --version names program and version" stdout_matches "^$prog \(lokid\) [0-9]+\.[0-9]+"
	ok "$prog --version is one line" stdout_lines 1

	ok "$prog: an unknown long option is exit 2" exits 2 "$prog" --no-such-option
	ok "$prog: the message names it" stderr_has "'--no-such-option'"
	ok "$prog: the message begins with the program" stderr_matches "^$prog: error: "
	ok "$prog: the message is one line" stderr_lines 1
	ok "$prog: nothing on stdout" stdout_is_empty

	ok "$prog: one that is like another is exit 2" exits 2 "$prog" --hepl=1
	ok "$prog: the other one is named" stderr_has "unknown option '--hepl': did you mean '--help'?"
	ok "$prog: a value where none is taken is exit 2" exits 2 "$prog" --help=1
	ok "$prog: it is said so" stderr_has "option '--help' takes no value"

	ok "$prog: an unknown letter is exit 2" exits 2 "$prog" '-?'
	ok "$prog: the message is one line" stderr_lines 1
	ok "$prog: the message names it" stderr_has "'-?'"

	flag=$(sed -n 's/^  *\(-., \)\{0,1\}\(--[a-z-]*\)\(  .*\)\{0,1\}$/\2/p' help.long | head -n 1)
	case $flag in
	--help) ;; # it has no other, and that one ends the program
	*)
		ok "$prog $flag: an unknown letter with others behind it is exit 2" exits 2 "$prog" "$flag" '-?x'
		ok "$prog $flag: the message names it, and not the option before" stderr_has "unknown option '-?'"
		;;
	esac

	with_value=$(sed -n 's/^  *\(-., \)\{0,1\}\(--[a-z-]*\) [^ ].*/\2/p' help.long)
	for option in $with_value; do
		ok "$prog $option '' is exit 2" exits 2 "$prog" "$option" ''
		ok "$prog: the message names it" stderr_has "option '$option'"
	done

	if [ -c /dev/full ]; then
		ok "$prog: a full stdout is exit 4" exits 4 sh -c "$prog --help >/dev/full"
		ok "$prog: the message says so" stderr_matches "^$prog: error: .*stdout"
	else
		skip "$prog: a full stdout is exit 4" "no /dev/full here"
	fi
	ok "$prog: a closed pipe ends it silently" into_closed_pipe "$prog" --help
done

done_testing
