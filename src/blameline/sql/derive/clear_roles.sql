-- Forget which attribute carries what.
DELETE FROM roles
