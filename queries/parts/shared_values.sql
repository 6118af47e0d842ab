-- Values of one signal (@signal@: its id) that several accounts of rings hold, as told (value, text,
-- rings, ring_ids, members, holders): those in most rings first. Ends within a WITH.
WITH uncounted AS (
    SELECT 1 WHERE :min_members < 2
                OR NOT EXISTS (SELECT 1 FROM shared_value WHERE run = :run AND signal = @signal@)
),
asked (value) AS (
    SELECT value FROM shared_in_ring
    WHERE :ring <> 0 AND run = :run AND signal = @signal@ AND ring = :ring
),
counted (value, rings, members, holders) AS (
    SELECT value, rings, members, holders
    FROM shared_value
    WHERE run = :run
      AND signal = @signal@
      AND members >= :min_members
      AND NOT EXISTS (SELECT 1 FROM uncounted)
      AND (:ring = 0 OR value IN (SELECT value FROM asked))
    UNION ALL
    SELECT s.value, count(DISTINCT m.ring), count(DISTINCT m.account), count(DISTINCT s.account)
    FROM value v
    CROSS JOIN sighting s ON s.value = v.id
    LEFT JOIN member m ON m.run = :run AND m.account = s.account
    WHERE v.signal = (SELECT @signal@ FROM uncounted)
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
),
told AS (
    SELECT l.*,
           -- part: rings_of_value signal=@signal@
           AS ring_ids
    FROM listed l
)
