-- 0003_verification.sql - accounts asked to prove who they are (government ID and a live selfie).
-- A request is a question to a person, never a verdict, and it outlives the run that asked for it.
CREATE TABLE verification_request (
    id           INTEGER PRIMARY KEY,
    account      INTEGER NOT NULL REFERENCES account (id),
    campaign     TEXT    NOT NULL, -- ring_key of the ring it was opened for
    attempt      INTEGER NOT NULL DEFAULT 1,
    status       TEXT    NOT NULL DEFAULT 'created' CHECK (status IN (
                     'created', 'pending', 'processing', 'approved', 'declined', 'needs_review',
                     'retry_requested', 'expired', 'canceled', 'error')),
    run          INTEGER, -- the run whose finding it rests on; NULL once that run is dropped
    ring         INTEGER,
    score        REAL    NOT NULL, -- of the ring, bits, when the request was opened
    reason       TEXT    NOT NULL, -- in words, as told to the reviewer
    opened_at    INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    UNIQUE (account, campaign, attempt) -- also the idempotency key towards a provider
) STRICT;
CREATE INDEX verification_by_status ON verification_request (status, opened_at);
