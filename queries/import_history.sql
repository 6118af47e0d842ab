-- purpose: what was imported, newest first
-- param: limit=100  how many
-- column: import_id  its number, for import --undo
-- column: kind  accounts, payments, events, sightings, links or labels
-- column: signal  for sightings
-- column: path  the file as named
-- column: rows  good rows
-- column: rejected  rows that could not be read
-- column: megabytes  the size of the file
-- column: started_at  when it began
-- column: seconds  how long it took
-- column: undone_at  when it was taken back
SELECT id AS import_id,
       kind,
       signal,
       path,
       rows,
       rejected,
       round(bytes / 1e6, 3) AS megabytes,
       strftime('%Y-%m-%dT%H:%M:%SZ', started_at, 'unixepoch') AS started_at,
       finished_at - started_at AS seconds,
       strftime('%Y-%m-%dT%H:%M:%SZ', undone_at, 'unixepoch') AS undone_at
FROM import
ORDER BY id DESC
LIMIT :limit
