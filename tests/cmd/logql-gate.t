#!/bin/sh
# logql --gate: who has started it learns what it reads, lets it read, and ends it.
. "${0%/*}/../lib/tap.sh"

need python3

cat >three.jsonl <<'X'
{"ts":"1000000000","labels":{"app":"a"},"line":"0123456789"}
{"ts":"2000000000","labels":{"app":"b"},"line":"01234"}
{"ts":"3000000000","labels":{"app":"b"},"line":"567"}
X

# gate HOW OPTION...: runs logql with a gate; prints, last, what came from there. HOW: "go" answers when
# it waits, "listen" never answers, "leave" hangs up once it has a plan, "deaf" before it reads.
cat >gate.py <<'X'
import socket, subprocess, sys
how, args = sys.argv[1], sys.argv[2:]
free = int(args[args.index("--gate-bytes") + 1]) if "--gate-bytes" in args else -1
ours, theirs = socket.socketpair()
fd = theirs.fileno()
if how == "deaf":
    ours.close()
child = subprocess.Popen(["logql", "--gate", str(fd)] + args, pass_fds=[fd])
theirs.close()
said = []
if how != "deaf":
    text = ours.makefile()
    for line in text:
        word = line.split()
        if word[0] == "end": # the last is processor time
            assert int(word[2]) > 0
            line = "end %s\n" % word[1]
            if "blocks" in how:
                line = "end %s %s\n" % (word[1], " ".join(word[3:]))
        said.append(line)
        if line.startswith("plan") and how == "go" and int(line.split()[1]) > free:
            assert child.poll() is None
            ours.sendall(b"x")
        if line.startswith("plan") and how == "leave":
            text.close()
            ours.close()
            break
try:
    status = child.wait(20)
except subprocess.TimeoutExpired:
    child.kill()
    sys.exit("still there")
print("".join("gate: " + line for line in said), end="")
sys.exit(status)
X
gate() { python3 gate.py "$@"; }

ok "a query that may read so much" exits 0 gate listen --gate-bytes 18 -o raw '{app=~".+"}' three.jsonl
ok "does not wait" stdout_is '567
01234
0123456789
gate: plan 18
gate: done 18 3 3
gate: end 0'
ok "a query of more" exits 0 gate go --gate-bytes 17 -o raw '{app=~".+"}' three.jsonl
ok "waits for a byte" stdout_is '567
01234
0123456789
gate: plan 18
gate: done 18 3 3
gate: end 0'
ok "without --gate-bytes nothing waits" exits 0 gate listen '{app="b"}' three.jsonl
ok "and it is told what was read" stdout_has 'gate: done 8 2 2'
ok "what is dropped has been read" exits 1 gate listen '{app="b"} |= "x"' three.jsonl
ok "and is not in the answer" stdout_is 'gate: plan 8
gate: done 8 2 0
gate: end 1'

ok "two selectors" exits 0 gate go --gate-bytes 12 --at 5 -o raw \
	'sum(count_over_time({app="b"}[1m])) + sum(count_over_time({app="a"}[1m]))' three.jsonl
ok "wait when both are too much" stdout_is '3
gate: plan 8
gate: plan 18
gate: done 18 3 1
gate: end 0'
ok "that have waited once" exits 0 gate go --gate-bytes 5 --at 5 -o raw \
	'sum(count_over_time({app="b"}[1m])) + sum(count_over_time({app="a"}[1m]))' three.jsonl
ok "do not again" stdout_is '3
gate: plan 8
gate: done 18 3 1
gate: end 0'

ok "a query that fails" exits 3 gate listen --max-bytes 5 '{app="b"}' three.jsonl
ok "is done too" stdout_is 'gate: done 0 0 0
gate: end 3'
ok "one that is wrong" exits 2 gate listen '{app="b"' three.jsonl
ok "likewise" stdout_is 'gate: done 0 0 0
gate: end 2'

