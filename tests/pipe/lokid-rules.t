#!/bin/sh
# Rules of a tenant, listed in Loki's YAML and in Prometheus's JSON.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/lokid.sh"

need jq
mkdir -p data/rules/fake data/rules/other
cat >data/rules/fake/web.yaml <<'END'
groups:
  - name: errors
    interval: 1m
    rules:
      - alert: ManyErrors
        expr: 'sum(rate({app="web"} |= "error" [5m])) > 10'
        for: 10m
        labels: {severity: page}
        annotations:
          summary: "many: errors"
      - record: web:lines:rate1m
        expr: sum(rate({app="web"}[1m]))
  - name: none
    rules: []
END
echo 'groups: []' >data/rules/fake/a.yml
echo 'not rules' >data/rules/fake/readme.txt

lokid_start || { fail "the daemon starts" "$(cat lokid.log)"; exit 1; }
get /loki/api/v1/rules
ok "namespaces are listed" code_is 200
is "as YAML" "$(cat "$TAP/stdout")" 'a.yml: []
web.yaml:
    - name: errors
      interval: 1m
      rules:
        - alert: ManyErrors
          expr: "sum(rate({app=\"web\"} |= \"error\" [5m])) > 10"
          for: 10m
          labels:
            severity: page
          annotations:
            summary: "many: errors"
        - record: web:lines:rate1m
          expr: sum(rate({app="web"}[1m]))
    - name: none
      rules: []'
get /loki/api/v1/rules/web.yaml/none
is "a group" "$(cat "$TAP/stdout")" 'name: none
rules: []'
get /loki/api/v1/rules/web.yaml/nothing
ok "a group that is none is 404" code_is 404
get /loki/api/v1/rules/nothing.yaml
ok "a namespace that is none too" code_is 404
ok "in Loki's words" stdout_has "no rule groups found"
get /prometheus/api/v1/rules
is "as Prometheus lists them" \
	"$(jq -c '.data.groups[] | [.name, .file, .interval, [.rules[] | .name, .type, .duration]]' "$TAP/stdout")" \
	'["errors","web.yaml",60,["ManyErrors","alerting",600,"web:lines:rate1m","recording",null]]
["none","web.yaml",0,[]]'
get /prometheus/api/v1/alerts
is "no alert is active" "$(jq -c .data.alerts "$TAP/stdout")" '[]'
get /loki/api/v1/rules/web.yaml -X POST --data-binary 'name: x'
ok "they are read only" code_is 405
printf 'groups:\n  - rules: []\n' >data/rules/fake/bad.yaml
get /loki/api/v1/rules
ok "a file that holds no groups is told" code_is 500
ok "with its place" stdout_has 'bad.yaml:2:5: a group without a name'

lokid_stop

# --- who may not see all streams ---
rm data/rules/fake/bad.yaml
cat >data/rules/fake/mixed.yaml <<'END'
groups:
  - name: both
    interval: 2m
    rules:
      - {record: shop, expr: 'sum(rate({ app = "shop", env="prod"}[1m]))'}
      - {record: bank, expr: 'sum(rate({app="bank"}[1m]))'}
      - {record: hidden, expr: 'sum(rate({app="shop"}[1m])) / sum(rate({app="bank"}[1m]))'}
      - {record: ratio, expr: 'sum(rate({app="shop"} |= "a" [1m])) / label_replace(sum(rate({app="shop"}[1m])), "a", "b", "c", "d")'}
      - {record: like, expr: 'sum(rate({app=~"shop"}[1m]))'}
      - {record: none, expr: 'sum(rate({app="shop"'}
      - {record: nothing}
  - name: banks
    rules:
      - {alert: Bank, expr: 'sum(rate({app="bank"}[1m])) > 1'}
END
cat >lokid.yaml <<END
auth_enabled: false
auth:
  roles: {half: {read: "*", matchers: '{app="shop"}'}, all: {read: "*"}}
  tokens:
    half: {token: "sha256:$(printf half | sha256sum | cut -d ' ' -f 1)", roles: [half]}
    all: {token: "sha256:$(printf all | sha256sum | cut -d ' ' -f 1)", roles: [all]}
END
lokid_start --config lokid.yaml || bail "the daemon starts" "$(cat lokid.log)"
as() { get "$2" -H "Authorization: Bearer $1"; }
as half /prometheus/api/v1/rules
is "who may see some streams is told of rules about these alone" \
	"$(jq -c '.data.groups[] | [.file, .name, .interval, [.rules[].name]]' "$TAP/stdout")" '["mixed.yaml","both",120,["shop","ratio"]]'
as half /loki/api/v1/rules
is "in YAML, too" "$(grep -cE 'bank|hidden|like|none|web' "$TAP/stdout"; grep -c record "$TAP/stdout")" '0
2'
as half /loki/api/v1/rules/mixed.yaml/both
ok "of a group" stdout_lines 7
as half /loki/api/v1/rules/mixed.yaml/banks
ok "a group of others is none" code_is 404
as half /loki/api/v1/rules/web.yaml
ok "so is a namespace" code_is 404
as all /prometheus/api/v1/rules
is "who may see all is told of all" "$(jq -c '[.data.groups[].rules[].name]' "$TAP/stdout")" \
	'["shop","bank","hidden","ratio","like","none","nothing","Bank","ManyErrors","web:lines:rate1m"]'

lokid_stop
done_testing
