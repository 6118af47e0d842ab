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
WITH used AS (
    SELECT m.ring, s.value, count(DISTINCT m.account) AS members
    FROM member m
    JOIN holding s ON s.account = m.account
    JOIN value v ON v.id = s.value AND v.signal = 1
    WHERE m.run = :run
    GROUP BY m.ring, s.value
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY ring ORDER BY members DESC, value) AS nth
    FROM used
)
SELECT r.ring AS ring_id,
       r.size,
       round(r.score, 1) AS score,
       iif(r.flagged, 'yes', 'no') AS flagged,
       r.looks_like,
       v.text AS instrument,
       i.funding,
       u.members,
       round(u.members * 1.0 / r.size, 3) AS share,
       (
           SELECT a.email_domain
           FROM member m
           JOIN account a ON a.id = m.account
           WHERE m.run = r.run AND m.ring = r.ring AND a.email_domain <> ''
           GROUP BY a.email_domain
           ORDER BY count(*) DESC, a.email_domain
           LIMIT 1
       ) AS top_domain
FROM ranked u
JOIN ring r ON r.run = :run AND r.ring = u.ring
JOIN value v ON v.id = u.value
LEFT JOIN instrument i ON i.value = u.value
WHERE u.nth = 1
  AND u.members > 1
  AND u.members >= r.size * :min_share
ORDER BY share DESC, r.size DESC, ring_id
LIMIT :limit
