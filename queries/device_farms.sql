-- purpose: devices by the number of accounts that use them
-- param: min_accounts=3  used by at least so many accounts
-- param: limit=50  how many
-- param: run=latest-if-any  the run whose rings are told
-- column: device  the fingerprint
-- column: form  hash, uuid, user-agent or other
-- column: accounts  accounts that use it
-- column: in_rings  of these, accounts in rings
-- column: rings  the rings' numbers
-- column: first_day  when it was first seen
-- column: last_day  when it was last seen
WITH uncounted AS (
    SELECT 1 WHERE :min_accounts < 2
                OR NOT EXISTS (SELECT 1 FROM shared_value WHERE run = :run AND signal = 3)
),
counted (value, accounts, in_rings) AS (
    SELECT value, holders, members
    FROM shared_value
    WHERE run = :run
      AND signal = 3
      AND holders >= :min_accounts
      AND holders >= iif(:limit > 0, coalesce((
              SELECT holders FROM shared_value
              WHERE run = :run AND signal = 3
              ORDER BY holders DESC
              LIMIT 1 OFFSET :limit - 1), 0), 0)
      AND NOT EXISTS (SELECT 1 FROM uncounted)
    UNION ALL
    SELECT v.id, count(DISTINCT s.account), count(DISTINCT m.account)
    FROM value v
    CROSS JOIN sighting s ON s.value = v.id
    LEFT JOIN member m ON m.run = :run AND m.account = s.account
    WHERE v.signal = (SELECT 3 FROM uncounted)
    GROUP BY v.id
    HAVING count(DISTINCT s.account) >= :min_accounts
),
listed AS MATERIALIZED (
    SELECT c.*, v.text
    FROM counted c
    CROSS JOIN value v ON v.id = c.value
    ORDER BY c.accounts DESC, v.text
    LIMIT :limit
),
seen AS ( -- packs tell their first and last day; one that begins without a day is looked into
    SELECT l.*, (SELECT date(min(iif(p.day >= 0, p.day, (
                                 SELECT min(s.day) FROM sighting s
                                 WHERE s.value = l.value AND s.day >= 0))) * 86400, 'unixepoch') ||
                        date(max(nullif(p.day + p.days - 1, -1)) * 86400, 'unixepoch')
                 FROM sighting_pack p WHERE p.value = l.value) AS days
    FROM listed l
)
SELECT l.text AS device,
       d.form,
       l.accounts,
       l.in_rings,
       -- part: rings_of_value signal=3
       AS rings,
       substr(l.days, 1, 10) AS first_day,
       substr(l.days, 11) AS last_day
FROM seen l
LEFT JOIN device d ON d.value = l.value
ORDER BY l.accounts DESC, device
