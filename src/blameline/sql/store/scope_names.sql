-- The names under which what a scope says of itself is kept: those that OpenTelemetry gives where there is no scope.
CREATE OR REPLACE TEMP MACRO scope_names(scope) AS (
    list_where(['otel.scope.name', 'otel.scope.version'], [coalesce(scope.name, '') <> '', coalesce(scope.version, '') <> ''])
)
