#!/bin/sh
# costrep capacity: pods, nodes, disks and cost by month.
. "${0%/*}/../lib/tap.sh"

# The fields as the plan of a service had them.
cat >plan.yaml <<'EOF'
CurrentIngestionRate: 100      # GB/day
CurrentQueryRate: 10           # queries/second
CurrentStorageSize: 3          # TB
IngestionGrowthRate: 10        # % per month
QueryGrowthRate: 5
IngesterMemoryPerGBDay: 0.5
IngesterCPUPerGBDay: 0.1
QuerierMemoryPerQPS: 1
QuerierCPUPerQPS: 0.5
StorageCostPerTB: 23
podMemory: 8
podCPU: 2
EOF
echo '{"current-ingestion-rate":100,"currentQueryRate":10,"CURRENT_STORAGE_SIZE":3,"IngestionGrowthRate":10,
 "QueryGrowthRate":5,"IngesterMemoryPerGBDay":0.5,"IngesterCPUPerGBDay":0.1,"QuerierMemoryPerQPS":1,
 "QuerierCPUPerQPS":0.5,"StorageCostPerTB":23,"podMemory":8,"podCPU":2}' >plan.json

# ingestion * 30 / 1024 TB, whatever is compressed or replicated: 100 * 1.1^12 = 313.842837672,
# 9.194614 TB at 23 a TB; 156.92 GB of memory on pods of 8 are 20; 17.96 queries a second take 8.98
# cores, which are 5 pods of 2.
ok "the plain model is that of the plan" exits 0 costrep capacity --model plain plan.yaml
ok "now" stdout_matches "^ +0 +100.00 +10.00 +2.93 +2.73 +7 +3 +67.38$"
ok "and in a year" stdout_matches "^ +12 +313.84 +17.96 +9.19 +8.56 +20 +5 +211.48$"
ok "exactly, for programs" exits 0 costrep capacity --model plain -o jsonl plan.yaml
ok "with memory and cores" stdout_has '{"month":12,"ingestion_gb_day":313.842838,"queries_per_second":17.958563,"stored_bytes":9415285130163,"stored_tb":9.194614,"stored_tib":8.563152,"ingester_memory_gb":156.921419,"ingester_cpu":31.384284,"querier_memory_gb":17.958563,"querier_cpu":8.979282,"pods":{"ingesters":20,"queriers":5},"storage_cost":211.476130853,"node_cost":0.00,"cost":211.476130853}'

# Corrected: each GB goes to three ingesters; what lies there came at lower rates, is kept three
# times and compressed by ten.
ok "the full model counts compression and replication" exits 0 costrep capacity --compression-ratio 10 plan.yaml
ok "now" stdout_matches "^ +0 +100.00 +10.00 +0.860 +0.782 +19 +3 +19.79$"
ok "and in a year" stdout_matches "^ +12 +313.84 +17.96 +2.70 +2.46 +59 +5 +62.10$"
ok "without notes when all is given" stderr_is ""
ok "it is a third with one copy" exits 0 costrep capacity --compression-ratio 10 --storage-copies 1 plan.yaml
ok "in a year" stdout_matches "^ +12 +313.84 +17.96 +0.900 +0.819 +59 +5 +20.70$"
ok "what lies there now tells the compression" exits 0 costrep capacity --months 0 plan.yaml
ok "so that now is as given" stdout_matches "^ +0 +100.00 +10.00 +3.00 "
ok "which is noted" stderr_has "what is stored now says 2.87 bytes of lines for each byte"
ok "and if it is not known lines are counted" exits 0 costrep capacity --current-ingestion-rate 1 --months 0
ok "which is noted" stderr_has "no compression is given or measured (--store): lines are counted as they are"
ok "JSON is read, and names in any case" exits 0 costrep capacity --model plain plan.json
ok "with the same answer" stdout_matches "^ +12 +313.84 +17.96 +9.19 +8.56 +20 +5 +211.48$"
ok "an option goes before the file" exits 0 costrep capacity --model plain --pod-memory 4 --months 0 plan.yaml
ok "of any place" stdout_matches "^ +0 .* +13 +3 +67.38$"
ok "no growth is no growth" exits 0 costrep capacity --model plain --ingestion-growth-rate 0 --query-growth-rate 0 plan.yaml
ok "in any month" stdout_matches "^ +12 +100.00 +10.00 +2.93 +2.73 +7 +3 +67.38$"

