#!/bin/sh
# The test library itself: that a check which does not hold is a failure, and says why.
. "${0%/*}/../lib/tap.sh"

mkdir -p tree/libcore tree/tests/unit tree/build/default/bin
cp -R "$REPO/tests/lib" tree/tests/lib
printf '#!/bin/sh\necho "fake $*"\n' >tree/build/default/bin/fake
chmod +x tree/build/default/bin/fake

# inner: a test of one or more lines from stdin, run as `make check` would.
inner() {
	{
		echo '. "${0%/*}/../lib/tap.sh"'
		cat
	} >tree/tests/unit/inner.t
	run env -u BIN -u BUILD -u VARIANT sh tree/tests/unit/inner.t
}

inner <<'END'
ok "true is true" true
ok "exit status" exits 3 sh -c 'echo out; echo err >&2; exit 3'
ok "stdout kept" stdout_is out
ok "stderr kept" stderr_has er
ok "program found" exits 0 fake x
ok "its words" stdout_is "fake x"
not_ok "false" false
is "texts" a a
skip "this" "not here"
done_testing
END
is "checks that hold give exit 0" $STATUS 0
ok "and a plan" stdout_has "1..9"
ok "and a skip line" stdout_has "ok 9 - this # SKIP not here"
ok "and no notes" stderr_is_empty

# fails NAME WORD: the check on stdin fails, and its message has WORD.
fails() {
	inner
	is "$1: is a failure" $STATUS 1
	ok "$1: not ok" stdout_has "not ok 1 - x"
	ok "$1: says why" stderr_has "$2"
}

fails ok "check: false" <<'END'
ok "x" false
done_testing
END
fails not_ok "expected a failure" <<'END'
not_ok "x" true
done_testing
END
fails exits "expected exit 0, found 7" <<'END'
ok "x" exits 0 sh -c 'exit 7'
done_testing
END
fails "exits, killed" "expected exit 0, found 137" <<'END'
ok "x" exits 0 sh -c 'kill -9 $$'
done_testing
END
fails stdout_is "+found" <<'END'
run echo found
ok "x" stdout_is expected
done_testing
END
fails "stdout_is, newline" "stdout is not as expected" <<'END'
run printf same
ok "x" stdout_is same
done_testing
END
fails stderr_is_empty "+oh" <<'END'
run sh -c 'echo oh >&2'
ok "x" stderr_is_empty
done_testing
END
fails stdout_has "expected in stdout: a.c" <<'END'
run echo abc
ok "x" stdout_has a.c
done_testing
END
fails stdout_lines "expected 2 lines" <<'END'
run echo abc
ok "x" stdout_lines 2
done_testing
END
fails is "expected: b" <<'END'
is "x" a b
done_testing
END
fails wait_for "still not true after 0 s" <<'END'
ok "x" wait_for 0 false
done_testing
END

inner <<'END'
ok "x" true
END
is "a test without done_testing has failed" $STATUS 98

inner <<'END'
echo "$TAP" >&2
spawn sleep 1000
echo "$PID" >&2
done_testing
END
folder=$(sed -n 1p "$TAP/stderr")
pid=$(sed -n 2p "$TAP/stderr")
not_ok "the folder of a test vanishes" test -e "$folder"
not_ok "what it spawned is killed" kill -0 "$pid"

inner <<'END'
skip_all "no reason"
END
is "skip_all is exit 0" $STATUS 0
ok "skip_all says so" stdout_is "1..0 # SKIP no reason"

WRAP='env WRAPPED=1' && export WRAP
printf '#!/bin/sh\necho "wrapped $WRAPPED"\n' >tree/build/default/bin/fake
inner <<'END'
ok "wrapped" exits 0 sh -c 'fake | cat'
ok "in pipes too" stdout_is "wrapped 1"
done_testing
END
unset WRAP
is "WRAP runs programs under a tool" $STATUS 0

printf 'abcdef' >f
flip_byte f 2
is "flip_byte inverts one byte" "$(od -An -tx1 f)" " 61 62 9c 64 65 66"
flip_byte f 2
flip_bit f 0 1
is "flip_bit inverts one bit" "$(cat f)" "cbcdef"
cut_file f 3
is "cut_file keeps the first bytes" "$(size_of f)" 3
not_ok "flip_byte beyond the end fails" flip_byte f 3
is "byte_at" "$(byte_at f 1)" 98

done_testing
