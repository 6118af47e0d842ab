"""growth.py - how import, detection, memory, the database and the time of answers grow with accounts.

    growth.py BUILD RESULTS SIZE...

For each size (accounts) a population is generated once (worldgen, the seed $BENCH_SEED) and kept in
BUILD/bench/worlds. Each repetition imports it into a fresh database, detects in it without shuffles
(the first run of that database) and with them (the second), exports and evaluates. $BENCH_REPEATS
(5) repetitions; of sizes above two million $BENCH_LARGE_REPEATS (1). The last database of each size
stays in BUILD/bench/databases for peers.py.

Writes growth.txt (a line a size and step), database.txt, quality.txt and answers.txt into RESULTS.
"""

import json
import os
import shutil
import subprocess
import sys
from statistics import median

import answers
import machine
import table
from measure import must

IMPORTS = [("accounts", ["accounts", "accounts.csv"]), ("payments", ["payments", "payments.csv"]),
           ("events", ["events", "events.csv"]),
           ("phones", ["sightings", "--signal", "phone", "phones.csv"]),
           ("referrals", ["links", "referrals.csv"])]
LARGE = 2000000


def repeats_of(size):
    """How often a size is measured."""
    if size > LARGE:
        return int(os.environ.get("BENCH_LARGE_REPEATS", "1"))
    return int(os.environ.get("BENCH_REPEATS", "5"))


def make_world(build, size):
    """The folder of a generated population; made again only for another generator or seed."""
    folder = os.path.join(build, "bench", "worlds", str(size))
    seed = os.environ.get("BENCH_SEED", "7")
    generator = os.path.join(build, "worldgen")
    mark = os.path.join(folder, "made")
    with open(generator, "rb") as file:
        wanted = "%s %s" % (seed, machine.digest(file.read()))
    if os.path.exists(mark):
        with open(mark, encoding="utf-8") as file:
            if file.read() == wanted:
                return folder
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    must([generator, "--out", folder, "--accounts", str(size), "--seed", seed])
    with open(mark, "w", encoding="utf-8") as file:
        file.write(wanted)
    return folder


def remove_database(path):
    """With what SQLite keeps beside it."""
    for end in ("", "-wal", "-shm"):
        if os.path.exists(path + end):
            os.remove(path + end)


class Steps:
    """Samples by step, in the order in which steps were first seen."""

    def __init__(self):
        self.samples = {}

    def add(self, step, seconds, cpu, peak=None):
        """One sample: seconds, processor seconds, MiB."""
        self.samples.setdefault(step, []).append((seconds, cpu, peak))

    def rows(self, size):
        """As rows of growth.txt."""
        for step, samples in self.samples.items():
            peaks = [peak for _, _, peak in samples if peak is not None]
            yield [size, step, len(samples), table.spread([s[0] for s in samples]),
                   table.spread([s[1] for s in samples]),
                   "%.0f" % median(peaks) if peaks else "-"]


def add_stages(steps, step, output):
    """The stages that detect tells, each with the processor time of its parts."""
    seconds = json.loads(output)["seconds"]
    for stage, wall in seconds.items():
        if stage != "parts":
            cpu = sum(p["cpu_seconds"] for p in seconds["parts"] if p["stage"] == stage)
            steps.add("%s: %s" % (step, stage), wall, cpu)


def one_round(ringfence, world, db, steps, sizes):
    """Imports, two runs, export and evaluation on a fresh database; what evaluate says."""
    base = [ringfence, "--db", db, "--quiet"]
    remove_database(db)
    total = [0, 0, 0]
    for name, command in IMPORTS:
        sample = must(base + ["import"] + command[:-1] + [os.path.join(world, command[-1])])
        steps.add("import " + name, sample.seconds, sample.cpu, sample.peak)
        total = [total[0] + sample.seconds, total[1] + sample.cpu, max(total[2], sample.peak)]
    steps.add("import, all", *total)
    sizes.append([os.path.getsize(db)])
    for step, options in (("detect", ["--shuffles", "0"]), ("detect with shuffles", [])):
        sample = must(base + ["--format", "json", "detect"] + options)
        steps.add(step, sample.seconds, sample.cpu, sample.peak)
        add_stages(steps, step, sample.output)
        sizes[-1].append(os.path.getsize(db))
    for step, command in (("export assignments", ["export", "assignments", "--to", db + ".csv"]),
                          ("evaluate", ["evaluate", "--truth", os.path.join(world, "truth.csv")])):
        sample = must(base + ["--format", "json"] + command)
        steps.add(step, sample.seconds, sample.cpu, sample.peak)
    os.remove(db + ".csv")
    return json.loads(sample.output)


