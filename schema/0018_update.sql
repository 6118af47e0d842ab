-- 0015_update.sql - what an update of the latest run (detect --update) starts from.
--
-- All of it is for speed alone: without it, detection reads the facts and begins anew.

-- What the latest run had in its hands, as arrays of the machine (store/kept.h); made by a full run,
-- in part renewed by its updates.
CREATE TABLE kept (
    id    INTEGER PRIMARY KEY,
    part  TEXT NOT NULL UNIQUE,
    bytes BLOB NOT NULL
) STRICT;

-- What imports brought since `kept` was made, while the facts are ordered by what they are about.
CREATE TABLE news_import (
    import INTEGER PRIMARY KEY -- it is told below all that it brought
) STRICT;
CREATE TABLE news_holding (   -- the account was never seen with the value before
    value   INTEGER NOT NULL,
    account INTEGER NOT NULL,
    import  INTEGER NOT NULL,
    PRIMARY KEY (value, account)
) STRICT, WITHOUT ROWID;
CREATE TABLE news_sighting (  -- of signals windowed by day
    value   INTEGER NOT NULL,
    day     INTEGER NOT NULL,
    account INTEGER NOT NULL,
    import  INTEGER NOT NULL,
    PRIMARY KEY (value, day, account)
) STRICT, WITHOUT ROWID;
CREATE TABLE news_activity (
    account    INTEGER NOT NULL,
    day        INTEGER NOT NULL,
    capability INTEGER NOT NULL,
    import     INTEGER NOT NULL,
    requests   INTEGER NOT NULL,
    hours      INTEGER NOT NULL,
    PRIMARY KEY (account, day, capability, import)
) STRICT, WITHOUT ROWID;
CREATE TABLE news_account (   -- there before, and spoken of again
    account INTEGER NOT NULL,
    import  INTEGER NOT NULL,
    PRIMARY KEY (account, import)
) STRICT, WITHOUT ROWID;

-- An update changes its run in place: ring numbers, keys and all that is unchanged stay. In the
-- ledger it has a number of its own, from the same sequence as runs.
ALTER TABLE run ADD COLUMN updated_at INTEGER;              -- of the last update; NULL: none
ALTER TABLE run ADD COLUMN updates INTEGER NOT NULL DEFAULT 0;
CREATE TABLE run_update (
    number     INTEGER PRIMARY KEY, -- in run_record, ring_event and ring_member
    run        INTEGER NOT NULL,    -- what was updated
    started_at INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    imports    INTEGER NOT NULL,    -- how many it took in, of them the newest:
    import     INTEGER NOT NULL,
    accounts   INTEGER NOT NULL,    -- new ones
    links_new  INTEGER NOT NULL,
    links_gone INTEGER NOT NULL,
    links_changed INTEGER NOT NULL,
    rings_changed INTEGER NOT NULL, -- new ones among them
    timings    TEXT    NOT NULL     -- seconds of each stage, as JSON
) STRICT;
