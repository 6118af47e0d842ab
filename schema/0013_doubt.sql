-- 0013_doubt.sql - from which score rings were flagged.

-- Bits: the setting flagged_from, or more where too many of the flagged were expected to be honest;
-- Inf when no ring was flagged for that reason. NULL in runs of earlier versions.
ALTER TABLE run ADD COLUMN flagged_from REAL;
