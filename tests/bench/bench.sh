#!/bin/sh
# bench.sh - what `make bench` measures, over generated populations of growing size:
#
#   growth   import, detection, memory, database, quality, times of answers    growth.py
#   answers  times of answers alone, on the databases that growth left         answers.py
#   peers    DuckDB, igraph, leidenalg, NetworKit, networkx, Splink            peers.py
#   plots    the growth, drawn                                                 plot.py
#
# BENCH_SIZES      accounts of each population (10000 30000 100000 300000 1000000 5000000)
# BENCH_REPEATS    repetitions (5); BENCH_LARGE_REPEATS those above two million accounts (1)
# BENCH_PARTS      which of the parts above (all but answers, which are in growth)
# BENCH_DATABASE   the database that answers are asked of (those of BENCH_SIZES)
# BENCH_PEERS      which peers, or none (all); BENCH_PEER_REPEATS (3), BENCH_PEER_LIMIT seconds (240)
# BENCH_SEED       of the populations (7)
# BENCH_RESULTS    where the tables and drawings go (build/bench/results)
#
# Worlds and databases stay in build/bench: 12 GiB for five million accounts.
set -eu
LC_ALL=C
export LC_ALL
unset RINGFENCE_DB || true
sizes=${BENCH_SIZES:-10000 30000 100000 300000 1000000 5000000}
parts=${BENCH_PARTS:-growth peers plots}
results=${BENCH_RESULTS:-build/bench/results}
mkdir -p "$results"

for part in $parts; do
    started=$(date +%s)
    case $part in
    # shellcheck disable=SC2086 # sizes are meant to be split
    growth) python3 tests/bench/growth.py build "$results" $sizes ;;
    # shellcheck disable=SC2086
    answers) python3 tests/bench/answers.py build "$results" $sizes ;;
    peers)
        if [ "${BENCH_PEERS:-all}" = none ]; then
            echo 'peers: left out (BENCH_PEERS=none)'
        else
            # shellcheck disable=SC2086
            python3 tests/bench/peers.py build "$results" $sizes
        fi
        ;;
    plots) python3 tests/bench/plot.py "$results" ;;
    *)
        echo "bench: BENCH_PARTS knows growth, answers, peers and plots, not $part" >&2
        exit 2
        ;;
    esac
    echo "$part: $(($(date +%s) - started)) s"
done
echo "tables and drawings are in $results"
