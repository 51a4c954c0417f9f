#!/bin/sh
# slo-budget: files of objectives, counts as CSV and JSON, what is wrong with them and where.
. "${0%/*}/../lib/tap.sh"

need jq

# field FILTER: of the last answer.
field() {
	jq -c "$1" "$TAP/stdout"
}

# --- forms of objectives ---
cat >slos.yaml <<'END'
version: prometheus/v1
service: shop
labels: {team: a, tier: one}
slos:
  - name: sloth
    objective: 99.9
    labels: {tier: two}
    sli: {events: {error_query: 'e[{{.window}}]', total_query: 't[{{ .window }}]'}}
  - name: own
    service: other
    objectives:
      - {target: 99%, window: 7d}
      - {target: 0.95, window: month}
    sli: {events: {good_query: 'g[{{window}}]', total_query: 't[{{.window}}]'}}
  - name: raw
    objective: 99.99
    sli: {raw: {error_ratio_query: 'r[{{.window}}]'}}
---
# Nothing is in this one.
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: open}
spec:
  service: shop
  indicatorRef: ratio
  timeWindow: [{duration: 1Q, isRolling: false, calendar: {startTime: 2020-01-01 00:00:00, timeZone: Europe/Berlin}}]
  objectives: [{targetPercent: 99.5}]
---
apiVersion: openslo/v1
kind: SLI
metadata: {name: ratio}
spec:
  ratioMetric:
    bad: {metricSource: {type: Prometheus, spec: {query: 'b[{{.window}}]'}}}
    total: {metricSource: {type: Prometheus, spec: {query: 't[{{.window}}]'}}}
END
cat >counts.csv <<'END'
name,service,window,total,bad,remark
sloth,,30d,1000000,500,
sloth,,1h,1000,20,"of the last hour"
own-7d,other,,100,1,
own-month,,month,100,1,
raw,shop,30d,10000,0,
open,shop,quarter,1000,5,
END
ok "all objectives of all forms are counted" exits 1 slo-budget -o jsonl --at 2026-02-15T10:00:00Z --counts counts.csv slos.yaml
is "in their order" "$(field '[.name, .service, .target, .window, .remaining, .from]')" \
	'["sloth","shop",0.999,"30d",0.5,"2026-01-16T10:00:00Z"]
["own-7d","other",0.99,"7d",0,"2026-02-08T10:00:00Z"]
["own-month","other",0.95,"month",0.8,"2026-02-01T00:00:00Z"]
["raw","shop",0.9999,"30d",1,"2026-01-16T10:00:00Z"]
["open","shop",0.995,"quarter",0,"2025-12-31T23:00:00Z"]'
is "each window has its counts" "$(field 'select(.name == "sloth") | .burn_rate')" '{"30d":0.5,"1h":20}'
ok "nothing is wrong" stderr_is_empty
ok "objectives on stdin" exits 1 slo-budget -o jsonl --counts counts.csv - <slos.yaml
ok "counts on stdin" exits 1 slo-budget -o jsonl slos.yaml <counts.csv

# refused STATUS MESSAGE, with a file of objectives in bad.yaml
faulty() {
	ok "refused: $1" exits 2 slo-budget --prometheus http://127.0.0.1:9 bad.yaml
	ok "said so" stderr_has "$1"
	ok "nothing is printed" stdout_is_empty
}
# objective LINES...: a file with one objective that has these lines
objective() {
	{
		echo "slos:"
		echo "  - name: a"
		printf '    %s\n' "$@"
	} >bad.yaml
}
good_sli='sli: {events: {error_query: "e[{{.window}}]", total_query: "t[{{.window}}]"}}'
for target in 0 100 -1 100.5 x 100%; do
	objective "objective: $target" "$good_sli"
	faulty "bad.yaml:3:16: 'objective': "
	ok "as it stands there" stderr_has "found '$target'"
