-- 0012_allow.sql - values known to be good: an office's egress, a partner's proxy, a company card.
-- Entries are added and never changed or deleted; the latest on a value counts.

CREATE TABLE allow_entry (
    id      INTEGER PRIMARY KEY,
    signal  TEXT    NOT NULL, -- name of the signal
    value   TEXT    NOT NULL, -- canonical form, as in value.text; of ip also a prefix, 192.0.2.0/24
    action  TEXT    NOT NULL CHECK (action IN ('allow', 'remove')),
    reason  TEXT    NOT NULL, -- of a removal it may be ''
    until   INTEGER,          -- the last day on which it holds; NULL: no end
    by_whom TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    CHECK (action = 'remove' OR reason <> '')
) STRICT;
CREATE INDEX allow_by_value ON allow_entry (signal, value, id);

CREATE TRIGGER allow_is_kept BEFORE DELETE ON allow_entry
BEGIN SELECT raise(ABORT, 'entries of the allow-list are never deleted: remove them'); END;
CREATE TRIGGER allow_is_final BEFORE UPDATE ON allow_entry
BEGIN SELECT raise(ABORT, 'entries of the allow-list are never changed: allow again'); END;

-- What counts now: the latest entry on each value, unless it is a removal.
CREATE VIEW allow_latest AS
SELECT *, coalesce(until < unixepoch() / 86400, 0) AS expired
FROM allow_entry
WHERE id IN (SELECT max(id) FROM allow_entry GROUP BY signal, value) AND action = 'allow';
CREATE VIEW allow_active AS
SELECT id, signal, value FROM allow_latest WHERE NOT expired;

-- Values that a run left out because they were allowed: they make no links, add no bits,
-- corroborate nothing, and bind no ring.
CREATE TABLE run_allowed (
    run   INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    value INTEGER NOT NULL REFERENCES value (id),
    entry INTEGER NOT NULL, -- allow_entry.id
    PRIMARY KEY (run, value)
) STRICT, WITHOUT ROWID;

-- The entries that held when a run began.
CREATE TABLE run_allow_entry (
    run   INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (run, entry)
) STRICT, WITHOUT ROWID;