def make_database(build, size):
    """The database of a size with a run in it; made when there is none."""
    db = os.path.join(build, "bench", "databases", "%d.db" % size)
    if not os.path.exists(db):
        os.makedirs(os.path.dirname(db), exist_ok=True)
        one_round(os.path.join(build, "ringfence"), make_world(build, size), db, Steps(), [])
    return db


def rows_in(path):
    """Data rows of a CSV without line ends in cells."""
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b"")) - 1


def measure_size(build, size, results):
    """All of one size, added to the lists in results by table."""
    ringfence = os.path.join(build, "ringfence")
    world = make_world(build, size)
    db = os.path.join(build, "bench", "databases", "%d.db" % size)
    os.makedirs(os.path.dirname(db), exist_ok=True)
    steps, sizes = Steps(), []
    for nth in range(repeats_of(size)):
        quality = one_round(ringfence, world, db, steps, sizes)
        print("%d accounts, repetition %d: import %.1f s, detect %.1f s" % (
            size, nth + 1, steps.samples["import, all"][-1][0], steps.samples["detect"][-1][0]),
            flush=True)
    results["growth"] += steps.rows(size)
    files = [name[-1] for _, name in IMPORTS]
    read = sum(os.path.getsize(os.path.join(world, name)) for name in files)
    mib = [median(row[i] for row in sizes) / 1048576 for i in range(3)]
    results["database"].append([size, rows_in(os.path.join(world, "events.csv")),
                                "%.1f" % (read / 1048576), "%.1f" % mib[0],
                                "%.0f" % (mib[0] * 1048576 / size), "%.1f" % mib[1],
                                "%.1f" % (mib[2] - mib[1])])
    results["quality"].append([size] + ["%.4f" % quality[key] for key in
                                        ("precision", "recall", "f1", "b_cubed_precision",
                                         "b_cubed_recall")] +
                              [quality["rings_true"], quality["rings_found"]])
    results["answers"] += answers.rows(ringfence, db, size, repeats_of(size))


TABLES = {
    "growth": (["accounts", "step", "repeats", "seconds", "CPU seconds", "peak MiB"],
               ["Imports, runs, export and evaluation on generated populations, by accounts.",
                "`detect` is detect --shuffles 0, the first run of a fresh database; `detect with",
                "shuffles` is the second run of the same one. Stages stand under their run; `peak",
                "MiB` is the largest resident memory, in the median."]),
    "database": (["accounts", "event rows", "input MiB", "database MiB", "bytes an account",
                  "with a run MiB", "second run MiB"],
                 ["Size of the database after all imports, after the first run, and what a second",
                  "run adds."]),
    "quality": (["accounts", "precision", "recall", "F1", "B3 precision", "B3 recall", "true rings",
                 "found"],
                ["What `evaluate` says of the second run (accounts of flagged rings)."]),
    "answers": (answers.COLUMNS, answers.ABOUT),
}


def main():
    """Measures the sizes in turn and writes the tables after each, so that an end in between loses
    little."""
    build, out = sys.argv[1], sys.argv[2]
    os.makedirs(out, exist_ok=True)
    head = machine.describe() + ["seed of the populations: %s; figures are `median [least-most]`"
                                 % os.environ.get("BENCH_SEED", "7"), ""]
    results = {name: [] for name in TABLES}
    for size in map(int, sys.argv[3:]):
        measure_size(build, size, results)
        for name, (columns, about) in TABLES.items():
            table.write(os.path.join(out, name + ".txt"), about + [""] + head, columns, results[name])
    subprocess.run(["cat", os.path.join(out, "growth.txt")], check=True)


if __name__ == "__main__":
    main()
