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
WITH used AS (
    SELECT DISTINCT m.ring, i.value, i.funding IN ('prepaid', 'virtual') AS prepaid
    FROM member m
    JOIN holding s ON s.account = m.account
    JOIN instrument i ON i.value = s.value
    WHERE m.run = :run
      AND i.funding <> ''
)
SELECT r.ring AS ring_id,
       r.size,
       round(r.score, 1) AS score,
       iif(r.flagged, 'yes', 'no') AS flagged,
       count(*) AS instruments,
       sum(u.prepaid) AS prepaid,
       round(avg(u.prepaid), 3) AS share
FROM used u
JOIN ring r ON r.run = :run AND r.ring = u.ring
GROUP BY r.ring
HAVING avg(u.prepaid) >= :min_share
ORDER BY share DESC, prepaid DESC, ring_id
LIMIT :limit
