"""answers.py - how long a person waits: the times of every command and query that is asked while
looking into something.

    answers.py BUILD RESULTS SIZE...

asks on the databases that growth.py left (BUILD/bench/databases), of populations of so many accounts;
one that is not there is made. $BENCH_REPEATS (5) times each, after a first time that is not counted.
$BENCH_DATABASE names a database to ask instead. Writes answers.txt into RESULTS."""

import csv
import io
import os
import sys
from statistics import median

import machine
import table
from measure import must, run

LIMIT_MS = 100


def rows_of(ringfence, db, *command):
    """The rows of a command's CSV."""
    said = must([ringfence, "--db", db, "--format", "csv", *command]).output
    return list(csv.DictReader(io.StringIO(said)))


def questions(ringfence, db):
    """(name, arguments) of all that is asked: about the largest ring, and the members it binds most."""
    largest = rows_of(ringfence, db, "query", "largest_rings", "--param", "limit=1")
    if not largest:
        return [("rings", ["rings", "--limit", "50"])]
    ring = largest[0]["ring_id"]
    members = rows_of(ringfence, db, "query", "ring_members", "--param", "ring=" + ring)
    one, other = members[0]["account_id"], members[1]["account_id"]
    facts = rows_of(ringfence, db, "query", "account", "--param", "account=" + one)
    value = next((row["value"] for row in facts if row["fact"] in ("instrument", "device", "ip")), "")
    asked = [
        ("rings", ["rings"]),
        ("ring, the largest", ["ring", ring]),
        ("history of the largest", ["history", largest[0].get("ring_key", ring)]),
        ("explain an account", ["explain", one]),
        ("explain a pair", ["explain", one, other]),
        ("import --list", ["import", "--list"]),
        ("decide --list", ["decide", "--list"]),
        ("allow --list", ["allow", "--list"]),
        ("separate --list", ["separate", "--list"]),
    ]
    needed = {"account": one, "ring": ring, "since": "2026-05-01", "value": value}
    for query in rows_of(ringfence, db, "query", "--list"):
        parameters = []
        for parameter in filter(None, query["params"].split(", ")):
            if "=" not in parameter:
                parameters += ["--param", "%s=%s" % (parameter, needed[parameter])]
        asked.append(("query " + query["name"], ["query", query["name"], *parameters]))
        if "ring=0" in query["params"]:
            asked.append(("query %s, one ring" % query["name"],
                          ["query", query["name"], "--param", "ring=" + ring]))
    return asked


def measure(ringfence, db, repeats):
    """[(name, [milliseconds], [CPU milliseconds], exit status)]; each question is asked once before it
    is timed, unless that took seconds already."""
    results = []
    for name, arguments in questions(ringfence, db):
        command = [ringfence, "--db", db, "--quiet", *arguments]
        first = run(command, keep=False)
        samples = [first]
        if first.seconds < 2:
            samples = [run(command, keep=False) for _ in range(repeats)]
        results.append((name, [s.seconds * 1000 for s in samples], [s.cpu * 1000 for s in samples],
                        first.status))
    return results


COLUMNS = ["accounts", "asked", "repeats", "milliseconds", "CPU ms", "limit of %d ms" % LIMIT_MS]
ABOUT = ["How long a person waits for an answer, the whole program included, the database in",
         "the page cache; over: the median is above the limit. Lists are tables with the rows",
         "they have unless more are asked for."]


def rows(ringfence, db, size, repeats):
    """The rows of answers.txt for one database."""
    for name, times, cpu, status in measure(ringfence, db, repeats):
        verdict = "failed" if status != 0 else "over" if median(times) > LIMIT_MS else "within"
        yield [size, name, len(times), table.spread(times), "%.1f" % median(cpu), verdict]


def main():
    """Asks on each database in turn."""
    import growth  # it asks, too, at the end of its own measuring

    build, out = sys.argv[1], sys.argv[2]
    ringfence = os.path.join(build, "ringfence")
    repeats = int(os.environ.get("BENCH_REPEATS", "5"))
    given = os.environ.get("BENCH_DATABASE")
    found = []
    if given:
        accounts = rows_of(ringfence, given, "query", "country_flag_rates")
        found += rows(ringfence, given, sum(int(row["accounts"]) for row in accounts), repeats)
    else:
        for size in map(int, sys.argv[3:]):
            found += rows(ringfence, growth.make_database(build, size), size, repeats)
    os.makedirs(out, exist_ok=True)
    head = machine.describe() + ["figures are `median [least-most]`", ""]
    table.write(os.path.join(out, "answers.txt"), ABOUT + [""] + head, COLUMNS, found)


if __name__ == "__main__":
    main()
