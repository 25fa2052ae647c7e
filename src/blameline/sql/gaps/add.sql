-- Keep one gap, at its place in the list.
INSERT INTO gaps VALUES ($place, $kind, $what, $source, $n, $of, $since, $until, $unanswerable)
