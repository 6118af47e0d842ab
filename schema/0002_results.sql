-- 0002_results.sql - what detection found. Everything here belongs to a run and can be dropped
-- (DELETE FROM run ...) and computed again from the facts, the configuration and the seed.

-- One execution of detection over the facts as they were.
CREATE TABLE run (
    id          INTEGER PRIMARY KEY,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    version     TEXT    NOT NULL, -- of the program
    seed        INTEGER NOT NULL,
    config      TEXT    NOT NULL, -- every setting, as JSON
    accounts    INTEGER NOT NULL,
    sightings   INTEGER NOT NULL,
    pairs       INTEGER NOT NULL, -- pairs of accounts that share something and were examined
    links       INTEGER NOT NULL, -- pairs kept
    rings       INTEGER NOT NULL,
    flagged     INTEGER NOT NULL, -- rings flagged
    prior_bits  REAL    NOT NULL, -- log2 odds that two random accounts have one operator
    timings     TEXT    NOT NULL  -- seconds of each stage, as JSON
) STRICT;

-- What sharing a value is worth, learned for each signal and number of holders.
CREATE TABLE calibration (
    run          INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    signal       INTEGER NOT NULL REFERENCES signal (id),
    holders_from INTEGER NOT NULL, -- the bucket: values with this many holders
    holders_to   INTEGER NOT NULL,
    groups       INTEGER NOT NULL, -- values (or value-days) in the bucket
    examined     INTEGER NOT NULL, -- sampled pairs for which another family is known on both sides
    corroborated REAL    NOT NULL, -- of these, how many also share something of another family
    by_chance    REAL    NOT NULL, -- the same rate among random pairs, taken off
    reliability  REAL    NOT NULL, -- p(signal, holders): how often sharing it is a real tie
    bits         REAL    NOT NULL, -- what it adds to the log2 odds of a pair
    PRIMARY KEY (run, signal, holders_from)
) STRICT, WITHOUT ROWID;

-- What was seen inside a single value: its own experience, towards which its bucket is corrected.
-- Only values with at least two holders are here. Together with calibration, run_weighing and
-- run_signal it is all that is needed to explain the bits of any link.
CREATE TABLE value_worth (
    run          INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    value        INTEGER NOT NULL REFERENCES value (id),
    examined     INTEGER NOT NULL, -- pairs of its holders examined, over all its days
    corroborated INTEGER NOT NULL, -- of these, how many share something of another family
    PRIMARY KEY (run, value)
) STRICT, WITHOUT ROWID;

-- The settings by which a run weighed pairs, as they came out for its population.
CREATE TABLE run_weighing (
    run            INTEGER PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    threshold_bits REAL    NOT NULL, -- a link is a pair above it
    pair_cap       INTEGER NOT NULL, -- values (or value-days) with more holders make no pairs
    common         INTEGER NOT NULL, -- and with more than this they corroborate nothing
    one_family     INTEGER NOT NULL CHECK (one_family IN (0, 1)) -- values corroborate each other
) STRICT;

-- The signals as a run used them: its configuration may differ from the table signal.
CREATE TABLE run_signal (
    run         INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    signal      INTEGER NOT NULL REFERENCES signal (id),
    family      TEXT    NOT NULL,
    role        TEXT    NOT NULL CHECK (role IN ('link', 'context')),
    windowed    INTEGER NOT NULL CHECK (windowed IN (0, 1)),
    by_chance   REAL, -- of random pairs, how many share something of another family; links only
    sensitivity REAL, -- of real ties that share its family, how many share another one too
    PRIMARY KEY (run, signal)
) STRICT, WITHOUT ROWID;

-- Values (or value-days) too common to be joined pair by pair. Nothing is dropped silently.
CREATE TABLE hub (
    run         INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    value       INTEGER NOT NULL REFERENCES value (id),
    holders     INTEGER NOT NULL, -- accounts using it (on its busiest day, for windowed signals)
    days        INTEGER NOT NULL, -- days on which it was above the cap; 1 for stable signals
    reliability REAL    NOT NULL,
    bits        REAL    NOT NULL, -- what it still adds to pairs that other values make
    treatment   TEXT    NOT NULL CHECK (treatment IN ('ignored', 'adds', 'star')),
                                  -- ignored: worth nothing; adds: adds its bits to pairs that other
                                  -- values make; star: joins all its holders as one node
    PRIMARY KEY (run, value)
) STRICT, WITHOUT ROWID;

