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
SELECT r.ring AS ring_id,
       r.size,
       iif(r.flagged, 'yes', 'no') AS flagged,
       count(DISTINCT u.account) AS active_accounts,
       sum(u.requests) AS requests,
       round(sum(u.requests) * 1.0 / count(DISTINCT u.account * 100000 + u.day), 1)
           AS requests_per_account_day,
       date(min(u.day) * 86400, 'unixepoch') AS first_day,
       date(max(u.day) * 86400, 'unixepoch') AS last_day
FROM ring r
CROSS JOIN member m ON m.run = r.run AND m.ring = r.ring
CROSS JOIN usage u ON u.account = m.account
WHERE r.run = :run
  AND u.day BETWEEN unixepoch(:since) / 86400 AND unixepoch(:until) / 86400
GROUP BY r.ring
ORDER BY requests DESC, ring_id
LIMIT :limit