done
objective "objectives: [{target: 98%, window: 30d}, {target: 99%, window: fortnight}, {target: 97%, window: soon}]" "$good_sli"
faulty "'window': expected a duration"
ok "windows that are none are all that is wrong" stderr_lines 2
objective "objectives: [{target: 100%, window: 30d}]" "$good_sli"
faulty "bad.yaml:3:27: 'target': a target lies between 0 and 100 %"
objective "objectives: [{target: 99, window: 30d}]" "$good_sli"
faulty "found '99'; a percentage has '%' behind it"
objective "objectives: [{target: 99%, window: fortnight}]" "$good_sli"
faulty "bad.yaml:3:40: 'window': expected a duration"
objective "objectives: [{window: 30d}]" "$good_sli"
faulty "bad.yaml:3:18: an objective: 'target' is missing"
objective "$good_sli"
faulty "bad.yaml:2:5: objective 'a': 'objective' or 'objectives', one of them"
objective "objective: 99" "objectives: [{target: 99%}]" "$good_sli"
faulty "'objective' or 'objectives', one of them"
objective "objective: 99"
faulty "bad.yaml:2:5: objective 'a': has no queries"
objective "objective: 99" "sli: {events: {error_query: 'e[5m]', total_query: 't[{{.window}}]'}}"
faulty "bad.yaml:4:33: 'error_query': has no {{.window}}"
objective "objective: 99" "sli: {events: {error_query: 'e[{{.window}}]'}}"
faulty "events: 'total_query' is missing"
objective "objective: 99" "sli: {events: {error_query: 'e[{{.window}}]', good_query: 'e[{{.window}}]', total_query: 't[{{.window}}]'}}"
faulty "'error_query' or 'good_query', one of them"
objective "objective: 99" "sli: {raw: {error_ratio_query: 'e[{{.window}}]'}, events: {}}"
faulty "'events' and 'raw': one of them"
objective "objective: 99" "sli: {plugin: {id: x}}"
faulty "'plugin': plugins are programs, which are not run"
objective "objective: 99" "$good_sli" "alerting: {page_alert: {disable: maybe}}"
faulty "'disable': expected true or false, found 'maybe'"
objective "objective: 99" "$good_sli" "labels: [a]"
faulty "'labels': expected a map of names and texts"
objective "objective: 99" "$good_sli" "  - name: a" "    objective: 98" "    $good_sli"
sed -i 's/^      - name/  - name/; s/^        /    /' bad.yaml
faulty "objective 'a': has the name of that in line"
echo 'slos: {a: b}' >bad.yaml
faulty "bad.yaml:1:7: 'slos': expected a list of objectives"
echo 'version: prometheus/v2
slos: [{name: a}]' >bad.yaml
faulty "bad.yaml:1:10: 'version': expected prometheus/v1, found 'prometheus/v2'"
echo 'groups: []' >bad.yaml
faulty "expected a map with the key 'slos', or 'apiVersion: openslo/v1'"
echo '# nothing' >bad.yaml
faulty "bad.yaml: has no objectives"
printf 'slos:\n  - name: a\n   objective: 3\n' >bad.yaml
ok "what is no YAML is exit 3" exits 3 slo-budget --prometheus http://127.0.0.1:9 bad.yaml
ok "with its place" stderr_has "bad.yaml:3:4: "
printf 'slos:\n  - name: "a\377"\n' >bad.yaml
ok "so is what is not UTF-8" exits 3 slo-budget --prometheus http://127.0.0.1:9 bad.yaml
ok "with its place, too" stderr_has "bad.yaml:2:13: invalid"
ok "a file that is not there is exit 4" exits 4 slo-budget --prometheus http://127.0.0.1:9 none.yaml
ok "and named" stderr_has "'none.yaml'"

