#!/bin/sh
# make install puts programs, pages and completions below DESTDIR PREFIX; uninstall takes them away.
. "${0%/*}/lib/tap.sh"

[ -e "$REPO/cmd/lokid-ingest.c" ] || skip_all "no program to install"

# -o: what is built is tested, nothing is built here.
target() {
	make -s -C "$REPO" -o all BUILD="${B%/*}" VARIANT="$VARIANT" DESTDIR="$PWD/dest" PREFIX=/opt/x "$1"
}

ok "install is exit 0" exits 0 target install
for src in "$REPO"/cmd/*.c; do
	prog=${src##*/}
	prog=${prog%.c}
	ok "$prog is installed and runs" exits 0 "dest/opt/x/bin/$prog" --version
	ok "bash completion of $prog" test -s "dest/opt/x/share/bash-completion/completions/$prog"
	ok "zsh completion of $prog" test -s "dest/opt/x/share/zsh/site-functions/_$prog"
done
for page in "$REPO"/man/*.[1-8]; do
	[ -e "$page" ] || break
	ok "${page##*/} is installed" same_file "$page" "dest/opt/x/share/man/man${page##*.}/${page##*/}"
done
for ex in "$REPO"/examples/* "$REPO"/examples/*/*; do
	[ -f "$ex" ] || continue
	ex=${ex#"$REPO/examples/"}
	ok "examples/$ex is installed" same_file "$REPO/examples/$ex" "dest/opt/x/share/doc/lokid/examples/$ex"
done
ok "the scripts as programs" test -x dest/opt/x/share/doc/lokid/examples/flush.sh
ok "that of costs" test -x dest/opt/x/share/doc/lokid/examples/cost/report.sh
ok "also that of cron" test -x dest/opt/x/share/doc/lokid/examples/cron/quietly
ok "uninstall is exit 0" exits 0 target uninstall
is "uninstall leaves no file" "$(find dest -type f)" ''

done_testing
