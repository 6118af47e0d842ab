-- purpose: payment instruments that several accounts of rings use, those in most rings first
-- param: ring=0  only instruments of this ring; 0 means all rings
-- param: min_members=2  used by at least so many accounts in rings
-- param: limit=100  how many
-- param: run=latest  the run
-- column: instrument  the instrument
-- column: kind  card, bank account, wallet
-- column: funding  credit, debit, prepaid
-- column: bin  first digits of a card
-- column: last4  last digits of a card
-- column: rings  rings that use it
-- column: ring_ids  their numbers
-- column: members  accounts in rings that use it
-- column: holders  accounts that use it, in rings or not
-- part: shared_values signal=1
SELECT l.text AS instrument,
       i.kind,
       i.funding,
       i.bin,
       i.last4,
       l.rings,
       l.ring_ids,
       l.members,
       l.holders
FROM told l
LEFT JOIN instrument i ON i.value = l.value
ORDER BY l.rings DESC, l.members DESC, instrument
