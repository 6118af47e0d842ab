-- purpose: rings that came back after a ban: at least half of the members they, or the ring they
--   grew from, had are banned, and new accounts are tied to them
-- param: limit=200  how many
-- column: ring_key  the ring's lasting key
-- column: from_key  the ring it grew from, when that is another one
-- column: run  the run that found it
-- column: found_at  when that was
-- column: size  its accounts then
-- column: banned  members it had before that are banned
-- column: fresh  members it did not have before and that are not banned
-- column: score  bits
SELECT ring_key,
       other_key AS from_key,
       run,
       strftime('%Y-%m-%dT%H:%M:%SZ', at, 'unixepoch') AS found_at,
       size,
       gone AS banned,
       joined AS fresh,
       round(score, 1) AS score
FROM ring_history
WHERE event = 'regrowth'
ORDER BY run DESC, score DESC, ring_key, from_key
LIMIT :limit
