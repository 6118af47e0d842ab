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
WITH pair AS (
    SELECT l.bits, l.families, a.external_id AS id_a, b.external_id AS id_b,
           a.created_at AS at_a, b.created_at AS at_b, ma.ring AS ring_a, mb.ring AS ring_b
    FROM link l
    JOIN account a ON a.id = l.account_a
    JOIN account b ON b.id = l.account_b
    LEFT JOIN member ma ON ma.run = l.run AND ma.account = l.account_a
    LEFT JOIN member mb ON mb.run = l.run AND mb.account = l.account_b
    WHERE l.run = :run
      AND abs(a.created_at - b.created_at) <= :minutes * 60
      AND (:ring = 0 OR ma.ring = :ring OR mb.ring = :ring)
)
SELECT iif(at_a <= at_b, id_a, id_b) AS account_a,
       iif(at_a <= at_b, id_b, id_a) AS account_b,
       strftime('%Y-%m-%dT%H:%M:%SZ', min(at_a, at_b), 'unixepoch') AS created_a,
       abs(at_a - at_b) AS seconds_apart,
       round(bits, 1) AS bits,
       families,
       iif(at_a <= at_b, ring_a, ring_b) AS ring_a,
       iif(at_a <= at_b, ring_b, ring_a) AS ring_b
FROM pair
ORDER BY seconds_apart, bits DESC, account_a, account_b
LIMIT :limit
