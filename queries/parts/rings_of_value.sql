-- The rings whose members hold the value l.value of signal @signal@ (its id), as a list of numbers.
iif(EXISTS (SELECT 1 FROM uncounted),
    (SELECT group_concat(ring)
     FROM (SELECT DISTINCT m.ring
           FROM sighting s
           CROSS JOIN member m ON m.run = :run AND m.account = s.account
           WHERE s.value = l.value
           ORDER BY m.ring) AS held),
    (SELECT group_concat(i.ring) FROM shared_in_ring i
     WHERE i.run = :run AND i.signal = @signal@ AND i.value = l.value))
