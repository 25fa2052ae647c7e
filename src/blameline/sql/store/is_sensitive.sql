-- Whether one of several texts may hold something that must not be stored: quickly planned, unlike what redacts it.
SELECT coalesce(regexp_matches(array_to_string($said::VARCHAR[], chr(10)), getvariable('protection').sensitive), FALSE) AS sensitive
