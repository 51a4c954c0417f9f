#!/bin/sh
# The scripts that hold the rules of the tree: each finds what breaks its rule, and nothing else.
. "${0%/*}/lib/tap.sh"

fresh_tree() {
	rm -rf tree
	mkdir -p tree/libcore/base tree/libcore/top tree/cmd tree/tests/cmd tree/man
	cp -R "$REPO/scripts" tree/scripts
	printf '# a comment\nbase  low.h\ntop\n' >tree/libcore/ORDER
	printf '#include "base/a.h"\n#include <stdio.h>\n#include <low.h>\n' >tree/libcore/base/a.c
	: >tree/libcore/base/a.h
	printf '#include "base/a.h"\n#include "top/t.h"\n' >tree/libcore/top/u.c
	: >tree/libcore/top/t.h
	printf '#include "top/t.h"\n' >tree/cmd/prog.c
}

fresh_tree
ok "check-order: a good tree is exit 0" exits 0 tree/scripts/check-order
ok "and nothing is said" stdout_is_empty

# refused FILE TEXT MESSAGE: that text in that file breaks a rule.
refused() {
	fresh_tree
	mkdir -p "tree/${1%/*}"
	printf '%s\n' "$2" >"tree/$1"
	ok "check-order: $2 in $1 is exit 1" exits 1 tree/scripts/check-order
	ok "and says where and why" stdout_has "$3"
	ok "and no more" stdout_lines 1
}
refused libcore/base/b.c '#include "top/t.h"' 'libcore/base/b.c:1: "top/t.h": base stands below top'
refused libcore/base/b.c '#include "b.h"' 'spelled from libcore'
refused libcore/base/b.c '#include <curl.h>' 'no module names it'
refused libcore/base/b.c '#include "gone/x.h"' 'module gone is not in libcore/ORDER'
refused libcore/top/b.c '#include <low.h>' 'only base includes it'
refused cmd/b.c '#include <low.h>' 'only base includes it'
refused libcore/top/t.c '#include "base/a.h"' 'its own header "top/t.h" comes first'
refused libcore/new/n.h '' 'module new is not in libcore/ORDER'

fresh_tree
{
	printf 'int good(void)\n{\n'
	seq -f '	f(%g);' 80
	printf '}\n'
} >tree/libcore/base/b.c
ok "check-size: a function of 80 lines is fine" exits 0 tree/scripts/check-size
{
	printf 'int bad(void)\n{\n'
	seq -f '	f(%g);' 81
	printf '}\n'
} >tree/libcore/base/b.c
ok "check-size: one of 81 is exit 1" exits 1 tree/scripts/check-size
ok "and is named" stdout_is "libcore/base/b.c:2: bad: 81 lines in a function, at most 80"
seq -f '/* %g */' 801 >tree/libcore/base/b.c
seq -f '/* %g */' 301 >tree/cmd/prog.c
ok "check-size: files too long are exit 1" exits 1 tree/scripts/check-size
ok "a file of libcore has at most 800" stdout_has "libcore/base/b.c: 801 lines in a file, at most 800"
ok "a program has at most 300" stdout_has "cmd/prog.c: 301 lines in a file, at most 300"

# A program whose help, page and completions agree, then one thing after another goes wrong.
fresh_tree
rm tree/cmd/prog.c
ok "new-command is exit 0" exits 0 tree/scripts/new-command a-prog
ok "new-command: a second time is exit 2" exits 2 tree/scripts/new-command a-prog
ok "it names the file in the way" stderr_has "'cmd/a-prog.c' exists"
ok "new-command: a bad name is exit 2" exits 2 tree/scripts/new-command 'a/b'
mkdir bin
if [ -e "$B/libcore.a" ]; then
	ok "the new program compiles without a warning" \
		"${CC:-cc}" -std=c17 -D_GNU_SOURCE -Wall -Wextra -Wconversion -Wno-sign-conversion -Werror \
		-I"$REPO/libcore" -fsyntax-only tree/cmd/a-prog.c
fi
cat >bin/a-prog <<'END'
#!/bin/sh
cat <<'HELP'
usage: a-prog [OPTION]... [FILE]...
what it does, in one line

  -q, --quiet               print nothing
  -h, --help                print this help
      --version             print the version

