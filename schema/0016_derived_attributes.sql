-- 0016_derived_attributes.sql - what follows from a value's own text is not kept a second time.

-- Addresses of which the text does not tell all by itself: IPv6, and IPv4 of special use. Of all
-- others the version is 4, the scope global and the prefix the first three numbers.
ALTER TABLE address RENAME TO address_other;
DELETE FROM address_other
WHERE version = 4 AND scope = 'global' AND
      prefix = (SELECT rtrim(v.text, '0123456789') || '0/24' FROM value v
                WHERE v.id = address_other.value);

-- Typed attributes of IP addresses. version: 4 or 6; prefix: the /24 (v4) or /64 (v6) it lies in;
-- scope: global, private, shared (carrier NAT), loopback, link-local, special.
CREATE VIEW address AS
SELECT v.id AS value, coalesce(o.version, 4) AS version,
       coalesce(o.prefix, rtrim(v.text, '0123456789') || '0/24') AS prefix,
       coalesce(o.scope, 'global') AS scope
FROM value v LEFT JOIN address_other o ON o.value = v.id
WHERE v.signal = 2;

-- Typed attributes of devices. form: hash, uuid, user-agent or other.
DROP TABLE device;
CREATE VIEW device AS
SELECT id AS value,
       CASE WHEN text GLOB '????????-????-????-????-????????????' AND
                 length(replace(text, '-', '')) = 32 AND text NOT GLOB '*[^0-9a-f-]*'
            THEN 'uuid'
            WHEN length(text) >= 16 AND text NOT GLOB '*[^0-9a-f]*' THEN 'hash'
            WHEN instr(text, '/') > 0 AND instr(text, ' ') > 0 THEN 'user-agent'
            ELSE 'other' END AS form
FROM value
WHERE signal = 3;
