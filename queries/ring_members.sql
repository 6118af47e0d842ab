-- purpose: the accounts of one ring, most tied first
-- param: ring  the ring's number in the run
-- param: limit=1000  how many
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
WITH told AS MATERIALIZED (
    SELECT * FROM member WHERE run = :run AND ring = :ring
),
enough (bits) AS MATERIALIZED (
    SELECT bits FROM told
    WHERE :limit > 0
    ORDER BY bits DESC
    LIMIT 1 OFFSET :limit - 1
),
listed AS MATERIALIZED (
    SELECT a.*, told.role, told.cell, told.links, told.bits
    FROM told
    CROSS JOIN account a ON a.id = told.account
    WHERE told.bits >= (SELECT bits FROM enough)
       OR NOT EXISTS (SELECT 1 FROM enough)
    ORDER BY told.bits DESC, a.external_id
    LIMIT :limit
)
SELECT l.external_id AS account_id,
       l.role,
       l.cell AS cell_id,
       l.links,
       round(l.bits, 1) AS bits,
       strftime('%Y-%m-%dT%H:%M:%SZ', l.created_at, 'unixepoch') AS created_at,
       l.country,
       l.plan,
       l.status,
       (SELECT sum(u.requests) FROM usage u WHERE u.account = l.id) AS requests,
       (SELECT v.label FROM account_label v WHERE v.account = l.id) AS label
FROM listed l
ORDER BY l.bits DESC, l.external_id
