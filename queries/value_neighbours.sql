-- purpose: the accounts that use a value (a card, an address, a device, ...)
-- param: value  the value, as imported in its canonical form
-- param: signal=  only of this signal (instrument, ip, device, ...); empty means any
-- param: limit=1000  how many
-- param: run=latest-if-any  the run whose rings are told
-- column: account_id  the account
-- column: signal  what the value is to it
-- column: type  what the value is taken for when many use it: carrier NAT, office, ring, ...
-- column: first_day  when it first used it
-- column: last_day  when it last used it
-- column: times  how often
-- column: created_at  when the account signed up
-- column: country  as imported
-- column: status  active, suspended, banned or closed
-- column: ring_id  the ring it is in
-- column: flagged  whether that ring is flagged
SELECT a.external_id AS account_id,
       g.name AS signal,
       t.type,
       date(min(nullif(s.day, -1)) * 86400, 'unixepoch') AS first_day,
       date(max(nullif(s.day, -1)) * 86400, 'unixepoch') AS last_day,
       sum(s.times) AS times,
       strftime('%Y-%m-%dT%H:%M:%SZ', a.created_at, 'unixepoch') AS created_at,
       a.country,
       a.status,
       m.ring AS ring_id,
       CASE r.flagged WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END AS flagged
FROM signal g
CROSS JOIN value v ON v.signal = g.id AND v.text = :value
CROSS JOIN sighting s ON s.value = v.id
CROSS JOIN account a ON a.id = s.account
LEFT JOIN value_type t ON t.run = :run AND t.value = v.id
LEFT JOIN member m ON m.run = :run AND m.account = a.id
LEFT JOIN ring r ON r.run = m.run AND r.ring = m.ring
WHERE :signal = '' OR g.name = :signal
GROUP BY v.id, a.id
ORDER BY times DESC, account_id
LIMIT :limit
