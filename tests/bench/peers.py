"""peers.py - Ringfence beside what a user would take instead, on the same data and machine.

    peers.py BUILD RESULTS SIZE...

After growth.py, whose worlds, databases and figures it takes. Installs the peers of requirements.txt
into BUILD/bench/venv, one by one; what does not install is a line that says why. $BENCH_PEERS names
those to run (default all), $BENCH_PEER_LIMIT the seconds one run may take (240). A run is repeated
until there are $BENCH_PEER_REPEATS (3), or a minute went into it.

Writes import-peers.txt, community-peers.txt and pair-peers.txt into RESULTS.
"""

import csv
import json
import os
import re
import sqlite3
import subprocess
import sys
from statistics import median

import machine
import table
from growth import make_world, remove_database
from measure import must, run

HERE = os.path.dirname(os.path.abspath(__file__))
LARGEST = 1000000  # accounts, of graphs and pairs
SPLINK_CAP = 100   # values of more accounts make no pairs in Splink: their number is quadratic
LIMIT = float(os.environ.get("BENCH_PEER_LIMIT", "240"))
REPEATS = int(os.environ.get("BENCH_PEER_REPEATS", "3"))


class Peers:
    """What is installed, in which version, and why the others are not."""

    def __init__(self, build):
        self.python = os.path.join(build, "bench", "venv", "bin", "python")
        self.version, self.reason = {}, {}
        chosen = os.environ.get("BENCH_PEERS", "all").split()
        with open(os.path.join(HERE, "requirements.txt"), encoding="utf-8") as file:
            wanted = [line.strip() for line in file if line.strip() and not line.startswith("#")]
        for line in wanted:
            name, version = line.split("==")
            if chosen != ["all"] and name not in chosen + ["numpy"]:
                self.reason[name] = "not asked for (BENCH_PEERS)"
            elif self.install(name, version, line):
                self.version[name] = version

    def install(self, name, version, line):
        """Whether it is there, after trying."""
        if not os.path.exists(self.python):
            subprocess.run([sys.executable, "-m", "venv", os.path.dirname(os.path.dirname(self.python))],
                           check=False)
        if not os.path.exists(self.python):
            self.reason[name] = "python3 -m venv failed (Debian: python3-venv)"
            return False
        have = "import importlib.metadata as m, sys; sys.exit(m.version('%s') != '%s')"
        if run([self.python, "-c", have % (name, version)]).status == 0:
            return True
        done = run([self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                    "--only-binary", ":all:", line], limit=300)
        if done.status != 0:
            said = [text for text in done.errors.splitlines() if "ERROR" in text] or ["too slow"]
            self.reason[name] = "does not install: " + re.sub(r"\s+", " ", said[-1])[:90]
        return done.status == 0

    def run(self, *arguments):
        """One run of peer.py: the sample, and what it told (None when it failed)."""
        sample = run([self.python, os.path.join(HERE, "peer.py"), *arguments], limit=LIMIT)
        return sample, json.loads(sample.output) if sample.status == 0 else None

    def why_not(self, name, sample=None):
        """In words, for the table and for whoever looks on."""
        if name not in self.version:
            words = "skipped: " + self.reason[name]
        elif sample.status is None:
            words = "skipped: took more than %.0f s" % LIMIT
        else:
            words = "failed: " + (sample.errors.strip().splitlines() or ["no word"])[-1][:90]
        print("%s %s" % (name, words), flush=True)
        return words


def repeat(once):
    """Calls once(nth) until it returns None, was called often enough, or took a minute in all."""
    samples, spent = [], 0
    while len(samples) < REPEATS and spent < 60:
        told = once(len(samples) + 1)
        if told is None:
            break
        samples.append(told)
        spent += told["whole"].seconds
    return samples


def figures(samples):
    """Columns of all tables: repeats, seconds, CPU seconds and peak of the whole process."""
    whole = [told["whole"] for told in samples]
    return [len(samples), table.spread([s.seconds for s in whole]),
            table.spread([s.cpu for s in whole]), "%.0f" % median(s.peak for s in whole)]


def from_growth(results, size, step):
    """The row of growth.txt, or None."""
    for row in table.read(os.path.join(results, "growth.txt")):
        if row["accounts"] == str(size) and row["step"] == step:
            return row
    return None


# ---- import ----

