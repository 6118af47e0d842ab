-- 0017_counts.sql - what a run counts of everybody, so that questions about everybody are answered at
-- once: queries that asked every account, every value or every link read these instead. Runs made
-- before have none, and the queries then count for themselves.

-- Accounts by country and by time zone.
CREATE TABLE place (
    run      INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    kind     TEXT    NOT NULL CHECK (kind IN ('country', 'timezone')),
    name     TEXT    NOT NULL, -- as imported; '' when not known
    accounts INTEGER NOT NULL,
    in_rings INTEGER NOT NULL, -- of these
    PRIMARY KEY (run, kind, name)
) STRICT, WITHOUT ROWID;

-- How many of them are in each of the rings that the run flagged (a decision may have cleared one since).
CREATE TABLE place_ring (
    run      INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    kind     TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    ring     INTEGER NOT NULL,
    accounts INTEGER NOT NULL,
    PRIMARY KEY (run, kind, name, ring)
) STRICT, WITHOUT ROWID;

-- Values that two accounts or more hold, of link signals that are not windowed by day; those on the
-- allow-list left out.
CREATE TABLE shared_value (
    run     INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    signal  INTEGER NOT NULL REFERENCES signal (id),
    value   INTEGER NOT NULL REFERENCES value (id),
    holders INTEGER NOT NULL, -- accounts
    members INTEGER NOT NULL, -- of these, in rings
    rings   INTEGER NOT NULL, -- in how many
    PRIMARY KEY (run, signal, value)
) STRICT, WITHOUT ROWID;

-- In which rings their holders are.
CREATE TABLE shared_in_ring (
    run     INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    signal  INTEGER NOT NULL,
    value   INTEGER NOT NULL REFERENCES value (id),
    ring    INTEGER NOT NULL,
    members INTEGER NOT NULL, -- of the ring that hold it
    PRIMARY KEY (run, signal, value, ring)
) STRICT, WITHOUT ROWID;

-- Links of accounts that signed up within ten minutes.
CREATE TABLE link_together (
    run       INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    seconds   INTEGER NOT NULL, -- between the two
    account_a INTEGER NOT NULL, -- as in link
    account_b INTEGER NOT NULL,
    PRIMARY KEY (run, seconds, account_a, account_b)
) STRICT, WITHOUT ROWID;

-- Few accounts are banned, and queries begin with them.
CREATE INDEX account_banned ON account (id) WHERE status = 'banned';
