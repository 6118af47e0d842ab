-- purpose: query templates that several accounts of rings use, those in most rings first
-- param: ring=0  only templates of this ring; 0 means all rings
-- param: min_members=2  used by at least so many accounts in rings
-- param: limit=100  how many
-- param: run=latest  the run
-- column: template  the template
-- column: rings  rings that use it
-- column: ring_ids  their numbers
-- column: members  accounts in rings that use it
-- column: holders  accounts that use it, in rings or not
-- column: times  how often accounts in rings did
WITH used AS (
    SELECT DISTINCT s.value
    FROM member m
    CROSS JOIN holding s ON s.account = m.account
    JOIN value v ON v.id = s.value AND v.signal = 4
    WHERE m.run = :run
      AND m.ring BETWEEN iif(:ring = 0, 1, :ring) AND iif(:ring = 0, 9223372036854775807, :ring)
),
held AS (
    SELECT s.value, s.account, m.ring, sum(s.times) AS times
    FROM used
    CROSS JOIN sighting s ON s.value = used.value
    LEFT JOIN member m ON m.run = :run AND m.account = s.account
    GROUP BY s.value, s.account
)
SELECT v.text AS template,
       count(DISTINCT h.ring) AS rings,
       group_concat(DISTINCT h.ring) AS ring_ids,
       count(h.ring) AS members,
       count(*) AS holders,
       sum(h.times) FILTER (WHERE h.ring IS NOT NULL) AS times
FROM held h
JOIN value v ON v.id = h.value
GROUP BY h.value
HAVING count(h.ring) >= :min_members
ORDER BY rings DESC, members DESC, template
LIMIT :limit
