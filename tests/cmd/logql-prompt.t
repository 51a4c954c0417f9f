#!/bin/sh
# logql -i: the prompt, in a real terminal; and scripts.
. "${0%/*}/../lib/tap.sh"
need tmux less bash

export HOME="$PWD" XDG_STATE_HOME="$PWD/state"
unset PAGER LESS EDITRC

# ---- what is asked

entries() { # APP COUNT
	awk -v app="$1" -v n="$2" 'BEGIN {
		split("error warn debug info info", levels, " ")
		for (i = 1; i <= n; i++)
			printf "{\"ts\":\"%d000000000\",\"labels\":{\"app\":\"%s\",\"env\":\"prod\",\"level\":\"%s\"}," \
				"\"line\":\"n=%d größe of %s\"}\n", 1760522400 + i, app, levels[i % 5 + 1], i, app
	}'
}

{
	entries web 60
	entries api 20
	entries a.b 3
	awk 'BEGIN { for (i = 1; i <= 2000; i++)
		printf "{\"ts\":\"1760522400000000000\",\"labels\":{\"host\":\"host-%04d\"},\"line\":\"x\"}\n", i }'
} | chunkpack --store store | idxbuild --store store >/dev/null 2>&1
awk 'BEGIN { for (i = 1; i <= 300000; i++) print i }' >big.txt

# ---- a script

cat >script <<'END'
# one query over several lines
{app="api"}
{app="api"} |
  logfmt |
  n = "7"

\format raw
{app="api"} |= "n=2 ";
\labels
{app="none"}
\q
{app="web"}
END
ok "a script is answered" exits 0 sh -c 'logql --store store -i <script'
sed '1,20d; s/^2025.* n="7"} //' "$TAP/stdout" >found
printf '%s\n' 'n=7 größe of api' 'n=2 größe of api' 'app' 'env' 'host' 'level' >expected
ok "each statement by itself" same_file expected found
ok "and says nothing else" stdout_lines 26
ok "nor to people" stderr_is_empty

printf '%s\n' '{app="api"} | jsno x' '{app="api"} |= "n=2 "' '\lables' '\limit x' '{app=' >script
ok "a failure is the exit status, and the rest is answered" exits 2 sh -c 'logql --store store -i <script'
ok "once" stdout_lines 1
ok "with the line" stderr_has "logql: error: line 1: parse error at line 1, col 20:"
ok "and the place in it" stderr_has '                     ^'
ok "an unknown command tells which one is like it" \
	stderr_has "line 3: '\\lables': did you mean '\\labels'?"
ok "a wrong value" stderr_has "line 4: \\limit: expected a whole number, found 'x'"
ok "the end of the script ends a query" stderr_has 'line 5: parse error at line 1, col 6:'
printf '%s\n' exit labels >script
ok "a command without its backslash is exit 2" exits 2 sh -c 'logql --store store -i <script'
ok "it is told how to leave" stderr_has "line 1: 'exit' is no query: did you mean '\\q'?"
ok "and of each other command its name" stderr_has "line 2: 'labels' is no query: did you mean '\\labels'?"
echo '{} |= "4' >script
ok "files are asked in place of a store" exits 2 sh -c 'logql -i big.txt <script'
ok "an unterminated string ends on its line" stderr_has "literal not terminated"
printf '%s\n' '{} |= "29999"' '\o out.txt' '{} |= "299999"' '\o' '{} |= "299998"' '\o /nowhere/x' >script
ok "answers go to a file" exits 4 sh -c 'logql -o raw -i big.txt <script'
printf '%s\n' 29999 129999 229999 299990 299991 299992 299993 299994 299995 299996 299997 299998 299999 \
	299998 >expected
ok "and to stdout again" stdout_is_file expected
ok "the file has its own" test "$(cat out.txt)" = 299999
ok "one that cannot be written is told" stderr_has "line 6: \\o: cannot open '/nowhere/x'"
ok "a pipe cannot be asked twice" exits 2 logql -i /dev/null
ok "nor stdin" exits 2 logql -i -
ok "a query is no file" exits 4 logql -i '{}'
ok "and is told so" stderr_has "with -i operands are files"
ok "--output is \\o there" exits 2 logql --store store -i --output x
ok "there must be something to ask" exits 2 logql -i
ok "what is damaged is told, and decides the exit status" exits 4 sh -c 'echo "{}" | logql --store nowhere -i'
ok "colour on demand" exits 0 logql --store store --color always -n 1 '{app="a.b", level="debug"}'
ESC=$(printf '\033')
ok "by level" stdout_has "${ESC}[36mn="
ok "none in a pipe" exits 0 logql --store store -n 1 '{app="a.b", level="debug"}'
not_ok "at all" stdout_has "$ESC"

