-- 0010_decisions.sql - what investigators decided about rings. Rows are added and never changed or
-- deleted; the latest decision on a ring counts.

CREATE TABLE decision (
    id       INTEGER PRIMARY KEY,
    ring_key TEXT    NOT NULL, -- the ring's lasting key
    verdict  TEXT    NOT NULL CHECK (verdict IN (
                 'confirmed',  -- it is a ring: its members count as reviewed
                 'cleared',    -- it is none: not flagged again until it has materially changed
                 'watched')),  -- wait and see: still flagged, but nobody is asked to verify
    reason   TEXT    NOT NULL CHECK (reason <> ''),
    by_whom  TEXT    NOT NULL, -- who decided
    at       INTEGER NOT NULL,
    run      INTEGER NOT NULL, -- what was decided on: the ring as this run found it ...
    ring     INTEGER NOT NULL, -- ... under this number ...
    size     INTEGER NOT NULL, -- ... with so many members: decision_member ...
    score    REAL    NOT NULL  -- ... and this score, bits
) STRICT;
CREATE INDEX decision_by_key ON decision (ring_key, id);

CREATE TABLE decision_member (
    decision INTEGER NOT NULL REFERENCES decision (id),
    account  TEXT    NOT NULL, -- external_id: a decision outlives the imports
    PRIMARY KEY (decision, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX decision_member_by_account ON decision_member (account, decision);

CREATE TRIGGER decision_is_kept BEFORE DELETE ON decision
BEGIN SELECT raise(ABORT, 'decisions are never deleted'); END;
CREATE TRIGGER decision_is_final BEFORE UPDATE ON decision
BEGIN SELECT raise(ABORT, 'decisions are never changed: decide again'); END;
CREATE TRIGGER decision_member_is_kept BEFORE DELETE ON decision_member
BEGIN SELECT raise(ABORT, 'decisions are never deleted'); END;
CREATE TRIGGER decision_member_is_final BEFORE UPDATE ON decision_member
BEGIN SELECT raise(ABORT, 'decisions are never changed: decide again'); END;

-- The decisions that count, and the accounts each was made on.
CREATE VIEW decision_latest AS
SELECT * FROM decision WHERE id IN (SELECT max(id) FROM decision GROUP BY ring_key);
CREATE VIEW account_decision AS
SELECT m.account, d.ring_key, d.verdict, d.at, d.by_whom, d.reason, d.id AS decision
FROM decision_latest d
JOIN decision_member m ON m.decision = d.id;

-- The newest decision that a run knew; 0: none.
ALTER TABLE run_record ADD COLUMN decisions INTEGER NOT NULL DEFAULT 0;