# openslo LINES...: an SLO with these lines in its spec
openslo() {
	{
		printf 'apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\nspec:\n'
		printf '  %s\n' "$@"
	} >bad.yaml
}
target='objectives: [{target: 0.99}]'
ind='indicator: {spec: {ratioMetric: {good: {metricSource: {spec: {query: "g[{{.window}}]"}}}, total: {metricSource: {spec: {query: "t[{{.window}}]"}}}}}}'
openslo "$target" 'indicator: {spec: {thresholdMetric: {}}}'
faulty "'thresholdMetric' is not supported"
openslo "$target" 'indicatorRef: none'
faulty "bad.yaml:6:17: 'indicatorRef': there is no SLI 'none' in the file"
openslo "$ind" 'objectives: [{target: 1}]'
faulty "'target': a target lies between 0 and 100 %"
openslo "$ind" 'objectives: [{target: 0.9}, {target: 0.99}]'
faulty "'objectives': expected a list of one"
openslo "$ind" 'objectives: [{target: 0.9, targetPercent: 90}]'
faulty "'target' or 'targetPercent', one of them"
openslo "$ind" "$target" 'budgetingMethod: Timeslices'
faulty "'Timeslices' is not supported"
openslo "$ind" "$target" 'timeWindow: [{duration: 2M, isRolling: false}]'
faulty "'duration': a calendar's window is 1w, 1M, 1Q or 1Y, found '2M'"
openslo "$ind" "$target" 'timeWindow: [{duration: 1M, calendar: {timeZone: Mars/Olympus}}]'
faulty "'timeZone': "
for window in '1M 2026-01-15 00:00:00' '1M 2026-01-01 06:00:00' '1w 2026-01-01 00:00:00' '1Q 2026-02-01' '1Y soon'; do
	openslo "$ind" "$target" "timeWindow: [{duration: ${window%% *}, calendar: {startTime: ${window#* }}}]"
	faulty "'startTime': a calendar's window begins where its week, month, quarter or year does, as 2026-01-01 00:00:00; found '${window#* }'"
done
printf 'total,bad\n10,0\n' >one.csv
for window in '1M 2026-02-01T00:00:00' '1w 2026-01-05 00:00:00' '1Y 2026-01-01'; do
	openslo "$ind" "$target" "timeWindow: [{duration: ${window%% *}, calendar: {startTime: ${window#* }}}]"
	ok "the calendar's own: $window" exits 0 slo-budget --counts one.csv bad.yaml
done
openslo "$ind" 'alertPolicies: [x]' 'objectives: [{target: 0.99, op: lte, value: 1, compositeWeight: 2, timeSliceTarget: 0.9, timeSliceWindow: 1m}]'
sed -i 's/ratioMetric: {/ratioMetric: {counter: true, /; s/total: {metricSource: {/&type: Datadog, /' bad.yaml
ok "what does nothing here is no fault" exits 0 slo-budget --counts one.csv bad.yaml
for key in alertPolicies op value compositeWeight timeSliceTarget timeSliceWindow counter; do
	ok "but warned of: $key" stderr_matches "warning: bad.yaml:[0-9:]*: '$key' is not used"
done
ok "as the language of others is" stderr_has "'type': queries are asked as PromQL or LogQL, found 'Datadog'"
openslo "$ind" 'objectives: [{targetPercent: 100}]'
faulty "'targetPercent': a target lies between 0 and 100 %"
ok "as it stands there" stderr_has "found '100'"
openslo "$ind" "$target"
for kind in Service DataSource; do
	printf -- '---\napiVersion: openslo/v1\nkind: %s\nmetadata: {name: b}\nspec: {description: x}\n' $kind >>bad.yaml
done
ok "services and sources of data beside SLOs" exits 0 slo-budget --counts one.csv bad.yaml
ok "say nothing that is needed" stderr_is_empty
printf -- '---\napiVersion: openslo/v1\nkind: AlertPolicy\nmetadata: {name: b}\n' >>bad.yaml
ok "alerts do" exits 0 slo-budget --counts one.csv bad.yaml
ok "so they are warned of" stderr_has "kind 'AlertPolicy' is not used: alerts are those of --alert"
openslo "$target" 'indicator: {spec: {ratioMetric: {total: {metricSource: {spec: {query: "t[{{.window}}]"}}}}}}'
faulty "'ratioMetric': expected 'good' or 'bad', one of them, and 'total'; or 'raw'"
openslo "$target" 'indicator: {spec: {ratioMetric: {rawType: x, raw: {metricSource: {spec: {query: "t[{{.window}}]"}}}}}}'
faulty "'rawType': expected success or failure"
sed -i 's/openslo.v1/openslo\/v2alpha/' bad.yaml
faulty "'apiVersion': expected openslo/v1, found 'openslo/v2alpha'"

