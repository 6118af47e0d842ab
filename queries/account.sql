-- purpose: everything known about one account, a fact a line
-- param: account  its account_id
-- param: run=latest-if-any  the run whose rings are told
-- column: fact  what it is: created, email, a signal, usage, label, ring, verification
-- column: value  the value
-- column: first_day  when it was first seen
-- column: last_day  when it was last seen
-- column: times  how often
WITH who AS (
    SELECT * FROM account WHERE external_id = :account
),
fact (place, fact, value, first_at, last_at, times) AS (
    SELECT 1, 'created', strftime('%Y-%m-%dT%H:%M:%SZ', created_at, 'unixepoch'),
           created_at / 86400, NULL, NULL
    FROM who
    UNION ALL
    SELECT 2, 'email', email, NULL, NULL, NULL FROM who
    UNION ALL
    SELECT 3, 'country', country, NULL, NULL, NULL FROM who
    UNION ALL
    SELECT 4, 'timezone', timezone, NULL, NULL, NULL FROM who
    UNION ALL
    SELECT 5, 'plan', plan, NULL, NULL, NULL FROM who
    UNION ALL
    SELECT 6, 'status', status, NULL, NULL, NULL FROM who
    UNION ALL
    SELECT 7, 'owner_id', owner_id, NULL, NULL, NULL FROM who
    UNION ALL
    SELECT 8, 'usage', sum(u.requests) || ' requests', min(nullif(u.day, -1)),
           max(nullif(u.day, -1)), sum(u.events)
    FROM who
    CROSS JOIN usage u ON u.account = who.id
    GROUP BY who.id
    UNION ALL
    SELECT 9, g.name, v.text, min(nullif(s.day, -1)), max(nullif(s.day, -1)), sum(s.times)
    FROM who
    CROSS JOIN sighting_by_account s ON s.account = who.id
    CROSS JOIN value v ON v.id = s.value
    CROSS JOIN signal g ON g.id = v.signal
    GROUP BY s.value
    UNION ALL
    SELECT 10, 'label', l.label || ' (' || l.source || ')', l.at / 86400, NULL, NULL
    FROM who
    CROSS JOIN label l ON l.account = who.id
    UNION ALL
    SELECT 11, 'ring', m.ring || ' (' || m.role || ')', NULL, NULL, m.links
    FROM who
    CROSS JOIN member m ON m.run = :run AND m.account = who.id
    UNION ALL
    SELECT 12, 'verification', r.status || ': ' || r.reason, r.opened_at / 86400,
           r.updated_at / 86400, r.attempt
    FROM who
    CROSS JOIN verification_request r ON r.account = who.id
)
SELECT fact,
       value,
       date(first_at * 86400, 'unixepoch') AS first_day,
       date(last_at * 86400, 'unixepoch') AS last_day,
       times
FROM fact
WHERE value IS NOT NULL
ORDER BY place, fact, times DESC, value
