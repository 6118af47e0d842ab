#!/bin/sh
# bench.sh - what `make bench` measures: a generated population of BENCH_ACCOUNTS (1,000,000) through
# import, detection and evaluation; one line a step: wall seconds, CPU seconds, peak memory. Then
# communities of a graph of as many vertices with power-law degrees (lfrgen.c), mixing .4, ours and
# igraph's in one run. The files stay in build/bench, made again only for another size or seed.
set -eu
LC_ALL=C
export LC_ALL
unset RINGFENCE_DB || true
accounts=${BENCH_ACCOUNTS:-1000000}
seed=${BENCH_SEED:-7}
bench=build/bench
world=$bench/world
db=$bench/bench.db
log=$bench/log
mkdir -p "$bench"

wanted="$accounts accounts, seed $seed, $(cksum <build/worldgen)"
if [ "$(cat "$world/made" 2>/dev/null || true)" != "$wanted" ]; then
    rm -rf "$world"
    build/worldgen --out "$world" --accounts "$accounts" --seed "$seed" 2>"$log"
    printf '%s\n' "$wanted" >"$world/made"
fi
rm -f "$db" "$db-wal" "$db-shm"
rows=$(($(wc -l <$world/events.csv) - 1))
echo "$accounts accounts, $rows event rows, seed $seed, $(nproc) processors, $(build/ringfence --version)"

step() {
    name=$1
    shift
    build/measure "$name" build/ringfence --db "$db" "$@" 2>"$log" || {
        cat "$log"
        exit 1
    }
}
started=$(date +%s)
step 'import accounts' import accounts $world/accounts.csv
step 'import payments' import payments $world/payments.csv
step 'import events' import events $world/events.csv
step 'import phones' import sightings --signal phone $world/phones.csv
step 'import referrals' import links $world/referrals.csv
echo "all imports: $(($(date +%s) - started)) s, database $(($(wc -c <$db) / 1048576)) MiB"
step 'detect' detect
step 'rings' rings --limit 20
step 'export assignments' export assignments --to $bench/assignments.csv
step 'evaluate' evaluate --truth $world/truth.csv
build/ringfence --db "$db" evaluate --truth $world/truth.csv --per-ring

graph=$bench/graph.txt
wanted="$accounts vertices, seed $seed, $(cksum <build/lfrgen)"
if [ "$(cat "$bench/graph.made" 2>/dev/null || true)" != "$wanted" ]; then
    build/lfrgen "$accounts" .4 "$seed" "$graph"
    printf '%s\n' "$wanted" >"$bench/graph.made"
fi
build/communities "$graph" modularity 1 1 igraph
step 'cluster' cluster "$graph" --to $bench/communities.csv
