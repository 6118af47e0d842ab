#!/bin/sh
# demo.sh - what `make demo` shows: the whole way from files to a verification queue, on a generated
# population. Every command is shown as it can be typed; what is newer than its input is not done
# again. DEMO_ACCOUNTS and DEMO_SEED choose another population.
set -eu
LC_ALL=C
export LC_ALL
unset RINGFENCE_DB || true

rf=build/ringfence
accounts=${DEMO_ACCOUNTS:-60000}
seed=${DEMO_SEED:-20260422}
demo=build/demo
db=$demo/demo.db
world=$demo/world
mkdir -p "$demo"

bold='' dim='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
fi

part=0
heading() {
    part=$((part + 1))
    printf '\n%s%d. %s%s\n\n' "$bold" "$part" "$1" "$plain"
}

# Shows a command as it can be typed, then runs it. Its messages and its result appear in order.
show() {
    printf '%s$ %s%s\n' "$dim" "$*" "$plain"
    "$@" 2>&1
}

# The same, showing only the first or last lines of a long result: show_part head 40 COMMAND...
show_part() {
    which=$1 lines=$2
    shift 2
    printf '%s$ %s%s\n' "$dim" "$*" "$plain"
    "$@" >"$demo/output" 2>&1 || {
        cat "$demo/output"
        return 1
    }
    "$which" -n "$lines" "$demo/output"
    rm -f "$demo/output"
}

# A world made by another generator, size or seed is made again.
wanted="$accounts accounts, seed $seed, $(cksum <build/worldgen)"
if [ "$(cat "$world/made" 2>/dev/null || true)" != "$wanted" ]; then
    rm -rf "$world"
    fresh=yes
else
    fresh=no
fi

printf '%sRingfence: finding rings of fake accounts in a population of %s%s\n' "$bold" "$accounts" "$plain"

heading 'A population with planted rings, its truth kept aside'
if [ $fresh = yes ]; then
    show build/worldgen --out "$world" --accounts "$accounts" --seed "$seed"
    printf '%s\n' "$wanted" >"$world/made"
else
    echo "(made before: $world)"
fi

heading 'Import: who was seen using what'
if [ ! -e "$db" ] || [ "$world/made" -nt "$db" ] || [ ! -e "$demo/imported" ] ||
    [ "$world/made" -nt "$demo/imported" ]; then
    rm -f "$db" "$db-wal" "$db-shm" "$demo/imported" "$demo/detected"
    show $rf --db $db import accounts $world/accounts.csv
    show $rf --db $db import payments $world/payments.csv
    show $rf --db $db import events $world/events.csv
    show $rf --db $db import sightings --signal phone $world/phones.csv
    show $rf --db $db import links $world/referrals.csv
    : >"$demo/imported"
else
    echo "(imported before: $db)"
fi

heading 'Detection: what sharing is worth, links, communities, scores'
sum=$(cksum <$rf)
if [ "$demo/imported" -nt "$demo/detected" ] ||
    [ "$(cat "$demo/detected" 2>/dev/null || true)" != "$sum" ]; then
    show $rf --db $db detect
    printf '%s\n' "$sum" >"$demo/detected"
else
    echo "(detected before; \`$rf --db $db detect\` makes a new run)"
fi

heading 'The rings, best score first'
show $rf --db $db rings --limit 8

# The ring shown in full: the best of some thirty members or fewer, so that it fits a screen.
ring=$($rf --db $db --format csv rings --flagged |
    awk -F, 'NR > 1 && $2 <= 30 { print $1; exit }')
ring=${ring:-1}
heading 'One ring: the parts of its score, its evidence, its members'
show_part head 46 $rf --db $db ring "$ring"

$rf --db $db export assignments --to $demo/assignments.csv --quiet
member=$(awk -F, -v ring="$ring" '$3 == ring { print $1; exit }' $demo/assignments.csv)
heading 'Why is this account in it?'
show $rf --db $db explain "$member"

heading 'An investigator asks: which cards do several rings use?'
show $rf --db $db query shared_instruments --param limit=8

heading 'How good is it? Against the truth, which detection never saw'
show $rf --db $db evaluate --truth $world/truth.csv --per-ring

heading 'Asking the flagged accounts to verify themselves (ID and selfie)'
show_part tail 4 $rf --db $db flag --dry-run
show_part tail 4 $rf --db $db flag

heading 'For data scientists: the ring as a graph, the assignment as a table'
show $rf --db $db export ring "$ring" --to "$demo/ring-$ring.graphml"
show $rf --db $db export assignments --to $demo/assignments.csv

cat <<END

${bold}What to try next${plain}

  $rf --db $db query --list                questions with an answer ready
  $rf --db $db explain ACCOUNT OTHER       why two accounts are linked
  sqlite3 $db                              the tables are made to be read; see schema/
  $rf import accounts yours.csv --map account_id=user_id,created_at=signed_up
                                                        your own data; see docs/importing.md
  make test                                             the tests
END
