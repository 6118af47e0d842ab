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
SELECT a.email_key AS mailbox,
       count(*) AS accounts,
       count(DISTINCT a.email) AS spellings,
       group_concat(DISTINCT m.ring) AS rings,
       min(a.external_id) AS example,
       strftime('%Y-%m-%dT%H:%M:%SZ', min(a.created_at), 'unixepoch') AS first_created,
       strftime('%Y-%m-%dT%H:%M:%SZ', max(a.created_at), 'unixepoch') AS last_created
FROM account a
LEFT JOIN member m ON m.run = :run AND m.account = a.id
WHERE a.email_key <> ''
GROUP BY a.email_key
HAVING count(*) >= :min_accounts
ORDER BY accounts DESC, mailbox
LIMIT :limit
