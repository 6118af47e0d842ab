-- 0009_separation.sql - judgements that two accounts do not have the same operator.
-- A fact, made by a person: detection keeps the two apart (never linked, never in one ring).
CREATE TABLE separation (
    id        INTEGER PRIMARY KEY,
    account_a INTEGER NOT NULL REFERENCES account (id), -- the one with the smaller row id
    account_b INTEGER NOT NULL REFERENCES account (id),
    reason    TEXT    NOT NULL,
    said_by   TEXT    NOT NULL, -- who judged; '' when not told
    said_at   INTEGER NOT NULL,
    undone_at INTEGER,          -- when separate --undo took it back; it then binds nobody
    CHECK (account_a < account_b)
) STRICT;
-- one judgement in force a pair
CREATE UNIQUE INDEX separation_by_pair ON separation (account_a, account_b) WHERE undone_at IS NULL;

-- The judgements that were in force for a run; like run_knowledge, so that it can be run again.
CREATE TABLE run_separation (
    run        INTEGER NOT NULL,
    separation INTEGER NOT NULL, -- separation.id
    PRIMARY KEY (run, separation)
) STRICT, WITHOUT ROWID;
