-- The whole ledger, oldest first.
SELECT id, parent, written_at, by_whom, kind, body FROM entries ORDER BY position
