-- 0020_figures.sql - what a run counts of each ring, of mailboxes and of banned accounts, so that a
-- ring of tens of thousands is told at once. Runs made before have none of it, and whoever asks
-- counts then.

-- 1: the tables below tell of this run.
ALTER TABLE run ADD COLUMN counted INTEGER NOT NULL DEFAULT 0;

-- What would have to be asked of every member.
CREATE TABLE ring_figures (
    run          INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    ring         INTEGER NOT NULL,
    core         INTEGER NOT NULL, -- members, bridges among them
    fringe       INTEGER NOT NULL,
    bridges      INTEGER NOT NULL,
    half_first   INTEGER, -- the shortest time in which half of those signed up whose time is known;
    half_last    INTEGER, -- NULL when it is known of three or fewer
    active       INTEGER NOT NULL, -- members that did something on a known day
    account_days INTEGER NOT NULL, -- on how many days, of all members
    requests     INTEGER, -- on these days; NULL when something was done on a day that is not known:
                          -- whoever asks for use counts then
    first_day    INTEGER, -- of use; NULL: none
    last_day     INTEGER,
    funded       INTEGER, -- instruments of known funding, by members: one that two use counts twice;
    prepaid      INTEGER, -- of these, prepaid or virtual; NULL when instruments do not link
    PRIMARY KEY (run, ring)
) STRICT, WITHOUT ROWID;

-- The three commonest countries, time zones and e-mail domains of rings of 200 members or more.
CREATE TABLE ring_common (
    run      INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    ring     INTEGER NOT NULL,
    kind     TEXT    NOT NULL CHECK (kind IN ('country', 'timezone', 'email_domain')),
    nth      INTEGER NOT NULL, -- 1 is the commonest
    name     TEXT    NOT NULL, -- as imported
    accounts INTEGER NOT NULL, -- members
    known    INTEGER NOT NULL, -- members of which it is known at all
    PRIMARY KEY (run, ring, kind, nth)
) STRICT, WITHOUT ROWID;

-- Mailboxes (account.email_key) that two accounts or more have, told by a hash of 64 bits: who reads
-- this compares the texts. A row is up to 32 of them with equally many accounts.
CREATE TABLE shared_mailbox (
    run       INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    accounts  INTEGER NOT NULL, -- of each mailbox
    account   INTEGER NOT NULL, -- the smallest of all in the row
    mailboxes INTEGER NOT NULL,
    packed    TEXT    NOT NULL, -- JSON, of each account: its id less the smallest
    PRIMARY KEY (run, accounts, account)
) STRICT, WITHOUT ROWID;

-- Links of a banned account with one that is not banned and signed up later than the first was last
-- active (or, when that is not known, signed up).
CREATE TABLE link_regrown (
    run       INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    days      INTEGER NOT NULL, -- from that day to the sign-up
    account_a INTEGER NOT NULL, -- as in link
    account_b INTEGER NOT NULL,
    banned    INTEGER NOT NULL, -- which of the two
    last_day  INTEGER NOT NULL, -- when it was last active
    PRIMARY KEY (run, days, account_a, account_b)
) STRICT, WITHOUT ROWID;
