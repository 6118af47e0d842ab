-- 0001_facts.sql - what was imported. Detection reads these tables and never edits them.
--
-- Conventions of the whole database: a time is Unix seconds (datetime(x, 'unixepoch') reads it), a
-- day is whole days since 1970-01-01 (date(x * 86400, 'unixepoch') reads it), -1 is "day not known".
-- NULL means "not known", never "none". All times are UTC. Views named *_readable show dates.

-- One import of one file. Every fact names its import, so that it can be taken back.
CREATE TABLE import (
    id          INTEGER PRIMARY KEY,
    kind        TEXT    NOT NULL, -- accounts, payments, events, sightings, links or labels
    signal      TEXT    NOT NULL, -- for sightings: the signal named by --signal; otherwise ''
    map         TEXT    NOT NULL, -- the --map given, in canonical order; otherwise ''
    path        TEXT    NOT NULL, -- the file as named, '-' for standard input
    digest      TEXT    NOT NULL, -- SHA-256 of its bytes, hexadecimal
    bytes       INTEGER NOT NULL,
    rows        INTEGER NOT NULL, -- good rows
    rejected    INTEGER NOT NULL, -- rows that could not be read and are not here
    accounts_new INTEGER NOT NULL DEFAULT 0, -- accounts nobody had mentioned before
    values_new   INTEGER NOT NULL DEFAULT 0, -- values nobody had mentioned before
    sightings    INTEGER NOT NULL DEFAULT 0, -- rows it has in the table sighting
    started_at  INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    undone_at   INTEGER           -- when import --undo took it back; its facts are then gone
) STRICT;
CREATE INDEX import_by_digest ON import (digest, kind, signal, map);

-- A kind of observable. Link signals may join two accounts; context signals only describe a ring.
CREATE TABLE signal (
    id       INTEGER PRIMARY KEY,
    name     TEXT    NOT NULL UNIQUE,
    family   TEXT    NOT NULL, -- signals of one family share a cause and are not counted twice
    role     TEXT    NOT NULL CHECK (role IN ('link', 'context')),
    windowed INTEGER NOT NULL CHECK (windowed IN (0, 1)) -- 1: sharing counts within one day only
) STRICT;
INSERT INTO signal (id, name, family, role, windowed) VALUES
    (1, 'instrument', 'payment',    'link',    0), -- card, bank account, wallet
    (2, 'ip',         'address',    'link',    1),
    (3, 'device',     'device',     'link',    0), -- device fingerprint
    (4, 'template',   'template',   'link',    0), -- query structure
    (5, 'tie',        'tie',        'link',    0), -- two accounts tied directly; exactly two holders
    (6, 'phone',      'phone',      'link',    0),
    (7, 'capability', 'capability', 'context', 0); -- chat, coding, ...; counted in capability_use
-- further signals are added by import sightings --signal NAME: each its own family, link, all time

-- An account, with the merged columns of every accounts row that named it. An account that was only
-- mentioned elsewhere has its external_id alone.
CREATE TABLE account (
    id           INTEGER PRIMARY KEY,
    external_id  TEXT NOT NULL UNIQUE, -- the account_id of the imported files
    created_at   INTEGER,              -- sign-up time
    email        TEXT,                 -- as imported
    email_key    TEXT,                 -- the mailbox it reaches: case, plus tag, gmail dots removed
    email_domain TEXT,                 -- lower case
    country      TEXT,
    timezone     TEXT,
    plan         TEXT,
    status       TEXT CHECK (status IN ('active', 'suspended', 'banned', 'closed')),
    owner_id     TEXT                  -- the organisation or person that owns the account
) STRICT;

-- What each import said of an account; account holds the merge. The greater text wins. A row without
-- content says that the account was mentioned by itself, with no other fact.
CREATE TABLE account_claim (
    account    INTEGER NOT NULL REFERENCES account (id),
    import     INTEGER NOT NULL REFERENCES import (id),
    created_at INTEGER,
    email        TEXT,
    email_key    TEXT, -- both derived from the email beside it
    email_domain TEXT,
    country    TEXT,
    timezone   TEXT,
    plan       TEXT,
    status     TEXT,
    owner_id   TEXT,
    PRIMARY KEY (account, import)
) STRICT, WITHOUT ROWID;

-- One concrete observable: one address, one card, one device.
CREATE TABLE value (
    id     INTEGER PRIMARY KEY,
    signal INTEGER NOT NULL REFERENCES signal (id),
    text   TEXT    NOT NULL, -- canonical form
    UNIQUE (signal, text)
) STRICT;

