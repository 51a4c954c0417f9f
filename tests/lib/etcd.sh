# etcd.sh - a real etcd in a test: source it after tap.sh.
#
# etcd_start [OPTION]...  starts one with ../shared/components, where its package is; skips the test when there is none. Sets
#                         ETCD, its URL as a ring's place has it: etcd://127.0.0.1:PORT. Options: of etcd-start
# etcd_cluster            starts three; sets ETCD, and ETCD_DIR for etcd-cluster-kill and etcd_leader
# etcd_leader             the name of the member that leads, on stdout
# etcd_ask PATH JSON      a request to it
# etcd_lease KEY          the lease of this key, on stdout
# etcd_end_leases PREFIX  ends those of all keys that begin so
# etcd_leases             how many there are, on stdout
# etcd_stop_all           at the end; a test that has a trap of its own calls it

# shellcheck shell=sh disable=SC2034

ETCD_COMPONENTS=$SHARED/components

etcd_stop_all() {
	[ ! -d "$TAP/etcd" ] || "$ETCD_COMPONENTS/comp-stop" -9 -w "$TAP/etcd" >/dev/null 2>&1
}

etcd_port() { # a port with nine free ones behind it, below those that the kernel gives to clients
	while :; do
		etcd_try=$((10000 + $(od -An -N2 -tu2 /dev/urandom) % 990 * 10))
		ss -Hltn 2>/dev/null | awk -v a=$etcd_try '{ n = split($4, p, ":"); if (p[n] >= a && p[n] < a + 10) found = 1 } END { exit found }' &&
			break
	done
	echo "$etcd_try"
}

etcd_need() {
	need curl jq
	[ -x "$ETCD_COMPONENTS/etcd-start" ] || skip_all "there is no $ETCD_COMPONENTS/etcd-start"
	need etcd ss
	# shellcheck disable=SC2154
	trap 'at_end=$?; etcd_stop_all; (exit $at_end); tap_end' EXIT
	ETCD_DIR=$TAP/etcd
}

etcd_start() {
	etcd_need
	for etcd_attempt in 1 2 3; do # another test may take the port meanwhile
		etcd_free=$(etcd_port)
		timeout 60 "$ETCD_COMPONENTS/etcd-start" "$@" "$ETCD_DIR" "$etcd_free" >"$TAP/etcd.log" 2>&1 && break
		etcd_stop_all
	done
	[ -e "$ETCD_DIR/env" ] || bail "etcd starts" "$(tail -n 3 "$TAP/etcd.log")"
	ETCD=$(sed -n 's|^ETCD_ENDPOINTS=http|etcd|p' "$ETCD_DIR/env")
}

etcd_cluster() {
	etcd_need
	for etcd_attempt in 1 2 3; do
		etcd_free=$(etcd_port)
		timeout 60 "$ETCD_COMPONENTS/etcd-cluster-start" "$ETCD_DIR" "$etcd_free" >"$TAP/etcd.log" 2>&1 && break
		etcd_stop_all
	done
	[ -e "$ETCD_DIR/env" ] || bail "etcd starts" "$(tail -n 3 "$TAP/etcd.log")"
	ETCD=etcd://$(sed -n 's|^ETCD_ENDPOINTS=||p' "$ETCD_DIR/env" | sed 's|http://||g')
}

etcd_ask() {
	curl -sS -m 5 "http://$(echo "${ETCD#etcd://}" | cut -d , -f 1)$1" -d "$2"
}

etcd_lease() {
	etcd_ask /v3/kv/range "{\"key\":\"$(printf %s "$1" | base64)\"}" | jq -r '.kvs[0].lease'
}

etcd_end_leases() {
	# up to the prefix with "~" behind, which no name has
	etcd_ask /v3/kv/range "{\"key\":\"$(printf %s "$1" | base64)\",\"range_end\":\"$(printf %s~ "$1" | base64)\"}" |
		jq -r '.kvs[]?.lease // empty' | sort -u |
		while read -r etcd_one; do etcd_ask /v3/lease/revoke "{\"ID\":\"$etcd_one\"}" >/dev/null; done
}

etcd_leases() {
	etcd_ask /v3/lease/leases '{}' | jq '.leases | length'
}

etcd_leader() {
	etcd_number=0
	for etcd_endpoint in $(echo "${ETCD#etcd://}" | tr , ' '); do
		etcd_number=$((etcd_number + 1))
		curl -sS -m 5 "http://$etcd_endpoint/v3/maintenance/status" -d '{}' | jq -e '.leader == .header.member_id' >/dev/null &&
			echo s$etcd_number
	done
}
