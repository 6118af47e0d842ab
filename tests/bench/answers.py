"""answers.py - how long a person waits: the times of every command and query that is asked while
looking into something, on one database."""

import csv
import io

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
        ("rings", ["rings", "--limit", "50"]),
        ("ring, the largest", ["ring", ring]),
        ("history of the largest", ["history", largest[0].get("ring_key", ring)]),
        ("explain an account", ["explain", one]),
        ("explain a pair", ["explain", one, other]),
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
    """[(name, [milliseconds], exit status)]; each question is asked once before it is timed, unless
    that took seconds already."""
    results = []
    for name, arguments in questions(ringfence, db):
        command = [ringfence, "--db", db, "--quiet", *arguments]
        first = run(command, keep=False)
        times = [first.seconds * 1000]
        if first.seconds < 2:
            times = [run(command, keep=False).seconds * 1000 for _ in range(repeats)]
        results.append((name, times, first.status))
    return results
