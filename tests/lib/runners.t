#!/bin/sh
# What runs tables of queries, examples of pages and scripts of examples/: each sees what is wrong.
. "${0%/*}/../lib/tap.sh"

mkdir -p tree/libcore tree/tests/cmd tree/tests/logql tree/man tree/examples/logs bin
cp -R "$REPO/tests/lib" tree/tests/lib
cp "$REPO/tests/man.t" "$REPO/tests/examples.t" tree/tests
echo "first line" >tree/examples/logs/a.log

# A logql that understands one word as its query and prints the entries, or lines, that hold it.
cat >bin/logql <<'END'
#!/bin/sh
case $* in
*bad*) echo "logql: error: 1:3: expected a word" >&2; exit 2 ;;
*--store*) for query; do :; done; grep -e "$query" "$4" ;;
*) grep -e "${4}" "$5" ;;
esac
END
printf '#!/bin/sh\ncat >"$2"\n' >bin/chunkpack
printf '#!/bin/sh\ncat\n' >bin/idxbuild
chmod +x bin/*
inner() { run env BIN="$PWD/bin" sh "$@"; }

table() {
	cat >tree/tests/logql/x.test
	inner tree/tests/lib/logql-table tree/tests/logql/x.test
}

table <<'END'
# A comment, then entries that two cases share.
query one
entry {"line":"one"}
entry {"line":"two"}
gives {"line":"one"}

query three
exit  1

query bad
exit  2
error 1:3: expected

query raw
line  raw line
gives raw line
END
is "table: what holds is exit 0" $STATUS 0
ok "table: all four cases ran" stdout_has "1..9"

table_fails() {
	table
	is "table: $1 is a failure" $STATUS 1
	ok "table: $1 is said" stderr_has "$2"
}
table_fails "another answer" "+{\"line\":\"one\"}" <<'END'
query one
entry {"line":"one"}
gives {"line":"eins"}
END
table_fails "an answer too much" "+{\"line\":\"one\"}" <<'END'
query one
entry {"line":"one"}
END
table_fails "another exit status" "expected exit 0, found 1" <<'END'
query two
entry {"line":"one"}
END
table_fails "another message" "expected in stderr: a number" <<'END'
query bad
exit  2
error a number
END
table_fails "an unknown keyword" "line 1: expected a keyword, found 'quary'" <<'END'
quary one
END
table_fails "an empty table" "the table has a case" <<'END'
# nothing
END

printf '{"line":"one"}\n{"line":"two"}\n' >tree/tests/logql/x.jsonl
table <<'END'
name  first
asks  What is one?
load  x.jsonl
query one
same  on[e]
gives {"line":"one"}
END
is "table: entries of a file and another form are exit 0" $STATUS 0
ok "table: both forms ran" stdout_has "1..4"
ok "table: by its name" stdout_has "first: one: answer"
table_fails "another form with another answer" "first: as well: two: the same answer" <<'END'
name  first
asks  What is one?
load  x.jsonl
query one
same  two
gives {"line":"one"}
END
table_fails "a name without a question" "first: says what it asks" <<'END'
name  first
load  x.jsonl
query one
gives {"line":"one"}
END
table_fails "a file that is not there" "line 2: 'y.jsonl' can be read" <<'END'
query one
load  y.jsonl
gives {"line":"one"}
END

# page TEXT-OF-EXAMPLES: a page with that section, run.
page() {
	{
		printf '.Sh DESCRIPTION\n.Bd -literal -offset indent\n$ false not run\n.Ed\n.Sh EXAMPLES\n'
		cat
		printf '.Sh SEE ALSO\n'
	} >tree/man/x.1
	inner tree/tests/man.t
}

page <<'END'
.Bd -literal -offset indent
$ cat a.log
first line
$ printf 'a\enb\en' | \e
  cat
a
b
$ grep nothing a.log
.Ed
.\" no-run
.Bd -literal -offset indent
$ exit 9
.Ed
END
is "page: what holds is exit 0" $STATUS 0
ok "page: three commands ran" stdout_has "1..7"

page_fails() {
	page
	is "page: $1 is a failure" $STATUS 1
	ok "page: $1 is said" stderr_has "$2"
}
page_fails "another output" "+first line" <<'END'
.Bd -literal -offset indent
$ cat a.log
second line
.Ed
END
page_fails "a failing command" "exit status 3" <<'END'
.Bd -literal -offset indent
$ exit 3
.Ed
END
page_fails "a block without a command" 'begins without "$ "' <<'END'
.Bd -literal -offset indent
cat a.log
.Ed
END

printf '#!/bin/sh\nexit 0\n' >tree/examples/a.sh
chmod +x tree/examples/a.sh
inner tree/tests/examples.t
is "examples: a good script is exit 0" $STATUS 0
printf '#!/bin/sh\nexit 3\n' >tree/examples/b.sh
chmod +x tree/examples/b.sh
inner tree/tests/examples.t
is "examples: a bad one is a failure" $STATUS 1
ok "examples: it is named" stderr_has "examples/b.sh"

# A test as prove runs it: what hangs, or leaves something running, fails and is named, and nothing of it stays.
one_test() {
	printf '%s\n' '. "${0%/*}/../lib/tap.sh"' 'ok "a check" true' "$@" done_testing >tree/tests/cmd/x.t
	inner tree/tests/lib/run tree/tests/cmd/x.t
}
one_test
is "run: a test that passes is exit 0" $STATUS 0
one_test 'sh -c "echo \$\$ >\"\$1\"; exec sleep 300" sh '"$PWD/pid"' &' 'while [ ! -s '"$PWD/pid"' ]; do :; done'
is "run: a program left running is a failure" $STATUS 97
ok "run: it is named" stderr_has "sleep 300"
not_ok "run: and is ended" sh -c 'ps -o stat= -p "$1" | grep -qv ^Z' - "$(cat pid)"
LIMIT=1 one_test 'sleep 300'
is "run: a test that hangs is a failure" $STATUS 124
ok "run: it is named" stderr_has "still running after 1 s, and ended: tree/tests/cmd/x.t"
LIMIT=1 KILL_AFTER=1 one_test 'trap "" TERM' 'sh -c "while :; do sleep 1; done"'
is "run: also one that does not let itself be ended" $STATUS 137
ok "run: it is named" stderr_has "still running after 1 s, and ended: tree/tests/cmd/x.t"

# The pages of the language, by the real logql: one that has much that does not hold.
mkdir -p pages/man pages/tests/logql pages/examples/logs pages/libcore/logql pages/libcore/template
cp -R "$REPO/tests/lib" "$REPO/tests/logql-pages.t" pages/tests
cp -R "$REPO/tests/logql/documents" pages/tests/logql
cp "$REPO/examples/logs/small.jsonl" pages/examples/logs
cp "$REPO/libcore/logql/lex.c" pages/libcore/logql
cp "$REPO"/libcore/template/funcs_*.c pages/libcore/template
cp "$REPO/man/logql-template.7" pages/man
sed '
s/^    total=14$/    total=15/
s/^    parse error : invalid agg/    parse error: invalid agg/
s/^    (nothing)$/    x/
/^bottomk/,/^    /d
/^{service_name="history"}$/s/history/past/
' "$REPO/man/logql.7" >pages/man/logql.7
run sh pages/tests/logql-pages.t
is "logql(7): what does not hold is a failure" $STATUS 1
ok "logql(7): another line" stderr_has "+total=14"
ok "logql(7): another message" stderr_has "+parse error : invalid"
ok "logql(7): an answer where there is none" stderr_has "-x"
ok "logql(7): a word without an example" stderr_has "found:     bottomk"
ok "logql(7): a query of the cookbook that is in no table" \
	stderr_has "queries of the cookbook that are not in the tables"
ok "logql(7): a query of the tables that is not in the cookbook" \
	stderr_has "queries of the tables that are not in the cookbook"

done_testing
