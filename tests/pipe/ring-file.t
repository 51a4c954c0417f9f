#!/bin/sh
# A ring in a file: what every ring does, and what only files do.
. "${0%/*}/../lib/tap.sh"
# shellcheck source=tests/lib/ring.sh
. "$REPO/tests/lib/ring.sh"

ring_suite ring

cp ring whole
flip_byte ring 300
ok "damage is exit 3" exits 3 ring status
ok "it is said where" stderr_matches "'ring': line [0-9]+: "
ok "nothing is changed then" exits 3 ring join i-9 --zone a
cp whole ring
cut_file ring 1000
ok "a file that is cut is exit 3" exits 3 ring status
ok "it is said so" stderr_has "'ring': cut short in line"
cp whole ring
ok "as it was, all is well" exits 0 ring status

# Whoever holds the lock is waited for, but not for ever.
mkfifo go
spawn sh -c 'exec 9>ring.lock; flock 9; : >held; read -r x <go'
wait_for 10 test -e held || bail "the lock is held"
ok "a lock that is held is exit 5" exits 5 ringctl --ring ring --timeout 50ms leave i-1
ok "it is said who holds what" stderr_has "'ring.lock': another process holds the lock"
echo >go
ok "when it is free, it goes on" exits 0 ring leave i-1

# Whoever is killed leaves the ring as it was, or changed, and nothing beside it.
cp ring before
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	timeout -s KILL "$(printf '0.%03d' "$i")" ringctl --ring ring join "killed-$i" --zone a 2>/dev/null
	ringctl --ring ring tokens >/dev/null || fail "a ring after kill $i"
done
ok "after kills the ring is whole" exits 0 ring tokens
# shellcheck disable=SC2010
is "and there is nothing beside it but its lock" "$(ls -a | grep -e '^ring[.]' -e 'tmp$')" ring.lock
cp before ring

# A full disk.
ok "what cannot be written is exit 4" exits 4 sh -c 'ulimit -f 4; trap "" XFSZ; ringctl --ring ring join i-8 --zone a'
ok "the ring is as it was" same_file before ring

# Who may read it, and where it lies, stays as it is.
chmod 600 ring
ring leave i-1 2>/dev/null
is "its mode is kept" "$(stat -c %a ring)" 600
chmod 664 ring
ring heartbeat i-2
is "another one, too" "$(stat -c %a ring)" 664
if [ "$(id -u)" = 0 ]; then
	chown 4321:1234 ring
	ring heartbeat i-2
	is "and its owner" "$(stat -c %u:%g:%a ring)" 4321:1234:664
fi
mkdir far
mv ring far/real
ln -s real far/link
ln -s far/link ring
ok "a ring behind links is changed" exits 0 ring join i-1
ok "they stay" sh -c '[ -L ring ] && [ -L far/link ] && [ ! -L far/real ]'
is "whoever comes by another way sees it" "$(ringctl --ring far/real status -o jsonl 2>/dev/null | jq -r 'select(.instance == "i-1").state')" ACTIVE
spawn sh -c 'exec 9>far/real.lock; flock 9; : >held-real; read -r x <go'
wait_for 10 test -e held-real || bail "the lock of the file itself is held"
ok "and takes the same lock" exits 5 ringctl --ring ring --timeout 50ms leave i-1
ok "it is said which" stderr_has "'far/real.lock': another process holds the lock"
echo >go
ln -s new-one to-be
ok "a link to what is not there yet makes that" exits 0 ringctl --ring to-be init
ok "and stays" sh -c '[ -L to-be ] && [ -f new-one ]'
rm ring
mv far/real ring

mkdir away
ok "a folder is no ring" exits 4 ringctl --ring away status
mkfifo fifo
for verb in "status" "join i-1" "heartbeat i-1"; do
	# shellcheck disable=SC2086
	ok "nor is a FIFO, which has no end: $verb" exits 2 timeout 20 ringctl --ring fifo $verb
	ok "it is said so" stderr_is "ringctl: error: 'fifo': expected a regular file"
done
ok "nor a device" exits 2 ringctl --ring /dev/zero status
ok "one that is not there, neither" exits 4 ringctl --ring none/ring join i-1

# Heartbeats while somebody else holds the lock, and when he does not any more.
ringctl --ring beaten init --heartbeat-timeout 50ms
ringctl --ring beaten join i-1 --zone a 2>/dev/null
rm -f held
spawn sh -c 'exec 9>beaten.lock; flock 9; : >held; read -r x <go'
wait_for 10 test -e held || bail "the lock is held"
spawn ringctl --ring beaten --timeout 20ms heartbeat i-1 --every 50ms 2>said
beating=$PID
ok "who beats is warned" wait_for 10 grep -q "another process holds the lock" said
# As long as it takes to try it some more times.
for i in 1 2 3; do ringctl --ring beaten --timeout 100ms leave i-1 2>/dev/null; done
echo >go
ok "and told when it goes on" wait_for 10 grep -q "again" said
ok "and when they are too rare" wait_for 10 grep -q "rare" said
kill $beating
wait $beating 2>/dev/null
ok "each once" same_file - said <<'END'
ringctl: warning: 'beaten': 'beaten.lock': another process holds the lock
ringctl: the ring answers again
ringctl: warning: a heartbeat every 50ms is too rare: the ring finds UNHEALTHY who has none for 50ms
END
ok "who is forgotten" exits 0 ringctl --ring beaten forget i-1
ok "does not beat" exits 1 timeout 20 ringctl --ring beaten heartbeat i-1 --every 50ms
ok "it is said so" stderr_is "ringctl: error: 'beaten': there is no instance 'i-1'"

# What the unit of systemd does: who was taken out stays out.
unit() { sed -n "s|^$1=||p" "$REPO/examples/systemd/lokid-ring.service"; }
unit_does() { # KEY
	# shellcheck disable=SC2046
	set -- $(unit "$1" | sed "s|^-||; s|/usr/local/bin/||; s|\${RING}|of-unit|; s|%H|n-1|g; s|\${ZONE}|a|; s|15s|20ms|")
	exec "$@"
}
(unit_does ExecStartPre) 2>/dev/null
is "the unit joins" "$(ringctl --ring of-unit status -o jsonl 2>/dev/null | jq -r .instance)" n-1
spawn unit_does ExecStart 2>said
beating=$PID
ringctl --ring of-unit forget n-1 >/dev/null
wait $beating
is "who is taken out ends, and is not started again" "$?" "$(unit RestartPreventExitStatus)"
(unit_does ExecStopPost) 2>/dev/null
is "that it cannot leave then is no failure" "$? $(unit ExecStopPost | cut -c 1)" "1 -"
ok "nobody is back" exits 1 ringctl --ring of-unit status
ok "in the ring" stdout_has "0 instances"

# A picture that is asked for again and again is told when the ring changes.
ring join i-1 >/dev/null 2>&1
spawn ringctl --ring ring status --watch --every 1h -o jsonl >seen 2>&1
watcher=$PID
lines_are() { [ "$(wc -l <seen)" -ge "$1" ]; }
ok "status --watch tells at once" wait_for 10 lines_are 36
ring join i-0 --zone a 2>/dev/null
ok "and again after a change" wait_for 10 lines_are 73
kill $watcher
wait $watcher

done_testing
