-- 0008_chance.sql - how many rings would be there by chance, and which members hold a ring together.

-- Runs of earlier versions have no shuffles: their q is not known.
ALTER TABLE run ADD COLUMN shuffles INTEGER NOT NULL DEFAULT 0; -- of who holds which value
ALTER TABLE run ADD COLUMN expected_by_chance REAL; -- rings bound as strongly as the flagged ones

-- Bits a member of links inside for which two families speak.
ALTER TABLE ring ADD COLUMN inner_bits REAL;
-- False-ring rate: of the rings at least as strongly bound, about this share is there by chance.
ALTER TABLE ring ADD COLUMN q REAL;

-- A bridge is a core member without whom the ring falls into parts.
CREATE TABLE member_with_bridges (
    run     INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    account INTEGER NOT NULL REFERENCES account (id),
    ring    INTEGER NOT NULL,
    cell    INTEGER NOT NULL,
    network INTEGER NOT NULL,
    role    TEXT    NOT NULL CHECK (role IN ('core', 'fringe', 'bridge')),
    links   INTEGER NOT NULL, -- kept pairs with other members of the ring
    bits    REAL    NOT NULL, -- their sum
    PRIMARY KEY (run, account),
    FOREIGN KEY (run, ring) REFERENCES ring (run, ring) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO member_with_bridges SELECT run, account, ring, cell, network, role, links, bits FROM member;
DROP TABLE member;
ALTER TABLE member_with_bridges RENAME TO member;
CREATE INDEX member_by_ring ON member (run, ring, account);
