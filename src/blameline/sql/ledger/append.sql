-- Add one entry at the end of the ledger.
INSERT INTO entries VALUES ($position, $id, $parent, $written_at, $by_whom, $kind, $body)
