#!/bin/sh
# instructions.sh - how many instructions each stage of detection takes, counted by callgrind: figures
# that a later change can be compared with on a machine where seconds are noise.
#
#     sh tests/bench/instructions.sh [ACCOUNTS] >tests/bench/instructions.txt
#
# Generates ACCOUNTS (10,000) accounts, seed 7, imports them and runs detection under valgrind with
# one thread, without shuffles and with one. A stage is the inclusive cost of the functions named
# beside it, libraries included. Counts hold for the compiler, libraries and processor told in the first
# lines, to some thousandths: the C library picks its routines by processor.
set -eu
LC_ALL=C
export LC_ALL
unset RINGFENCE_DB || true
accounts=${1:-10000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
program=build/ringfence
db=$work/world.db

build/worldgen --out "$work/world" --accounts "$accounts" --seed 7 2>/dev/null
bring() {
    "$program" --quiet --db "$db" import "$@" >/dev/null
}
bring accounts "$work/world/accounts.csv"
bring payments "$work/world/payments.csv"
bring events "$work/world/events.csv"
bring sightings --signal phone "$work/world/phones.csv"
bring links "$work/world/referrals.csv"

# Counts one detection; the inclusive costs of all functions go to $work/NAME: instructions, function.
count() { # NAME SHUFFLES
    cp "$db" "$work/$1.db"
    valgrind --tool=callgrind --callgrind-out-file="$work/$1.out" "$program" --quiet --threads 1 \
        --db "$work/$1.db" detect --shuffles "$2" >/dev/null 2>"$work/$1.log"
    callgrind_annotate --inclusive=yes --threshold=100 --show-percs=no "$work/$1.out" >"$work/$1.all"
    sed -n 's/^ *\([0-9,][0-9,]*\)  *[^ ]*:\([A-Za-z_][A-Za-z_0-9]*\)\('"'"'[0-9]*\)\{0,1\}\( \[.*\)\{0,1\}$/\1 \2/p' \
        "$work/$1.all" | tr -d , >"$work/$1"
    sed -n 's/^ *\([0-9,][0-9,]*\)  *PROGRAM TOTALS.*/\1 all/p' "$work/$1.all" | tr -d , >>"$work/$1"
}

# The sum of the functions' costs in millions; a name that is not there fails.
stage() { # NAME RUN FUNCTION...
    name=$1
    run=$2
    shift 2
    sum=0
    for function in "$@"; do
        cost=$(awk -v f="$function" '$2 == f && !n { print $1; n = 1 }' "$work/$run")
        [ -n "$cost" ] || {
            echo "instructions.sh: callgrind knows no $function" >&2
            exit 1
        }
        sum=$((sum + cost))
    done
    awk -v n="$name" -v s="$sum" -v f="$*" 'BEGIN { printf "%-12s %10.1f  %s\n", n, s / 1e6, f }'
}

count plain 0
count shuffled 1
echo "# $("$program" --version), $accounts accounts of worldgen, seed 7, one thread"
echo "# $(${CC:-gcc} --version | head -n 1); SQLite $("$program" --version >/dev/null && sqlite3 --version | cut -d' ' -f1); $(valgrind --version); $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
echo "# stage, millions of instructions, functions"
stage reading plain rf_ledger_note_facts rf_population_read rf_labels_read rf_separations_read
stage calibrating plain rf_calibrate rf_hubs_type
stage comparing plain rf_links_find
stage grouping plain rf_rings_assemble
stage learning plain rf_baseline_learn
stage profiling plain rf_rings_judge
stage joining plain rf_rings_join
stage growing plain rf_rings_grow
stage pruning plain rf_rings_prune
stage checking plain rf_rings_chance rf_rings_bridges rf_hubs_tell
stage counting plain rf_rings_count
stage 'links' plain rf_results_begin
stage 'writing' plain rf_results_finish
stage 'all' plain all
stage 'one shuffle' shuffled rf_chance_draw
