-- purpose: query templates that several accounts of rings use, those in most rings first
-- param: ring=0  only templates of this ring; 0 means all rings
-- param: min_members=2  used by at least so many accounts in rings
-- param: limit=100  how many
-- param: run=latest  the run
-- column: template  the template
-- column: rings  rings that use it
-- column: ring_ids  their numbers
-- column: members  accounts in rings that use it
-- column: holders  accounts that use it, in rings or not
-- column: times  how often they used it, in rings or not
-- part: shared_values signal=4
SELECT l.text AS template,
       l.rings,
       l.ring_ids,
       l.members,
       l.holders,
       ( -- a pack in which nothing is told more than once tells by its commas how much
           SELECT sum(iif(p.most = 1, length(p.packed) - length(replace(p.packed, ',', '')) + 1,
                          (SELECT sum(1 + j.value % p.most) FROM json_each(p.packed) j)))
           FROM sighting_pack p
           WHERE p.value = l.value
       ) AS times
FROM told l
ORDER BY l.rings DESC, l.members DESC, template