-- Account used value on a day, so many times. Counted per import; readers add the imports up.
CREATE TABLE sighting (
    value   INTEGER NOT NULL REFERENCES value (id),
    account INTEGER NOT NULL REFERENCES account (id),
    day     INTEGER NOT NULL, -- -1: not known
    import  INTEGER NOT NULL REFERENCES import (id),
    times   INTEGER NOT NULL CHECK (times > 0),
    PRIMARY KEY (value, account, day, import)
) STRICT, WITHOUT ROWID;
-- sighting_by_account ON sighting (account, value) is made by the first import after its rows, and
-- anew by an import that brings more rows than there were: building it once is faster than filling it

-- Typed attributes of payment instruments, merged over instrument_claim (the greater text wins).
CREATE TABLE instrument (
    value   INTEGER PRIMARY KEY REFERENCES value (id),
    kind    TEXT, -- card, bank, wallet, ...
    bin     TEXT, -- first six to eight digits of a card: its issuer and product
    last4   TEXT,
    country TEXT, -- of issue
    funding TEXT  -- credit, debit, prepaid, virtual, ...
) STRICT;
CREATE TABLE instrument_claim (
    value   INTEGER NOT NULL REFERENCES value (id),
    import  INTEGER NOT NULL REFERENCES import (id),
    kind    TEXT,
    bin     TEXT,
    last4   TEXT,
    country TEXT,
    funding TEXT,
    PRIMARY KEY (value, import)
) STRICT, WITHOUT ROWID;

-- Typed attributes of IP addresses, derived from the address itself when it is first seen.
CREATE TABLE address (
    value   INTEGER PRIMARY KEY REFERENCES value (id),
    version INTEGER NOT NULL CHECK (version IN (4, 6)),
    prefix  TEXT    NOT NULL, -- the /24 (v4) or /64 (v6) it lies in
    scope   TEXT    NOT NULL  -- global, private, shared (carrier NAT), loopback, link-local, special
) STRICT;

-- Typed attributes of devices, derived from the fingerprint itself when it is first seen.
CREATE TABLE device (
    value INTEGER PRIMARY KEY REFERENCES value (id),
    form  TEXT NOT NULL CHECK (form IN ('hash', 'uuid', 'user-agent', 'other'))
) STRICT;

-- Daily usage of an account, counted from events.
CREATE TABLE usage (
    account  INTEGER NOT NULL REFERENCES account (id),
    day      INTEGER NOT NULL, -- -1: not known
    import   INTEGER NOT NULL REFERENCES import (id),
    events   INTEGER NOT NULL, -- rows
    requests INTEGER NOT NULL,
    hours    INTEGER NOT NULL, -- bit h is set when there was activity in hour h (UTC)
    PRIMARY KEY (account, day, import)
) STRICT, WITHOUT ROWID;

-- Requests by capability, account and day.
CREATE TABLE capability_use (
    account    INTEGER NOT NULL REFERENCES account (id),
    capability INTEGER NOT NULL REFERENCES value (id), -- a value of the signal 'capability'
    day        INTEGER NOT NULL, -- -1: not known
    import     INTEGER NOT NULL REFERENCES import (id),
    requests   INTEGER NOT NULL,
    PRIMARY KEY (account, capability, day, import)
) STRICT, WITHOUT ROWID;

-- What somebody found out about an account.
CREATE TABLE label (
    id      INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (id),
    label   TEXT    NOT NULL CHECK (label IN ('fraud', 'legit')),
    source  TEXT    NOT NULL, -- who says so; '' when not told
    at      INTEGER,
    import  INTEGER NOT NULL REFERENCES import (id),
    UNIQUE (account, label, source, at, import)
) STRICT;
CREATE INDEX label_by_import ON label (import);

-- The 24-hour profile of an account: on how many days it was active in each hour.
CREATE VIEW hour_profile AS
WITH RECURSIVE clock (hour) AS (SELECT 0 UNION ALL SELECT hour + 1 FROM clock WHERE hour < 23)
SELECT account, hour, sum(hours >> hour & 1) AS days_active
FROM usage, clock
GROUP BY account, hour;

CREATE VIEW account_readable AS
SELECT id, external_id, datetime(created_at, 'unixepoch') AS created, email, email_domain, country,
       timezone, plan, status, owner_id
FROM account;

CREATE VIEW sighting_readable AS
SELECT a.external_id AS account, g.name AS signal, v.text AS value,
       CASE WHEN s.day >= 0 THEN date(s.day * 86400, 'unixepoch') END AS day, sum(s.times) AS times
FROM sighting s
JOIN value v ON v.id = s.value
JOIN signal g ON g.id = v.signal
JOIN account a ON a.id = s.account
GROUP BY s.value, s.account, s.day;
