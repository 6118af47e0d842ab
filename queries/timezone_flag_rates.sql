-- purpose: how much of each time zone's accounts is in rings and flagged: watch for unfairness
-- param: min_accounts=1  time zones with at least so many accounts
-- param: run=latest  the run
-- column: timezone  as imported; empty when not known
-- column: accounts  its accounts
-- column: in_rings  of these, in rings
-- column: flagged  of these, in flagged rings
-- column: flagged_share  flagged of all its accounts
-- column: times_overall  that share against the share of all accounts
-- column: flagged_rings  the flagged rings they are in
-- column: worth_rings  rings of equal size that would tell as much: below ten the share says little
WITH standing AS (
    SELECT coalesce(a.timezone, '') AS timezone, m.ring, coalesce(r.flagged, 0) AS flagged
    FROM account a
    LEFT JOIN member m ON m.run = :run AND m.account = a.id
    LEFT JOIN ring r ON r.run = m.run AND r.ring = m.ring
),
part AS (
    SELECT timezone, count(*) AS accounts, count(ring) AS in_rings, sum(flagged) AS flagged,
           max(flagged) AS is_flagged
    FROM standing
    GROUP BY timezone, iif(flagged, ring, NULL)
),
overall AS (
    SELECT avg(flagged) AS share FROM standing
)
SELECT timezone,
       sum(accounts) AS accounts,
       sum(in_rings) AS in_rings,
       sum(flagged) AS flagged,
       round(1.0 * sum(flagged) / sum(accounts), 4) AS flagged_share,
       round(1.0 * sum(flagged) / sum(accounts) / nullif((SELECT share FROM overall), 0), 2)
           AS times_overall,
       sum(is_flagged) AS flagged_rings,
       round(1.0 * sum(flagged) * sum(flagged) / nullif(sum(flagged * flagged), 0), 1)
           AS worth_rings
FROM part
GROUP BY timezone
HAVING sum(accounts) >= :min_accounts
ORDER BY flagged_share DESC, accounts DESC, timezone
