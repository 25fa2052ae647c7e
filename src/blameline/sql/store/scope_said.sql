-- What a scope says of itself, in the order of `scope_names`.
CREATE OR REPLACE TEMP MACRO scope_said(scope) AS list_filter([scope.name, scope.version], lambda given: given <> '')
