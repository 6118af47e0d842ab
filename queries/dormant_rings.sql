-- purpose: rings of earlier runs that the last one did not find, neither as such nor inside another
-- param: limit=200  how many
-- column: ring_key  the ring's lasting key
-- column: last_found  the last run that found it
-- column: last_found_at  when that was
-- column: size  its accounts then
-- column: score  bits then
-- column: flagged  yes or no
-- column: runs_found  how many runs found it
WITH found AS (
    SELECT life, max(run) AS run, count(*) AS runs
    FROM ring_event
    WHERE event IN ('birth', 'growth', 'shrinkage', 'turnover', 'unchanged', 'return')
    GROUP BY life
)
SELECT l.ring_key,
       e.run AS last_found,
       strftime('%Y-%m-%dT%H:%M:%SZ', r.started_at, 'unixepoch') AS last_found_at,
       e.size,
       round(e.score, 1) AS score,
       iif(e.flagged, 'yes', 'no') AS flagged,
       f.runs AS runs_found
FROM found f
JOIN ring_life l ON l.id = f.life
JOIN ring_event e ON e.life = f.life AND e.run = f.run AND e.other = 0
     AND e.event IN ('birth', 'growth', 'shrinkage', 'turnover', 'unchanged', 'return')
LEFT JOIN run_record r ON r.run = f.run
WHERE (f.run < (SELECT ifnull((SELECT run FROM run_update WHERE number = last), last)
                FROM (SELECT max(run) AS last FROM run_record))
       OR EXISTS (SELECT 1 FROM ring_event d WHERE d.life = f.life AND d.run > f.run
                  AND d.event = 'dormancy'))
  AND NOT EXISTS (SELECT 1 FROM ring_event m WHERE m.life = f.life AND m.run > f.run
                  AND m.event = 'merged')
ORDER BY e.flagged DESC, e.score DESC, l.ring_key
LIMIT :limit
