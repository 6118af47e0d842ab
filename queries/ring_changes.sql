-- purpose: what a run changed: rings born, grown, shrunk, merged, split, not found, found again,
--   regrown after a ban
-- param: run=latest  the run
-- param: limit=200  how many
-- column: event  birth, growth, shrinkage, turnover, return, dormancy, merge, split or regrowth
-- column: ring_key  the ring's lasting key
-- column: other_key  the ring it took in, came out of, or grew anew from
-- column: ring_id  its number in the run, when it was found
-- column: size  its accounts
-- column: joined  accounts that it did not have before (of regrowth: those not banned)
-- column: gone  accounts that it had before (of regrowth: those banned)
-- column: score  bits
-- column: flagged  yes or no
SELECT event,
       ring_key,
       other_key,
       ring AS ring_id,
       size,
       joined,
       gone,
       round(score, 1) AS score,
       iif(flagged, 'yes', 'no') AS flagged
FROM ring_history
WHERE run = :run
  AND event NOT IN ('unchanged', 'merged', 'split_off')
ORDER BY coalesce(flagged, 0) DESC, score DESC, ring_key, event, other_key
LIMIT :limit
