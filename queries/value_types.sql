-- purpose: what values used by many accounts are taken for, and why
-- param: type=  only of this type (carrier NAT, VPN exit, office, campus, ring, ...); empty means any
-- param: signal=  only of this signal (instrument, ip, device, ...); empty means any
-- param: value=  only this value; empty means any
-- param: limit=100  how many
-- param: run=latest  the run
-- column: signal  what it is
-- column: value  the value
-- column: type  what it is taken for; unknown: nothing fits well enough
-- column: bits  log2 of how much likelier that is than the next best
-- column: instead  the next best
-- column: holders  accounts that use it
-- column: days  on which two or more did; 0 when days do not matter
-- column: why  the figures that told most
-- column: cards  of payers among them, the share that pays with a card of another one
-- column: pairs  share of pairs that have something of another family in common, beyond chance
-- column: flagged  share of them that is in a flagged ring; no part of the type
WITH asked (value) AS (
    SELECT v.id
    FROM signal g
    CROSS JOIN value v ON v.signal = g.id AND v.text = :value
    WHERE :value <> ''
),
fit (value, holders) AS MATERIALIZED (
    SELECT value, holders
    FROM value_type
    WHERE run = :run
      AND (:type = '' OR type = :type)
      AND (:value = '' OR value IN (SELECT value FROM asked))
),
enough (holders) AS MATERIALIZED ( -- of any signal: so many holders suffice to be listed
    SELECT holders FROM fit
    WHERE :limit > 0
      AND :signal = ''
    ORDER BY holders DESC
    LIMIT 1 OFFSET :limit - 1
)
SELECT g.name AS signal,
       v.text AS value,
       t.type,
       round(t.bits, 1) AS bits,
       t.instead,
       t.holders,
       t.days,
       t.why,
       round(t.cards, 3) AS cards,
       round(t.pairs, 3) AS pairs,
       round(t.flagged, 3) AS flagged
FROM fit f
CROSS JOIN value_type t ON t.run = :run AND t.value = f.value
CROSS JOIN value v ON v.id = t.value
CROSS JOIN signal g ON g.id = v.signal
WHERE (:signal = '' OR g.name = :signal)
  AND (f.holders >= (SELECT holders FROM enough) OR NOT EXISTS (SELECT 1 FROM enough))
ORDER BY t.holders DESC, signal, value
LIMIT :limit