ok "nodes and disks are counted" exits 0 costrep capacity --model plain --node-memory 32 --node-cpu 7 --node-cost 100 --disk-size 1000 plan.yaml
ok "three pods on a node by cores" stdout_matches "^ +12 .* +20 +5 +9 +10 +1111.48$"
ok "as CSV" exits 0 costrep capacity --model plain --node-memory 32 --node-cpu 7 --node-cost 100 --months 0 -o csv plan.yaml
ok "the total is the sum" stdout_has "0,100.000000,10.000000,3000000000000,50.000000,10.000000,10.000000,5.000000,7,3,4,0,67.3828125,400.00,467.3828125"
ok "disks hold bytes, not TB of 1024 GB" exits 0 costrep capacity --current-ingestion-rate 100 --model plain --months 0 --storage-cost-per-tb 23 --disk-size 10 -o jsonl
ok "in bytes, TiB, disks and at its price" stdout_matches '"stored_bytes":3000000000000,"stored_tb":2.929688,"stored_tib":2.728484,.*"disks":300,"storage_cost":67.3828125,'
ok "as a picture" exits 0 costrep capacity -o svg plan.yaml
ok "as a page" exits 0 costrep capacity -o html plan.yaml
ok "with a table" stdout_has "<table"
ok "and two pictures" sh -c '[ "$(grep -c "<svg" "$0")" = 2 ]' "$TAP/stdout"

refused() {
	ok "$1 is exit 2" exits 2 sh -c "$2"
	ok "and is said" stderr_has "$3"
}
refused "no ingestion" 'costrep capacity' "'CurrentIngestionRate' (--current-ingestion-rate) is missing"
refused "a negative rate" 'costrep capacity --current-ingestion-rate=-1' "option '--current-ingestion-rate': expected 0 to 1000000000, found '-1'"
refused "NaN" 'costrep capacity --current-ingestion-rate=nan' "expected a number of at most 9 digits behind the point, found 'nan'"
refused "half a month" 'costrep capacity --months 1.5' "option '--months': expected a whole number, found '1.5'"
refused "half a pod" 'costrep capacity --current-ingestion-rate 1 --pod-cpu 1' "'podMemory' (--pod-memory) is missing: a pod has memory and cores"
refused "a node without pods" 'costrep capacity --current-ingestion-rate 1 --node-cpu 1 --node-memory 1' "'podCPU' (--pod-cpu) is missing: what runs on a node are pods"
refused "a pod that fits on no node" 'costrep capacity --current-ingestion-rate 1 --node-cpu 1 --node-memory 1 --pod-cpu 2 --pod-memory 1' "does not fit on a node"
refused "a field that is none" 'echo "CurrentIngestion: 1" | costrep capacity -' "stdin:1:1: unknown field 'CurrentIngestion'"
refused "a field twice" 'echo "{months: 1, Months: 2}" | costrep capacity -' "stdin:1:13: 'months' was given before"
refused "a list for a number" 'echo "months: [1]" | costrep capacity -' "stdin:1:9: 'months': expected a number"
refused "a value out of range in a file" 'echo "months: 121" | costrep capacity -' "stdin:1:9: 'months': expected 0 to 120, found '121'"
for option in --days=7 --at=2026-01-01 --tenant=a; do
	refused "$option without a store" "costrep capacity --current-ingestion-rate 1 $option" "option '${option%%=*}': only of --store"
done
refused "a mean of no day" 'costrep capacity --store S --days 0' "option '--days': expected"
ok "broken JSON is exit 3" exits 3 sh -c 'echo "{\"months\":" | costrep capacity -'
ok "more than can be counted is exit 3" exits 3 costrep capacity --current-ingestion-rate 1e9 --ingestion-growth-rate 1000 --months 12
ok "and is said" stderr_has "more than 8 EiB are stored"

done_testing
