-- 0019_signups.sql - what a run saw of sign-ups, by which single accounts are ranked (explain,
-- evaluate --curve; engine/rings/suspicion.h). Runs made before have none.

-- The curve of sign-ups: of each day since 1970 that has any, accounts in each quarter of an hour
-- (UTC), 96 numbers as a JSON array.
CREATE TABLE signup (
    run      INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    day      INTEGER NOT NULL,
    accounts TEXT    NOT NULL,
    PRIMARY KEY (run, day)
) STRICT, WITHOUT ROWID;

-- The same by quarter: times 900 it is the Unix time it begins at.
CREATE VIEW signup_quarter AS
SELECT s.run, s.day, s.day * 96 + q.key AS quarter, q.value AS accounts
FROM signup s, json_each(s.accounts) q
WHERE q.value > 0;

-- How members of each ring that the run flagged signed up, and how all others did.
CREATE TABLE signup_timing (
    run      INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    ring     INTEGER NOT NULL, -- 0: accounts in no flagged ring
    tied     INTEGER NOT NULL CHECK (tied IN (0, 1)), -- 1: beside those they are linked to; 0: beside everybody
    level    INTEGER NOT NULL, -- 8: as expected; every two more: twice as many together
    accounts INTEGER NOT NULL,
    PRIMARY KEY (run, ring, tied, level)
) STRICT, WITHOUT ROWID;

-- What is known of an account of which nothing else is.
CREATE TABLE suspicion_base (
    run         INTEGER PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    accounts    INTEGER NOT NULL,
    flagged     INTEGER NOT NULL, -- of these, in rings that the run flagged
    few         INTEGER NOT NULL, -- rings of four members at most
    few_flagged INTEGER NOT NULL  -- of these, flagged
) STRICT;
