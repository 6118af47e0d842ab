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
WITH banned AS MATERIALIZED (
    SELECT a.id, a.external_id,
           coalesce((SELECT nullif(max(p.day + p.days - 1), -1) FROM activity_pack p
                     WHERE p.account = a.id),
                    a.created_at / 86400) AS last_day
    FROM account a
    WHERE a.status = 'banned'
),
tied AS (
    SELECT b.external_id, b.last_day, l.account_b AS other, l.bits
    FROM banned b
    CROSS JOIN link l ON l.run = :run AND l.account_a = b.id
    UNION ALL
    SELECT b.external_id, b.last_day, l.account_a, l.bits
    FROM banned b
    CROSS JOIN link_by_b k ON k.run = :run AND k.account_b = b.id
    CROSS JOIN link l ON l.run = k.run AND l.account_a = k.account_a AND l.account_b = k.account_b
)
SELECT a.external_id AS account_id,
       strftime('%Y-%m-%dT%H:%M:%SZ', a.created_at, 'unixepoch') AS created_at,
       a.status,
       m.ring AS ring_id,
       t.external_id AS banned_account,
       date(t.last_day * 86400, 'unixepoch') AS banned_last_day,
       a.created_at / 86400 - t.last_day AS days_after,
       round(t.bits, 1) AS bits
FROM tied t
CROSS JOIN account a ON a.id = t.other
LEFT JOIN member m ON m.run = :run AND m.account = a.id
WHERE t.other NOT IN (SELECT id FROM banned)
  AND a.created_at / 86400 - t.last_day BETWEEN 0 AND :days
ORDER BY t.bits DESC, account_id, banned_account
LIMIT :limit