-- A kept pair of accounts; account_a is the one whose external_id is bytewise smaller.
CREATE TABLE link (
    run       INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    account_a INTEGER NOT NULL REFERENCES account (id),
    account_b INTEGER NOT NULL REFERENCES account (id),
    bits      REAL    NOT NULL, -- log2 of the odds that the two have one operator
    families  INTEGER NOT NULL, -- how many families of evidence speak for it
    PRIMARY KEY (run, account_a, account_b)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_by_b ON link (run, account_b, account_a);

-- The three nested levels: cells in rings in networks. Ids count within their run.
CREATE TABLE ring (
    run           INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    ring          INTEGER NOT NULL, -- 1 is the ring with the best score
    ring_key      TEXT    NOT NULL, -- its identity outside this run
    network       INTEGER NOT NULL,
    size          INTEGER NOT NULL, -- members
    cells         INTEGER NOT NULL,
    links         INTEGER NOT NULL, -- kept pairs inside
    link_bits     REAL    NOT NULL, -- their sum
    score         REAL    NOT NULL, -- bits: sum of score_part
    flagged       INTEGER NOT NULL CHECK (flagged IN (0, 1)),
    looks_like    TEXT    NOT NULL, -- the honest explanation that fits best
    first_created INTEGER,
    last_created  INTEGER,
    requests      INTEGER NOT NULL,
    PRIMARY KEY (run, ring)
) STRICT, WITHOUT ROWID;
CREATE INDEX ring_by_key ON ring (ring_key, run);

CREATE TABLE member (
    run     INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    account INTEGER NOT NULL REFERENCES account (id),
    ring    INTEGER NOT NULL,
    cell    INTEGER NOT NULL,
    network INTEGER NOT NULL,
    role    TEXT    NOT NULL CHECK (role IN ('core', 'fringe')),
    links   INTEGER NOT NULL, -- kept pairs with other members of the ring
    bits    REAL    NOT NULL, -- their sum
    PRIMARY KEY (run, account),
    FOREIGN KEY (run, ring) REFERENCES ring (run, ring) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX member_by_ring ON member (run, ring, account);

-- Why a ring has its score: the parts sum to it. A score is never shown without them.
CREATE TABLE score_part (
    run      INTEGER NOT NULL,
    ring     INTEGER NOT NULL,
    part     TEXT    NOT NULL,
    bits     REAL    NOT NULL, -- positive speaks for one operator, negative for honest people
    observed REAL,             -- the figure seen in the ring
    expected REAL,             -- the same figure in the rest of the population
    note     TEXT    NOT NULL, -- both in words
    PRIMARY KEY (run, ring, part),
    FOREIGN KEY (run, ring) REFERENCES ring (run, ring) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- The values that bind a ring together, strongest first.
CREATE TABLE evidence (
    run     INTEGER NOT NULL,
    ring    INTEGER NOT NULL,
    rank    INTEGER NOT NULL, -- 1 is the strongest
    value   INTEGER NOT NULL REFERENCES value (id),
    members INTEGER NOT NULL, -- members that share it with another member (on one day, if windowed)
    holders INTEGER NOT NULL, -- accounts that use it, in the ring or not
    bits    REAL    NOT NULL, -- what sharing it is worth for one pair
    first_day INTEGER,        -- of its use inside the ring
    last_day  INTEGER,
    PRIMARY KEY (run, ring, rank),
    FOREIGN KEY (run, ring) REFERENCES ring (run, ring) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX evidence_by_value ON evidence (value, run);

CREATE VIEW latest_run AS SELECT max(id) AS id FROM run;

CREATE VIEW ring_readable AS
SELECT run, ring, ring_key, network, size, round(score, 1) AS score, flagged, looks_like,
       datetime(first_created, 'unixepoch') AS first_created,
       datetime(last_created, 'unixepoch') AS last_created, requests
FROM ring;
