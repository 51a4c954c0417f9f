# ring.sh - what a ring does wherever it is kept: source it after tap.sh.
#
# ring_suite RING   all checks on the ring that the option --ring RING names, which is not there yet. Time is --now's. A test
#                   of a ring in etcd, whose leases know no --now, has a function ring_time_passes that ends them; its
#                   heartbeat timeouts are long

# shellcheck shell=sh disable=SC2034

ring() {
	ringctl --ring "$RING" --timeout 120s --now "${NOW:-1970-01-01T00:10:00Z}" "$@"
}

ring_time_passes() { :; } # in a file, --now is enough

ring_field() { # INSTANCE FIELD: of the status
	ring status -o jsonl 2>/dev/null | jq -r --arg i "$1" --arg f "$2" 'select(.instance == $i) | .[$f]'
}

ring_settings() {
	ok "a ring that is not there is exit 1" exits 1 ring status
	ok "it is said so" stderr_has "$RING': there is no ring"
	ok "init makes one" exits 0 ring init --tokens 16 --heartbeat-timeout 10m --zone-awareness on
	ok "init again changes nothing" exits 0 ring init --tokens 16
	ok "status of an empty one is exit 1" exits 1 ring status
	ok "it has no replicas" stderr_has "0 of 3 replicas"
}

ring_joins() {
	ok "an instance joins" exits 0 ring join i-1 --zone a --addr 10.0.0.1:3100
	ok "it is said how" stderr_is "ringctl: 'i-1' is ACTIVE with 16 tokens"
	ok "one without a zone is refused" exits 2 ring join i-2
	ok "it is said why" stderr_has "the ring has zone awareness: --zone says where 'i-2' is"
	ok "one zone is too few" exits 1 ring status
	ok "it is said what is missing" stderr_has "1 of 3 replicas; insufficient zone diversity: need 3 zones, have 1"
	ok "owner says so, too" exits 1 ring owner '{app="web"}'
	ok "and how many a write needs" stderr_has "a write needs 2 instances that take it, have 1"
	ok "another joins" exits 0 ring join i-2 --zone b
	ok "two of them make a quorum, in too few zones" exits 1 ring owner '{app="web"}'
	ok "that is what owner says" stderr_is "ringctl: error: insufficient zone diversity: need 3 zones, have 2"
	ok "more join" exits 0 sh -c 'for i in 3 4 5 6; do
		ringctl --ring "$1" --now 1970-01-01T00:10:00Z join i-$i --zone $(echo abc | cut -c $(((i - 1) % 3 + 1))) || exit
	done' - "$RING"
	ok "all is well" exits 0 ring status
	ok "in three zones" stdout_has "6 instances, 6 ACTIVE; 3 replicas in 3 zones"
	is "the shares are even" "$(ring status -o jsonl | jq -s 'map(select(.owns > 0.15 and .owns < 0.185)) | length')" 6
}

ring_states() {
	ok "an instance leaves" exits 0 ring leave i-2
	is "it is LEAVING" "$(ring_field i-2 state)" LEAVING
	is "and owns nothing" "$(ring_field i-2 owns)" 0
	ok "leaving again is fine" exits 0 ring leave i-2
	ok "its replicas are elsewhere" exits 0 ring owner '{app="web", env="prod"}' -t acme
	ok "the position is Loki's" stdout_has 'tenant acme, stream {app="web", env="prod"}: position 1133217082'
	ok "it comes back" exits 0 ring join i-2
	is "it is ACTIVE" "$(ring_field i-2 state)" ACTIVE
	is "with its zone" "$(ring_field i-2 zone)" b
	ok "what is ACTIVE cannot become PENDING" exits 1 ring join i-2 --state PENDING
	ok "it is said so" stderr_has "'i-2' is ACTIVE and cannot become PENDING"
	ok "a newcomer waits" exits 0 ring join i-7 --zone a --state JOINING
	is "it is JOINING" "$(ring_field i-7 health)" JOINING
	ok "and then takes writes" exits 0 ring join i-7 --state ACTIVE
	ok "it is forgotten" exits 0 ring forget i-7
	ok "its name is on stdout" stdout_is i-7
	ok "it is not there any more" exits 1 ring forget i-7
	ok "it is said so" stderr_has "there is no instance 'i-7'"
}

