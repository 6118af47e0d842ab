-- purpose: how much of each country's accounts is in rings and flagged: watch for unfairness
-- param: min_accounts=1  countries with at least so many accounts
-- param: run=latest  the run
-- column: country  as imported; empty when not known
-- column: accounts  its accounts
-- column: in_rings  of these, in rings
-- column: flagged  of these, in flagged rings
-- column: flagged_share  flagged of all its accounts
-- column: times_overall  that share against the share of all accounts
-- column: flagged_rings  the flagged rings they are in
-- column: worth_rings  rings of equal size that would tell as much: below ten the share says little
WITH uncounted (run) AS (
    SELECT :run WHERE NOT EXISTS (SELECT 1 FROM place WHERE run = :run)
),
here (country, accounts, in_rings) AS (
    SELECT name, accounts, in_rings FROM place WHERE run = :run AND kind = 'country'
    UNION ALL
    SELECT coalesce(a.country, ''), count(*), count(m.ring)
    FROM uncounted u
    CROSS JOIN account a
    LEFT JOIN member m ON m.run = u.run AND m.account = a.id
    GROUP BY coalesce(a.country, '')
),
part (country, flagged) AS (
    SELECT p.name, p.accounts
    FROM place_ring p
    CROSS JOIN ring r ON r.run = p.run AND r.ring = p.ring
    WHERE p.run = :run AND p.kind = 'country' AND r.flagged
    UNION ALL
    SELECT coalesce(a.country, ''), count(*)
    FROM uncounted u
    CROSS JOIN ring r ON r.run = u.run AND r.flagged
    CROSS JOIN member m ON m.run = r.run AND m.ring = r.ring
    CROSS JOIN account a ON a.id = m.account
    GROUP BY coalesce(a.country, ''), r.ring
),
flagged (country, flagged, rings, squares) AS (
    SELECT country, sum(flagged), count(*), sum(flagged * flagged) FROM part GROUP BY country
),
overall (share) AS (
    SELECT 1.0 * (SELECT sum(flagged) FROM part) / (SELECT sum(accounts) FROM here)
)
SELECT country,
       h.accounts,
       h.in_rings,
       coalesce(f.flagged, 0) AS flagged,
       round(1.0 * coalesce(f.flagged, 0) / h.accounts, 4) AS flagged_share,
       round(1.0 * coalesce(f.flagged, 0) / h.accounts / nullif((SELECT share FROM overall), 0), 2)
           AS times_overall,
       coalesce(f.rings, 0) AS flagged_rings,
       round(1.0 * f.flagged * f.flagged / f.squares, 1) AS worth_rings
FROM here h
LEFT JOIN flagged f USING (country)
WHERE h.accounts >= :min_accounts
  AND h.accounts > 0
ORDER BY flagged_share DESC, h.accounts DESC, country
