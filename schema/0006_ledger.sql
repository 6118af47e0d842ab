-- 0006_ledger.sql - what becomes of rings from run to run, and what each run rested on.
--
-- A ledger: rows are added, never deleted, and it outlives the runs it speaks of. So it names runs
-- without a foreign key (the number of a dropped run is not given again) and accounts by their
-- external_id (an account goes with the only import that mentioned it). Only ring_member.until_run
-- is ever changed, once.

-- What a run rested on besides its configuration (run.config, run_signal) and its seed: with these
-- it can be run again (detect --replay).
CREATE TABLE run_record (
    run        INTEGER PRIMARY KEY,
    started_at INTEGER NOT NULL,
    previous   INTEGER -- the run before, with whose rings these were matched; NULL for the first
) STRICT;
CREATE TABLE run_import (
    run    INTEGER NOT NULL,
    import INTEGER NOT NULL, -- its facts were seen by the run
    PRIMARY KEY (run, import)
) STRICT, WITHOUT ROWID;
CREATE TABLE run_knowledge (
    run     INTEGER NOT NULL,
    account TEXT    NOT NULL, -- external_id
    label   TEXT    NOT NULL, -- what was known of it (account_label): fraud, legit or disputed
    PRIMARY KEY (run, account)
) STRICT, WITHOUT ROWID;

-- One ring beyond one run.
CREATE TABLE ring_life (
    id       INTEGER PRIMARY KEY,
    ring_key TEXT    NOT NULL UNIQUE, -- its lasting name, from the digest of its founding members
    born_run INTEGER NOT NULL         -- the run that first found it
) STRICT;

-- Who belonged to it, by the runs that found it. While it is dormant its last members stand.
CREATE TABLE ring_member (
    life      INTEGER NOT NULL REFERENCES ring_life (id),
    account   TEXT    NOT NULL, -- external_id
    since_run INTEGER NOT NULL, -- the first run that found the account in it ...
    until_run INTEGER,          -- ... and the first that did not; NULL: it still belongs
    PRIMARY KEY (life, account, since_run)
) STRICT, WITHOUT ROWID;
CREATE INDEX ring_member_by_account ON ring_member (account, life);

-- What happened to a ring in a run. A run that finds a ring adds one row that tells its state
-- (birth, growth, shrinkage, turnover, unchanged, return); other rows stand beside it.
CREATE TABLE ring_event (
    run     INTEGER NOT NULL,
    life    INTEGER NOT NULL REFERENCES ring_life (id),
    event   TEXT    NOT NULL CHECK (event IN (
                'birth', 'growth', 'shrinkage', 'turnover', 'unchanged',
                'return',    -- found again after it was dormant
                'dormancy',  -- not found by this run
                'merge',     -- took in most members of the ring `other`
                'merged',    -- most of its members are now in the ring `other`
                'split',     -- most of its members came out of the ring `other`
                'split_off', -- the ring `other` came out of it
                'regrowth')),-- at least half of the members it, or `other`, had are banned, and
                             -- new accounts are tied to them
    other   INTEGER NOT NULL DEFAULT 0, -- the other ring's life, where there is one, else 0
    ring    INTEGER,          -- its number in the run; NULL when it was not found
    size    INTEGER,          -- its members in the run
    joined  INTEGER,          -- members it did not have before; of regrowth: those not banned
    gone    INTEGER,          -- members it had before; of regrowth: those banned
    shared  INTEGER,          -- members in common with before, or with `other`
    overlap REAL,             -- their share of both together (Jaccard)
    score   REAL,             -- bits
    flagged INTEGER,
    PRIMARY KEY (life, run, event, other)
) STRICT, WITHOUT ROWID;
CREATE INDEX ring_event_by_run ON ring_event (run, event);

-- The ledger in names.
CREATE VIEW ring_history AS
SELECT l.ring_key, e.run, r.started_at AS at, e.event, o.ring_key AS other_key, e.ring, e.size,
       e.joined, e.gone, e.shared, e.overlap, e.score, e.flagged, l.born_run
FROM ring_event e
JOIN ring_life l ON l.id = e.life
LEFT JOIN ring_life o ON o.id = e.other
LEFT JOIN run_record r ON r.run = e.run;

-- Rings of the last run made before there was a ledger are its first entries, under their keys.
INSERT INTO run_record (run, started_at)
SELECT id, started_at FROM run ORDER BY id DESC LIMIT 1;
INSERT OR IGNORE INTO ring_life (ring_key, born_run)
SELECT ring_key, run FROM ring WHERE run = (SELECT run FROM run_record) ORDER BY ring;
INSERT INTO ring_member (life, account, since_run)
SELECT l.id, a.external_id, m.run
FROM run_record x
JOIN member m ON m.run = x.run
JOIN ring r ON r.run = m.run AND r.ring = m.ring
JOIN ring_life l ON l.ring_key = r.ring_key
JOIN account a ON a.id = m.account
WHERE true
ON CONFLICT DO NOTHING;
INSERT INTO ring_event (run, life, event, ring, size, joined, score, flagged)
SELECT r.run, l.id, 'birth', r.ring, r.size, r.size, r.score, r.flagged
FROM run_record x
JOIN ring r ON r.run = x.run
JOIN ring_life l ON l.ring_key = r.ring_key
WHERE true
ON CONFLICT DO NOTHING;
