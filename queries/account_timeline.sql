-- purpose: what one account did, day by day
-- param: account  its account_id
-- column: day  the day, in UTC
-- column: event  created, first seen with, usage, label or verification
-- column: detail  what it was
-- column: times  rows, requests or sightings
WITH who AS (
    SELECT * FROM account WHERE external_id = :account
),
happened (day, place, event, detail, times) AS (
    SELECT created_at / 86400, 1, 'created', coalesce(plan, '') || ' ' || coalesce(country, ''),
           1
    FROM who
    WHERE created_at IS NOT NULL
    UNION ALL
    SELECT min(s.day) FILTER (WHERE s.day >= 0), 2, 'first seen with', g.name || ' ' || v.text,
           sum(s.times) FILTER (WHERE s.day >= 0)
    FROM who
    CROSS JOIN sighting_by_account s ON s.account = who.id
    CROSS JOIN value v ON v.id = s.value
    CROSS JOIN signal g ON g.id = v.signal
    GROUP BY s.value
    HAVING max(s.day) >= 0
    UNION ALL
    SELECT u.day, 3, 'usage', sum(u.events) || ' events', sum(u.requests)
    FROM who
    CROSS JOIN usage u ON u.account = who.id
    GROUP BY u.day
    HAVING max(u.day) >= 0
    UNION ALL
    SELECT l.at / 86400, 4, 'label', l.label || ' (' || l.source || ')', 1
    FROM who
    CROSS JOIN label l ON l.account = who.id
    WHERE l.at IS NOT NULL
    UNION ALL
    SELECT r.opened_at / 86400, 5, 'verification', r.status || ': ' || r.reason, r.attempt
    FROM who
    CROSS JOIN verification_request r ON r.account = who.id
)
SELECT date(day * 86400, 'unixepoch') AS day,
       event,
       trim(detail) AS detail,
       times
FROM happened
ORDER BY happened.day, place, detail
