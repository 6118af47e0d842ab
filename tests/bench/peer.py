"""peer.py - one run of one peer, in a process of its own; prints one JSON object.

    peer.py events EVENTS.csv OUT.duckdb          DuckDB: sightings by day from events, in its own file
    peer.py igraph|igraph-once|leidenalg|networkit|networkx GRAPH.npz SEED OUT.npy
                                                  communities of a graph, modularity at resolution 1
    peer.py pack EDGES GRAPH.npz                  `u v [w]` in whole numbers to arrays
    peer.py quality GRAPH.npz COMMUNITIES         modularity, by the definition; of .npy or node,community
    peer.py splink WORLD CAP                      Splink: pairs of accounts from shared values

Every peer is given what it takes best: arrays where it reads them, two threads where it has threads.
GRAPH.npz holds names (of the nodes, rising), u, v (places among them) and w; each edge once, no loops.
"""

import json
import os
import sys
import time

THREADS = len(os.sched_getaffinity(0))


class Timer:
    """Seconds and processor seconds since it was made."""

    def __init__(self):
        self.wall, self.cpu = time.monotonic(), time.process_time()

    def told(self):
        """Both, by name."""
        return {"seconds": time.monotonic() - self.wall, "cpu": time.process_time() - self.cpu}


def events(source, target):
    """Who was seen with which address, device and template on which day, and how often."""
    import duckdb
    timer = Timer()
    base = duckdb.connect(target, config={"threads": THREADS})
    base.execute("CREATE TEMP TABLE event AS SELECT * FROM read_csv('%s')" % source)
    for name in ("ip", "device", "template"):
        base.execute("CREATE TABLE %s AS SELECT account_id, %s AS value, seen_at::DATE AS day,"
                     " count(*) AS times FROM event WHERE %s IS NOT NULL GROUP BY ALL"
                     % (name, name, name))
    counted = [base.execute("SELECT count(*) FROM " + name).fetchone()[0]
               for name in ("ip", "device", "template")]
    base.close()
    return dict(timer.told(), rows=sum(counted), bytes=os.path.getsize(target))


def by_igraph(nodes, u, v, w, seed, iterations=2):
    """python-igraph's own Leiden (C), two iterations unless told otherwise: its default."""
    import random
    import igraph
    import numpy
    graph = igraph.Graph(n=nodes, edges=numpy.stack([u, v], axis=1).astype("int64"))
    random.seed(seed)
    timer = Timer()
    found = graph.community_leiden(objective_function="modularity", weights=w.tolist(),
                                   n_iterations=iterations)
    return timer, found.membership


def by_leidenalg(nodes, u, v, w, seed):
    """leidenalg (C++), its default of two iterations."""
    import igraph
    import leidenalg
    import numpy
    graph = igraph.Graph(n=nodes, edges=numpy.stack([u, v], axis=1).astype("int64"))
    timer = Timer()
    found = leidenalg.find_partition(graph, leidenalg.ModularityVertexPartition,
                                     weights=w.tolist(), seed=seed)
    return timer, found.membership


def by_networkit(nodes, u, v, w, seed):
    """NetworKit's ParallelLeiden (C++, OpenMP), its default of three iterations."""
    import networkit
    import numpy
    networkit.setNumberOfThreads(THREADS)
    networkit.setSeed(seed, True)
    graph = networkit.Graph(nodes, weighted=True)
    graph.addEdges((w, (u.astype(numpy.uint64), v.astype(numpy.uint64))), checkMultiEdge=False)
    timer = Timer()
    method = networkit.community.ParallelLeiden(graph)
    method.run()
    return timer, method.getPartition().getVector()


def by_networkx(nodes, u, v, w, seed):
    """networkx's Louvain (Python): its Leiden is only a door to other libraries."""
    import networkx
    graph = networkx.Graph()
    graph.add_nodes_from(range(nodes))
    graph.add_weighted_edges_from(zip(u.tolist(), v.tolist(), w.tolist()))
    timer = Timer()
    found = networkx.community.louvain_communities(graph, seed=seed)
    membership = [0] * nodes
    for number, members in enumerate(found):
        for node in members:
            membership[node] = number
    return timer, membership


METHODS = {"igraph": by_igraph, "leidenalg": by_leidenalg, "networkit": by_networkit,
           "networkx": by_networkx,
           "igraph-once": lambda *given: by_igraph(*given, iterations=1)}


def communities(method, path, seed, out):
    """Clusters, and leaves the community of every node in out."""
    import numpy
    held = numpy.load(path)
    timer, membership = METHODS[method](len(held["names"]), held["u"], held["v"], held["w"], seed)
    told = timer.told()
    numpy.save(out, numpy.asarray(membership, dtype=numpy.int64))
    return told


