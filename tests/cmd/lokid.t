#!/bin/sh
# lokid's command line. What it does as a daemon is in tests/pipe/lokid*.t.
. "${0%/*}/../lib/tap.sh"

ok "an operand is exit 2" exits 2 lokid now
ok "the message names it" stderr_has "unexpected operand 'now'"
ok "a bad address is exit 2" exits 2 lokid --listen nowhere
ok "the message says what is expected" stderr_has "--listen: expected [ADDRESS]:PORT, found 'nowhere'"
ok "a bad level is exit 2" exits 2 lokid --log-level loud
ok "a file that is not there is exit 4" exits 4 lokid --config none.yaml --check-config
ok "the message names it" stderr_has "'none.yaml'"

ok "the settings are printed" exits 0 lokid --data /srv/logs --listen 127.0.0.1:3101 --print-config
ok "with the port of the command line" stdout_has "http_listen_port: 3101"
ok "with its address" stdout_has "http_listen_address: \"127.0.0.1\""
ok "with its folder" stdout_has "/srv/logs"
cp "$TAP/stdout" printed.yaml
ok "what is printed is taken again" exits 0 lokid --config printed.yaml --check-config
not_ok "without a fault" stderr_has error
ok "and prints the same" exits 0 lokid --config printed.yaml --print-config
ok "to the letter" stdout_is_file printed.yaml

ok "the example is taken" exits 0 lokid --config "$REPO/examples/lokid.yaml" --check-config
ok "without a word" stderr_is ''
ok "Loki's flags are taken" exits 0 lokid -config.file=printed.yaml -config.expand-env=true -target=all -verify-config
ok "-version is one of them" exits 0 lokid -version
ok "another is exit 2" exits 2 lokid -ingester.wal-enabled=false
ok "the message names all of it, and where it belongs" stderr_has "flag '-ingester.wal-enabled=false': what it sets is a key in the file of --config"
ok "its help" exits 0 lokid --help
ok "is of its page" stdout_has "See lokid(8)."
ok "and has no operands" stdout_matches '^usage: lokid \[OPTION\]\.\.\.$'
ok "a part of Loki is refused" exits 2 lokid -target=querier
ok "and told why" stderr_has "target 'querier'"

printf 'server:\n  http_listen_port: ${PORT:3102}\n' >env.yaml
ok "a variable has its default" sh -c 'lokid --config env.yaml --expand-env --print-config | grep -q "http_listen_port: 3102"'
ok "or its value" sh -c 'PORT=3103 lokid --config env.yaml --expand-env --print-config | grep -q "http_listen_port: 3103"'
ok "but only when asked" exits 2 lokid --config env.yaml --check-config
ok "the message has the place" stderr_has "env.yaml:2:"

printf 'common: {programs: nowhere}\n' >programs.yaml
ok "without its programs it is exit 4" exits 4 lokid --config programs.yaml --data data --listen 127.0.0.1:0
ok "the message names what is not there" stderr_has "cannot run 'nowhere/lokid-ingest': No such file"

# shellcheck disable=SC2016
ok "what systemd hands over and is no socket is exit 4" exits 4 sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 exec lokid --data data 3</dev/null'
ok "the message names it" stderr_has "descriptor 3 is no socket that listens"

done_testing
