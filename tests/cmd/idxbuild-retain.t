#!/bin/sh
# idxbuild --retain: what has expired leaves the store, what is held or too young stays; a dry run prints what a run then does.
. "${0%/*}/../lib/tap.sh"

# Five days from 2026-01-15 on; tenants acme (a1, a3) and beta (a0, a2); 50 entries a stream and day, ten minutes apart.
awk 'BEGIN {
	for (d = 0; d < 5; d++)
		for (s = 0; s < 4; s++)
			for (k = 0; k < 50; k++)
				printf "{\"ts\":\"%d000000000\",\"tenant\":\"%s\",\"labels\":{\"app\":\"a%d\"},\"line\":\"day %d line %d\"}\n",
					1768435200 + 86400 * d + 600 * k, s % 2 ? "acme" : "beta", s, d, k
}' >in.jsonl
cat >limits.yaml <<'Y'
limits_config:
  retention_period: 72h
  retention_stream:
  - {selector: '{app="a1"}', priority: 1, period: 24h}
overrides:
  beta: {retention_period: 0s, retention_stream: []}
Y
NOON=2026-01-19T12:00:00Z

fill() { # STORE
	chunkpack --store "$1" in.jsonl | idxbuild --store "$1" >/dev/null
}

retain() { # STORE [OPTION]...
	s=$1
	shift
	idxbuild --retain --store "$s" --now $NOON "$@"
}

stored() { # STORE TENANT: all that is stored, seen or not
	logql --store "$1" -t "$2" --limit 0 -o jsonl --limits none.yaml '{app=~".+"}'
}

objects() { # STORE
	find "$1" -name '*.pack' -o -name '*.idx' | sort
}
echo '{}' >none.yaml

fill s
stored s beta >beta.all
objects s >before

# --- what is written without a blank

echo 'beta{app="a0"} 2026-01-15 2026-01-16' >glued
ok "a tenant that the selector follows at once" exits 0 retain s --hold glued
ok "is understood" stderr_is_empty
ok "a part that the store's path does, too" exits 4 retain sindex=t
ok "is not, which is said" stderr_is "idxbuild: error: there is no store 'sindex=t': a blank goes before 'index='"

# --- nothing goes

ok "without limits" exits 0 retain s -v
ok "that is said when much is" stderr_is "idxbuild: nothing has a retention: no --limits, and no '~lokid/limits.yaml' in store 's'"
ok "and else not" exits 0 retain s
ok "at all" stderr_is_empty
ok "limits that keep everything" exits 0 retain s --limits none.yaml
ok "are named" stderr_is "idxbuild: warning: nothing has a retention: 'none.yaml' sets none"
: >empty.yaml
ok "an empty file of them" exits 0 retain s --limits empty.yaml
ok "too" stderr_is "idxbuild: warning: nothing has a retention: 'empty.yaml' sets none"

# --- what would go

ok "a dry run" exits 0 retain s --limits limits.yaml --dry-run
cp "$TAP/stdout" dry
is "says what goes, by tenant, day and rule" "$(sed 's/, [0-9]* bytes//' dry)" "$(
	cat <<'X'
acme 2026-01-15: 1 chunk, 50 entries: retention_stream {app="a1"} priority 1 period 1d
acme 2026-01-15: 1 chunk, 50 entries: retention_period 3d
acme 2026-01-16: 1 chunk, 50 entries: retention_stream {app="a1"} priority 1 period 1d
acme 2026-01-16: 1 chunk, 50 entries: retention_period 3d
acme 2026-01-17: 1 chunk, 50 entries: retention_stream {app="a1"} priority 1 period 1d
acme 2026-01-18: 1 chunk, 50 entries: retention_stream {app="a1"} priority 1 period 1d
X
)"
objects s >after
ok "and does nothing" same_file before after
ok "as objects" exits 0 retain s --limits limits.yaml --dry-run -o jsonl
is "of the same" "$(sed -E 's/.*"tenant":"([^"]*)","day":"([^"]*)","rule":"(.*)","chunks":([0-9]+),"entries":([0-9]+),"bytes":([0-9]+)\}/\1 \2: \4 chunk, \5 entries, \6 bytes: \3/; s/\\"/"/g' "$TAP/stdout")" "$(cat dry)"

