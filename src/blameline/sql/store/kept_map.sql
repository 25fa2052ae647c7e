-- A map as it may be kept, after its values and then its names were redacted; with --content none without what people wrote.
CREATE OR REPLACE TEMP MACRO kept_map(attributes, clean) AS (
    map_from_entries(list_filter(
        map_entries(first_of_each(clean[cardinality(attributes) + 1:2 * cardinality(attributes)], clean[:cardinality(attributes)])),
        lambda entry: getvariable('protection').content OR NOT is_old_content(entry.key)
    ))
)
