-- purpose: rings that were nearly flagged, what honest thing they look like, and what speaks each
--   way: the first places to look for mistakes
-- param: limit=30  how many
-- param: run=latest  the run
-- column: ring_id  the ring's number in the run
-- column: size  its accounts
-- column: score  bits
-- column: looks_like  the honest explanation that fits best
-- column: speaks_for  the strongest part for one operator
-- column: bits_for  its bits
-- column: speaks_against  the strongest part for honest people
-- column: bits_against  its bits
WITH listed AS MATERIALIZED (
    SELECT run, ring, size, score, looks_like
    FROM ring
    WHERE run = :run
      AND flagged = 0
    ORDER BY score DESC, ring
    LIMIT :limit
)
SELECT r.ring AS ring_id,
       r.size,
       round(r.score, 1) AS score,
       r.looks_like,
       f.part AS speaks_for,
       round(f.bits, 1) AS bits_for,
       g.part AS speaks_against,
       round(g.bits, 1) AS bits_against
FROM listed r
LEFT JOIN score_part f ON f.run = r.run AND f.ring = r.ring AND f.part = (
    SELECT p.part
    FROM score_part p
    WHERE p.run = r.run AND p.ring = r.ring AND p.bits > 0
    ORDER BY p.bits DESC, p.part
    LIMIT 1
)
LEFT JOIN score_part g ON g.run = r.run AND g.ring = r.ring AND g.part = (
    SELECT p.part
    FROM score_part p
    -- the prior says the same of all rings
    WHERE p.run = r.run AND p.ring = r.ring AND p.bits < 0 AND p.part <> 'rings are rare'
    ORDER BY p.bits, p.part
    LIMIT 1
)
ORDER BY r.score DESC, ring_id
