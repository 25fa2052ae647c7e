-- Forget scores of these names: what a contract measures is not told by a file.
DELETE FROM measurements WHERE list_contains($signals::VARCHAR[], signal)
