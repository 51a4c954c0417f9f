# tenants.sh - S1-3, a tenant sees only what is its own: random tenants, random questions. Source it after tap.sh.
#
# tenants_make STORE WAL     entries of 40 tenants, a part of them in the log
# tenants_ask CASES [LOGQL OPTION]...   asks so many random questions, of tenants that are there and of others, and judges the
#                            answers: three tests

# shellcheck shell=sh

SEED=${SEED:-1}

# 40 tenants: names that look like options, paths, suffixes and parts of one another, and random ones. The same labels and times
# for all; the line, a label and its value say whose it is.
tenants_make() {
	awk -v seed="$SEED" 'BEGIN {
		n = split("a aa aaa a.a ..a a.. ... -rf --help a.idx chunks index rules deletes fake .tmp x.tmp * (a) !a '\''q'\'' A _ __ 0 a-b a_b", name, " ")
		srand(seed)
		chars = "abcXYZ019!-_.*'\''()"
		while (n < 40) {
			t = ""
			for (k = 1 + int(rand() * 12); k > 0; k--)
				t = t substr(chars, 1 + int(rand() * length(chars)), 1)
			if (t != "." && t != ".." && !(t in used)) {
				used[t] = 1
				name[++n] = t
			}
		}
		for (i = 1; i <= n; i++)
			print name[i]
	}' | sort -u >tenants
	awk '{
		for (k = 0; k < 5; k++)
			printf "{\"ts\":\"%d00000000%d\",\"tenant\":\"%s\",\"labels\":{\"app\":\"x\",\"owner\":\"%s\"},\"line\":\"%s %d\"}\n",
				1768471200, k, $0, $0, $0, k
	}' tenants >all
	awk 'NR % 5 < 3' all | chunkpack --store "$1" | idxbuild --store "$1" >list
	awk 'NR % 5 >= 3' all | lokid-ingest --wal "$2" --input jsonl -q
}

# Of five questions one is of a tenant that has nothing, and of ten one is of a name that is none.
tenants_cases() {
	awk -v seed="$SEED" -v n="$1" '
	{ tenant[++m] = $0 }
	END {
		srand(seed + 1)
		bad = split("%2e%2e .. . a/a a/../aa a%00 a%2fa ä aä a\342\200\256a a:a a@a ~lokid a~ a\\a {a} a\"a a,a", none, " ")
		for (i = 0; i < n; i++) {
			t = tenant[1 + int(rand() * m)]
			if (rand() < 0.2)
				t = t (rand() < 0.5 ? "b" : "a")
			if (rand() < 0.1)
				print 5, none[1 + int(rand() * bad)]
			else
				print 1 + int(rand() * 4), t
		}
	}' tenants
}

tenants_ask() {
	tenants_n=$1
	shift
	tenants_cases "$tenants_n" >asked
	while read -r kind tenant; do
		echo "case $kind $tenant"
		case $kind in
		1) logql "$@" "--tenant=$tenant" -o raw '{app="x"}' ;;
		2) logql "$@" "--tenant=$tenant" -o csv 'sum by (owner) (count_over_time({app="x"}[1h]))' --at 1768471300 ;;
		3) logql values "$@" "--tenant=$tenant" owner ;;
		4) logql series "$@" "--tenant=$tenant" '{app="x"}' ;;
		5)
			logql "$@" "--tenant=$tenant" -o raw '{app="x"}' 2>refusal
			[ $? -eq 2 ] || echo "not refused"
			continue
			;;
		esac || [ $? -eq 1 ]
	done <asked >answers 2>errors
	awk '
	function finish(   expected) {
		if (kind == "")
			return
		expected = tenant in known ? (kind == 1 ? 5 : 1) : 0
		if (kind == 5)
			expected = 0
		if (own != expected || other) {
			printf "kind %d tenant %s: %d of its own (expected %d), %d of others\n", kind, tenant, own, expected, other
			bad++
		}
	}
	FILENAME == "tenants" { known[$0] = 1; next }
	/^case / { finish(); kind = $2; tenant = $3; own = other = 0; next }
	kind == 1 { if ($1 == tenant) own++; else other++ }
	kind == 2 && /^timestamp,/ { next }
	kind == 2 { if (index($0, tenant) && $0 ~ /,5$/) own++; else other++ }
	kind == 3 { if ($0 == tenant) own++; else other++ }
	kind == 4 { if (index($0, "owner=\"" tenant "\"")) own++; else other++ }
	kind == 5 { other++ }
	END { finish(); exit bad > 0 }' tenants answers >found
	ok "S1-3 tenant isolation: every tenant sees what is its own, and nothing else" test ! -s found
	[ ! -s found ] || head -n 5 found >&2
	# whose name is not in the store may be a slip
	awk -F "has no tenant '" '
	FILENAME == "tenants" { known[$0] = 1; next }
	/^logql: warning: store / && NF > 1 { name = $2; sub(/\x27(: is \x27.*|; it has \x27.*|, nor any other)$/, "", name); if (!(name in known)) next }
	{ print }' tenants errors >said
	ok "and nothing was said on stderr but that there is no such tenant" test ! -s said
	[ ! -s said ] || head -n 5 said >&2
	is "all cases were asked" "$(grep -c '^case ' answers)" "$tenants_n"
}