def import_peers(build, results, sizes, peers):
    """Rows of import-peers.txt."""
    rows = []
    for size in sizes:
        ours = from_growth(results, size, "import events")
        events = "-"
        if ours:
            database = next(row for row in table.read(os.path.join(results, "database.txt"))
                            if row["accounts"] == str(size))
            events = database["event rows"]
            rows.append([size, events, "ringfence import events",
                         machine.program(build), ours["repeats"], ours["seconds"],
                         ours["CPU seconds"], ours["peak MiB"], "-"])
        source = os.path.join(make_world(build, size), "events.csv")
        target = os.path.join(build, "bench", "events.duckdb")
        failed = None

        def once(_, source=source, target=target):
            nonlocal failed
            remove_database(target)
            failed, told = peers.run("events", source, target)
            return dict(told, whole=failed) if told else None

        samples = repeat(once) if "duckdb" in peers.version else []
        row = [size, events, "DuckDB read_csv, GROUP BY", peers.version.get("duckdb", "-")]
        if samples:
            rows.append(row + figures(samples) + ["%.0f MiB file" % (samples[0]["bytes"] / 1048576)])
        else:
            rows.append(row + ["-"] * 4 + [peers.why_not("duckdb", failed)])
        remove_database(target)
    return rows


# ---- communities ----

def graphs(build, sizes):
    """(name, file of edges): links of runs of every second size up to a million, and a graph with
    power-law degrees (lfrgen.c) as large as the largest of them."""
    small = [size for size in sizes if size <= LARGEST] or sizes[:1]
    for size in small[::-1][::2][::-1]:
        path = os.path.join(build, "bench", "links-%d.txt" % size)
        base = sqlite3.connect("file:%s?mode=ro" % os.path.join(build, "bench", "databases",
                                                                "%d.db" % size), uri=True)
        with open(path, "w", encoding="utf-8") as file:
            for a, b, bits in base.execute("SELECT account_a, account_b, bits FROM link WHERE run ="
                                           " (SELECT min(id) FROM run)"):
                file.write("%d %d %.6f\n" % (a, b, bits))
        base.close()
        yield "links of %d accounts" % size, path
    path = os.path.join(build, "bench", "powerlaw-%d.txt" % small[-1])
    if not os.path.exists(path):
        must([os.path.join(build, "lfrgen"), str(small[-1]), ".4", "7", path])
    yield "power law, mixing .4", path


METHODS = [("igraph-once", "igraph", "igraph, one iteration"), ("igraph", "igraph", "igraph"),
           ("leidenalg", "leidenalg", "leidenalg"), ("networkit", "networkit", "NetworKit ParallelLeiden"),
           ("networkx", "networkx", "networkx Louvain")]


def judge(peers, packed, found):
    """Modularity and communities by the definition, the same for all; None without numpy."""
    return peers.run("quality", packed, found)[1] if packed else None


def our_communities(build, peers, edges, packed):
    """Samples of `ringfence cluster`."""
    out = edges + ".csv"

    def once(seed):
        whole = must([os.path.join(build, "ringfence"), "cluster", edges, "--seed", str(seed), "--to",
                      out])
        told = json.loads(whole.output)
        judged = judge(peers, packed, out) or told
        return dict(told, seconds=told["cluster_seconds"], whole=whole, quality=judged["quality"],
                    communities=judged["communities"])

    return repeat(once)


def their_communities(peers, method, name, packed, slow):
    """Samples of a peer, or the reason why there are none. slow: seconds an edge on the last graph."""
    if name not in peers.version:
        return [], peers.why_not(name)
    if slow > LIMIT:
        words = "skipped: would take about %.0f s" % slow
        print("%s %s" % (name, words), flush=True)
        return [], words
    failed = None

    def once(seed):
        nonlocal failed
        out = packed + ".npy"
        failed, told = peers.run(method, packed, str(seed), out)
        return dict(told, whole=failed, **judge(peers, packed, out)) if told else None

    samples = repeat(once)
    return samples, "-" if samples else peers.why_not(name, failed)


def community_peers(build, sizes, peers):
    """Rows of community-peers.txt."""
    rows, pace = [], {}
    for graph, edges in graphs(build, sizes):
        packed = edges + ".npz"
        size = peers.run("pack", edges, packed)[1] if "numpy" in peers.version else None
        if size is None:
            packed = None
        ours = our_communities(build, peers, edges, packed)
        size = size or ours[0]
        head = [graph, size["nodes"], size["edges"]]

        def add(name, version, samples, note, head=head):
            if not samples:
                rows.append(head + [name, version] + ["-"] * 7 + [note])
                return
            rows.append(head + [name, version, table.spread([s["seconds"] for s in samples])] +
                        figures(samples) + ["%.6f" % median(s["quality"] for s in samples),
                                            "%.0f" % median(s["communities"] for s in samples), note])

        add("ringfence cluster", machine.program(build), ours, "-")
        for method, name, words in METHODS:
            samples, note = [], "skipped: numpy is not there"
            if packed:
                samples, note = their_communities(peers, method, name, packed,
                                                  pace.get(method, 0) * size["edges"])
            if samples:
                pace[method] = median(s["whole"].seconds for s in samples) / size["edges"]
            add(words, peers.version.get(name, "-"), samples, note)
        print("%s: done" % graph, flush=True)
    return rows