See a-prog(1).
HELP
END
chmod +x bin/a-prog
docs() { env BIN="$PWD/bin" "$@"; }
ok "gen-completions is exit 0" exits 0 docs tree/scripts/gen-completions
ok "completions are valid bash" bash -n tree/completions/bash/a-prog
# completed PROG WORD...: what bash offers for the last word.
completed() {
	bash -c '. "$REPO/completions/bash/$1"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); "_${1//-/_}"; echo "${COMPREPLY[@]}"' - "$@"
}
# zsh_completed VERB: what zsh offers behind it.
zsh_completed() {
	zsh -fc 'compadd() { print -r -- "${@:2}" }
		_files() { print files }
		_arguments() { for a; do [[ $a != 2:* ]] || { a=${a#*\{}; eval "${a%\}}"; }; done }
		line=("$1"); . "$REPO/completions/zsh/_logql"' - "$1"
}
ok "zsh offers the words of a verb" test "$(zsh_completed delete)" = "create list cancel"
ok "and files behind others" test "$(zsh_completed labels)" = files
ok "a format is completed" test "$(completed logql -o j)" = jsonl
ok "all values are offered" test "$(completed lokid-ingest --sync '')" = "always interval= none"
ok "verbs are" test "$(completed logql va)" = values
ok "behind options too" test "$(completed logql --store s sta)" = stats
: >series.log
ok "one is enough" test "$(completed logql labels se)" = series.log
ok "the words of a verb" test "$(completed logql delete '')" = "create list cancel"
ok "behind options of its own too" test "$(completed logql delete --force ca)" = cancel
ok "one of those is enough" test "$(completed logql delete create se)" = series.log
ok "of that verb alone" test "$(completed logql labels se)" = series.log
ok "behind a query there are none" test "$(completed logql '{}' se)" = series.log
ok "what --add takes is offered" test "$(completed lokid-ingest --add det)" = detected_level
ok "check-docs: what new-command wrote is fine" exits 0 docs tree/scripts/check-docs
ok "mandoc finds nothing in the page" exits 0 mandoc -T lint -W warning tree/man/a-prog.1

cp tree/man/a-prog.1 page
# wrong WHAT MESSAGE SED...: check-docs finds it in the page.
wrong() {
	what=$1 message=$2
	shift 2
	sed "$@" page >tree/man/a-prog.1
	ok "check-docs: $what is exit 1" exits 1 docs tree/scripts/check-docs
	ok "and says so" stdout_has "$message"
}
wrong "an option missing from the page" "lacks --quiet, which --help has" 's/ , Fl -quiet//'
wrong "an option too many" "has --loud, which --help lacks" 's/Fl -quiet/Fl -quiet , Fl -loud/'
wrong "an option missing from the synopsis" "the synopsis lacks --quiet" '/^.Sh SYNOPSIS/,/^.Sh DESC/s/^.Op Fl q.*/.Op Ar file/'
wrong "a section missing" "lacks the section FILES" '/^.Sh FILES/d'
wrong "a section late" "the section SYNOPSIS comes too late" -e '/^.Sh NAME/d' -e '$a.Sh NAME'
wrong "a reference to nowhere" "refers to lokid-none(5), which is not there" 's/Xr cat 1/Xr lokid-none 5/'
cp page tree/man/a-prog.1
echo >>tree/completions/zsh/_a-prog
ok "check-docs: old completions are exit 1" exits 1 docs tree/scripts/check-docs
ok "and says so" stdout_has "completions/zsh/_a-prog: is not what scripts/gen-completions makes"

ok "setup: an unknown option is exit 2" exits 2 "$REPO/scripts/setup" --no-such
# What the build lacks is said before anything is built.
unset MAKEFLAGS MAKELEVEL MFLAGS
build() { make -C "$REPO" BUILD="$TAP/build" "$@"; }
ok "a compiler that is not there ends make" exits 2 build CC=nosuchcc
ok "and is named" stderr_has "the C compiler 'nosuchcc' is not here"
not_ok "nothing else is said to be missing" stderr_has "libraries"
ok "make help needs none" exits 0 build CC=nosuchcc help
mkdir stub
printf '#!/bin/sh\ncase "$*" in "--exists libzstd") exit 1 ;; esac\n' >stub/pkg-config
chmod +x stub/pkg-config
ok "a library that is not there ends make" exits 2 env PATH="$PWD/stub:$PATH" make -C "$REPO" BUILD="$TAP/build"
ok "and is named with its package" stderr_has "libzstd (libzstd-dev)"
not_ok "alone" stderr_has "zlib"
not_ok "no folder was made" test -e "$TAP/build"

done_testing
