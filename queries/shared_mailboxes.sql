-- purpose: mailboxes that several accounts signed up with (case, plus tags and gmail dots aside)
-- param: min_accounts=2  at least so many accounts
-- param: limit=100  how many
-- param: run=latest-if-any  the run whose rings are told
-- column: mailbox  where the mail arrives
-- column: accounts  accounts that use it
-- column: spellings  different addresses given
-- column: rings  rings they are in
-- column: example  one of the accounts
-- column: first_created  when the first signed up
-- column: last_created  when the last signed up
WITH uncounted AS (
    SELECT 1 WHERE :min_accounts < 2 OR NOT EXISTS (SELECT 1 FROM run WHERE id = :run AND counted)
),
enough (accounts) AS MATERIALIZED (
    SELECT accounts
    FROM (SELECT accounts, sum(mailboxes) OVER (ORDER BY accounts DESC, account) AS so_far
          FROM shared_mailbox WHERE run = :run) AS added_up
    WHERE :limit > 0
      AND so_far >= :limit
    ORDER BY accounts DESC
    LIMIT 1
),
asked (account) AS (
    SELECT s.account + j.value
    FROM shared_mailbox s
    CROSS JOIN json_each(s.packed) j
    WHERE s.run = :run
      AND s.accounts >= max(:min_accounts, coalesce((SELECT accounts FROM enough), 0))
      AND NOT EXISTS (SELECT 1 FROM uncounted)
    UNION ALL
    SELECT a.id FROM uncounted CROSS JOIN account a
)
SELECT a.email_key AS mailbox,
       count(*) AS accounts,
       count(DISTINCT a.email) AS spellings,
       group_concat(DISTINCT m.ring) AS rings,
       min(a.external_id) AS example,
       strftime('%Y-%m-%dT%H:%M:%SZ', min(a.created_at), 'unixepoch') AS first_created,
       strftime('%Y-%m-%dT%H:%M:%SZ', max(a.created_at), 'unixepoch') AS last_created
FROM asked b
CROSS JOIN account a ON a.id = b.account
LEFT JOIN member m ON m.run = :run AND m.account = a.id
GROUP BY a.email_key
HAVING count(nullif(a.email_key, '')) >= max(:min_accounts, 1)
ORDER BY accounts DESC, mailbox
LIMIT :limit
