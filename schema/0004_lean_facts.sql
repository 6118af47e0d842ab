-- 0004_lean_facts.sql - the same facts in half the room, so that they are written in half the time.
--
-- activity takes the place of the tables usage and capability_use, which are now views of it;
-- holding takes the place of the index sighting_by_account, which is now a view; and what is said of
-- an account is kept once, as long as one import alone speaks of it.

-- What an account did on a day with a capability, counted from events. Most account-days are one
-- row. Counted per import; readers add the imports up.
CREATE TABLE activity (
    account    INTEGER NOT NULL REFERENCES account (id),
    capability INTEGER NOT NULL, -- a value of the signal 'capability'; 0: none was named
    day        INTEGER NOT NULL, -- -1: not known
    import     INTEGER NOT NULL REFERENCES import (id),
    events     INTEGER NOT NULL, -- rows
    requests   INTEGER NOT NULL,
    hours      INTEGER NOT NULL, -- bit h is set when there was activity in hour h (UTC)
    PRIMARY KEY (account, capability, day, import)
) STRICT, WITHOUT ROWID;

-- Where all requests of a day are those of one capability, so are its events and hours. Otherwise
-- they were not kept by capability, and stand in the row without one.
INSERT INTO activity (account, capability, day, import, events, requests, hours)
SELECT c.account, c.capability, c.day, c.import, iif(c.requests = u.requests, u.events, 0),
       c.requests, iif(c.requests = u.requests, u.hours, 0)
FROM capability_use c
JOIN usage u ON u.account = c.account AND u.day = c.day AND u.import = c.import;
INSERT INTO activity (account, capability, day, import, events, requests, hours)
SELECT u.account, 0, u.day, u.import, u.events,
       u.requests - coalesce((SELECT sum(c.requests) FROM capability_use c
                              WHERE c.account = u.account AND c.day = u.day
                                AND c.import = u.import), 0),
       u.hours
FROM usage u
WHERE NOT EXISTS (SELECT 1 FROM capability_use c
                  WHERE c.account = u.account AND c.day = u.day AND c.import = u.import
                    AND c.requests = u.requests);
DROP VIEW hour_profile;
DROP TABLE usage;
DROP TABLE capability_use;

-- Usage of an account by day: one row or several, to be added up by (account, day).
CREATE VIEW usage AS
SELECT account, day, import, events, requests, hours FROM activity;

-- Requests by capability, account and day.
CREATE VIEW capability_use AS
SELECT account, capability, day, import, requests FROM activity WHERE capability > 0;

-- The 24-hour profile of an account: on how many days it was active in each hour.
CREATE VIEW hour_profile AS
WITH RECURSIVE clock (hour) AS (SELECT 0 UNION ALL SELECT hour + 1 FROM clock WHERE hour < 23)
SELECT account, hour, count(DISTINCT iif(hours >> hour & 1, day, NULL)) AS days_active
FROM activity, clock
GROUP BY account, hour;

-- Which values an account holds: exactly the pairs that have a sighting. The other direction of
-- the key of sighting.
CREATE TABLE holding (
    account INTEGER NOT NULL REFERENCES account (id),
    value   INTEGER NOT NULL REFERENCES value (id),
    PRIMARY KEY (account, value)
) STRICT, WITHOUT ROWID;
INSERT INTO holding (account, value)
SELECT DISTINCT account, value FROM sighting ORDER BY account, value;
DROP INDEX IF EXISTS sighting_by_account;

-- The sightings of an account, fast: WHERE account = ... reads only these.
CREATE VIEW sighting_by_account AS
SELECT h.account, h.value, s.day, s.import, s.times
FROM holding h
CROSS JOIN sighting s ON s.value = h.value AND s.account = h.account;

-- Whose words the columns of an account are: an import that alone speaks of it; 0 when several do,
-- whose words are then in account_claim; NULL when it was never spoken of by itself.
ALTER TABLE account ADD COLUMN said_by INTEGER;
UPDATE account SET said_by = c.said_by
FROM (SELECT account, iif(count(*) = 1, max(import), 0) AS said_by
      FROM account_claim GROUP BY account) AS c
WHERE c.account = account.id;
DELETE FROM account_claim WHERE account IN (SELECT id FROM account WHERE said_by > 0);

-- What each import said of an account, whichever way it is kept.
CREATE VIEW account_said AS
SELECT account, import, created_at, email, email_key, email_domain, country, timezone, plan, status,
       owner_id
FROM account_claim
UNION ALL
SELECT id, said_by, created_at, email, email_key, email_domain, country, timezone, plan, status,
       owner_id
FROM account WHERE said_by > 0;
