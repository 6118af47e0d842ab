-- purpose: the rings an account has belonged to, over all runs
-- param: account  the account
-- column: ring_key  the ring's lasting key
-- column: since_run  the first run that found the account in it
-- column: since  when that was
-- column: until_run  the first run that found the ring without it; empty when it still belongs
-- column: members  accounts that ring has now, or was last found with
SELECT l.ring_key,
       m.since_run,
       strftime('%Y-%m-%dT%H:%M:%SZ', r.started_at, 'unixepoch') AS since,
       m.until_run,
       (SELECT count(*) FROM ring_member o WHERE o.life = l.id AND o.until_run IS NULL) AS members
FROM ring_member m
JOIN ring_life l ON l.id = m.life
LEFT JOIN run_record r ON r.run = m.since_run
WHERE m.account = :account
ORDER BY m.since_run DESC, l.ring_key