# --- an object of Kubernetes ---
cat >object.yaml <<'END'
apiVersion: sloth.slok.dev/v1
kind: PrometheusServiceLevel
metadata: {name: shop, namespace: monitoring}
spec:
  service: shop
  labels: {team: a}
  slos:
    - name: front
      objective: 99.9
      sli: {events: {errorQuery: 'e[{{.window}}]', totalQuery: 't[{{.window}}]'}}
      alerting: {name: Fails, labels: {a: b}, pageAlert: {labels: {severity: critical}}, ticketAlert: {disable: true}}
    - name: raw
      objective: 99
      sli: {raw: {errorRatioQuery: 'r[{{.window}}]'}}
END
printf 'name,service,total,bad\nfront,shop,1000,0\nraw,shop,100,0\n' >counts
ok "sloth's object of Kubernetes" exits 0 slo-budget --counts counts object.yaml -o jsonl
is "has the objectives of its list" "$(field '[.name, .service, .target]')" '["front","shop",0.999]
["raw","shop",0.99]'
ok "without a word" stderr_is_empty
run slo-budget rules object.yaml
ok "its alerts are those" grep -q 'severity: "critical"' "$TAP/stdout"
is "but the one that is disabled" "$(grep -c 'alert: Fails' "$TAP/stdout")" 1
sed 's/errorQuery/error_query/; s/pageAlert/page_alert/' object.yaml >bad.yaml
faulty "bad.yaml:10:21: 'events': 'errorQuery' or 'goodQuery', one of them"
ok "what is spelled as in files is warned of" stderr_has "alerting: the key 'page_alert' is not known: did you mean 'pageAlert'?"
sed 's/slok.dev.v1/slok.dev\/v2/' object.yaml >bad.yaml
faulty "'apiVersion': expected sloth.slok.dev/v1, found 'sloth.slok.dev/v2'"
printf 'kind: PrometheusServiceLevel\napiVersion: sloth.slok.dev/v1\n' >bad.yaml
faulty "the object: 'spec' is missing"
echo 'spec: {service: a}' >>bad.yaml
faulty "'slos': expected a list of objectives"

# --- what is read, but hardly meant so ---
objective "objective: 99" "sli: {events: {error_query: 'sum(rate(s_bucket{le=\"1\",a=\"b-c\"}[{{.window}}]))', total_query: 't[{{.window}}]'}}"
run slo-budget --counts counts.csv bad.yaml
ok "a good bucket as error query is warned of" stderr_has "warning: bad.yaml:2:5: objective 'a': the error query counts what is in the bucket"
objective "objective: 99" "sli: {events: {error_query: 't[{{.window}}] - s_bucket{le=\"1\"}', total_query: 't[{{.window}}]'}}"
run slo-budget --counts counts.csv bad.yaml
not_ok "one that is taken from all is not" stderr_has "warning"
objective "objective: 0.999" "$good_sli"
run slo-budget --counts counts.csv bad.yaml
ok "a share in the place of a percentage is warned of" stderr_has "warning: bad.yaml:3:16: 'objective' is a percentage"
objective "objective: 99" "$good_sli" "descriptoin: x"
run slo-budget --counts counts.csv bad.yaml
ok "a key that is not known is warned of" stderr_has "bad.yaml:5:5: an objective: the key 'descriptoin' is not known: did you mean 'description'?"

# --- counts ---
# counts STATUS MESSAGE TEXT [ARG]...
counts() {
	printf '%b' "$3" >counts
	status=$1
	message=$2
	shift 3
	ok "counts: $message" exits "$status" slo-budget --counts counts --target 99% "$@"
	ok "it is said" stderr_has "$message"
	ok "nothing is printed" stdout_is_empty
}
counts 3 "counts: has no counts" ''
for text in 'total,bad\n' 'time,total,bad\n' 'name,target,total,bad\n' '[]' ' [ ]\n'; do
	for verb in '' check gate burndown simulate report; do
		counts 3 "counts: has no counts" "$text" $verb
	done
	printf '%b' "$text" >counts
	ok "nor have objectives of a file any: $text" exits 3 slo-budget --counts counts slos.yaml
	ok "it is said" stderr_has "counts: has no counts"
