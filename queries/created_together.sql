-- purpose: linked accounts that signed up within minutes of each other, closest first
-- param: minutes=10  at most so far apart
-- param: ring=0  only pairs with a member of this ring; 0 means all
-- param: limit=100  how many
-- param: run=latest  the run
-- column: account_a  the one that signed up first
-- column: account_b  the other
-- column: created_a  when the first signed up
-- column: seconds_apart  how much later the other did
-- column: bits  what ties them
-- column: families  how many families of evidence do
-- column: ring_a  the ring of the first
-- column: ring_b  the ring of the other
WITH uncounted (run) AS (
    SELECT :run WHERE :minutes > 10
                   OR NOT EXISTS (SELECT 1 FROM link_together WHERE run = :run)
),
of_ring (account) AS MATERIALIZED (
    SELECT account FROM member WHERE :ring <> 0 AND run = :run AND ring = :ring
),
close (seconds, account_a, account_b) AS MATERIALIZED (
    SELECT seconds, account_a, account_b
    FROM link_together
    WHERE run = :run
      AND seconds <= :minutes * 60
      AND NOT EXISTS (SELECT 1 FROM uncounted)
      AND (:ring = 0 OR account_a IN (SELECT account FROM of_ring)
                     OR account_b IN (SELECT account FROM of_ring))
    UNION ALL
    SELECT abs(a.created_at - b.created_at), l.account_a, l.account_b
    FROM uncounted u
    CROSS JOIN link l ON l.run = u.run
    CROSS JOIN account a ON a.id = l.account_a
    CROSS JOIN account b ON b.id = l.account_b
    WHERE abs(a.created_at - b.created_at) <= :minutes * 60
      AND (:ring = 0 OR l.account_a IN (SELECT account FROM of_ring)
                     OR l.account_b IN (SELECT account FROM of_ring))
),
enough (seconds) AS MATERIALIZED (
    SELECT seconds FROM close
    WHERE :limit > 0
    ORDER BY seconds
    LIMIT 1 OFFSET :limit - 1
),
pair AS (
    SELECT c.seconds, c.account_a, c.account_b, ma.ring AS ring_a, mb.ring AS ring_b
    FROM close c
    LEFT JOIN member ma ON ma.run = :run AND ma.account = c.account_a
    LEFT JOIN member mb ON mb.run = :run AND mb.account = c.account_b
    WHERE c.seconds <= (SELECT seconds FROM enough)
       OR NOT EXISTS (SELECT 1 FROM enough)
),
named AS (
    SELECT p.seconds, p.ring_a, p.ring_b, l.bits, l.families, a.external_id AS id_a,
           b.external_id AS id_b, a.created_at AS at_a, b.created_at AS at_b
    FROM pair p
    CROSS JOIN link l ON l.run = :run AND l.account_a = p.account_a AND l.account_b = p.account_b
    CROSS JOIN account a ON a.id = p.account_a
    CROSS JOIN account b ON b.id = p.account_b
)
SELECT iif(at_a <= at_b, id_a, id_b) AS account_a,
       iif(at_a <= at_b, id_b, id_a) AS account_b,
       strftime('%Y-%m-%dT%H:%M:%SZ', min(at_a, at_b), 'unixepoch') AS created_a,
       seconds AS seconds_apart,
       round(bits, 1) AS bits,
       families,
       iif(at_a <= at_b, ring_a, ring_b) AS ring_a,
       iif(at_a <= at_b, ring_b, ring_a) AS ring_b
FROM named
ORDER BY seconds_apart, bits DESC, account_a, account_b
LIMIT :limit
