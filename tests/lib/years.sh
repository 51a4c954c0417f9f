# years.sh - days of three tenants, and forty queries over them: source it after tap.sh.
#
# make_week STORE DAYS PARTS   flushes so many days, each in so many parts, through the log STORE.wal
# make_queries                 forty queries on stdout, chosen by $SEED: tenant, options, query
# ask STORE                    the answers to the file `queries`, on stdout
# same WHAT STORE              a test: they are those of the file `before`

# shellcheck shell=sh

SEED=${SEED:-1}
LINES=$((40 + 4 * ${PERCENT:-5})) # of a tenant in a flush
note "SEED=$SEED, $LINES lines in a flush"

# flush STORE DAY PART: what three tenants sent in a part of a day; some of it late, some of it again, some with metadata.
flush() {
	awk -v seed="$SEED" -v day="$2" -v part="$3" -v n="$LINES" 'BEGIN {
		srand(seed * 1000 + day * 10 + part)
		split("alpha beta gamma", tenants, " ")
		split("debug info warn error", levels, " ")
		for (k = 0; k < 3 * n; k++) {
			t = 1767571200 + day * 86400 + part * 21600 + int(k * 21600 / (3 * n))
			if (k % 13 == 0)
				t -= int(rand() * 40000) # late, some of it of the day before
			tenant = tenants[1 + k % 3]
			m = k % 5 ? "" : ",\"metadata\":{\"trace\":\"t" int(rand() * 50) "\"}"
			line = sprintf("level=%s user=%d ms=%d msg=\\\"request %d of day %d\\\"", levels[1 + int(rand() * 4)],
				int(rand() * 20), int(rand() * 900), k % 17 ? k : 0, day)
			s = sprintf("{\"ts\":\"%d%09d\",\"tenant\":\"%s\",\"labels\":{\"app\":\"a%d\",\"pod\":\"p%d\"},\"line\":\"%s\"%s}",
				t, k, tenant, k % 4, int(rand() * 5), line, m)
			print s
			if (k % 23 == 0)
				print s # sent twice
		}
	}' | lokid-ingest -q --wal "$1.wal" --input jsonl
	walreplay --frames --unpacked --store "$1" "$1.wal" | chunkpack --store "$1" | idxbuild --store "$1" >/dev/null
}

make_week() {
	week_day=0
	while [ $week_day -lt "$2" ]; do
		week_part=0
		while [ $week_part -lt "$3" ]; do
			flush "$1" $week_day $week_part
			week_part=$((week_part + 1))
		done
		week_day=$((week_day + 1))
	done
}

# Some over all days, some over a part of them.
make_queries() {
	awk -v seed="$SEED" 'BEGIN {
		srand(seed)
		n_sel = split("{app=~\".+\"};{app=\"a1\"};{pod!=\"p2\"};{app=~\"a[02]\",pod=~\"p.\"};{app=\"a3\",pod=\"p4\"}", sel, ";")
		n_log = split(";|= \"level=error\";!= \"level=info\";|~ \"request [0-9]*7 \";| logfmt | ms > 500;| logfmt | level=\"warn\" | line_format \"{{.user}} {{.ms}}\";| trace=\"t7\"", logs, ";")
		n_met = split("sum by (app) (count_over_time(S[6h]));sum(bytes_over_time(S[1d]));topk(3, sum by (pod) (rate(S[12h])));sum by (level) (count_over_time(S | logfmt [1d]));max by (app) (max_over_time(S | logfmt | unwrap ms [1d]));quantile_over_time(0.9, S | logfmt | unwrap ms [1d]) by (pod);count(count_over_time(S[2d]))", met, ";")
		split("alpha beta gamma alpha|gamma", tenants, " ")
		for (i = 0; i < 40; i++) {
			from = 1767571200 + int(rand() * 5) * 86400 + int(rand() * 86400)
			to = from + 3600 + int(rand() * 3 * 86400)
			s = sel[1 + int(rand() * n_sel)]
			if (i % 5 < 3)
				print tenants[1 + i % 4] "\t" (i % 2 ? "--direction forward --limit 0" : "--limit " 10 + int(rand() * 500)) \
					(i % 3 ? " --from " from " --to " to : "") "\t" s " " logs[1 + int(rand() * n_log)]
			else {
				q = met[1 + int(rand() * n_met)]
				gsub(/S/, s, q)
				print tenants[1 + i % 4] "\t" (i % 2 ? "--from " from " --to " to " --step 3h" : "--at " to) "\t" q
			}
		}
	}'
}

# ask STORE: all answers.
ask() {
	while IFS="$(printf '\t')" read -r tenant opts query; do
		echo "# $tenant $query"
		# shellcheck disable=SC2086
		logql --store "$1" -t "$tenant" -o jsonl $opts "$query" 2>&1 | sed "s/: store .* has no tenant/: no tenant/"
	done <queries
}

# same WHAT STORE: the answers are those of the beginning.
same() {
	ask "$2" >found
	ok "$1: the same answers" same_file before found
}
