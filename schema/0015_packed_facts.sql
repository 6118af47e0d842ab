-- 0015_packed_facts.sql - the same facts in a quarter of the rows, so that they are written and read
-- in less time.
--
-- A pack is a row that holds up to a few dozen facts of one value or account. What they have in
-- common stands in columns; `packed` is a JSON array of one number a fact: its differences to the
-- columns, as digits of mixed radix. The views sighting, holding and activity have a row a fact, as
-- the tables of these names had; only the packs are written to.

-- Sightings of one value told by one import, ascending by account, then day.
CREATE TABLE sighting_pack (
    value    INTEGER NOT NULL REFERENCES value (id),
    account  INTEGER NOT NULL REFERENCES account (id), -- the smallest in it
    import   INTEGER NOT NULL REFERENCES import (id),
    part     INTEGER NOT NULL, -- tells packs apart that begin with the same account
    accounts INTEGER NOT NULL, -- the greatest account less the smallest, plus 1
    day      INTEGER NOT NULL, -- the earliest; -1: not known
    days     INTEGER NOT NULL, -- the latest less the earliest, plus 1
    most     INTEGER NOT NULL, -- the greatest times
    packed   TEXT    NOT NULL, -- of each: ((account - smallest) * days + day - earliest) * most
                               --          + times - 1
    PRIMARY KEY (value, account, import, part)
) STRICT, WITHOUT ROWID;

-- Values an account holds; each is in one pack only.
CREATE TABLE holding_pack (
    account INTEGER NOT NULL REFERENCES account (id),
    value   INTEGER NOT NULL REFERENCES value (id), -- the smallest in it
    packed  TEXT    NOT NULL,                       -- of each: value - smallest
    PRIMARY KEY (account, value)
) STRICT, WITHOUT ROWID;

-- What one import told an account did, ascending by capability, then day.
CREATE TABLE activity_pack (
    account       INTEGER NOT NULL REFERENCES account (id),
    import        INTEGER NOT NULL REFERENCES import (id),
    part          INTEGER NOT NULL, -- tells packs apart
    capability    INTEGER NOT NULL, -- the smallest; 0: none was named
    day           INTEGER NOT NULL, -- the earliest; -1: not known
    days          INTEGER NOT NULL, -- the latest less the earliest, plus 1
    events        INTEGER NOT NULL, -- the fewest
    events_span   INTEGER NOT NULL, -- the most less the fewest, plus 1
    requests      INTEGER NOT NULL, -- the fewest
    requests_span INTEGER NOT NULL, -- the most less the fewest, plus 1
    packed        TEXT    NOT NULL, -- of each: ((((capability - smallest) * days + day - earliest)
                                    --   * events_span + events - fewest) * requests_span
                                    --   + requests - fewest) * 2^24 + hours
    PRIMARY KEY (account, import, part)
) STRICT, WITHOUT ROWID;

-- Rows that are unlike others are packed alone, so that no number can be too large.
WITH numbered AS (
    SELECT *, iif(times > 4096, -1 - row_number() OVER w, row_number() OVER w / 32) AS part
    FROM sighting WINDOW w AS (PARTITION BY value, import ORDER BY account, day)),
pieces AS (
    SELECT *, min(account) OVER p AS first, max(account) OVER p - min(account) OVER p + 1 AS accounts, min(day) OVER p AS since,
           max(day) OVER p - min(day) OVER p + 1 AS days, max(times) OVER p AS most
    FROM numbered WINDOW p AS (PARTITION BY value, import, part))
INSERT INTO sighting_pack (value, account, import, part, accounts, day, days, most, packed)
SELECT value, first, import, part, accounts, since, days, most,
       '[' || group_concat(((account - first) * days + day - since) * most + times - 1) || ']'
FROM pieces GROUP BY value, first, import, part;

WITH numbered AS (
    SELECT *, row_number() OVER (PARTITION BY account ORDER BY value) / 32 AS part FROM holding),
pieces AS (
    SELECT *, min(value) OVER (PARTITION BY account, part) AS first FROM numbered)
INSERT INTO holding_pack (account, value, packed)
SELECT account, first, '[' || group_concat(value - first) || ']'
FROM pieces GROUP BY account, first;

WITH numbered AS (
    SELECT *, iif(events > 32 OR requests > 8192, -1 - row_number() OVER w,
                  capability << 24 | row_number() OVER w / 32) AS part
    FROM activity WINDOW w AS (PARTITION BY account, import ORDER BY capability, day)),
pieces AS (
    SELECT *, min(day) OVER p AS since, max(day) OVER p - min(day) OVER p + 1 AS days,
           min(events) OVER p AS fewest, max(events) OVER p - min(events) OVER p + 1 AS spread,
           min(requests) OVER p AS least, max(requests) OVER p - min(requests) OVER p + 1 AS span
    FROM numbered WINDOW p AS (PARTITION BY account, import, part))
INSERT INTO activity_pack (account, import, part, capability, day, days, events, events_span,
                           requests, requests_span, packed)
SELECT account, import, part, capability, since, days, fewest, spread, least, span,
       '[' || group_concat((((day - since) * spread + events - fewest) * span + requests - least)
                           * 16777216 + hours) || ']'
FROM pieces GROUP BY account, import, part;

DROP VIEW sighting_by_account;
DROP TABLE sighting;
DROP TABLE holding;
DROP TABLE activity;

-- Account used value on a day, so many times. Counted per import; readers add the imports up.
CREATE VIEW sighting AS
SELECT p.value, p.account + j.value / (p.days * p.most) AS account,
       p.day + j.value / p.most % p.days AS day, p.import, 1 + j.value % p.most AS times
FROM sighting_pack p, json_each(p.packed) j;

-- Which values an account holds: exactly the pairs that have a sighting.
CREATE VIEW holding AS
SELECT p.account, p.value + j.value AS value
FROM holding_pack p, json_each(p.packed) j;

-- The sightings of an account, fast: WHERE account = ... reads only packs that can have some.
CREATE VIEW sighting_by_account AS
SELECT h.account, p.value, p.day + j.value / p.most % p.days AS day, p.import,
       1 + j.value % p.most AS times
FROM holding h
CROSS JOIN sighting_pack p ON p.value = h.value AND p.account <= h.account AND
                                 p.account + p.accounts > h.account
CROSS JOIN json_each(p.packed) j ON p.account + j.value / (p.days * p.most) = h.account;

-- What an account did on a day with a capability, counted from events. Counted per import; readers
-- add the imports up. hours: bit h is set when there was activity in hour h (UTC).
CREATE VIEW activity AS
SELECT p.account,
       p.capability + (j.value >> 24) / p.requests_span / p.events_span / p.days AS capability,
       p.day + (j.value >> 24) / p.requests_span / p.events_span % p.days AS day, p.import,
       p.events + (j.value >> 24) / p.requests_span % p.events_span AS events,
       p.requests + (j.value >> 24) % p.requests_span AS requests,
       j.value & 16777215 AS hours
FROM activity_pack p, json_each(p.packed) j;
