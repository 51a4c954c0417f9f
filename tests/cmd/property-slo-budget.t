#!/bin/sh
# Budgets, burn rates, outlooks and alerts of random counts, against Python's fractions: ten thousand of them in
# `make property`, a twentieth of that in the check. Counts have up to 30 digits, targets up to 12.
. "${0%/*}/../lib/tap.sh"

need python3 jq

cases=$((${PERCENT:-5} * 100))
seed=${SEED:-1}
note "SEED=$seed"

cat >cases.py <<'END'
import random
import sys
from decimal import Decimal, getcontext

getcontext().prec = 200
random.seed(int(sys.argv[2]))


def number(digits):
    text = str(random.randrange(10 ** random.randint(1, digits)))
    if random.random() < 0.3:
        text += "." + str(random.randrange(10 ** 6)).zfill(6)
    return Decimal(text)


def part(total, budget):
    """Of a total; often about what the budget allows, and exactly that."""
    how = random.random()
    allowed = total * budget
    if how < 0.2:
        return Decimal(0)
    if how < 0.4:
        bad = allowed
    elif how < 0.7:
        bad = allowed * Decimal(random.randrange(0, 30000)) / 1000
    else:
        bad = total * Decimal(random.randrange(0, 1001)) / 1000
    if random.random() < 0.5 or len(bad.as_tuple().digits) > 36 or -bad.as_tuple().exponent > 36:
        bad = bad.quantize(Decimal(1).scaleb(-8))
    return min(max(bad, Decimal(0)), total)


print("name,target,window,total,bad")
for i in range(int(sys.argv[1])):
    digits = random.randint(1, 12)
    if random.random() < 0.7:
        target = 1 - Decimal(random.randint(1, 9)).scaleb(-digits)
    else:
        target = Decimal(random.randint(1, 10 ** digits - 1)).scaleb(-digits)
    budget = 1 - target
    shown = f"{target:f}" if random.random() < 0.5 else f"{target * 100:f}%"
    for window in ("30d", "3d", "1d", "6h", "2h", "1h", "30m", "5m"):
        total = Decimal(0) if random.random() < 0.05 else number(20)
        bad = part(total, budget)
        if window == "30d":
            most, worst = total, bad
        total = most = min(total, most)  # each lies in the one before
        bad = worst = min(bad, worst, total)
        print(f"n{i},{shown},{window},{total:f},{bad:f}")
END

cat >judge.py <<'END'
import csv
import json
import sys
from fractions import Fraction

ALERTS = (("14.4", "1h", "5m"), ("6", "6h", "30m"), ("3", "1d", "2h"), ("1", "3d", "6h"))
MONTH = 30 * 86400
rows = {}
for row in csv.DictReader(open("cases.csv")):
    target = row["target"]
    target = Fraction(target[:-1]) / 100 if target.endswith("%") else Fraction(target)
    case = rows.setdefault(row["name"], {"target": target, "windows": {}})
    case["windows"][row["window"]] = (Fraction(row["total"]), Fraction(row["bad"]))


def wrong(name, what, found, expected):
    print(f"{name}: {what}: found {found}, expected {expected} ({float(expected)})")
    sys.exit(1)


def exactly(name, what, text, expected):
    if Fraction(text) != expected:
        wrong(name, what, text, expected)


def nearly(name, what, text, expected):
    """Rounded to 17 digits, and not nearer to another number of so many."""
    found = Fraction(text)
    digits = text.lstrip("-").replace(".", "").lstrip("0")
    if len(digits) < 17 and "." in text and found != expected:
        digits = digits.ljust(17, "0")
    scale = Fraction(1)
    while abs(expected) * scale >= 10 ** 17:
        scale /= 10
    while expected and abs(expected) * scale < 10 ** 16:
        scale *= 10
    scale = max(scale, Fraction(1))
    if abs(found - expected) * scale > Fraction(1, 2):
        wrong(name, what, text, expected)


def share(window):
    total, bad = window
    return bad / total if total else Fraction(0)


seen = set()
n = 0
for line in open("answers.jsonl"):
    got = json.loads(line, parse_float=str, parse_int=str)
    case = rows[got["name"]]
    name, budget, windows = got["name"], 1 - case["target"], case["windows"]
    total, bad = windows["30d"]
    burn = {w: share(c) / budget for w, c in windows.items()}
    left = 1 - burn["30d"]
    exactly(name, "target", got["target"], case["target"])
    exactly(name, "total", got["total"], total)
    exactly(name, "bad", got["bad"], bad)
    exactly(name, "budget", got["budget"], total * budget)
    exactly(name, "remaining_events", got["remaining_events"], total * budget - bad)
    nearly(name, "sli", got["sli"], 1 - share(windows["30d"]))
    nearly(name, "remaining", got["remaining"], left)
    for w in windows:
        nearly(name, "burn rate of " + w, got["burn_rate"][w], burn[w])
    if total == 0:
        outlook = "no_traffic"
    elif left <= 0:
        outlook = "exhausted"
    elif burn["1h"] == 0:
        outlook = "not_burning"
    else:
        seconds = left * MONTH / burn["1h"]
        outlook = "sustainable" if seconds >= MONTH else int(seconds)
    if isinstance(outlook, int):
        seen.add("duration")
        if int(got["exhaustion_seconds"]) != outlook:
            wrong(name, "exhaustion_seconds", got["exhaustion_seconds"], outlook)
    else:
        seen.add(outlook)
        if got["exhaustion"] != outlook:
            wrong(name, "exhaustion", got["exhaustion"], 0)
    for alert, (factor, longer, shorter) in zip(got["alerts"], ALERTS):
        holds = burn[longer] > Fraction(factor) and burn[shorter] > Fraction(factor)
        if total == 0 and windows[longer][0] == 0:
            holds = None  # of nothing nothing is known
        else:
            seen.add((factor, holds))
        if alert["holds"] != holds:
            wrong(name, f"alert {factor}", alert["holds"], burn[longer])
    n += 1
if n != len(rows):
    print(f"{n} answers of {len(rows)} cases")
    sys.exit(1)
if len(rows) >= 500 and len(seen) != 13:
    print("not all answers occur:", seen)
    sys.exit(1)
END

python3 cases.py $cases "$seed" >cases.csv
ok "$cases cases are made" test "$(wc -l <cases.csv)" -eq $((cases * 8 + 1))
# A thousand objectives at a time.
tail -n +2 cases.csv | split -l 8000 - part.
for part in part.*; do
	{ head -n 1 cases.csv && cat "$part"; } | slo-budget -o jsonl
done >answers.jsonl 2>"$TAP/stderr"
jq -r 'select(.total == 0) | "slo-budget: warning: objective '"'\(.name)'"': there were no events in 30d: nothing is known of it"' answers.jsonl >warnings
ok "all are answered, and those without events warned of" same_file warnings "$TAP/stderr"
ok "exactly" python3 judge.py

done_testing
