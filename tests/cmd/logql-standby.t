#!/bin/sh
# logql --standby: what is given to a process that waits is done as if it had been started with that.
. "${0%/*}/../lib/tap.sh"

need python3

cat >three.jsonl <<'X'
{"ts":"1000000000","labels":{"app":"a"},"line":"0123456789"}
{"ts":"2000000000","labels":{"app":"b"},"line":"01234"}
X

# give HOW WORD...: starts one; its exit status is this one's, and its stdout and stderr, too
#   words: gives it the words; shown: and prints what ps shows once it runs, and lets it end by writing to ./pipe;
#   leave: closes the socket; cut: gives half a message; forked: gives the words to one that it begins
cat >give.py <<'X'
import fcntl, os, socket, subprocess, sys

def read(path):
    with open(path, "rb") as f:
        return f.read()

how, words = sys.argv[1], sys.argv[2:]
a, b = (socket.socket(fileno=fcntl.fcntl(s.detach(), fcntl.F_DUPFD_CLOEXEC, 10))
        for s in socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
null = open("/dev/null", "r+b")
os.dup2(b.fileno(), 3)
wrap = os.environ.get("WRAP", "").split()
p = subprocess.Popen(wrap + ["logql", "--standby", "3"], pass_fds=[3], stdin=null, stdout=null,
                     stderr=null if how in ("words", "shown", "forked") else None)
b.close()
os.close(3)
message = b"\x06" + b"".join(w.encode() + b"\0" for w in ["logql"] + words)
if how in ("words", "shown"):
    socket.send_fds(a, [message], [1, 2])
    if a.recv(1) != b"\0":
        sys.exit("it was not taken")
elif how == "cut":
    a.send(message[:-1])
elif how == "forked":
    c, d = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    socket.send_fds(a, [b"\x80"], [d.fileno()])
    d.close()
    pid = int.from_bytes(a.recv(4), sys.byteorder)
    socket.send_fds(c, [message], [1, 2])
    if c.recv(1) != b"\0":
        sys.exit("it was not taken")
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    a.close()
    sys.exit(status if p.wait() == 5 else "the server ended otherwise")
if how == "shown":
    with open("pipe", "wb") as f:  # opens once it reads there
        print(read("/proc/%d/comm" % p.pid).decode(), end="")
        print(read("/proc/%d/cmdline" % p.pid).rstrip(b"\0").decode(), flush=True)
a.close()
sys.exit(p.wait())
X
give() { python3 "$PWD/give.py" "$@"; }

logql '{app="b"} |= "1"' three.jsonl >expected
ok "a query" exits 0 give words '{app="b"} |= "1"' three.jsonl
ok "is answered as by any logql" stdout_is_file expected
ok "another one" exits 2 give words '{app=' three.jsonl
ok "is refused like that" stderr_has "logql: error: parse error at line 1, col 6"
ok "an option that there is not" exits 2 give words --no-such-option
ok "too" stderr_has "unknown option '--no-such-option'"
mkfifo pipe
ok "while it reads, and finds nothing," exits 1 give shown -t me '{app="b"}' pipe
ok "ps shows what it was given" stdout_is 'logql
logql -t me {app="b"} pipe'

ok "a query to one that it begins" exits 0 give forked '{app="b"} |= "1"' three.jsonl
ok "is answered, too" stdout_is_file expected
ok "with a regex, by threads" exits 0 give forked --jobs 4 -o raw '{app=~"a|b"} |~ "[01]2+3"' three.jsonl
ok "as well" stdout_lines 2

ok "when the other end is closed it ends" exits 5 give leave
ok "without a word" stderr_is_empty
ok "half a message" exits 4 give cut '{}' three.jsonl
ok "is told" stderr_is "logql: error: option '--standby': descriptor 3: no whole message"
ok "it waits at a socket" sh -c 'logql --standby 3 3</dev/null 2>said; test $? -eq 2'
ok "and says so" grep -qx "logql: error: option '--standby': descriptor 3 is no socket" said
ok "0 to 2 are others" exits 2 logql --standby 2
ok "with a query" exits 2 logql --standby 3 '{}'
ok "it is refused" stderr_has "option '--standby': only alone"
ok "and with another option" exits 2 logql --standby 3 --jobs 1

done_testing
