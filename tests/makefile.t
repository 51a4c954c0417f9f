#!/bin/sh
# What the Makefile gives to the tests that it runs, seen from a tree with one program and one test.
. "${0%/*}/lib/tap.sh"

mkdir -p tree/libcore/base tree/cmd tree/tests/pipe
cp "$REPO/Makefile" tree
cp "$REPO"/libcore/base/banned.h tree/libcore/base
printf 'int one(void);\nint one(void)\n{\n\treturn 1;\n}\n' >tree/libcore/base/one.c
cp -R "$REPO/tests/lib" tree/tests/lib
rm tree/tests/lib/*.t
printf 'int main(int argc, char **argv)\n{\n\treturn (2147483647 + argc) / 5 && *argv == 0;\n}\n' >tree/cmd/overflow.c
cat >tree/tests/pipe/crash-a.t <<'END'
build/$VARIANT/bin/overflow 2>/dev/null
echo "$? ${SEED:-none} ${PERCENT:-none}" >got
echo 1..0
END

# Without what the make above, if one runs this test, hands down.
inner() { env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u T -u SEED -u PERCENT -u VARIANT -u BUILD make -s -C tree "$@"; }

# found PART TARGET...: what the test found, after that target.
found() {
	part=$1
	shift
	rm -f tree/got
	inner "$@" >made 2>&1 || return
	cut -d ' ' -f "$part" tree/got
}

is "make check leaves count and seed to the tests" "$(found 2- check)" "none none"
is "make crash runs at full count, with the seed that was asked for" "$(found 2- crash SEED=77)" "77 100"
is "and says which" "$(head -n 1 made)" "SEED=77"
seed=$(found 2 crash)
is "else it is the time, and is said, too" "SEED=$seed" "$(head -n 1 made)"
is "a sanitizer's finding is a status that no test expects" "$(found 1 asan)" 99

is "a folder stands for its tests" "$(found 2- check T=tests/pipe/)" "none none"
is "and so do names with a star" "$(found 2- check T='tests/p*/crash-*.t')" "none none"
is "a folder without tests is refused" "$(found 2- check 'T=tests/pipe tests/lib')" ""
ok "with its name" grep -q "T: no test, and no folder of tests: 'tests/lib'" made
is "and so is what does not exist" "$(found 2- check T=tests/none.t)" ""
ok "with its name" grep -q "T: no test, and no folder of tests: 'tests/none.t'" made
not_ok "and an empty T" inner check T= 2>made

# A source that comes, or goes, may be older than what was built.
holds() { ar t tree/build/default/libcore.a | tr '\n' ' '; }
printf 'int two(void);\nint two(void)\n{\n\treturn 2;\n}\n' >tree/libcore/base/two.c
touch -d '1 hour ago' tree/libcore/base/two.c
ok "a source comes" inner
is "and is in the archive" "$(holds)" "one.o two.o "
rm tree/libcore/base/two.c
ok "it goes" inner
is "and so it does there" "$(holds)" "one.o "

done_testing
