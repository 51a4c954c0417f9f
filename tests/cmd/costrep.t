#!/bin/sh
# costrep: its commands and their options, streams, exit codes. What a report says: costrep-report.t.
. "${0%/*}/../lib/tap.sh"

cat >costs.jsonl <<'END'
{"resource":"loki","cluster":"ops","date":"2024-01-15","cost_usd":125.50}
END

ok "a report is exit 0" exits 0 costrep report costs.jsonl
ok "it says the total" stdout_has "125.50 USD from 2024-01-15 to 2024-01-15, in 1 record"
ok "options may stand before the command" exits 0 costrep -o jsonl report costs.jsonl
ok "and behind operands" exits 0 costrep report costs.jsonl -o jsonl
ok "with its effect" stdout_has '"period":"week"'
ok "stdin is read without a file" exits 0 costrep report <costs.jsonl
ok "and when it is named" exits 0 costrep report - <costs.jsonl

ok "no command is exit 2" exits 2 costrep
ok "and is said" stderr_is "costrep: error: no command given (see costrep -h)"
ok "a word that is like a command is exit 2" exits 2 costrep reprot
ok "the command is named" stderr_has "'reprot': did you mean 'report'?"
ok "what can be no command is exit 2" exits 2 costrep costs.jsonl
ok "and is said" stderr_has "'costs.jsonl' is no command"
ok "a format that is none is exit 2" exits 2 costrep report -o pdf costs.jsonl
ok "the message names those that are" stderr_has "option '--format': expected text"
ok "--help behind a command is about it" exits 0 costrep report --help
ok "with its own options" stdout_has "--by NAME,..."
ok "and usage" stdout_has "usage: costrep report [OPTION]... [FILE]..."
ok "--help alone names the commands" exits 0 costrep --help
ok "report among them" stdout_has "  report [FILE]..."

ok "a file that is not there is exit 4" exits 4 costrep report missing
ok "the message names it" stderr_has "'missing'"
ok "--output is written" exits 0 costrep report --output report.txt costs.jsonl
ok "whole" grep -q "^total  *125.50" report.txt
ok "--output - is stdout" exits 0 costrep report --output - costs.jsonl
ok "as it is" stdout_has "125.50 USD"
not_ok "and no file" test -e ./-
ok "also where there is no record" exits 1 costrep report --output - /dev/null
ok "and said so" stderr_is "costrep: warning: there is no cost record in the input"
ok "help is a sentence" sh -c 'costrep report --help | grep -qx "What cost records add up to: by day, week and month\."'
ok "or a question" sh -c 'costrep check --help | grep -qx "Do the totals of documents follow from their parts?"'
ok "over an input it is exit 2" exits 2 costrep report --output costs.jsonl costs.jsonl
ok "a wrong record leaves it as it was" sh -c 'echo "{}" | costrep report --output report.txt; grep -q "125.50 USD" report.txt'

done_testing