ring_heartbeats() {
	NOW=1970-01-01T00:20:01Z
	ring_time_passes
	ok "without a heartbeat all are UNHEALTHY" exits 1 ring status
	ok "it is said so" stderr_has "6 UNHEALTHY"
	ok "nobody is forgotten when most look dead" exits 1 ring forget --auto --period 1s
	ok "it is said why" stderr_has "6 of 6 instances look dead"
	for i in 1 2 3 4; do ring heartbeat i-$i || fail "a heartbeat of i-$i"; done
	ok "two have none" exits 1 ring status
	ok "two are UNHEALTHY" stderr_has "2 UNHEALTHY"
	ok "three replicas there are" exits 0 ring owner '{app="web"}'
	ok "who would be forgotten" exits 0 ring forget --auto --period 10s --dry-run
	ok "those two" stdout_is "i-5
i-6"
	ok "they are not dead for long enough" exits 0 ring forget --auto
	ok "so nobody goes" stdout_is_empty
	ok "they are forgotten" exits 0 ring forget --auto --period 10s
	ok "their names are told" stdout_lines 2
	ok "the others are well" exits 0 ring status
	ok "a heartbeat of one who is not there is exit 1" exits 1 ring heartbeat i-5
	ok "it is said so" stderr_has "there is no instance 'i-5'"
}

# Each joins, beats and leaves; all at once.
ring_many() {
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32; do
		{
			ring join "w-$i" --zone "$(echo abc | cut -c $((i % 3 + 1)))" &&
				ring heartbeat "w-$i" && { [ $((i % 4)) != 0 ] || ring leave "w-$i"; }
			echo $? >"w-$i.status"
		} >"w-$i.out" 2>&1 &
	done
	wait
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32; do
		[ "$(cat "w-$i.status")" = 0 ] || fail "writer $i" "$(cat "w-$i.out")"
	done
	ok "32 writers at once leave a ring" exits 0 ring status -o jsonl
	is "with all of them" "$(jq -r .instance "$TAP/stdout" | grep -c '^w-')" 32
	is "in the states that they chose" "$(jq -r 'select(.instance | startswith("w-")) | .state' "$TAP/stdout" | sort | uniq -c | tr -s ' \n' ' ')" \
		" 24 ACTIVE 8 LEAVING "
	is "each token is of one instance" "$(ring tokens -o jsonl | jq .token | sort | uniq -d | wc -l)" 0
	is "and there are as many as there should be" "$(ring tokens -o jsonl | wc -l)" $((36 * 16))
}

# More than go in one change.
ring_many_dead() {
	NOW=1970-01-01T00:30:00Z
	ring init --heartbeat-timeout 1h
	for i in 1 2 3 4 5 6 7 8 9; do
		for k in 1 2 3 4 5; do ring join "dead-$i-$k" --zone a 2>/dev/null || fail "dead-$i-$k joins"; done
	done
	ring init --heartbeat-timeout 5m
	NOW=1970-01-01T01:20:01Z
	ring_time_passes
	for i in $(ring status -o jsonl 2>/dev/null | jq -r .instance | grep -v dead); do ring heartbeat "$i"; done
	for i in $(seq 12); do ring join "more-$i" --zone b 2>/dev/null; done
	ok "many are forgotten" exits 0 ring forget --auto
	is "each once" "$(sort -u "$TAP/stdout" | wc -l)" 45
	is "and no other" "$(ring status -o jsonl 2>/dev/null | wc -l)" 48
}

ring_shards() {
	ok "a tenant has its shard" exits 0 ring status -t acme --shard-size 12 -o jsonl
	is "of twelve instances" "$(jq -r .instance "$TAP/stdout" | wc -l)" 12
	is "as many of each zone" "$(jq -r .zone "$TAP/stdout" | sort | uniq -c | tr -s ' \n' ' ')" " 4 a 4 b 4 c "
	jq -r .instance "$TAP/stdout" | sort >shard
	ring owner '{app="web"}' -t acme --shard-size 12 -o jsonl | jq -r 'select(.write).instance' | sort >owners
	is "a stream of it has its three owners" "$(wc -l <owners)" 3
	is "in the shard" "$(comm -13 shard owners)" ""
}

ring_suite() {
	need jq
	RING=$1
	ring_settings
	ring_joins
	ring_states
	ring_heartbeats
	ring_many
	ring_shards
	ring_many_dead
}
