#!/bin/sh
# Retention, deletion, scrubbing and the sweep behind them do on a real object store what they do in a folder, to the object.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/s3.sh"
s3_start

# Two tenants, three days from 2026-01-15 on, three packs a day; every fifth line has a card.
for round in 1 2 3; do
	awk -v r=$round 'BEGIN {
		for (d = 0; d < 3; d++)
			for (k = 0; k < 40; k++)
				printf "{\"ts\":\"%d%09d\",\"tenant\":\"%s\",\"labels\":{\"app\":\"a%d\"},\"line\":\"round %d line %d%s\"}\n",
					1768471200 + 86400 * d + 60 * k, r, k % 2 ? "acme" : "beta", k % 3, r, k, k % 5 ? "" : " card=4111"
	}' | chunkpack --store s | idxbuild --store s >/dev/null
done
request=$(logql delete create --store s -t acme --from 2026-01-15 --to 2026-01-18 '{app="a1"} |= "card="')
ok "a store" test "$(find s -name '*.pack' | wc -l)" -eq 18
ok "a copy on S3, with the request" exits 0 chunkpack --copy --from s --store "$S3_URL"

objects() { # what both stores have, but for what each writes of itself
	(cd s && find . -type f | sed 's|^\./||' | grep -v '^~lokid/' | sort) >objects.dir
	s3_keys main | grep -v '^~lokid/' | sort >objects.s3
}
seen() { # STORE: all that is seen
	for tenant in acme beta; do
		logql --store "$1" -t $tenant -o jsonl --limits none.yaml '{app=~".+"}' | sort
	done
}
# both DESC PROGRAM ARG...: says the same of each store, and leaves the same.
both() {
	desc=$1
	shift
	ok "$desc: in a folder" exits 0 "$@" --store s
	cp "$TAP/stdout" said.dir
	ok "$desc: on S3" exits 0 "$@" --store "$S3_URL"
	ok "$desc: the same is said" cmp "$TAP/stdout" said.dir
	objects
	ok "$desc: the same objects are left" diff objects.dir objects.s3
	seen s >seen.dir
	seen "$S3_URL" >seen.s3
	ok "$desc: the same is seen" cmp seen.dir seen.s3
}
echo '{}' >none.yaml
both "before anything is done" chunkpack --delete --dry-run

# ---- deletion

ok "something is hidden on S3" test "$(grep -c 'card=' seen.s3)" -lt 72
both "a dry run" chunkpack --delete --cancel-period 0 --dry-run
ok "finds something" test -s said.dir
both "deletion" chunkpack --delete --cancel-period 0
both "again, nothing" chunkpack --delete --cancel-period 0
ok "at all" test ! -s said.dir
both "the sweep behind it" chunkpack --delete --cancel-period 0 --delete-delay 0
is "the replaced packs are gone" "$(grep -c '\.pack$' objects.s3)" 18
ok "the receipt is there" grep -qx "acme/processed/$request.json" objects.s3
ok "all is right" exits 0 idxbuild --fsck --delete-delay 0 --store "$S3_URL"

# ---- scrubbing

echo 'beta {app=~".+"} |~ "card=[0-9]" | regexp "^(?P<head>.*)card=[0-9]+" | line_format "{{.head}}card=xxxx"' >rules
both "scrubbing" chunkpack --scrub rules
is "no card of that tenant is left" "$(grep -c 'card=4' seen.s3) $(grep -c 'card=xxxx' seen.s3)" "27 36"
both "the sweep behind it" chunkpack --scrub rules --delete-delay 0

# ---- retention

cat >limits.yaml <<'END'
limits_config:
  retention_period: 48h
  retention_stream:
  - {selector: '{app="a2"}', priority: 1, period: 24h}
overrides:
  beta: {retention_period: 0s, retention_stream: []}
END
echo 'acme {app="a0"} 2026-01-15 2026-01-16' >hold
set -- idxbuild --retain --limits limits.yaml --hold hold --now 2026-01-18T12:00:00Z
both "what retention would do" "$@" --dry-run
both "retention" "$@"
ok "something goes" test -s said.dir
both "the sweep behind it" "$@" --delete-delay 0
ok "what is held is there" grep -q '"tenant":"acme".*"app":"a0"' seen.s3
ok "all is right" exits 0 idxbuild --fsck --delete-delay 0 --store "$S3_URL"
ok "without a word" stdout_is_empty
is "no lock is left" "$(s3_keys main | grep -c '^~lokid/locks/')" 0

# ---- a request of its own

beta() { logql --store "$S3_URL" -t beta -o raw '{app="a2"}' | wc -l; }
n=$(beta)
ok "there is something to delete" test "$n" -gt 0
ok "a request is made there" exits 0 logql delete create --store "$S3_URL" -t beta --from 2026-01-15 '{app="a2"}'
id=$(cat "$TAP/stdout")
is "it is obeyed at once" "$(beta)" 0
ok "it is listed" exits 0 logql delete list --store "$S3_URL" -t beta
ok "with its query" stdout_matches "^$id received .* \{app=\"a2\"\}\$"
ok "it is cancelled" exits 0 logql delete cancel --store "$S3_URL" -t beta "$id"
is "and all is seen again" "$(beta)" "$n"

done_testing
