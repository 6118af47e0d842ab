-- purpose: rings first found by a run on or after a date
-- param: since  the date (2026-05-01)
-- param: run=latest  the run whose rings are told
-- column: ring_id  the ring's number in the run
-- column: ring_key  its identity outside the run
-- column: size  its accounts
-- column: score  bits
-- column: flagged  yes or no
-- column: first_found  when a run first found it
-- column: first_created  when its first account signed up
-- column: last_created  when its last account signed up
SELECT r.ring AS ring_id,
       r.ring_key,
       r.size,
       round(r.score, 1) AS score,
       iif(r.flagged, 'yes', 'no') AS flagged,
       strftime('%Y-%m-%dT%H:%M:%SZ', min(x.started_at), 'unixepoch') AS first_found,
       strftime('%Y-%m-%dT%H:%M:%SZ', r.first_created, 'unixepoch') AS first_created,
       strftime('%Y-%m-%dT%H:%M:%SZ', r.last_created, 'unixepoch') AS last_created
FROM ring r
JOIN ring o ON o.ring_key = r.ring_key
JOIN run x ON x.id = o.run
WHERE r.run = :run
GROUP BY r.ring
HAVING min(x.started_at) >= unixepoch(:since)
ORDER BY r.score DESC, ring_id
