-- Each distinct combination of segment values, the most frequent first.
INSERT INTO segment_sets
SELECT row_number() OVER (ORDER BY traces DESC, segment::VARCHAR) - 1, segment, traces
FROM (SELECT s.segment, count(*) AS traces FROM outlines o JOIN sets s USING (marks, root_mark) GROUP BY s.segment)
