-- purpose: flagged members that hang by few links: whom to check before asking anybody for papers
-- param: max_links=2  at most so many links inside the ring
-- param: limit=100  how many
-- param: run=latest  the run
-- column: account_id  the account
-- column: ring_id  its ring
-- column: score  the ring's score
-- column: role  core, bridge or fringe
-- column: links  its links inside the ring
-- column: bits  their bits
-- column: created_at  when it signed up
-- column: country  as imported
SELECT a.external_id AS account_id,
       r.ring AS ring_id,
       round(r.score, 1) AS score,
       m.role,
       m.links,
       round(m.bits, 1) AS bits,
       strftime('%Y-%m-%dT%H:%M:%SZ', a.created_at, 'unixepoch') AS created_at,
       a.country
FROM ring r
JOIN member m ON m.run = r.run AND m.ring = r.ring
JOIN account a ON a.id = m.account
WHERE r.run = :run
  AND r.flagged = 1
  AND m.links <= :max_links
ORDER BY m.links, m.bits, account_id
LIMIT :limit
