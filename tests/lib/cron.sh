# cron.sh - the table of examples/cron as cron runs it: source it after tap.sh.
#
# cron_table STORE         the table with the programs of the build, a folder ./data of the test's own and this
#                          store: ./settings, its variables, and ./lines
# as_cron COMMAND          in cron's environment, which is the table's settings and little else
# command_of LINE          what cron runs of it, on stdout
# cron_fill APP            lines of that application come into the log, and are expected
# cron_all WHAT            the whole table, once: each line is exit 0, and silent

# shellcheck shell=sh

cron_table() {
	sed -e "s|^PATH=.*|PATH=$PATH|" -e "s|^EXAMPLES=.*|EXAMPLES=$REPO/examples|" \
		-e "s|^LOKID_DATA=.*|LOKID_DATA=$PWD/data|" "$REPO/examples/cron/lokid.cron" >mine
	grep '^[A-Z]*_*[A-Z]*=' mine | grep -v '^STORE=' >settings
	echo "STORE=$1" >>settings
	grep -v -e '^#' -e '^[A-Z_]*=' -e '^$' mine >lines
}

as_cron() {
	(
		set -- "$1" HOME=/nonexistent LOGNAME=nobody
		while IFS= read -r setting; do
			set -- "$@" "$setting"
		done <settings
		line=$1
		shift
		exec env -i "$@" /bin/sh -c "$line"
	)
}

command_of() {
	echo "$1" | sed -E 's/^([^ ]+ +){5}//'
}

cron_fill() {
	mkdir -p data/wal
	echo "{app=\"$1\"},$(wc -l <"$REPO/examples/logs/shop.log")" >>data/expected.csv
	lokid-ingest -q --wal data/wal -l app="$1" "$REPO/examples/logs/shop.log" </dev/null
}

cron_all() {
	while IFS= read -r line <&3; do
		name=$(echo "$line" | sed -E 's/.*quietly ([a-z-]+) .*/\1/')
		ok "$1: $name is exit 0" exits 0 as_cron "$(command_of "$line")"
		ok "$1: $name is silent" sh -c 'cat "$TAP"/stdout "$TAP"/stderr; ! [ -s "$TAP/stdout" ] && ! [ -s "$TAP/stderr" ]'
	done 3<lines
}
