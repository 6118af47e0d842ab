-- purpose: rings most of whose instruments are prepaid or virtual
-- param: min_share=0.5  at least so much of the instruments whose funding is known
-- param: limit=50  how many
-- param: run=latest  the run
-- column: ring_id  the ring's number in the run
-- column: size  its accounts
-- column: score  bits
-- column: flagged  yes or no
-- column: instruments  instruments whose funding is known
-- column: prepaid  of these, prepaid or virtual
-- column: share  the same as a share
WITH again (ring, instruments, prepaid) AS ( -- those that n members use were counted n - 1 times too often
    SELECT s.ring, sum(s.members - 1),
           sum((s.members - 1) * (i.funding IN ('prepaid', 'virtual')))
    FROM shared_in_ring s
    CROSS JOIN instrument i ON i.value = s.value
    WHERE s.run = :run
      AND s.signal = 1
      AND s.members > 1
      AND i.funding <> ''
    GROUP BY s.ring
),
asked (ring) AS MATERIALIZED (
    SELECT r.ring
    FROM ring r
    LEFT JOIN ring_figures f ON f.run = r.run AND f.ring = r.ring
    WHERE r.run = :run
      AND f.funded IS NULL
),
used (ring, value, prepaid) AS (
    SELECT DISTINCT m.ring, i.value, i.funding IN ('prepaid', 'virtual')
    FROM asked a
    CROSS JOIN member m ON m.run = :run AND m.ring = a.ring
    CROSS JOIN holding s ON s.account = m.account
    CROSS JOIN instrument i ON i.value = s.value
    WHERE i.funding <> ''
),
counted (ring, instruments, prepaid) AS (
    SELECT f.ring, f.funded - coalesce(a.instruments, 0), f.prepaid - coalesce(a.prepaid, 0)
    FROM ring_figures f
    LEFT JOIN again a ON a.ring = f.ring
    WHERE f.run = :run
      AND f.funded > 0
    UNION ALL
    SELECT ring, count(*), sum(prepaid) FROM used GROUP BY ring
)
SELECT r.ring AS ring_id,
       r.size,
       round(r.score, 1) AS score,
       iif(r.flagged, 'yes', 'no') AS flagged,
       c.instruments,
       c.prepaid,
       round(c.prepaid * 1.0 / c.instruments, 3) AS share
FROM counted c
CROSS JOIN ring r ON r.run = :run AND r.ring = c.ring
WHERE c.prepaid * 1.0 / c.instruments >= :min_share
ORDER BY share DESC, prepaid DESC, ring_id
LIMIT :limit
