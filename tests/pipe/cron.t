#!/bin/sh
# examples/cron: each line of the table, run as cron does, is silent when all is well, never runs
# beside itself, and says one line when something is wrong.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/cron.sh"

need flock
quietly=$REPO/examples/cron/quietly

cron_table "$PWD/data/store"
ok "there are lines" test -s lines
is "each with five times and a command" "$(grep -c -v -E '^(([0-9]+|\*|\*/[0-9]+) +){5} *\$EXAMPLES/cron/quietly [a-z-]+ .*[a-z]' lines)" 0
is "each has a name of its own" "$(sed -E 's/.*quietly ([a-z-]+) .*/\1/' lines | sort | uniq -d)" ''
ok "none has what cron takes for a new line" sh -c '! grep % lines'
ok "none has a folder with a blank in two parts" sh -c '! grep -E "(^| )[$](LOKID_DATA|STORE)" lines'
is "the settings name this build" "$(grep -c -e "^PATH=$PATH" -e "^LOKID_DATA=$PWD/data" settings)" 2

export TAP
cron_fill one
cron_all "at first"
cron_fill two
cron_all "with more"
is "what came is in the store" "$(find data/wal -name '*.wal'; logql --store data/store -o raw '{app=~"one|two"}' --limit 0 | wc -l)" \
	"$((2 * $(wc -l <"$REPO/examples/logs/shop.log")))"
is "no log stays" "$(find data/cron -name '*.log')" ''
is "the bill has a line a day, however often it runs" "$(wc -l <data/usage.jsonl)" 1
sed -i 's/"date":"[0-9-]*"/"date":"2026-01-01"/' data/usage.jsonl
ok "another day" exits 0 "$REPO/examples/cron/usage" data/store data/usage.jsonl
is "has another line" "$(wc -l <data/usage.jsonl)" 2
ok "with what is kept of whom" grep -Eq '^\{"date":"20[0-9-]{8}","tenant":"fake",.*"pack_bytes":[0-9]+,.*"line_bytes":[0-9]+,.*"through":"[0-9]+"\}$' data/usage.jsonl

# Damage: whoever looks for it says one line, with a status that is not 0.
pack=$(find data/store -name '*.pack' | head -n 1)
cp "$pack" pack.good
for name in fsck-all verify-blocks; do
	line=$(grep "quietly $name " lines)
	flip_byte "$pack" 60
	ok "$name finds damage" sh -c '[ "$1" != 0 ]' - "$(as_cron "$(command_of "$line")" >out 2>err; echo $?)"
	is "one line" "$(wc -l <err)" 1
	ok "with name and place" grep -q "quietly: error: $name: exit status 3: .*${pack##*/}.*see '$PWD/data/cron/$name.log'" err
	ok "all that was said is there" test -s "data/cron/$name.log"
	cp pack.good "$pack"
	ok "and is not when all is well again" exits 0 as_cron "$(command_of "$line")"
	ok "nor its log" test ! -e "data/cron/$name.log"
done

# Lines that are not there.
line=$(grep "quietly completeness " lines)
echo '{app="three"},10' >>data/expected.csv
ok "completeness misses what is expected: exit 1" sh -c '[ "$1" = 1 ]' - "$(as_cron "$(command_of "$line")" >out 2>err; echo $?)"
is "one line" "$(wc -l <err)" 1
ok "with the source" grep -q 'quietly: error: completeness: exit status 1: .*three.*' err

# Of several tenants the one that is late is named, though another comes before it.
for t in eager:0 late:7200; do
	echo "{\"tenant\":\"${t%:*}\",\"ts\":\"$(($(date +%s) - ${t#*:}))000000000\",\"labels\":{\"app\":\"a\"},\"line\":\"x\"}"
done | chunkpack --store two | idxbuild --store two >/dev/null
ok "one tenant is late" exits 1 env LOKID_DATA="$PWD/two.data" "$quietly" fresh idxbuild --freshness --max-age 15m --store two
ok "and named" stderr_matches '^quietly: error: fresh: exit status 1: late: .*too old; see '

# A fault is named, though a note comes before it.
mkdir two/late/other
echo x >two/late/other/file
rm -r two/late/index
ok "something is wrong" exits 3 env LOKID_DATA="$PWD/two.data" "$quietly" fsck idxbuild --fsck --delete-delay 0 --store two
ok "and named" stderr_matches '^quietly: error: fsck: exit status 3: orphan late/chunks/'
ok "behind it there is a note" grep -q 'is not of the store' two.data/cron/fsck.log

# usage by itself.
ok "without a file" exits 2 "$REPO/examples/cron/usage" data/store
ok "says what is missing" stderr_is "usage: error: expected a store and a file"
ok "no store" exits 4 "$REPO/examples/cron/usage" nowhere usage.jsonl
ok "is no usage" test ! -e usage.jsonl

# quietly by itself.
LOKID_DATA=$PWD/q
export LOKID_DATA
ok "without a command" exits 2 "$quietly" name
ok "says what is missing" stderr_is "quietly: error: expected a name and a command"
ok "a name that is no file's" exits 2 "$quietly" a/b true
ok "is told" stderr_is "quietly: error: 'a/b': expected a name without a slash"
ok "a command that is not there" exits 127 "$quietly" none no-such-command
ok "is one line" stderr_lines 1
ok "one that fails without a word" exits 7 "$quietly" mute sh -c 'exit 7'
ok "is so called" stderr_is "quietly: error: mute: exit status 7: without a word; see '$PWD/q/cron/mute.log'"
ok "of several lines the first error is shown" exits 1 "$quietly" talk sh -c 'echo one; echo x: error: two; echo three; exit 1'
ok "alone" stderr_is "quietly: error: talk: exit status 1: x: error: two; see '$PWD/q/cron/talk.log'"

mkfifo go
spawn "$quietly" slow sh -c 'echo begun >began; read -r x <go'
first=$PID
ok "while one is at work" wait_for 10 test -s began
ok "another of its name ends at once" exits 0 "$quietly" slow touch beside
ok "silently" stderr_is_empty
ok "and does nothing" test ! -e beside
ok "one of another name does not mind" exits 0 "$quietly" other touch beside
touch -d '13 hours ago' q/cron/slow.lock
ok "one at work for half a day is stuck" exits 5 "$quietly" slow true
ok "and said to be" stderr_is "quietly: error: slow: at work for more than 720 minutes"
kill -9 "$first"
wait "$first" 2>/dev/null
touch q/cron/slow.lock
rm -f beside
ok "though the script is killed, its command has the lock" exits 0 "$quietly" slow touch beside
ok "so the next does nothing" test ! -e beside
echo end >go
ok "once it has ended the next works" wait_for 10 sh -c "'$quietly' slow touch beside && test -e beside"

done_testing
