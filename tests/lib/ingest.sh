# ingest.sh - what the crash tests of lokid-ingest share. Sourced after tap.sh.
# shellcheck shell=sh disable=SC2034

# ingest_rand N: a number below N in RAND; SEED decides the row of them.
ingest_seed=${SEED:-1}
ingest_rand() {
	ingest_seed=$(((ingest_seed * 1103515245 + 12345) % 2147483648))
	RAND=$((ingest_seed / 65536 % $1))
}

# acked FILE: the last number that --ack printed wholly; 0 for none.
acked() {
	if [ ! -s "$1" ]; then
		echo 0
	elif [ "$(tail -c 1 "$1" | wc -l)" -eq 1 ]; then
		tail -n 1 "$1"
	else
		tail -n 2 "$1" | head -n 1
	fi
}

# ingest_check WAL STREAM ACKS: the log has the lines "STREAM 1", "STREAM 2" ... of a stream each once and in order,
# without a gap, and at least as many as were acknowledged.
ingest_check() {
	walreplay --match "{run=\"$2\"}" "$1" | sed 's/.*"line":"\(.*\)"}$/\1/' >ingest.found
	seq -f "$2 %.0f" 1 "$(wc -l <ingest.found)" >ingest.want
	cmp -s ingest.found ingest.want || {
		echo "stream $2 is not as it was given:"
		diff ingest.want ingest.found | head -n 5
		return 1
	}
	[ "$(wc -l <ingest.found)" -ge "$(acked "$3")" ] || {
		echo "stream $2: $(acked "$3") lines were acknowledged, $(wc -l <ingest.found) are there"
		return 1
	}
}
