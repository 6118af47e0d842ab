-- 0014_value_type.sql - what a value held by many accounts is taken for, and why.

-- Every value of a link signal with 8 holders or more. Shares are 0 to 1, of the accounts that met
-- another one there; NULL: nothing is known. What each is: docs/scoring.md.
CREATE TABLE value_type (
    run      INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    value    INTEGER NOT NULL REFERENCES value (id),
    type     TEXT    NOT NULL, -- carrier NAT, office, ring, ...; unknown: nothing fits well enough
    bits     REAL    NOT NULL, -- by how much it is likelier than the next best
    instead  TEXT    NOT NULL, -- the next best; of unknown ones the best
    why      TEXT    NOT NULL, -- the figures that told most, in words
    holders  INTEGER NOT NULL, -- accounts that use it, over all days
    met      INTEGER NOT NULL, -- of these, accounts that used it on a day when another one did
    days     INTEGER NOT NULL, -- on which two or more used it; 0 when days do not matter
    peak     INTEGER NOT NULL, -- most accounts on one day
    lent     INTEGER NOT NULL, -- pairs added to value_worth, examined and corroborated, for its type
    crowd    REAL, -- of those ever there, how many are there on a day
    loyal    REAL, -- of their active days, how many they spent there
    weekend  REAL, -- of account-days there, how many are Saturdays and Sundays (UTC)
    years    REAL, -- over which they signed up, without the first and the last tenth
    together REAL, -- signed up within a day of another one, beyond chance
    country  REAL, -- in the commonest country
    mail     REAL, -- on the commonest e-mail domain that is no large provider's
    own_mail REAL, -- on any such domain
    school   REAL, -- on a domain that only schools get
    paying   REAL, -- have a payment instrument
    cards    REAL, -- of those, share one with another one
    one_card REAL, -- of those, on the commonest
    prepaid  REAL, -- of those, have prepaid ones only
    devices  REAL, -- share a device
    prompts  REAL, -- share a query template
    ties     REAL, -- share a phone, a direct tie or anything else
    pairs    REAL, -- of pairs, share something of another family, beyond chance
    flagged  REAL, -- in a flagged ring
    PRIMARY KEY (run, value)
) STRICT, WITHOUT ROWID;