done
counts 3 "counts: line 1: expected a row of names, with 'total' and 'bad' or 'good' among them: column 'total' is missing" 'a,b\n1,2\n'
counts 3 "column 'bad' is missing" 'total,b\n1,2\n'
counts 3 "line 1: column 'total' is there twice" 'total,bad,total\n'
counts 3 "counts: line 3: 2 fields, but the first row names 3" 'name,total,bad\na,1,1\nb,1\n'
counts 3 "line 2: field 'total': is missing" 'total,bad\n,1\n'
counts 3 "line 2: field 'bad': expected a number of 0 and above, with 36 digits at most, found 'NaN'" 'total,bad\n1,NaN\n'
counts 3 "found '-1'" 'total,bad\n1,-1\n'
counts 3 "line 2: field 'bad': 2 bad of a total of 1: there cannot be more" 'total,bad\n1,2\n'
counts 3 "line 2: field 'good': there cannot be more that is good than there is" 'total,good\n1,2\n'
counts 3 "line 2: fields 'bad' and 'good': one of them" 'total,good,bad\n1,1,0\n'
counts 3 "line 2: field 'target': a target lies between 0 and 100 %" 'total,bad,target\n1,1,100%\n'
counts 3 "line 2: field 'window': expected a duration" 'total,bad,window\n1,1,soon\n'
counts 3 "line 2: field 'time': expected a time from 1970 to 2100 as 2026-01-15T10:00:00Z, a day or Unix seconds, found '2026-13-01'" 'total,bad,time\n1,1,2026-13-01\n'
counts 3 "field 'time': expected a time" 'total,bad,time\n1,1,now\n'
counts 3 "line 2: field 'time': expected a time from 1970 to 2100 as 2026-01-15T10:00:00Z, a day or Unix seconds, found '1768471200000'" 'total,bad,time\n1,1,1768471200000\n'
counts 3 "found '2226-01-01'" 'total,bad,time\n1,1,2226-01-01\n'
counts 3 "line 2: fields 'window' and 'time': one of them" 'total,bad,window,time\n1,1,1h,2026-01-01\n'
counts 3 "line 3: field 'time': is that of line 2, too" 'total,bad,time\n1,1,2026-01-01\n1,1,2026-01-01\n'
counts 3 "line 3: field 'time': is missing, where other rows" 'total,bad,time\n1,1,2026-01-01\n1,1,\n'
counts 3 "line 4: field 'time': the window begins at 2026-03-29T23:59:59Z, inside of this interval of 58d23h59m59s" 'total,bad,time\n1,1,2026-01-01T00:00:00Z\n1,1,2026-01-01T00:00:01Z\n1,1,2026-03-01\n'
counts 3 "line 3: is of the same window as line 2: the objective's own, which --window names, or else the longest of its rows" 'total,bad\n1,1\n2,1\n'
counts 3 "line 3: field 'window': window 1h: is counted twice" 'total,bad,window\n1,1,1h\n2,1,60m\n9,1,30d\n'
counts 3 "line 2: field 'window': cannot have more than line 3, whose window it is part of" 'window,total,bad\n1h,100,50\n30d,1000,0\n'
counts 3 "line 3: field 'window': cannot have more than line 2" 'window,total,bad\n30d,1000,0\n1h,1001,0\n'
counts 3 "line 3: field 'window': cannot have more than line 2, whose window it is part of" 'window,total,bad\n2h,10,1\n1h,10,2\n30d,1000,9\n'
counts 3 "line 2: field 'window': cannot have more than line 3" 'window,total,bad\n30d,1000,9\n60d,999,9\n'
counts 3 "there are no counts of its window 7d" 'total,bad,window\n1,1,1h\n' --window 7d
counts 3 "line 3: field 'target': is another one than that of 'a' before" 'name,total,bad,target\na,1,1,99%\na,1,1,98%\n'
counts 3 "the sum of the counts has more than 36 digits" 'total,bad,time\n999999999999999999999999999999999999,1,2026-01-01\n1,0,2026-01-02\n'
counts 3 "line 2: field 'total': expected a number or a text" '\n{"total":[1],"bad":2}'
counts 3 "line 1: expected a value" '{"total":1,"bad":'
counts 3 "line 1: expected ',' or '}'" '{"total":1 "bad":1}'
counts 3 "line 2: expected an object, found '3'" '{"total":1,"bad":1}\n3'
counts 3 "line 1: expected ',' or ']'" '[{"total":1,"bad":1}'
counts 3 "line 1: expected nothing behind the array" '[{"total":1,"bad":1}] 1'
counts 3 "line 1: field 'bad': is there twice" '{"total":1,"bad":1,"bad":0}'
counts 3 "line 1: field 'bad': is missing" '{"total":1}'
printf 'name,total,bad\nnobody,1,1\n' >counts
ok "a row of no objective is exit 3" exits 3 slo-budget --counts counts slos.yaml
ok "and named" stderr_has "counts: line 2: field 'name': there is no objective 'nobody'"
# two ROWS: of the objectives web/api, web/front and shop/api.
two() {
	printf '%b' "$1" >counts
	cat >two.yaml <<END
slos:
  - {name: api, service: web, objective: 99, $good_sli}
  - {name: front, service: web, objective: 99, $good_sli}
  - {name: api, service: shop, objective: 99, $good_sli}
END
}
two 'total,bad\n1000,500\n'
ok "rows without a name, of several objectives, are exit 3" exits 3 slo-budget --counts counts two.yaml
ok "and count for none" stderr_has "counts: line 2: field 'name': is missing, where there are 3 objectives"
two 'name,total,bad\nfront,10,0\napi,1000,500\n'
ok "rows without a service, of two of that name, are exit 3" exits 3 slo-budget --counts counts two.yaml
ok "and count for neither" stderr_has "counts: line 3: field 'service': is missing, where several objectives are called 'api'"
two 'name,service,total,bad\nfront,,10,0\napi,web,20,0\napi,shop,30,0\n'
ok "what leaves nothing open is counted" exits 0 slo-budget --counts counts two.yaml -o jsonl
is "for each its own" "$(field '[.service, .name, .total]')" '["web","api",20]
["web","front",10]
["shop","api",30]'
printf 'total,bad\n10,0\n' >counts
sed 3,4d two.yaml >one.yaml
ok "a single objective needs neither" exits 0 slo-budget --counts counts one.yaml -o jsonl
is "it is counted" "$(field '[.name, .total]')" '["api",10]'
{ echo name,total,bad && seq -f 'n%g,10,0' 1001; } >counts
ok "rows are of a thousand objectives at most" exits 3 slo-budget --counts counts --target 99%
ok "it is said where there are more" stderr_has "counts: line 1002: more than 1000 objectives"
printf 'name,total,bad\nsloth,1,1\n' >counts
ok "objectives without counts are faults" exits 3 slo-budget --counts counts -o jsonl slos.yaml
ok "that name them" stderr_has "slos.yaml:15: objective 'raw': counts: there are no counts of its window 30d"
is "the others are told" "$(field .name)" '"sloth"'
printf 'name,total,bad\nb,1,1\n' >counts
ok "without a target" exits 2 slo-budget --counts counts
ok "it is said where" stderr_has "counts: line 2: field 'target': is missing, and no --target is given"
ok "nothing to count at all" exits 2 slo-budget --store x --counts counts --target 99%
ok "one place at a time" stderr_has "--counts and --store: one at a time"
ok "--target with a file" exits 2 slo-budget --target 99% slos.yaml --counts counts
ok "is refused" stderr_has "--target is of an objective of the command line: files have theirs"
ok "--in without --total" exits 2 slo-budget --target 99% --counts counts --in 1h:1:1
ok "has no effect" stderr_has "option '--in' has no effect without '--total'"