# --- what went too soon

cp -R s undo
stored undo acme >acme.all
ok "a run by limits that are wrong" exits 0 retain undo --limits limits.yaml
ok "takes out of the index" sh -c '[ "$1" -gt "$2" ]' - "$(wc -l <acme.all)" "$(stored undo acme | wc -l)"
ok "what comes back before the delay is over" exits 0 idxbuild --rebuild --store undo
stored undo acme >found
ok "as it was" same_file acme.all found

# --- what goes

ok "a run" exits 0 retain s --limits limits.yaml -v
ok "prints the same" stdout_is_file dry
ok "and what it makes" stderr_matches 'made .s/acme/index/2026-01-15/[0-9a-f]{32}\.idx. in place of 1 index file$'
ok "another has nothing to do" exits 0 retain s --limits limits.yaml
ok "and says nothing" stdout_is_empty
is "of a1 today is left, of a3 three days" "$(stored s acme | grep -o '"app":"a.".*"line":"day .' | sort -u | tr -dc '0-9\n' | tr '\n' ' ')" "14 32 33 34 "
stored s beta >found
ok "the other tenant has all it had" same_file beta.all found
ok "it verifies" exits 0 idxbuild --verify --store s
ok "with nothing to say" stderr_is ""
is "nothing is deleted before the delay" "$(objects s | grep -c pack)" "$(grep -c pack before)"
ok "after it" exits 0 retain s --limits limits.yaml --delete-delay 0
is "what was replaced is deleted, and a day's only pack that is dead" "$(objects s | grep -c acme/chunks/2026-01-15)" 0
is "and of that day nothing is left" "$(objects s | grep -c "acme.*2026-01-15")" 0
ok "the store is right" exits 0 idxbuild --fsck --delete-delay 0 --store s
is "what a query sees is what is stored" "$(logql --store s -t acme --limit 0 -o jsonl '{app=~".+"}' | wc -l)" "$(stored s acme | wc -l)"
ok "packs that hold less than half are written anew" exits 0 chunkpack --compact --delete-delay 0 --store s
is "with the same entries" "$(stored s acme | wc -l)" 200
ok "and the store is right" exits 0 idxbuild --fsck --delete-delay 0 --store s
idxbuild --rebuild --store s >/dev/null
ok "made from packs alone" exits 0 retain s --limits limits.yaml
is "it is the same after the next run" "$(stored s acme | wc -l)" 200

# --- to the nanosecond

cat >short.yaml <<'Y'
limits_config: {retention_period: 24h}
Y
fill b
# The last entry of the first day is of 08:10:00.
ok "what is as old as its retention stays" exits 0 idxbuild --retain --store b --limits short.yaml --now 2026-01-16T08:10:00Z
ok "all of it" stdout_is_empty
ok "a nanosecond later it goes" exits 0 idxbuild --retain --store b --limits short.yaml --now 2026-01-16T08:10:00.000000001Z
ok "for both tenants" stdout_lines 2

# --- what is held

fill h
printf '# court\nacme {app="a3"} 2026-01-15 2026-01-15T00:00:00Z\nbeta {app="a0"}\n' >hold
ok "held" exits 0 idxbuild --retain --store h --limits short.yaml --hold hold --now 2026-03-01 --delete-delay 0
is "stays, though all has expired" "$(stored h acme | wc -l) $(stored h beta | wc -l)" "50 250"
is "and is not seen" "$(logql --store h -t beta --limits short.yaml --limit 0 -o jsonl '{app=~".+"}' | wc -l)" 0
ok "nor does it go to make room" exits 1 idxbuild --retain --store h --hold hold --keep-bytes 1 --delete-delay 0
ok "which is said" stderr_matches "^idxbuild: warning: --keep-bytes 1B: [0-9].*B too many are left, and all of it is held$"
is "it is there" "$(stored h acme | wc -l) $(stored h beta | wc -l)" "50 250"
mkdir -p 'h/~lokid'
cp hold 'h/~lokid/hold'
ok "the store's own hold file" exits 1 idxbuild --retain --store h --keep-bytes 1 --delete-delay 0
is "holds too" "$(stored h acme | wc -l) $(stored h beta | wc -l)" "50 250"
echo 'beta {app=' >>'h/~lokid/hold'
ok "with a wrong line in it nothing is deleted" exits 2 idxbuild --retain --store h --keep-bytes 1
ok "which is named" stderr_has "'h/~lokid/hold': line 4: expected a selector"
ok "nor without the one that was named" exits 4 idxbuild --retain --store h --keep-bytes 1 --hold nowhere
is "it is all there" "$(stored h acme | wc -l) $(stored h beta | wc -l)" "50 250"

