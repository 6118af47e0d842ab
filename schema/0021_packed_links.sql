-- 0021_packed_links.sql - links are packed, up to 32 a row, as the facts are (0015): a row of the
-- tree costs a run as much as twenty numbers of a pack. What reads link and link_by_b finds views of
-- these names, and looks an account up as fast as before.

-- The links of account_a, ascending by account_b; each is in one pack only.
CREATE TABLE link_pack (
    run       INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    account_a INTEGER NOT NULL REFERENCES account (id), -- the bytewise smaller external_id
    account_b INTEGER NOT NULL REFERENCES account (id), -- the smallest in it
    families  INTEGER NOT NULL, -- the most, plus 1
    bits      INTEGER NOT NULL, -- the fewest, in 1/65536 bit
    bits_span INTEGER NOT NULL, -- the most less the fewest, plus 1
    packed    TEXT    NOT NULL, -- of each: ((account_b - smallest) * families + its families)
                                --          * bits_span + bits - fewest
    PRIMARY KEY (run, account_a, account_b)
) STRICT, WITHOUT ROWID;

-- The same pairs from the other side, ascending by account_a.
CREATE TABLE link_by_b_pack (
    run       INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    account_b INTEGER NOT NULL,
    account_a INTEGER NOT NULL, -- the smallest in it
    packed    TEXT    NOT NULL, -- of each: account_a - smallest
    PRIMARY KEY (run, account_b, account_a)
) STRICT, WITHOUT ROWID;

WITH numbered AS (
    SELECT run, account_a, account_b, families, CAST(round(bits * 65536) AS INTEGER) AS units,
           (row_number() OVER (PARTITION BY run, account_a ORDER BY account_b) - 1) / 32 AS part
    FROM link),
pieces AS (
    SELECT *, min(account_b) OVER p AS first, max(families) OVER p + 1 AS most,
           min(units) OVER p AS least, max(units) OVER p - min(units) OVER p + 1 AS span
    FROM numbered WINDOW p AS (PARTITION BY run, account_a, part)
    ORDER BY run, account_a, account_b)
INSERT INTO link_pack (run, account_a, account_b, families, bits, bits_span, packed)
SELECT run, account_a, first, most, least, span,
       '[' || group_concat(((account_b - first) * most + families) * span + units - least) || ']'
FROM pieces GROUP BY run, account_a, first, most, least, span;

WITH numbered AS (
    SELECT run, account_a, account_b,
           (row_number() OVER (PARTITION BY run, account_b ORDER BY account_a) - 1) / 32 AS part
    FROM link_by_b),
pieces AS (
    SELECT *, min(account_a) OVER (PARTITION BY run, account_b, part) AS first FROM numbered
    ORDER BY run, account_b, account_a)
INSERT INTO link_by_b_pack (run, account_b, account_a, packed)
SELECT run, account_b, first, '[' || group_concat(account_a - first) || ']'
FROM pieces GROUP BY run, account_b, first;

DROP TABLE link;
DROP TABLE link_by_b;

-- A kept pair of accounts; account_a is the one whose external_id is bytewise smaller. bits: log2 of
-- the odds that the two have one operator; families: how many families of evidence speak for it.
CREATE VIEW link AS
SELECT p.run, p.account_a, p.account_b + j.value / p.bits_span / p.families AS account_b,
       (p.bits + j.value % p.bits_span) / 65536.0 AS bits,
       j.value / p.bits_span % p.families AS families
FROM link_pack p, json_each(p.packed) j;

-- The same pairs, found by their second account.
CREATE VIEW link_by_b AS
SELECT p.run, p.account_b, p.account_a + j.value AS account_a
FROM link_by_b_pack p, json_each(p.packed) j;