# ---- a terminal

terminal() {
	TMUX='' tmux -N -u -S "$TAP/tmux" "$@"
}

# start COLS ROWS COMMAND: in a terminal of that size, which then shows its exit status. -D: the
# server stays a child of this test, which ends it.
start() {
	terminal new-session -d -s "s$1" -x "$1" -y "$2" "$3; echo exit \$?; exec cat" && pane=s$1
}

screen() {
	terminal capture-pane -p -t "$pane"
}

painted() { terminal capture-pane -e -p -t "$pane" | grep -q -F -e "$1"; }
has() { screen | grep -q -F -e "$1"; }
has_no() { ! has "$1"; }
last_is() { [ "$(screen | grep . | tail -n 1)" = "$1" ]; }

# shows TEXT, ends_with LINE: soon; else what is shown is.
soon() {
	wait_for "${SOON:-30}" "$@" && return 0
	screen
	return 1
}
shows() { soon has "$1"; }
ends_with() { soon last_is "$1"; }

keys() { terminal send-keys -t "$pane" "$@"; }

# ask TEXT: at an empty prompt on an empty screen.
ask() {
	keys C-l && soon last_is 'logql>' && keys -l "$1" && keys Enter
}

spawn tmux -u -S "$TAP/tmux" -f /dev/null -D >/dev/null 2>&1
ok "tmux runs" wait_for 30 terminal show-options -s
ok "a prompt" start 100 24 'logql --store store -i'
ok "tells what is asked, and how help is had" \
	shows "logql: store 'store', tenant fake, all time; \\? for help, \\q to leave"
ok "and waits" ends_with 'logql>'

# completion
keys -l '{a'
keys Tab
ok "Tab completes the name of a label" ends_with 'logql> {app="'
keys -l 'w'
keys Tab
ok "its value" ends_with 'logql> {app="web"'
keys -l '} | log'
keys Tab
ok "a stage" ends_with 'logql> {app="web"} | logfmt'
keys Enter
ok "what is complete runs" shows 'env="prod", level="error", n="60"} n=60'
keys q
ok "the pager is left" ends_with 'logql>'
keys C-l
keys -l '{host="'
keys Tab
ok "what many have in common is typed" ends_with 'logql> {host="host-'
keys Tab
ok "many are shown in part" shows '... and 1811 more'
ok "and the line again" ends_with 'logql> {host="host-'
keys C-c
ok "Ctrl-C clears the line" ends_with 'logql>'
keys -l 'sum by (le'
keys Tab
keys -l ') (quant'
keys Tab
ok "functions" ends_with 'logql> sum by (level) (quantile_over_time('
keys C-c
keys -l '\va'
keys Tab
keys -l 'ap'
keys Tab Enter
ok "commands and their names" shows 'logql> \values app'
ok "are run" shows 'web'

