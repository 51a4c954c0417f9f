# later.sh - what a later version has written. Source it after tap.sh.
#
# shellcheck shell=sh

# later_segment FILE: a segment whose header says version 2, with a checksum that is right: its maker knows what it says.
later_segment() {
	cp "$GOLDEN/frozen/wal-v1-one" "$1"
	put_byte "$1" 5 2
	later_at=60
	for later_byte in $(walreplay --verify "$1" 2>&1 | sed -n 's/.*computed \([0-9a-f]*\).*/\1/p' | sed 's/../& /g'); do
		put_byte "$1" $later_at "$((0x$later_byte))"
		later_at=$((later_at + 1))
	done
}
