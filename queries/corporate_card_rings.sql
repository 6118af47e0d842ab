-- purpose: rings in which one instrument pays for most members, as with an agency or a company card
-- param: min_share=0.5  the commonest instrument is used by at least so much of the members
-- param: limit=50  how many
-- param: run=latest  the run
-- column: ring_id  the ring's number in the run
-- column: size  its accounts
-- column: score  bits
-- column: flagged  yes or no
-- column: looks_like  the honest explanation that fits best
-- column: instrument  the commonest instrument
-- column: funding  how it is funded
-- column: members  members that use it
-- column: share  the same as a share
-- column: top_domain  the commonest e-mail domain of the ring
WITH uncounted (run) AS (
    SELECT :run WHERE NOT EXISTS (SELECT 1 FROM shared_value WHERE run = :run AND signal = 1)
),
used (ring, value, members) AS (
    SELECT ring, value, members
    FROM shared_in_ring
    WHERE run = :run AND signal = 1 AND members > 1
    UNION ALL
    SELECT m.ring, s.value, count(DISTINCT m.account)
    FROM uncounted u
    CROSS JOIN member m ON m.run = u.run
    CROSS JOIN holding s ON s.account = m.account
    CROSS JOIN value v ON v.id = s.value AND v.signal = 1
    GROUP BY m.ring, s.value
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY ring ORDER BY members DESC, value) AS nth
    FROM used
),
listed AS MATERIALIZED (
    SELECT r.run, r.ring, r.size, r.score, r.flagged, r.looks_like, u.value, u.members,
           round(u.members * 1.0 / r.size, 3) AS share
    FROM ranked u
    CROSS JOIN ring r ON r.run = :run AND r.ring = u.ring
    WHERE u.nth = 1
      AND u.members > 1
      AND u.members >= r.size * :min_share
    ORDER BY share DESC, r.size DESC, r.ring
    LIMIT :limit
)
SELECT l.ring AS ring_id,
       l.size,
       round(l.score, 1) AS score,
       iif(l.flagged, 'yes', 'no') AS flagged,
       l.looks_like,
       v.text AS instrument,
       i.funding,
       l.members,
       l.share,
       (
           SELECT a.email_domain
           FROM member m
           CROSS JOIN account a ON a.id = m.account
           WHERE m.run = l.run AND m.ring = l.ring AND a.email_domain <> ''
           GROUP BY a.email_domain
           ORDER BY count(*) DESC, a.email_domain
           LIMIT 1
       ) AS top_domain
FROM listed l
CROSS JOIN value v ON v.id = l.value
LEFT JOIN instrument i ON i.value = l.value
ORDER BY l.share DESC, l.size DESC, ring_id