# --- intervals ---
printf 'time,total,bad\n2026-01-01,100,1\n2026-01-03,100,0\n2026-01-02,100,2\n' >days
run slo-budget --target 99% --counts days -o jsonl
is "days are summed, those of the windows too" "$(field '[.total, .bad, .to, .burn_rate]')" \
	'[300,3,"2026-01-04T00:00:00Z",{"30d":1,"1d":0,"3d":1}]'
run slo-budget --target 99% --counts days -o jsonl --window 2d
is "those that are older are not" "$(field '[.total, .bad]')" '[200,2]'
run slo-budget --target 99% --counts days -o jsonl --at 2026-01-03
is "nor those that are to come" "$(field '[.total, .bad]')" '[200,3]'
printf 'time,total,bad\n2025-12-31,100,1\n2026-01-01,50,0\n' >days
run slo-budget --target 99% --counts days -o jsonl --window month
is "a month" "$(field '[.total, .from]')" '[50,"2026-01-01T00:00:00Z"]'
# Five minutes each, of which nearly all is bad.
{
	echo time,total,bad
	for hour in 00 01 02 03 04 05; do
		for minute in 00 05 10 15 20 25 30 35 40 45 50 55; do
			echo "2026-01-01T$hour:$minute:00Z,10,9"
		done
	done
} >minutes
ok "now on a border of intervals" exits 1 slo-budget check --target 99% --counts minutes --at 2026-01-01T06:00:00Z
ok "an alert holds" stdout_has "page        BURNING: above 14.4 over 1h and 5m; found 90 over 1h, 90 over 5m"
ok "now inside of one" exits 1 slo-budget check --target 99% --counts minutes --at 2026-01-01T06:02:30Z
ok "it holds as well: windows end with the last interval" stdout_has "page        BURNING: above 14.4 over 1h and 5m; found 90 over 1h, 90 over 5m"
run slo-budget --target 99% --counts minutes --at 2026-01-01T05:58:00Z -o jsonl
is "which is told" "$(field '[.to, .total]')" '["2026-01-01T05:55:00Z",710]'
printf 'time,total,bad\n2026-01-31,100,1\n2026-02-01,50,50\n' >days
ok "a month that begins inside of an interval" exits 3 slo-budget --target 99% --counts days --window month --time-zone America/New_York
ok "is refused, with the interval" stderr_has "line 3: field 'time': the window begins at 2026-02-01T05:00:00Z, inside of this interval of 1d"
ok "its burn-down, too" exits 3 slo-budget burndown --target 99% --counts days --window month --time-zone America/New_York
ok "it is said" stderr_has "field 'time': the window begins inside of an interval"
run slo-budget --target 99% --counts days --window month --at 2026-02-01T10:00:00Z -o jsonl
is "of a month that has just begun nothing is known yet" "$(field '[.from, .to, .total]')" '["2026-02-01T00:00:00Z","2026-02-01T10:00:00Z",0]'
run slo-budget --target 99% --counts days --window 36h -o jsonl
is "a window that is no whole intervals is refused" "$STATUS" 3