def pack(source, target):
    """Edges as `ringfence cluster` takes them: repeated ones added up, without weights counted once."""
    import numpy
    read = numpy.loadtxt(source, ndmin=2)
    names, ends = numpy.unique(read[:, :2].astype(numpy.int64), return_inverse=True)
    ends = numpy.sort(ends.reshape(-1, 2), axis=1)
    kept = ends[:, 0] != ends[:, 1]
    both, first, place = numpy.unique(ends[kept, 0] * len(names) + ends[kept, 1], return_index=True,
                                      return_inverse=True)
    weights = numpy.bincount(place, read[kept, 2]) if read.shape[1] > 2 else numpy.ones(len(both))
    numpy.savez(target, names=names, w=weights, u=ends[kept][first, 0].astype(numpy.int32),
                v=ends[kept][first, 1].astype(numpy.int32))
    return {"nodes": len(names), "edges": len(both)}


def quality(path, found):
    """Sum over communities of inside / m - (strength / 2m)^2; and how many there are."""
    import numpy
    held = numpy.load(path)
    if found.endswith(".npy"):
        community = numpy.load(found)
    else:
        told = numpy.loadtxt(found, delimiter=",", skiprows=1, dtype=numpy.int64, ndmin=2)
        community = numpy.empty(len(held["names"]), dtype=numpy.int64)
        community[numpy.searchsorted(held["names"], told[:, 0])] = told[:, 1]
    u, v, w = held["u"], held["v"], held["w"]
    total = w.sum()
    inside = w[community[u] == community[v]].sum()
    size = int(community.max()) + 1
    strength = numpy.bincount(community[u], w, size) + numpy.bincount(community[v], w, size)
    return {"quality": float(inside / total - ((strength / (2 * total)) ** 2).sum()),
            "communities": int(len(numpy.unique(community)))}


def splink(world, cap):
    """Fellegi and Sunter's model over arrays of shared values, blocked on any value that 2 to cap
    accounts use (of addresses: on one day)."""
    import duckdb
    from splink import Linker, SettingsCreator, block_on
    import splink.comparison_library as library
    from splink.backends.duckdb import DuckDBAPI
    timer = Timer()
    base = duckdb.connect(config={"threads": THREADS})
    used = {
        "instrument": ("payments", "instrument"), "device": ("events", "device"),
        "template": ("events", "template"), "phone": ("phones", "value"),
        "address": ("events", "ip || ' ' || seen_at::DATE"),
    }
    base.execute("CREATE TABLE wide AS SELECT account_id AS unique_id FROM read_csv('%s/accounts.csv')"
                 % world)
    for name, (file, value) in used.items():
        base.execute("""
            CREATE OR REPLACE TABLE wide AS WITH pair AS (
                SELECT DISTINCT account_id AS unique_id, %s AS value FROM read_csv('%s/%s.csv')
            ), rare AS (
                SELECT value FROM pair WHERE value IS NOT NULL GROUP BY value
                HAVING count(*) BETWEEN 2 AND %d
            ), held AS (
                SELECT unique_id, list(value) AS %s FROM pair SEMI JOIN rare USING (value)
                GROUP BY unique_id
            ) SELECT * FROM wide LEFT JOIN held USING (unique_id)""" % (value, world, file, cap, name))
    rules = [block_on(name, arrays_to_explode=[name]) for name in used]
    api = DuckDBAPI(base)
    settings = SettingsCreator("dedupe_only", [library.ArrayIntersectAtSizes(name, [2, 1])
                                               for name in used], rules,
                               retain_matching_columns=False)
    linker = Linker(api.register("wide"), settings, log_level=40)
    linker.training.estimate_probability_two_random_records_match(rules[:1], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for name in ("instrument", "device"):  # its training knows no lists: by the first value
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(name + "[1]"))
    found = linker.inference.predict(threshold_match_probability=0.5)
    told = timer.told()
    pairs, same = base.execute("""
        SELECT count(*), count(*) FILTER (WHERE a.ring = b.ring) FROM %s
        JOIN read_csv('%s/truth.csv', all_varchar = true) a ON a.account_id = unique_id_l
        JOIN read_csv('%s/truth.csv', all_varchar = true) b ON b.account_id = unique_id_r
        """ % (found.physical_name, world, world)).fetchone()
    return dict(told, pairs=pairs, same=same)


def main():
    """One run, as asked."""
    kind, *rest = sys.argv[1:]
    if kind == "events":
        told = events(*rest)
    elif kind == "pack":
        told = pack(*rest)
    elif kind == "quality":
        told = quality(*rest)
    elif kind == "splink":
        told = splink(rest[0], int(rest[1]))
    else:
        told = communities(kind, rest[0], int(rest[1]), rest[2])
    print(json.dumps(told))


if __name__ == "__main__":
    main()
