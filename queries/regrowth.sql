-- purpose: accounts that signed up after a banned account was last active and are linked to it:
--   the same operator coming back
-- param: days=30  at most so many days after
-- param: limit=200  how many
-- param: run=latest  the run
-- column: account_id  the new account
-- column: created_at  when it signed up
-- column: status  active, suspended or closed
-- column: ring_id  the ring it is in
-- column: banned_account  the banned account it is linked to
-- column: banned_last_day  when that was last active
-- column: days_after  from that day to the sign-up
-- column: bits  what ties the two
WITH uncounted (run) AS (
    SELECT :run WHERE NOT EXISTS (SELECT 1 FROM run WHERE id = :run AND counted)
),
banned AS MATERIALIZED (
    SELECT a.id,
           coalesce((SELECT nullif(max(p.day + p.days - 1), -1) FROM activity_pack p
                     WHERE p.account = a.id),
                    a.created_at / 86400) AS last_day
    FROM uncounted u
    CROSS JOIN account a
    WHERE a.status = 'banned'
),
tied (banned, last_day, other, bits) AS (
    SELECT g.banned, g.last_day, iif(g.banned = g.account_a, g.account_b, g.account_a), l.bits
    FROM link_regrown g
    CROSS JOIN link l ON l.run = g.run AND l.account_a = g.account_a AND l.account_b = g.account_b
    WHERE g.run = :run
      AND g.days <= :days
    UNION ALL
    SELECT b.id, b.last_day, l.account_b, l.bits
    FROM banned b
    CROSS JOIN link l ON l.run = :run AND l.account_a = b.id
    WHERE l.account_b NOT IN (SELECT id FROM banned)
    UNION ALL
    SELECT b.id, b.last_day, l.account_a, l.bits
    FROM banned b
    CROSS JOIN link_by_b k ON k.run = :run AND k.account_b = b.id
    CROSS JOIN link l ON l.run = k.run AND l.account_a = k.account_a AND l.account_b = k.account_b
    WHERE l.account_a NOT IN (SELECT id FROM banned)
)
SELECT a.external_id AS account_id,
       strftime('%Y-%m-%dT%H:%M:%SZ', a.created_at, 'unixepoch') AS created_at,
       a.status,
       m.ring AS ring_id,
       b.external_id AS banned_account,
       date(t.last_day * 86400, 'unixepoch') AS banned_last_day,
       a.created_at / 86400 - t.last_day AS days_after,
       round(t.bits, 1) AS bits
FROM tied t
CROSS JOIN account a ON a.id = t.other
CROSS JOIN account b ON b.id = t.banned
LEFT JOIN member m ON m.run = :run AND m.account = a.id
WHERE a.created_at / 86400 - t.last_day BETWEEN 0 AND :days
ORDER BY t.bits DESC, account_id, banned_account
LIMIT :limit