# The clock is put forward on the 29th, so the day before the last has 23 hours.
printf 'time,total,bad\n2026-03-%s,1000,200\n2026-03-%s,1000,200\n2026-03-%s,1000,200\n2026-03-%s,1000,200\n' \
	27T00:00:00+01:00 28T00:00:00+01:00 29T00:00:00+01:00 30T00:00:00+02:00 >days
ok "days of a clock that is put forward" exits 1 slo-budget check --target 99% --window 3d --alert 3:2d:1d --at 2026-03-31T00:00:00+02:00 --counts days -o jsonl
is "are whole ones" "$(field '[.total, .bad, .from, .to, .burn_rate, .alerts[0].holds]')" \
	'[3000,600,"2026-03-27T21:00:00Z","2026-03-30T21:00:00Z",{"3d":20,"1d":20,"2d":20},true]'
ok "hours of theirs are not known" exits 1 slo-budget check --target 99% --window 3d --at 2026-03-31T00:00:00+02:00 --counts days
ok "it is said" stdout_has "page        not known: above 14.4 over 1h and 5m"
# It is put back on the 25th, so the last day is taken for one of 25 hours.
printf 'time,total,bad\n2026-10-%s,10,0\n2026-10-%s,10,0\n2026-10-%s,10,9\n' \
	24T00:00:00+02:00 25T00:00:00+02:00 26T00:00:00+01:00 >days
