-- purpose: open verification requests, those waiting longest first
-- param: now=now  the moment waiting is counted to
-- param: limit=200  how many
-- column: account_id  the account asked
-- column: status  created, pending, processing, needs_review or retry_requested
-- column: campaign  the ring_key it was opened for
-- column: ring_id  the ring's number in the run that found it
-- column: score  the ring's score when it was opened
-- column: opened_at  when it was opened
-- column: days_waiting  since then
-- column: reason  what the reviewer was told
SELECT a.external_id AS account_id,
       q.status,
       q.campaign,
       q.ring AS ring_id,
       round(q.score, 1) AS score,
       strftime('%Y-%m-%dT%H:%M:%SZ', q.opened_at, 'unixepoch') AS opened_at,
       (unixepoch(:now) - q.opened_at) / 86400 AS days_waiting,
       q.reason
FROM verification_request q
JOIN account a ON a.id = q.account
WHERE q.status IN ('created', 'pending', 'processing', 'needs_review', 'retry_requested')
ORDER BY q.opened_at, account_id
LIMIT :limit