rm 'h/~lokid/hold'
printf '\357\273\277# court\r\nbeta {app="a0"}\r\n' >hold
ok "a byte order mark before it means nothing" exits 0 idxbuild --retain --store h --hold hold
printf '{app="a3"} |= "x"\n' >hold
ok "a filter is none of it" exits 2 idxbuild --retain --store h --hold hold
ok "nor a time" stderr_is "idxbuild: error: 'hold': line 1: expected a time as 2026-01-15T10:00:00Z, a day or Unix seconds, found '|='"
printf '# court\n\nacm {app="a3"}\nacme {app="a3"}\n{app="nobody"}\n' >hold
ok "a tenant that is not there" exits 0 idxbuild --retain --store h --limits short.yaml --hold hold --now 2026-01-17 --dry-run
ok "is told, with the line" stderr_is "idxbuild: warning: 'hold': line 3: the store has no tenant 'acm': nothing is held by it"
ok "by chunkpack too" exits 0 chunkpack --delete --store h --hold hold
ok "it is told" stderr_is "chunkpack: warning: 'hold': line 3: the store has no tenant 'acm': nothing is held by it"

# --- limits of nobody

cat >slips.yaml <<'Y'
limits_config:
  retention_stream:
  - {selector: '{app=~"a[02]"}', priority: 1, period: 24h}
  - {selector: '{app="a9"}', priority: 1, period: 24h}
overrides:
  acm: {retention_period: 24h}
  nobody: {ingestion_rate_mb: 1}
  acme:
    retention_stream:
    - {selector: '{app="a3"}', priority: 1, period: 24h}
    - {selector: '{app="a0"}', priority: 1, period: 24h}
Y
ok "a tenant that limits name and is not there" exits 0 retain h --limits slips.yaml --now 2026-01-15
ok "is told, if it is to have a retention" stderr_is "idxbuild: warning: 'slips.yaml': overrides: the store has no tenant 'acm': nothing expires by its retention"
ok "a dry run" exits 0 retain h --limits slips.yaml --now 2026-01-15 --dry-run
ok "tells that" stderr_has "idxbuild: warning: 'slips.yaml': overrides: the store has no tenant 'acm': nothing expires by its retention"
ok "a rule that fits no stream" stderr_has "idxbuild: warning: 'slips.yaml': retention_stream: no stream in the store fits '{app=\"a9\"}'"
ok "and one that fits none of its tenant" stderr_has "idxbuild: warning: 'slips.yaml': overrides: tenant 'acme': retention_stream: no stream in the store fits '{app=\"a0\"}'"
ok "and nothing else" stderr_lines 3
cp slips.yaml h/~lokid/limits.yaml
ok "limits of the store" exits 0 retain h --now 2026-01-15
ok "are named with it" stderr_has "'h/~lokid/limits.yaml': overrides: the store has no tenant 'acm'"
ok "of one tenant" exits 0 retain h --now 2026-01-15 --dry-run -t acme
ok "nothing is told of others" stderr_is_empty
echo '- 1' >h/~lokid/limits.yaml
ok "limits of the store that are wrong" exits 2 retain h
ok "too" stderr_has "error: h/~lokid/limits.yaml:1:1: expected a map"
rm h/~lokid/limits.yaml

# --- room

