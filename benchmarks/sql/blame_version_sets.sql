-- Of the changes that reach the requests one after the other: the versions that requests carry which have taken the first so many over.
INSERT INTO version_sets
WITH sets AS (
    SELECT k AS version_id, map_from_entries(list_transform($attributes::VARCHAR[], lambda name, i: {
        'key': name,
        'value': 'v' || ((k - i + len($attributes::VARCHAR[])) // len($attributes::VARCHAR[]))
    })) AS versions
    FROM range(len($moments::TIMESTAMP[]) + 1) AS r(k)
)
SELECT s.version_id, s.versions, min(t.start_at), max(t.start_at), count(*)
FROM sets s JOIN traces t USING (version_id)
GROUP BY s.version_id, s.versions
