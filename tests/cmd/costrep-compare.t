#!/bin/sh
# costrep compare: models of what keeping logs costs, and what they may not say.
. "${0%/*}/../lib/tap.sh"

cp "$REPO/examples/cost/cloudwatch-or-store.yaml" both.yaml
cp "$REPO/examples/cost/prices.yaml" prices.yaml

ok "two models are compared" exits 0 costrep compare both.yaml
ok "item by item" stdout_is_golden costrep-compare.txt
ok "the totals are those of the reckoning by hand" stdout_matches "^total +34.50$"
ok "of both" stdout_matches "^total +11.69$"
ok "as is what is saved" stdout_has "a store on S3 costs 22.81 USD a month less than CloudWatch Logs (66 %), 274 a year"
ok "as objects" exits 0 costrep compare -o jsonl both.yaml
ok "exactly" stdout_has '"month":11.69,"saving_month":22.81,"saving_percent":66.1,"saving_year":273.72}'
ok "as CSV" exits 0 costrep compare -o csv <both.yaml
ok "one line each" stdout_has "a store on S3,11.69,22.81,66.1,140.28,273.72,USD"
ok "as a picture" exits 0 costrep compare -o svg both.yaml
ok "with a bar's tip" stdout_has "PUT requests"
ok "as a page" exits 0 costrep compare -o html both.yaml
not_ok "without script" grep -q '<script' "$TAP/stdout"

cat >named.yaml <<'EOF'
currency: USD
models:
  - name: by name
    items:
      - { name: storage, quantity: 50, price: storage.standard }
      - { name: PUT, quantity: 500000, price: requests.put }
      - { name: machine, quantity: 2, price: compute.node }
EOF
ok "items may name prices" exits 0 costrep compare --prices prices.yaml -o csv named.yaml
ok "in their units" stdout_has "by name,19.65,"
ok "several files are compared" exits 0 costrep compare --prices prices.yaml -o csv both.yaml named.yaml
ok "in their order" stdout_has "by name,19.65,14.85,43.0,235.80,178.20"
ok "one that costs more is said to" exits 0 costrep compare --prices prices.yaml named.yaml both.yaml
ok "by how much" stdout_has "CloudWatch Logs costs 14.85 USD a month more than by name (76 %), 178 a year"

# refused WHAT FILE MESSAGE [OPTION...]
refused() {
	what=$1 file=$2 message=$3
	shift 3
	ok "$what is refused" exits 2 costrep compare "$@" "$file"
	ok "with its place" stderr_has "$message"
}
with() {
	sed "$1" named.yaml >bad.yaml
}
refused "a price's name without a file" named.yaml "named.yaml:5:47: 'models[0].items[0].price': 'storage.standard' is a price's name"
with 's/storage.standard/storage.cold/'
refused "a price that is not there" bad.yaml "bad.yaml:5:47: 'models[0].items[0].price': prices.yaml: it has no price of 'storage.cold'" --prices prices.yaml
with 's/currency: USD/currency: EUR/'
refused "another currency than the prices'" bad.yaml "bad.yaml:5:47: 'models[0].items[0].price': prices.yaml: prices in USD in a model in EUR" --prices prices.yaml
with 's/quantity: 50,/quantity: -50,/'
refused "a negative quantity" bad.yaml "bad.yaml:5:36: 'models[0].items[0].quantity': expected a number, not negative, found '-50'"
with 's/quantity: 50,/quantity: .nan,/'
refused "NaN" bad.yaml "'models[0].items[0].quantity': expected a number, not negative, found '.nan'"
with 's/quantity: 50,//'
refused "a missing quantity" bad.yaml "bad.yaml:5:9: 'models[0].items[0].quantity' is missing"
with 's/quantity: 50,/amount: 50,/'
refused "an unknown key" bad.yaml "bad.yaml:5:26: unknown key 'models[0].items[0].amount'"
with 's/price: storage.standard/price: 0.1, per: 0/'
refused "nothing at all for an amount" bad.yaml "'models[0].items[0].per': expected a whole number above 0"
with 's/price: storage.standard/price: -1/'
refused "a negative price" bad.yaml "'models[0].items[0].price': expected a number, not negative, found '-1'"
with 's/price: storage.standard/price: 0.00000000001/'
refused "more digits than are counted" bad.yaml "expected an amount of at most 9 digits behind the point"
with 's/price: storage.standard/price: 1e12/'
refused "too large a price" bad.yaml "expected an amount below 9,223,372,036"
with 's/price: storage.standard/price: 0.1, per: 2/; s/requests.put/storage.standard, per: 1000/'
refused "a unit of a price that has one" bad.yaml "'models[0].items[1].per': the price file says it" --prices prices.yaml
echo 'currency: EUR
models: []' >euro.yaml
ok "--at without prices is exit 2" exits 2 costrep compare --at 2026-01-01 both.yaml
ok "and said" stderr_has "option '--at': only of --prices"
ok "models in two currencies are refused" exits 2 costrep compare both.yaml euro.yaml
ok "and said" stderr_has "euro.yaml:1:11: 'currency': EUR beside models in USD"
ok "a currency that is none is exit 2" exits 2 sh -c "sed 's/EUR/\"US$\"/' euro.yaml | costrep compare"
ok "and said" stderr_has "'currency': expected three capital letters as USD, found 'US$'"
ok "no model at all, too" exits 2 costrep compare euro.yaml
ok "what costs too much is exit 3" exits 3 sh -c 'sed "s/quantity: 50,/quantity: 1e20,/; s/storage.standard/1/" named.yaml | costrep compare'
ok "with its place" stderr_has "stdin:5:9: 'models[0].items[0]': it costs too much"
ok "broken YAML is exit 3" exits 3 sh -c 'echo "models: [" | costrep compare'
ok "with its place" stderr_matches "stdin:[0-9]+:[0-9]+: "

ok "a file that is given twice is exit 2" exits 2 costrep compare both.yaml ./both.yaml
ok "and told" stderr_has "'./both.yaml' is given twice, as 'both.yaml' too"
cp both.yaml again.yaml
ok "a model of the name of another is exit 2" exits 2 costrep compare both.yaml again.yaml
ok "and told with its place" stderr_matches "again.yaml:[0-9]+:[0-9]+: 'models\\[0\\].name': there is another '"

done_testing