lokid-ingest -q --wal wal --input jsonl three.jsonl >/dev/null
walreplay --frames wal | chunkpack --store store | idxbuild --store store >/dev/null
size=$(cat store/fake/index/*/*.idx | wc -c)
ok "labels" exits 0 gate go --gate-bytes 0 --store store labels
ok "read the index" stdout_is "app
gate: plan $size
gate: done $size 0 1
gate: end 0"
size=$(cat wal/*.sum | wc -c)
ok "series of a log" exits 0 gate listen --wal wal series
ok "read its sidecars" stdout_is "{app=\"a\"}
{app=\"b\"}
gate: plan $size
gate: done $size 0 2
gate: end 0"
ok "of a store a count by tables" exits 0 gate listen --store store --at 5 -o raw \
	'sum(count_over_time({app=~".+"}[1m]))'
ok "is to read nothing" stdout_has 'gate: plan 0'
ok "and counts what the tables say" stdout_has 'gate: done 18 3 1
gate: end 0'
ok "a window that cuts a block" exits 0 gate listen --store store --at 2.5 -o raw \
	'sum(count_over_time({app=~".+"}[1s]))'
ok "reads it" stdout_has 'gate: plan 8'

# Twelve chunks of 10 entries of 10 bytes, each later than the one before, each in a pack of its own.
i=0
while [ $i -lt 12 ]; do
	seq $((i * 10 + 1)) $((i * 10 + 10)) |
		sed 's/.*/{"ts":"&000000000","labels":{"app":"c"},"line":"0123456789"}/' >ten.jsonl
	rm -rf wal10
	lokid-ingest -q --wal wal10 --input jsonl ten.jsonl >/dev/null
	walreplay --frames wal10 | chunkpack --store twelve | idxbuild --store twelve >/dev/null
	i=$((i + 1))
done
# plans OPTION...: what is planned, of 1200 bytes
plans() {
	gate listen --store twelve -j 1 -o raw "$@" | sed -n 's/^gate: plan //p'
}
is "without a limit all is to be read" "$(plans '{app="c"}')" 1200
is "newest first the last block is enough" "$(plans --limit 10 '{app="c"}')" 100
is "one more needs one more" "$(plans --limit 11 '{app="c"}')" 200
is "oldest first it is the first one" "$(plans --limit 10 --direction forward '{app="c"}')" 100
is "of a block that is cut it is not known how many are in" "$(plans --limit 5 --to 115.5 '{app="c"}')" 200
is "a parser keeps all" "$(plans --limit 10 '{app="c"} | logfmt')" 100
is "a filter may need more" "$(plans --limit 10 '{app="c"} |= "5"')" 1200
is "so may entries that are apart" "$(plans --limit 2 --interval 1s '{app="c"}')" 1200
is "more than there is" "$(plans --limit 1000 '{app="c"}')" 1200
rm -rf wal10
{
	cat three.jsonl
	for i in $(seq 1000); do echo "{\"ts\":\"$i\",\"labels\":{\"app\":\"d\"},\"line\":\"x\"}"; done
} | lokid-ingest -q --wal wal10 --input jsonl >/dev/null
is "of a log it is a guess, with 24 for each entry" \
	"$(gate listen --wal wal10 '{app=~"a|b"}' | sed -n 's/^gate: plan //p')" $((18 + 3 * 24))
ok "volumes too" exits 0 gate listen --gate-bytes 1 --store store volume
ok "likewise" stdout_has "gate: plan 0"

ok "hanging up ends one that waits" exits 5 gate leave --gate-bytes 1 '{app="b"}' three.jsonl
ok "without a word" stderr_is_empty
ok "one whose other end was never there" exits 5 gate deaf --gate-bytes 1 '{app="b"}' three.jsonl
mkfifo pipe
exec 9<>pipe
ok "and one that waits for a pipe" exits 5 gate deaf '{}' pipe
# Enough that a scan takes seconds.
yes 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' |
	head -n 1000000 >long
ok "and one in the middle of a scan" exits 5 gate leave --jobs 1 'sum(count_over_time({}
	| line_format "{{ __line__ | replace \"a\" \"bc\" | upper | replace \"B\" \"aaa\" }}" |= "x" [1m]))' long

# What became of blocks: read, counted, ruled out by filters, of other streams or times; bytes that were decoded.
awk 'BEGIN {
	for (i = 0; i < 9000; i++)
		printf "{\"ts\":\"%d000000000\",\"labels\":{\"app\":\"%s\"},\"line\":\"%s of request %d with some more words to it, so that it is long\"}\n",
			1768557600 + i, i % 3 ? "big" : "other", i == 4000 ? "zeppelin" : "nothing", i
}' >entries
chunkpack --store S --filter small --block-size 64KiB entries | idxbuild --store S >/dev/null
# blocks [OPTION]... QUERY: that line; explained QUERY NAME: the same number, as an explanation has it.
blocks() { gate listen-blocks --store S -o raw "$@" | sed -n 's/^gate: end 0 //p'; }
explained() { logql --store S --explain -o jsonl "$1" | grep -o "\"$2\":[0-9]*" | head -n 1 | sed 's/.*://'; }
blocks '{app="big"} |= "zeppelin"' >is
read -r is_read counted filtered outside decoded <is
ok "filters leave a block to be read, or two that share a column" test "$is_read" -ge 1 -a "$is_read" -le 2
is "none is counted" "$counted" 0
is "the rest they rule out" "$filtered" "$(explained '{app="big"} |= "zeppelin"' blocks_that_filters_rule_out)"
ok "some of them" test "$filtered" -gt 2
is "others are outside" "$outside" "$(explained '{app="big"} |= "zeppelin"' blocks_of_other_streams)"
ok "these are decoded" test "$decoded" -gt 30000 -a "$decoded" -le $((is_read * 65536))
blocks --at 1768567000 'sum(count_over_time({app="big"}[1d]))' >is
read -r is_read counted filtered outside decoded <is
is "what tables say is not read" "$is_read $filtered $decoded" "0 0 0"
ok "but counted" test "$counted" -gt 2

ok "a gate is a socket" exits 2 logql --gate 9 '{}' three.jsonl
ok "and refused when it is none" stderr_has "option '--gate': descriptor 9 is no socket"
ok "0 to 2 are others" exits 2 logql --gate 2 '{}' three.jsonl
ok "--gate-bytes alone" exits 2 logql --gate-bytes 2 '{}' three.jsonl
ok "says nothing" stderr_has "option '--gate-bytes': only with --gate"
ok "a prompt has none" exits 2 logql --gate 9 -i

done_testing
