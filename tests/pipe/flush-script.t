#!/bin/sh
# examples/flush.sh, as cron runs it: silent when all is well, and no failure inside its pipe is lost.
. "${0%/*}/../lib/tap.sh"

flush=$REPO/examples/flush.sh

ok "where there is no log" exits 4 "$flush" typo
ok "is said" stderr_is "flush.sh: error: there is no log 'typo/wal'"
ok "and nothing is made" test ! -e typo

mkdir -p data/wal
ok "an empty log is exit 0" exits 0 "$flush" data
ok "silent" stdout_is_empty
lokid-ingest -q --wal data/wal -l app=shop "$REPO/examples/logs/shop.log"
ok "a flush is exit 0" exits 0 "$flush" data
ok "without a word on stdout" stdout_is_empty
ok "and on stderr" stderr_is_empty
is "the log is in the store" "$(find data/wal -name '*.wal'; logql --store data/store -o raw '{app="shop"}' | wc -l)" \
	"$(wc -l <"$REPO/examples/logs/shop.log")"

lokid-ingest -q --wal data/wal -l app=more "$REPO/examples/logs/shop.log"
ok "into another store" exits 0 "$flush" data "$PWD/elsewhere"
ok "silent" stderr_is_empty
is "all is there, and not in the log" "$(find data/wal -name '*.wal'; logql --store elsewhere -o raw '{app="more"}' | wc -l)" \
	"$(wc -l <"$REPO/examples/logs/shop.log")"
lokid-ingest -q --wal data/wal -l app=parts "$REPO/examples/logs/shop.log"
ok "one with parts" exits 0 "$flush" data "$PWD/parts index=$PWD/parts-index"
is "has it in both" "$(find data/wal -name '*.wal'; find parts -name '*.pack' | wc -l; find parts-index -name '*.idx' | wc -l)" "1
1"

# Each program in turn ends with a status, as for a full disk.
lokid-ingest -q --wal data/wal -l app=nginx "$REPO/examples/logs/nginx.log"
mkdir bin
for prog in walreplay chunkpack idxbuild; do
	printf '#!/bin/sh\ncase "$*" in *--prune*) exec %s "$@" ;; esac\n[ -z "$EAT" ] || cat >/dev/null\nexit 4\n' \
		"$BIN/$prog" >bin/$prog
	chmod +x bin/$prog
	for eat in yes ''; do
		ok "$prog fails${eat:+ behind its input}: so does the script" exits 4 env EAT=$eat PATH="$PWD/bin:$PATH" "$flush" data
	done
	rm bin/$prog
	ok "nothing is lost" test "$(find data/wal -name '*.wal')"
done
printf '#!/bin/sh\necho pruned >&2\nexit 5\n' >bin/walreplay
chmod +x bin/walreplay
ok "a failure of --prune" exits 5 env PATH="$PWD/bin:$PATH" "$flush" data
ok "the next run goes on" exits 0 "$flush" data
is "and nothing is left" "$(find data/wal -name '*.wal')" ''

# Damage is told once each run, and the rest goes on.
cp "$GOLDEN/frozen/wal-v1-many" data/wal/bad.wal
flip_byte data/wal/bad.wal 5000
lokid-ingest -q --wal data/wal -l app=sys "$REPO/examples/logs/syslog.log"
for n in 1 2; do
	ok "a damaged segment is exit 3: $n" exits 3 "$flush" data
	ok "and one line" stderr_lines 1
	ok "with its name" stderr_has "'data/wal/bad.wal'"
done
is "the sound ones are packed and gone" "$(find data/wal -name '*.wal')" data/wal/bad.wal

done_testing
