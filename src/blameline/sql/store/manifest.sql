-- The merged incident.yaml.
SELECT record FROM manifest
