-- purpose: how much of each country's accounts is in rings and flagged: watch for unfairness
-- param: min_accounts=1  countries with at least so many accounts
-- param: run=latest  the run
-- column: country  as imported; empty when not known
-- column: accounts  its accounts
-- column: in_rings  of these, in rings
-- column: flagged  of these, in flagged rings
-- column: flagged_share  flagged of all its accounts
-- column: times_overall  that share against the share of all accounts
WITH standing AS (
    SELECT coalesce(a.country, '') AS country, m.ring IS NOT NULL AS in_ring,
           coalesce(r.flagged, 0) AS flagged
    FROM account a
    LEFT JOIN member m ON m.run = :run AND m.account = a.id
    LEFT JOIN ring r ON r.run = m.run AND r.ring = m.ring
),
overall AS (
    SELECT avg(flagged) AS share FROM standing
)
SELECT country,
       count(*) AS accounts,
       sum(in_ring) AS in_rings,
       sum(flagged) AS flagged,
       round(avg(flagged), 4) AS flagged_share,
       round(avg(flagged) / nullif((SELECT share FROM overall), 0), 2) AS times_overall
FROM standing
GROUP BY country
HAVING count(*) >= :min_accounts
ORDER BY flagged_share DESC, accounts DESC, country
