"""The samples, from their files to their post-mortem; a package, because ``tests/evidence`` has stories as well."""