# ---- pairs ----

def our_pairs(build, world, size):
    """Links of the first run, and how many of them are of one true ring."""
    with open(os.path.join(world, "truth.csv"), encoding="utf-8") as file:
        ring = {row["account_id"]: row["ring"] for row in csv.DictReader(file) if row["ring"]}
    base = sqlite3.connect(os.path.join(build, "bench", "databases", "%d.db" % size))
    account = dict(base.execute("SELECT id, external_id FROM account"))
    pairs = same = 0
    for a, b in base.execute("SELECT account_a, account_b FROM link WHERE run ="
                             " (SELECT min(id) FROM run)"):
        pairs += 1
        first = ring.get(account[a])
        same += first is not None and first == ring.get(account[b])
    base.close()
    return pairs, same


def pair_peers(build, results, sizes, peers):
    """Rows of pair-peers.txt."""
    rows, last = [], None
    for size in [size for size in sizes if size <= LARGEST]:
        world = make_world(build, size)
        parts = [from_growth(results, size, step) for step in ("import, all", "detect")]
        if all(parts):
            middle = [table.number(sum(table.parse_spread(part[column])[0] for part in parts))
                      for column in ("seconds", "CPU seconds")]
            peak = max(int(part["peak MiB"]) for part in parts)
            rows.append([size, "ringfence import, detect", machine.program(build),
                         parts[0]["repeats"], *middle, peak, *our_pairs(build, world, size), "-"])
        row = [size, "Splink on DuckDB", peers.version.get("splink", "-")]
        failed, samples, slow = None, [], (last or 0) * size

        def once(_, world=world):
            nonlocal failed
            failed, told = peers.run("splink", world, str(SPLINK_CAP))
            return dict(told, whole=failed) if told else None

        if slow > LIMIT:
            note = "skipped: would take about %.0f s" % slow
        else:
            samples = repeat(once) if "splink" in peers.version else []
            note = "-" if samples else peers.why_not("splink", failed)
        if samples:
            last = median(s["whole"].seconds for s in samples) / size
            rows.append(row + figures(samples) + [samples[0]["pairs"], samples[0]["same"], note])
        else:
            rows.append(row + ["-"] * 6 + [note])
    return rows


ABOUT = {
    "import-peers": (["accounts", "event rows", "what", "version", "repeats", "seconds", "CPU seconds",
                      "peak MiB", "note"],
                     ["The events of the same populations: `ringfence import events` into a database that",
                      "has the accounts and payments (figures of growth.txt; values interned, addresses",
                      "parsed, daily activity, indexes, can be undone), and DuckDB's read_csv and GROUP BY",
                      "(account, value, day) of addresses, devices and templates into a file of its own.",
                      "The whole process."]),
    "community-peers": (["graph", "vertices", "edges", "method", "version", "cluster seconds", "repeats",
                         "seconds", "CPU seconds", "peak MiB", "modularity", "communities", "note"],
                        ["Communities by modularity at resolution 1, weights being bits; every method",
                         "with its own defaults (igraph and leidenalg: two iterations). `cluster seconds`",
                         "is the method alone; seconds, CPU and memory are of the whole process, with",
                         "reading: Ringfence reads and writes text, the others are given arrays. Modularity",
                         "is computed by one function for all."]),
    "pair-peers": (["accounts", "what", "version", "repeats", "seconds", "CPU seconds", "peak MiB", "pairs",
                    "of one ring", "note"],
                   ["Pairs of accounts likely to have one operator, from the same files: links of a run",
                    "(import and detect together), and Splink's Fellegi-Sunter model over arrays of",
                    "shared values, blocked on any value of at most %d accounts, pairs from .5 on."
                    % SPLINK_CAP, "`of one ring`: pairs inside a planted ring."]),
}


def main():
    """All three tables; each is written when it is done."""
    build, results = sys.argv[1], sys.argv[2]
    sizes = sorted(map(int, sys.argv[3:]))
    head = machine.describe() + ["figures are `median [least-most]`", ""]
    peers = Peers(build)
    for name, make in (("import-peers", lambda: import_peers(build, results, sizes, peers)),
                       ("community-peers", lambda: community_peers(build, sizes, peers)),
                       ("pair-peers", lambda: pair_peers(build, results, sizes, peers))):
        columns, about = ABOUT[name]
        path = os.path.join(results, name + ".txt")
        table.write(path, about + [""] + head, columns, make())
        subprocess.run(["cat", path], check=True)


if __name__ == "__main__":
    main()