# several lines
ask '{app="api"} |='
ok "what is not complete goes on" ends_with '   ...'
keys -l '"n=7 "'
keys Enter
ok "and then runs" shows 'n=7 größe of api'
ask '{app="api"} | json | n'
ok "a label alone may be compared in the next line" ends_with '   ...'
keys Enter
ok "an empty line ends it" shows 'logql: error: parse error at line 1, col 23'
keys Up
ok "Up brings it back" ends_with 'logql> {app="api"} | json | n'
keys C-c
ask '{app="api"'
keys Tab C-d
ok "Ctrl-D ends a query that is begun" shows 'logql: error: parse error at line 1, col 11'
keys C-l
keys -l '{app="api"} | line_format "gröx'
keys BSpace
keys -l 'ß {{.level}}" |= "gröx"'
keys Left BSpace
keys -l 'ß'
keys Enter
ok "characters of UTF-8 are edited as such" shows 'größ error'
ask '{app="api"} | jsno x'
ok "an error has a mark under its place" shows '                     ^'
ask '\timimg'
ok "an unknown command is told" shows "'\\timimg': did you mean '\\timing'?"
ask '\timing on'
keys -l '{app="a.b"}'
keys Enter
ok "timing" shows '3 entries in '
ask '\limit 2'
keys -l '{app="a.b"}'
keys Enter
ok "a limit is told" shows '(the limit: \limit N for more)'
ask '\since 1h'
ok "a range is told" shows "store 'store', tenant fake, the last 1h"
keys -l '{app="a.b"}'
keys Enter
ok "and holds" shows 'nothing found'
ask '\from 2025-10-15T10:00:03Z'
keys -l '{app="a.b"} | level = "error"'
keys Enter
ok "another" shows 'nothing found'
ask '\from'
ask '\explain'
ok "the last query is explained" shows '{app="a.b"}'
ok "and nothing is counted that was not asked for" shows 'done in '
ask '\explain {app="web"} |= "x" | jsno x'
ok "or another one" shows '                            ^'
ask '\analyze {app="web"} |= "n=17 "'
ok "or run and explained" shows ' ms'
ask '\format csv'
keys -l '{app="a.b"} |= "n=2 "'
keys Enter
ok "formats" shows 'timestamp,labels,line'
ask '\format default'
ask '\?'
ok "help" shows '\direction backward|forward'
keys q

# the pager
ask '\limit 0'
ask '{app="web"}'
ok "a long answer is paged" ends_with ':'
ok "from its beginning" shows 'n=60 größe'
keys G
ok "to its end" shows 'n=1 größe'
keys C-c
ok "Ctrl-C does not end it" ends_with '(END)'
# What is typed right behind Ctrl-C less forgets.
top() {
	keys g
	has 'n=60 größe'
}
ok "it is still there" soon top
keys q
ok "a key does" soon last_is 'logql>'
ask '\pager off'
ask '{app="web"}'
ok "without it all goes by" shows 'n=1 größe'
ok "at once" soon last_is 'logql>'
ask '\pager'
ok "until it is on again" shows 'pager on'
ask '\q'
ok "\\q leaves" shows 'exit 0'

# colours
ok "colours" start 101 24 'logql --store store -i'
ok "of a prompt" ends_with 'logql>'
ask '{app="a.b"}'
ok "by level" soon painted "${ESC}[33mn=1 größe"
keys C-d
ok "Ctrl-D leaves" shows 'exit 0'
ok "no colours" start 102 24 'NO_COLOR=1 logql --store store -i'
ok "when not wanted" ends_with 'logql>'
ask '{app="a.b"}'
ok "are shown" shows 'n=1 größe'
not_ok "at all" painted "$ESC"
ok "nor are they" start 103 24 'TERM=dumb logql --store store -i'
ok "where the terminal cannot" ends_with 'logql>'
keys -l '{app="a.b"}'
keys Enter
ok "show them" shows 'n=1 größe'
not_ok "then" painted "$ESC"

# a pager of one's own
ok "another pager" start 106 24 "PAGER='sed s/größe/SIZE/' logql --store store -i"
ok "is waited for" ends_with 'logql>'
ask '{app="web"}'
ok "gets the answer" shows 'n=1 SIZE of web'
keys C-d
ok "no pager" start 107 24 "PAGER= logql --store store -i"
ok "none is started" ends_with 'logql>'
ask '{app="web"}'
ok "shows all" shows 'n=1 größe of web'
ok "and asks for more" ends_with 'logql>'
ask '\q x'
ok "a command that takes nothing says so" shows "expected behind it"
keys C-d

# a stop: the shell of the pane has job control only when it is interactive
ok "a shell" start 108 24 "PS1='$ ' ENV= bash --norc -i"
ok "that can stop programs" ends_with '$'
keys -l 'logql --store store -i'
keys Enter
ok "and starts the prompt" ends_with 'logql>'
keys -l '{app="a.'
ok "where one types" ends_with 'logql> {app="a.'
keys C-z
ok "Ctrl-Z stops it" ends_with '$'
keys -l 'fg'
keys Enter
ok "it goes on with what was typed" ends_with 'logql> {app="a.'
keys -l 'b"} |= "n=2 "'
keys Enter
ok "as if nothing had been" shows 'n=2 größe of a.b'
keys C-d
ok "and ends in the shell" ends_with '$'
keys C-d

