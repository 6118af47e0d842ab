#!/bin/sh
# run.sh - detection on real data that is not part of the project: run.sh PROGRAM FOLDER
#
# FOLDER holds hop/ (accounts.csv.gz, counterparties.csv.gz, links.csv.gz, truth.csv.gz: accounts of a
# token bridge and rings found among them) and ecommerce/ (one .csv.gz table of sign-ups with the class
# fraud or not). A part that is missing is left out. Prints the figures of `evaluate` and one line a
# check; ends in "N passed, N failed".
set -eu
LC_ALL=C
export LC_ALL
unset RINGFENCE_DB || true
rf=$1
data=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

# check NAME FILE.json KEY LEAST: the figure must be at least LEAST.
check() {
    figure=$(sed -n "s/^ *\"$3\": *\([-0-9.e]*\),*\$/\1/p" "$2" | head -n 1)
    if awk -v figure="${figure:-none}" -v least="$4" \
        'BEGIN { exit !(figure != "none" && figure + 0 >= least + 0) }'; then
        passed=$((passed + 1))
        verdict=ok
    else
        failed=$((failed + 1))
        verdict=FAILED
    fi
    printf '%-7s %s: %s %s, at least %s asked\n' "$verdict" "$1" "$3" "${figure:-missing}" "$4"
}

# step COMMAND...: silent unless it fails. Rejected rows (status 3) are fine here.
step() {
    code=0
    "$rf" --db "$db" "$@" >"$work/log" 2>&1 || code=$?
    if [ "$code" -ne 0 ] && [ "$code" -ne 3 ]; then
        echo "FAILED  $* (exit status $code)"
        cat "$work/log"
        failed=$((failed + 1))
    fi
}

evaluation() {
    name=$1
    shift
    echo "== $name"
    "$rf" --db "$db" evaluate "$@" 2>/dev/null || true
    "$rf" --db "$db" --format json evaluate "$@" >"$work/$name.json" 2>/dev/null || true
}

if [ -d "$data/hop" ]; then
    db=$work/hop.db
    for file in accounts counterparties links truth; do
        gunzip -c "$data/hop/$file.csv.gz" >"$work/$file.csv"
    done
    step import accounts "$work/accounts.csv"
    step import sightings --signal counterparty "$work/counterparties.csv"
    step import links "$work/links.csv"
    step detect
    evaluation hop-graph --truth "$work/truth.csv" --source source=graph
    evaluation hop-custom --truth "$work/truth.csv" --source source=custom
    check 'hop, graph' "$work/hop-graph.json" precision 0
    check 'hop, custom' "$work/hop-custom.json" precision 0
fi

if [ -d "$data/ecommerce" ]; then
    db=$work/ecommerce.db
    gunzip -c "$data"/ecommerce/*.csv.gz >"$work/ecommerce.csv"
    step import accounts "$work/ecommerce.csv" --map account_id=user_id,created_at=signup_time
    step import events "$work/ecommerce.csv" \
        --map account_id=user_id,seen_at=signup_time,device=device_id,ip=ip_address
    step detect
    evaluation ecommerce --truth "$work/ecommerce.csv" --map account_id=user_id,ring=class --honest 0
    check 'e-commerce' "$work/ecommerce.json" precision 0.90
    check 'e-commerce' "$work/ecommerce.json" recall 0.48
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
