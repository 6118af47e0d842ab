-- purpose: rings first found by a run on or after a date
-- param: since  the date (2026-05-01)
-- param: limit=1000  how many
-- param: run=latest  the run whose rings are told
-- column: ring_id  the ring's number in the run
-- column: ring_key  its identity outside the run
-- column: size  its accounts
-- column: score  bits
-- column: flagged  yes or no
-- column: first_found  when a run first found it
-- column: first_created  when its first account signed up
-- column: last_created  when its last account signed up
WITH earlier (run) AS (
    SELECT id FROM run WHERE started_at < unixepoch(:since)
),
listed AS MATERIALIZED (
    SELECT r.*
    FROM ring r
    WHERE r.run = :run
      AND r.run NOT IN (SELECT run FROM earlier)
      AND NOT EXISTS (SELECT 1 FROM earlier e
                      CROSS JOIN ring o ON o.ring_key = r.ring_key AND o.run = e.run)
    ORDER BY r.score DESC, r.ring
    LIMIT :limit
)
SELECT r.ring AS ring_id,
       r.ring_key,
       r.size,
       round(r.score, 1) AS score,
       iif(r.flagged, 'yes', 'no') AS flagged,
       (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', min(x.started_at), 'unixepoch')
        FROM ring o CROSS JOIN run x ON x.id = o.run
        WHERE o.ring_key = r.ring_key) AS first_found,
       strftime('%Y-%m-%dT%H:%M:%SZ', r.first_created, 'unixepoch') AS first_created,
       strftime('%Y-%m-%dT%H:%M:%SZ', r.last_created, 'unixepoch') AS last_created
FROM listed r
ORDER BY r.score DESC, ring_id
