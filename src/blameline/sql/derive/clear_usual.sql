-- Begin anew with what was usual in each segment.
DELETE FROM usual
