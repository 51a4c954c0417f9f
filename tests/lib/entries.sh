# entries.sh - what the tests of queries ask for: source it after tap.sh.
#
# shellcheck shell=sh disable=SC2034

# A JSON line.
entry() { # TS LABELS LINE
	printf '{"ts":"%s","tenant":"fake","labels":%s,"line":"%s"}\n' "$1" "$2" "$3"
}

# Two streams over two days, and what is in them.
{
	entry 1760522400000000000 '{"app":"web","host":"a"}' 'GET / 200'
	entry 1760522401000000000 '{"app":"web","host":"a"}' 'GET /x 500'
	entry 1760522402000000000 '{"app":"db"}' 'slow query'
	entry 1760608800000000000 '{"app":"web","host":"a"}' 'GET /y 200'
	entry 1760608800000000000 '{"app":"web","host":"a"}' 'GET /z 500'
} >entries.jsonl
at=1760700000
