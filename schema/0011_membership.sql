-- 0011_membership.sql - how strongly an account belongs to its ring.

-- log2 odds that it does, by what it shares with the other members (docs/scoring.md); NULL for rings
-- that were never suspect, and in runs of earlier versions.
ALTER TABLE member ADD COLUMN membership REAL;