# history
ok "the history is nobody else's" test "$(stat -c %a state/lokid/logql_history)" = 600
ok "the next session" start 104 24 'logql --store store -i'
ok "comes up" ends_with 'logql>'
keys Up Up
ok "with what was typed in the last ones" ends_with 'logql> \q x'
keys C-c C-r
keys -l 'größ'
keys Enter
ok "which can be searched" shows 'größ error'
ok "without a place to write" start 105 24 'XDG_STATE_HOME=/dev/null logql --store store -i'
ok "there is a prompt, too" ends_with 'logql>'
ask '{app="a.b"} |= "n=2 "'
ok "that works" shows 'n=2 größe'
keys Up
ok "and remembers meanwhile" ends_with 'logql> {app="a.b"} |= "n=2 "'

# a narrow terminal
ok "40 columns" start 40 20 'logql --store store -i'
ok "are enough" ends_with 'logql>'
keys -l '{app="web", env="prod"} |= "n=17 " | line_forx'
keys BSpace
keys -l 'mat "[{{.app}}]"'
keys Enter
ok "for a long query" shows '[web]'
ask '{app="web", env="prod"} |= "n=17 " | line_format'
keys Enter Enter
ok "whose mark stays inside" shows '                          ^'
keys -l '\fo'
keys Tab Tab
ok "and for lists" shows 'default  raw      jsonl    csv'
keys C-c
ask '\?'
keys G
ok "and for help" shows 'leave, as Ctrl-D does'
keys q

# Ctrl-C
part='sum(count_over_time({} | line_format `{{ __line__ | upper }} {{ repeat 200 "x" }}` | regexp `(?P<a>x+)$` [1h]))'
sum=$part
for _ in 1 2 3 4 5 6; do
	sum="$sum + $sum"
done
printf '%s\n' "$sum" >>state/lokid/logql_history
# libedit is loaded for a prompt alone
mkdir lib && : >lib/libedit.so.2 && : >lib/libedit.so.0
ok "without libedit" start 109 24 "LD_LIBRARY_PATH=$PWD/lib logql --store store -i"
ok "there is no prompt" shows 'logql: error: libedit, which edits the lines of a prompt, is not here'
ok "and that is a failure" shows 'exit 4'
ok "queries are answered" exits 0 env LD_LIBRARY_PATH="$PWD/lib" logql --store store -n 1 '{app="api"}'

ok "a query of a minute" start 120 50 'logql -i -j 2 big.txt'
ok "in a prompt" ends_with 'logql>'
pid=$(terminal list-panes -t "$pane" -F '#{pane_pid}')
pid=$(ps -o pid= --ppid "$pid" | tr -d ' ')
ask '{} |= "299999"'
ok "where one was answered" shows ' 299999'
soon last_is 'logql>' >/dev/null
state_of() { echo "$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l) $(find "/proc/$pid/fd" -mindepth 1 | wc -l)"; }
before=$(state_of)
keys Up Up Enter
runs() { [ "$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l)" -gt 1 ]; }
ok "runs" soon runs
keys C-c
ok "Ctrl-C stops it" wait_for 5 last_is 'logql>'
ok "which is told" has 'stopped'
is "no thread and no file is left" "$(state_of)" "$before"
ask '\limit 0'
ask '{}'
ok "a pager that all does not fit into" ends_with ':'
holds() { [ "$(state_of)" != "$before" ]; }
idle() { [ "$(state_of)" = "$before" ]; }
ok "holds up the query" holds
keys C-c
ok "Ctrl-C stops that meanwhile" soon idle
top() {
	keys g
	has '{} 1'
}
ok "and not the pager" soon top
keys q
ok "until it is left" shows 'stopped'
ask '{}'
ok "leaving a pager early" ends_with ':'
keys q
ok "ends the query" ends_with 'logql>'
ask '{} |= "299999"'
ok "and the next one is answered" shows ' 299999'
keys -l 'half a word'
ok "a word" ends_with 'logql> half a word'
kill -INT "$pid"
ok "a signal from elsewhere is a Ctrl-C" ends_with 'logql>'
keys C-d
ok "the end" shows 'exit 0'

done_testing
