-- purpose: values too common to join accounts pair by pair, and what became of them
-- param: limit=100  how many
-- param: run=latest  the run
-- column: signal  what it is
-- column: value  the value
-- column: type  what it is taken for; value_types tells why
-- column: holders  accounts using it (on its busiest day)
-- column: days  days on which it was too common
-- column: reliability  how often sharing it is a real tie
-- column: bits  what it still adds
-- column: treatment  ignored, adds or star
-- column: why  the treatment in words
SELECT g.name AS signal,
       v.text AS value,
       t.type,
       h.holders,
       h.days,
       round(h.reliability, 4) AS reliability,
       round(h.bits, 1) AS bits,
       h.treatment,
       CASE h.treatment
           WHEN 'ignored' THEN 'its users share nothing else: worth nothing'
           WHEN 'adds' THEN 'joins nobody by itself, strengthens pairs that other values make'
           WHEN 'star' THEN 'its users share much else: joins all of them'
       END AS why
FROM hub h
JOIN value v ON v.id = h.value
JOIN signal g ON g.id = v.signal
LEFT JOIN value_type t ON t.run = h.run AND t.value = h.value
WHERE h.run = :run
ORDER BY h.holders DESC, value
LIMIT :limit
