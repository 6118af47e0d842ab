-- How unevenly the values of one column of account, @place@, are hit: @place@ is country or timezone,
-- as in the table place.
WITH uncounted (run) AS (
    SELECT :run WHERE NOT EXISTS (SELECT 1 FROM place WHERE run = :run)
),
here (@place@, accounts, in_rings) AS (
    SELECT name, accounts, in_rings FROM place WHERE run = :run AND kind = '@place@'
    UNION ALL
    SELECT coalesce(a.@place@, ''), count(*), count(m.ring)
    FROM uncounted u
    CROSS JOIN account a
    LEFT JOIN member m ON m.run = u.run AND m.account = a.id
    GROUP BY coalesce(a.@place@, '')
),
part (@place@, flagged) AS (
    SELECT p.name, p.accounts
    FROM place_ring p
    CROSS JOIN ring r ON r.run = p.run AND r.ring = p.ring
    WHERE p.run = :run AND p.kind = '@place@' AND r.flagged
    UNION ALL
    SELECT coalesce(a.@place@, ''), count(*)
    FROM uncounted u
    CROSS JOIN ring r ON r.run = u.run AND r.flagged
    CROSS JOIN member m ON m.run = r.run AND m.ring = r.ring
    CROSS JOIN account a ON a.id = m.account
    GROUP BY coalesce(a.@place@, ''), r.ring
),
flagged (@place@, flagged, rings, squares) AS (
    SELECT @place@, sum(flagged), count(*), sum(flagged * flagged) FROM part GROUP BY @place@
),
overall (share) AS (
    SELECT 1.0 * (SELECT sum(flagged) FROM part) / (SELECT sum(accounts) FROM here)
)
SELECT @place@,
       h.accounts,
       h.in_rings,
       coalesce(f.flagged, 0) AS flagged,
       round(1.0 * coalesce(f.flagged, 0) / h.accounts, 4) AS flagged_share,
       round(1.0 * coalesce(f.flagged, 0) / h.accounts / nullif((SELECT share FROM overall), 0), 2)
           AS times_overall,
       coalesce(f.rings, 0) AS flagged_rings,
       round(1.0 * f.flagged * f.flagged / f.squares, 1) AS worth_rings
FROM here h
LEFT JOIN flagged f USING (@place@)
WHERE h.accounts >= :min_accounts
  AND h.accounts > 0
ORDER BY flagged_share DESC, h.accounts DESC, @place@