ok "and of one that is put back" exits 1 slo-budget --target 99% --window 3d --at 2026-10-27T00:00:00+01:00 --counts days -o jsonl
is "the last one is over then" "$(field '[.total, .bad, .to]')" '[30,9,"2026-10-26T23:00:00Z"]'
printf 'time,total,bad\n2026-01-01,100,50\n2026-02-01,100,50\n2026-03-01,100,50\n' >months
ok "months" exits 1 slo-budget check --target 99% --window quarter --alert 3:3d:1d --at 2026-03-31 --counts months -o jsonl
is "are not of their first days" "$(field '[.total, .bad, .alerts[0].holds]')" '[300,150,null]'
# A scrape that comes a second late.
printf 'time,total,bad\n2026-01-01T10:00:00Z,100,0\n2026-01-01T10:05:00Z,100,0\n2026-01-01T10:10:01Z,100,0\n2026-01-01T10:15:00Z,100,50\n' >minutes
run slo-budget check --target 99% --counts minutes --alert 2:10m:5m --at 2026-01-01T10:20:00Z -o jsonl
is "the window of a row that is shorter by a second is that row" "$(field '[.total, .burn_rate]')" '[400,{"30d":12.5,"5m":50,"10m":25}]'
# Hours: 20 minutes are a twentieth of 6h40m, and more of 6h39m.
{
	echo time,total,bad
	for hour in 00 01 02 03 04 05 06 07 08 09 10 11; do echo "2026-01-01T$hour:00:00Z,10,$([ $hour = 05 ] && echo 10 || echo 0)"; done
} >hours
run slo-budget check --target 90% --counts hours --at 2026-01-01T12:00:00Z --alert 1:10h30m:6h40m --alert 1:9h30m:6h39m -o jsonl
is "what differs by a twentieth at most is known" "$(field '.burn_rate | del(."30d")')" '{"6h40m":1.4285714285714286,"10h30m":1}'
run slo-budget --target 90% --counts hours --at 2026-01-01T12:00:00Z --window 6h40m -o jsonl
is "an objective's own, too" "$(field '[.total, .bad]')" '[70,10]'
ok "what differs by more" exits 3 slo-budget --target 90% --counts hours --at 2026-01-01T12:00:00Z --window 6h39m
ok "is refused" stderr_has "line 7: field 'time': the window begins at 2026-01-01T05:21:00Z, inside of this interval of 1h"
sed -i 's/T05:00:00Z,10,10/T05:00:00Z,0,0/' hours
run slo-budget --target 90% --counts hours --at 2026-01-01T12:00:00Z --window 6h39m -o jsonl
is "but of an interval without events there is nothing to know" "$(field '[.total, .bad]')" '[60,0]'

# Two rows of each name lie a second apart, and the third eleven days behind them.
seq 200 | awk 'BEGIN { print "name,time,total,bad" } { for (i = 0; i < 3; i++) print "n" $1 "," 1767225600 + (i < 2 ? i : 950000) ",10,0" }' >far
ok "few rows far apart are few to count" exits 0 timeout 10 slo-budget --target 99% --counts far -o jsonl
is "all of them are counted" "$(field .total | sort | uniq -c | tr -s ' ')" " 200 30"
is "those of a file that is old are warned of once" "$(grep -c 'far: counts end at 2026-01-22T23:46:39Z' "$TAP/stderr")" 1
ok "their pictures are quick to draw" exits 0 timeout 10 slo-budget report --target 99% --counts far -o html
is "one of each" "$(grep -c 'budget of n[0-9]*</title>' "$TAP/stdout")" 200
ok "so is a burn-down" exits 0 timeout 10 slo-budget burndown --target 99% --counts far -o csv
is "of all" "$(grep -c ',1$' "$TAP/stdout")" 800
ok "and what alerts would have done" exits 0 timeout 10 slo-budget report --postmortem --target 99% --counts far --from 2026-01-11T23:00:00Z --to 2026-01-11T23:53:21Z
head -n 4 far >far-one
ok "also of one" exits 0 timeout 2 slo-budget simulate --target 99% --alert 2:30d:11d --counts far-one
printf '\357\273\277{"name":"a\\u0041","total":"5","good":4}\n{"name":"b","window":"7d","total":1e1,"bad":null,"good":10,"x":{"y":[1]}}' >counts
run slo-budget --target 99% --counts counts -o jsonl
is "JSON" "$(field '[.name, .window, .total, .bad]')" '["aA","30d",5,1]
["b","7d",10,0]'

done_testing