fill k
all=$(objects k | xargs cat | wc -c)
ok "as much as there is may be kept" exits 0 retain k --keep-bytes "$all" --dry-run
ok "whole" stdout_is_empty
ok "with a byte less" exits 0 retain k --keep-bytes $((all - 1)) --dry-run
cp "$TAP/stdout" dry
is "the oldest pack goes" "$(sed 's/ bytes: .*//; s/[0-9]*$//' dry)" "acme 2026-01-15: 2 chunks, 100 entries, "
ok "and does" exits 0 retain k --keep-bytes $((all - 1))
ok "as it was said" stdout_is_file dry
ok "and that is enough" exits 0 retain k --keep-bytes $((all - 1))
ok "for now" stdout_is_empty
fill i
index=$(size_of "$(find i/acme/index/2026-01-15 -name '*.idx')")
pack=$(size_of "$(find i/acme/chunks/2026-01-15 -name '*.pack')")
ok "to the byte" exits 0 retain i --keep-bytes $((all - pack - index))
ok "one pack and its index file go" stdout_lines 1
for again in once twice; do
	ok "run $again more" exits 0 retain i --keep-bytes $((all - pack - index))
	ok "nothing more goes: the day's empty index file takes no other's room" stdout_is_empty
done
ok "a size is said as it was given" exits 0 retain i --keep-bytes 1KiB -o jsonl --dry-run
ok "in powers of 1024" stdout_has '"rule":"--keep-bytes 1KiB"'
rm -rf i
fill i
pack=$(size_of "$(find i/acme/chunks/2026-01-15 -name '*.pack')")
ok "with its last pack an index file goes" exits 0 retain i --keep-bytes $((all - pack - 1)) --delete-delay 0
ok "so that no other pack has to" stdout_lines 1
ok "for what was to be kept" test "$(objects i | xargs cat | wc -c)" -lt $((all - pack))
ok "of one tenant" exits 0 retain k -t beta --keep-bytes 1 --delete-delay 0
is "only its own" "$(stored k acme | wc -l) $(stored k beta | wc -l)" "400 0"
cat >quota.yaml <<'Y'
overrides:
  acme: {max_storage_bytes: 1B, max_storage_action: drop-oldest}
Y
ok "a quota" exits 0 retain k --limits quota.yaml --delete-delay 0 -o jsonl
ok "is a rule" stdout_has '"rule":"max_storage_bytes 1B"'
is "by which the oldest goes" "$(stored k acme | wc -l)" 0
ok "nothing is left of the store" test "$(objects k | wc -l)" -eq 0
find k -mindepth 3 -type d -exec touch -d '3 hours ago' {} +
ok "some time later" exits 0 retain k
is "nor are empty folders" "$(find k -mindepth 3 -type d)" ''
mkdir -p k/acme/deletes k/young/deletes
for i in 1 2; do
	find k/acme k/beta -type d -exec touch -d '3 hours ago' {} +
	ok "and later still" exits 0 retain k
done
is "nor those of tenants who have nothing, not even a request" "$(cd k && find . -mindepth 1 -maxdepth 2 -type d | sort)" './young
./young/deletes
./~lokid'
fill k
ok "a disk that is never so empty" exits 1 retain k --keep-free 100% --dry-run
is "takes all but the newest day of each tenant" "$(grep -c -- '--keep-free 100%$' "$TAP/stdout") $(grep -c 2026-01-19 "$TAP/stdout")" "8 0"
ok "and says that this is not enough" stderr_matches "^idxbuild: warning: --keep-free 100%: .*B more would have to be free, and all that is left is held or of the newest day of its tenant$"
ok "nor does it do more" exits 1 retain k --keep-free 100% --delete-delay 0
is "today is there" "$(objects k | grep -c pack) $(objects k | grep pack | grep -c 2026-01-19)" "2 2"
ok "nor does the next one" exits 1 retain k --keep-free 100% --delete-delay 0
is "it is there still" "$(objects k | grep pack | grep -c 2026-01-19)" 2
printf '{"ts":"%d","tenant":"acme","labels":{"app":"a1"},"line":"ahead"}\n' "$(date -d '2027-01-19' +%s%N)" |
	chunkpack --store k | idxbuild --store k >/dev/null
ok "a day of the future" exits 1 retain k --keep-free 100% --delete-delay 0
is "is not the newest" "$(objects k | grep pack | grep -c acme/chunks/2026-01-19)" 1
rm -r k/acme k/beta
fill k
ok "one that is" exits 0 retain k --keep-free 0.0001 --dry-run
ok "takes nothing" stdout_is_empty

# --- what an earlier run replaced

