-- The segments of the requests: ten regions, and as many tenants as that leaves.
INSERT INTO segment_sets
SELECT segment_id, map {'cloud.region': 'region-' || segment_id % 10, 'tenant.id': 'tenant-' || segment_id // 10}, count(*)
FROM traces
GROUP BY segment_id
