# disk.sh - a disk whose power can be cut: source it after tap.sh.
#
# disk_make SIZE     makes ./disk, mounted at ./disk/mnt; skips the test where that cannot be done: it needs root, loop devices
#                    and the script that makes such disks. Sets DISK (that script), DISK_AT (./disk, absolute)
# disk_cut           the power goes: what was not synced is lost, the disk is away
# disk_restore       it is back, as after a restart

# shellcheck shell=sh disable=SC2034,SC2154

DISK=$SHARED/components/disk

disk_make() {
	[ -x "$DISK" ] || skip_all "there is no $DISK"
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	need mkfs.ext4
	mkdir disk
	DISK_AT=$PWD/disk
	trap 'at_end=$?; kill -9 $tap_pids 2>/dev/null; wait; "$DISK" umount "$DISK_AT" >/dev/null 2>&1; (exit $at_end); tap_end' EXIT
	"$DISK" make "$DISK_AT" "$1" >made 2>&1 || skip_all "no loop device: $(tail -n 1 made)"
}

disk_cut() {
	"$DISK" cut "$DISK_AT"
}

disk_restore() {
	"$DISK" restore "$DISK_AT"
}
