-- purpose: devices by the number of accounts that use them
-- param: min_accounts=3  used by at least so many accounts
-- param: limit=50  how many
-- param: run=latest-if-any  the run whose rings are told
-- column: device  the fingerprint
-- column: form  hash, uuid, user-agent or other
-- column: accounts  accounts that use it
-- column: in_rings  of these, accounts in rings
-- column: rings  the rings' numbers
-- column: first_day  when it was first seen
-- column: last_day  when it was last seen
SELECT v.text AS device,
       d.form,
       count(DISTINCT s.account) AS accounts,
       count(DISTINCT m.account) AS in_rings,
       group_concat(DISTINCT m.ring) AS rings,
       date(min(nullif(s.day, -1)) * 86400, 'unixepoch') AS first_day,
       date(max(nullif(s.day, -1)) * 86400, 'unixepoch') AS last_day
FROM value v
CROSS JOIN sighting s ON s.value = v.id
LEFT JOIN member m ON m.run = :run AND m.account = s.account
LEFT JOIN device d ON d.value = v.id
WHERE v.signal = 3
GROUP BY v.id
HAVING count(DISTINCT s.account) >= :min_accounts
ORDER BY accounts DESC, device
LIMIT :limit
