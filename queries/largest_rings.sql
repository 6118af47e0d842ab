-- purpose: the largest rings of a run
-- param: run=latest  the run
-- param: limit=20  how many
-- column: ring_id  the ring's number in the run
-- column: size  its accounts
-- column: score  bits
-- column: flagged  yes or no
-- column: looks_like  the honest explanation that fits best
-- column: first_created  when its first account signed up
-- column: last_created  when its last account signed up
-- column: requests  requests of all its accounts
-- column: requests_per_account  their mean
SELECT ring AS ring_id,
       size,
       round(score, 1) AS score,
       iif(flagged, 'yes', 'no') AS flagged,
       looks_like,
       strftime('%Y-%m-%dT%H:%M:%SZ', first_created, 'unixepoch') AS first_created,
       strftime('%Y-%m-%dT%H:%M:%SZ', last_created, 'unixepoch') AS last_created,
       requests,
       round(requests * 1.0 / size, 1) AS requests_per_account
FROM ring
WHERE run = :run
ORDER BY size DESC, ring
LIMIT :limit