fill l
all=$(objects l | xargs cat | wc -c)
ok "room is made" exits 0 retain l --keep-bytes $((all / 2))
packs=$(objects l | grep -c pack)
find l -type f -exec touch -d '3 hours ago' {} +
ok "a run with nothing more to do" exits 0 retain l --keep-bytes $((all * 2))
ok "says nothing" stdout_is_empty
ok "and deletes what the one before replaced" test "$(objects l | grep -c pack)" -lt "$packs"
ok "the store is right" exits 0 idxbuild --fsck --delete-delay 0 --store l

# --- the clock

for t in 2027-01-01 2100-01-01 +25h; do # of the machine's clock, or beyond all
	t=$(date -d "$(echo "$t" | sed 's/^+25h$/now + 25 hours/')" +%s)
	[ "$t" -gt $(($(date +%s) + 90000 - 60)) ] || continue
	ok "a time to come" exits 2 idxbuild --retain --store l --now "$t"
	ok "is refused" stderr_has "--now: that is more than a day after now, by the store's clock; what would then go is told with --dry-run"
done
ok "but for a dry run" exits 0 idxbuild --retain --store l --now 2100-01-01 --dry-run
ok "a few hours are none" exits 0 idxbuild --retain --store l --now +23h

# --- packs of which most is dead

cat >most.yaml <<'Y'
limits_config:
  retention_stream:
  - {selector: '{app=~"a[012]"}', period: 24h}
Y
sed 's/"tenant":"[a-z]*"/"tenant":"one"/' in.jsonl | chunkpack --store m | idxbuild --store m >/dev/null
ok "three of four streams expire" exits 0 retain m --limits most.yaml --delete-delay 0
objects m | grep pack >packs
is "packs stay for the fourth" "$(wc -l <packs)" 5
ok "a compaction" exits 0 chunkpack --compact --delete-delay 0 --store m
is "writes each anew" "$(objects m | grep pack | sort - packs | uniq -d | wc -l)" 1
is "but that of today" "$(objects m | grep pack | sort - packs | uniq -d)" "$(grep 2026-01-19 packs)"
ok "once" exits 0 chunkpack --compact --delete-delay 0 --store m
ok "no more" stdout_is_empty
idxbuild --rebuild --store m >/dev/null
is "and what was dead is not in them" "$(stored m one | wc -l)" 400
ok "the store is right" exits 0 idxbuild --fsck --delete-delay 0 --store m

# --- shards, damage, options

fill d
for i in 0 1 2; do
	retain d --limits short.yaml --shard $i/3
done | sort >shards
retain b --limits short.yaml --dry-run | sort >whole
retain d --limits short.yaml >rest
fill e
retain e --limits short.yaml | sort >whole
ok "three programs do the work of one" same_file whole shards
ok "and all of it" test ! -s rest
fill f
x=$(objects f | grep acme/index/2026-01-15)
flip_byte "$x" $(($(size_of "$x") - 1))
ok "a damaged index file" exits 3 retain f --limits short.yaml
ok "is told" stderr_has 'crc32c mismatch'
is "of its day nothing goes, of the others it does" "$(grep -c 2026-01-15 "$TAP/stdout"),$(grep -c 2026-01-16 "$TAP/stdout")" 1,2
ok "no limits, nothing asked: nothing goes" exits 0 retain e
ok "and nothing is said" stdout_is_empty
ok "limits that cannot be read" exits 4 retain e --limits nowhere
ok "limits that are wrong" exits 2 retain e --limits hold
for o in "--limits x" "--hold x" "--keep-bytes 1" "--keep-free 1" "--now 0" "--shard 0/2"; do
	# shellcheck disable=SC2086 # an option and its value
	ok "$o is of --retain" exits 2 idxbuild --compact --store e $o
	ok "and says so" stderr_has "without '--retain'"
done
ok "no share of nothing" exits 2 retain e --shard 2/2
ok "no room of 0" exits 2 retain e --keep-bytes 0
ok "an object store has no disk" exits 2 idxbuild --retain --keep-free 20 --store s3://bucket/x
ok "and is bounded otherwise" stderr_has "an object store has no disk that fills up; '--keep-bytes' bounds it"
ok "no percentage above 100" exits 2 retain e --keep-free 101
ok "no operands" exits 2 idxbuild --retain x.idx

done_testing
