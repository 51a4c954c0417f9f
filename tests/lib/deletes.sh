# Requests to delete, written by hand. Source after tap.sh.

# request STORE TENANT QUERY START END [CREATED]: writes one, times in ns; its id is on stdout. The id is a hash, which
# whoever finds another one there says.
request() {
	mkdir -p "$1/$2/deletes"
	q=$(printf '%s' "$3" | sed 's/["\\]/\\&/g')
	body=$(printf '"query":"%s","start":"%s","end":"%s","created":"%s"}' "$q" "$4" "$5" "${6:-1768557600000000000}")
	printf '{"version":1,"id":"%s",%s\n' 0000000000000000 "$body" >"$1/$2/deletes/0000000000000000.json"
	id=$(chunkpack --delete --dry-run --store "$1" -t "$2" 2>&1 | sed -n 's/.*has the id \([0-9a-f]*\),.*/\1/p')
	rm "$1/$2/deletes/0000000000000000.json"
	printf '{"version":1,"id":"%s",%s\n' "$id" "$body" >"$1/$2/deletes/$id.json"
	echo "$id"
}
