# Whoever else is at work on all days of a store. Source after tap.sh.

# hold_locks STORE: a lock of another program on the whole file of locks, until drop_locks. False where there is no python3.
hold_locks() {
	command -v python3 >/dev/null || return 1
	mkfifo end.lock
	spawn python3 -c 'import fcntl, os, struct, sys
os.makedirs(sys.argv[1] + "/~lokid", exist_ok=True)
f = open(sys.argv[1] + "/~lokid/locks", "w")
fcntl.fcntl(f, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0)) # F_OFD_SETLK
open("has.lock", "w").close()
open("end.lock").read()' "$1"
	wait_for 10 test -f has.lock
}
drop_locks() {
	: >end.lock
	wait "$PID"
	rm end.lock has.lock
}
