-- purpose: payment instruments that several accounts of rings use, those in most rings first
-- param: ring=0  only instruments of this ring; 0 means all rings
-- param: min_members=2  used by at least so many accounts in rings
-- param: limit=100  how many
-- param: run=latest  the run
-- column: instrument  the instrument
-- column: kind  card, bank account, wallet
-- column: funding  credit, debit, prepaid
-- column: bin  first digits of a card
-- column: last4  last digits of a card
-- column: rings  rings that use it
-- column: ring_ids  their numbers
-- column: members  accounts in rings that use it
-- column: holders  accounts that use it, in rings or not
WITH uncounted AS (
    SELECT 1 WHERE :min_members < 2
                OR NOT EXISTS (SELECT 1 FROM shared_value WHERE run = :run AND signal = 1)
),
asked (value) AS (
    SELECT value FROM shared_in_ring
    WHERE :ring <> 0 AND run = :run AND signal = 1 AND ring = :ring
),
counted (value, rings, members, holders) AS (
    SELECT value, rings, members, holders
    FROM shared_value
    WHERE run = :run
      AND signal = 1
      AND members >= :min_members
      AND NOT EXISTS (SELECT 1 FROM uncounted)
      AND (:ring = 0 OR value IN (SELECT value FROM asked))
    UNION ALL
    SELECT s.value, count(DISTINCT m.ring), count(DISTINCT m.account), count(DISTINCT s.account)
    FROM value v
    CROSS JOIN sighting s ON s.value = v.id
    LEFT JOIN member m ON m.run = :run AND m.account = s.account
    WHERE v.signal = (SELECT 1 FROM uncounted)
    GROUP BY s.value
    HAVING count(DISTINCT m.account) >= max(:min_members, 1) AND (:ring = 0 OR max(m.ring = :ring))
),
enough (rings, members) AS MATERIALIZED (
    SELECT rings, members FROM counted
    WHERE :limit > 0
    ORDER BY rings DESC, members DESC
    LIMIT 1 OFFSET :limit - 1
),
listed AS MATERIALIZED (
    SELECT c.*, v.text
    FROM counted c
    CROSS JOIN value v ON v.id = c.value
    WHERE (c.rings, c.members) >= (SELECT rings, members FROM enough)
       OR NOT EXISTS (SELECT 1 FROM enough)
    ORDER BY c.rings DESC, c.members DESC, v.text
    LIMIT :limit
)
SELECT l.text AS instrument,
       i.kind,
       i.funding,
       i.bin,
       i.last4,
       l.rings,
       iif(EXISTS (SELECT 1 FROM uncounted),
           (SELECT group_concat(ring)
            FROM (SELECT DISTINCT m.ring
                  FROM sighting s
                  CROSS JOIN member m ON m.run = :run AND m.account = s.account
                  WHERE s.value = l.value
                  ORDER BY m.ring) AS held),
           (SELECT group_concat(i.ring) FROM shared_in_ring i
            WHERE i.run = :run AND i.signal = 1 AND i.value = l.value)) AS ring_ids,
       l.members,
       l.holders
FROM listed l
LEFT JOIN instrument i ON i.value = l.value
ORDER BY l.rings DESC, l.members DESC, instrument
