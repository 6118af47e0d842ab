-- purpose: the accounts of one ring, most tied first
-- param: ring  the ring's number in the run
-- param: run=latest  the run
-- column: account_id  the account
-- column: role  core, bridge (core, and without it a part falls off), or fringe (fits the profile, but few links tie it)
-- column: cell_id  the cell of the ring it is in
-- column: links  kept pairs with other members
-- column: bits  the sum of their bits
-- column: created_at  when it signed up
-- column: country  as imported
-- column: plan  as imported
-- column: status  active, suspended, banned or closed
-- column: requests  all its requests
-- column: label  fraud, legit or disputed, when something is known of it
SELECT a.external_id AS account_id,
       m.role,
       m.cell AS cell_id,
       m.links,
       round(m.bits, 1) AS bits,
       strftime('%Y-%m-%dT%H:%M:%SZ', a.created_at, 'unixepoch') AS created_at,
       a.country,
       a.plan,
       a.status,
       (SELECT sum(u.requests) FROM usage u WHERE u.account = a.id) AS requests,
       (SELECT v.label FROM account_label v WHERE v.account = a.id) AS label
FROM member m
JOIN account a ON a.id = m.account
WHERE m.run = :run
  AND m.ring = :ring
ORDER BY m.bits DESC, a.external_id
