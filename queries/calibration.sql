-- purpose: what sharing a value is worth, as learned by a run, by signal and number of holders
-- param: run=latest  the run
-- column: signal  the signal
-- column: holders_from  values used by at least so many accounts
-- column: holders_to  and at most so many
-- column: groups  values (or value-days) of this kind
-- column: examined  pairs looked at
-- column: corroborated  of these, how many also share something of another family
-- column: by_chance  the same rate among random pairs
-- column: reliability  how often sharing it is a real tie
-- column: bits  what it adds to a pair
SELECT g.name AS signal,
       c.holders_from,
       c.holders_to,
       c.groups,
       c.examined,
       round(c.corroborated, 4) AS corroborated,
       round(c.by_chance, 6) AS by_chance,
       round(c.reliability, 4) AS reliability,
       round(c.bits, 2) AS bits
FROM calibration c
JOIN signal g ON g.id = c.signal
WHERE c.run = :run
ORDER BY g.id, c.holders_from
