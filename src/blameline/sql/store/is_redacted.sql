-- Whether something was taken out of a text before it was kept.
CREATE OR REPLACE TEMP MACRO is_redacted(said) AS regexp_matches(said, '\[(?:secret|card|redacted|e-mail(?: [0-9a-f]{16})?)\]')
