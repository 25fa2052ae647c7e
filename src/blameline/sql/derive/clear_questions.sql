-- Forget which questions came again.
DELETE FROM questions
