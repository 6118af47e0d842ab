-- 0005_labels.sql - what is known of an account, and what a run learned from it.

-- One word for each account that was judged: fraud, legit or disputed. Sources are imported labels
-- and ended verification requests (approved: legit, declined: fraud). The latest time wins; a label
-- without a time is older than any with one; what contradicts itself at its latest time is disputed
-- and used by nobody. Ask it for single accounts, or for those that
--     account IN (SELECT account FROM label UNION SELECT account FROM verification_request)
-- names: it looks each one up.
CREATE VIEW account_label AS
SELECT account, iif(one = other, one, 'disputed') AS label
FROM (
    SELECT a.id AS account,
           (SELECT label FROM (
                   SELECT label, at FROM label WHERE account = a.id
                   UNION ALL
                   SELECT iif(status = 'approved', 'legit', 'fraud'), updated_at
                   FROM verification_request
                   WHERE account = a.id AND status IN ('approved', 'declined')
               ) AS said ORDER BY at DESC, label LIMIT 1) AS one,
           (SELECT label FROM (
                   SELECT label, at FROM label WHERE account = a.id
                   UNION ALL
                   SELECT iif(status = 'approved', 'legit', 'fraud'), updated_at
                   FROM verification_request
                   WHERE account = a.id AND status IN ('approved', 'declined')
               ) AS said ORDER BY at DESC, label DESC LIMIT 1) AS other
    FROM account a
)
WHERE one IS NOT NULL;

-- Where labelled pairs moved what a run had learned without them; calibration.reliability is the
-- figure after it. Empty when there were no labels, or detect --no-labels.
CREATE TABLE run_label (
    run          INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    signal       INTEGER NOT NULL REFERENCES signal (id),
    holders_from INTEGER NOT NULL, -- the bucket, as in calibration
    pairs_for    REAL    NOT NULL, -- labelled pairs that speak for a tie, after all limits
    pairs_against REAL   NOT NULL,
    reliability_without REAL NOT NULL, -- as learned from corroboration alone
    PRIMARY KEY (run, signal, holders_from)
) STRICT, WITHOUT ROWID;
