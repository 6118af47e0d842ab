-- purpose: the rings that made most requests in a window of days
-- param: since=1970-01-01  the first day
-- param: until=2199-12-31  the last day
-- param: limit=50  how many
-- param: run=latest  the run
-- column: ring_id  the ring's number in the run
-- column: size  its accounts
-- column: flagged  yes or no
-- column: active_accounts  members that made requests in the window
-- column: requests  their requests
-- column: requests_per_account_day  a day on which an account was active
-- column: first_day  the first day with requests
-- column: last_day  the last
WITH asked_days (first, last) AS (
    SELECT unixepoch(:since) / 86400, unixepoch(:until) / 86400
),
whole (ring, active, requests, account_days, first_day, last_day) AS ( -- all of its use is in them
    SELECT f.ring, f.active, f.requests, f.account_days, f.first_day, f.last_day
    FROM asked_days d
    CROSS JOIN ring_figures f ON f.run = :run
    WHERE f.requests IS NOT NULL
      AND f.first_day >= d.first
      AND f.last_day <= d.last
),
enough (requests) AS MATERIALIZED (
    SELECT requests FROM whole
    WHERE :limit > 0
    ORDER BY requests DESC
    LIMIT 1 OFFSET :limit - 1
),
asked (ring) AS MATERIALIZED ( -- part of it is, and it may be among the first
    SELECT r.ring
    FROM asked_days d
    CROSS JOIN ring r ON r.run = :run
    LEFT JOIN ring_figures f ON f.run = r.run AND f.ring = r.ring
    WHERE (f.requests IS NULL
           OR (f.first_day <= d.last AND f.last_day >= d.first
               AND NOT (f.first_day >= d.first AND f.last_day <= d.last)))
      AND r.requests >= coalesce((SELECT requests FROM enough), 0)
),
counted (ring, active, requests, account_days, first_day, last_day) AS (
    SELECT * FROM whole
    UNION ALL
    SELECT a.ring, count(DISTINCT u.account), sum(u.requests),
           count(DISTINCT u.account * 100000 + u.day), min(u.day), max(u.day)
    FROM asked a
    CROSS JOIN member m ON m.run = :run AND m.ring = a.ring
    CROSS JOIN usage u ON u.account = m.account
    WHERE u.day BETWEEN (SELECT first FROM asked_days) AND (SELECT last FROM asked_days)
    GROUP BY a.ring
)
SELECT r.ring AS ring_id,
       r.size,
       iif(r.flagged, 'yes', 'no') AS flagged,
       c.active AS active_accounts,
       c.requests,
       round(c.requests * 1.0 / c.account_days, 1) AS requests_per_account_day,
       date(c.first_day * 86400, 'unixepoch') AS first_day,
       date(c.last_day * 86400, 'unixepoch') AS last_day
FROM counted c
CROSS JOIN ring r ON r.run = :run AND r.ring = c.ring
ORDER BY c.requests DESC, ring_id
LIMIT :limit
