"""One route of the ingest benchmark in a process of its own: a file in, one line of JSON (seconds, memory, rows) out.

    python benchmarks/ingest_routes.py load traces.jsonl scratch/

Every route runs alike: as a child, timed from before its first import to the end of the process by its parent.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

SQL = Path(__file__).parent / "sql"
_MEMORY = "2GB"


def load(paths: list[str], scratch: Path) -> int:
    """What a person types: ``incident load``."""
    from blameline.case import open_case  # noqa: PLC0415  each route imports its own

    with open_case(scratch / "case.duckdb") as case:
        return case.load(*paths).spans


def parquet(paths: list[str], scratch: Path) -> int:
    """The fastest route that keeps everything: SQL to Parquet (zstd), then the known columns into a table."""
    import duckdb  # noqa: PLC0415

    text = (
        (SQL / "known_columns.sql").read_text(encoding="utf-8").replace("$path", f"'{paths[0]}'")
    )  # COPY binds nothing
    with duckdb.connect(scratch / "known.duckdb", config={"memory_limit": _MEMORY}) as connection:
        connection.execute(f"COPY ({text}) TO '{scratch / 'all.parquet'}' (FORMAT parquet, COMPRESSION zstd)")
        connection.execute(
            f"CREATE TABLE known AS SELECT * EXCLUDE (keys, said, other_keys, other_said) FROM '{scratch / 'all.parquet'}'"  # noqa: S608  our own paths
        )
        return int(connection.execute("SELECT count(*) FROM known").fetchall()[0][0])


def pandas(paths: list[str], scratch: Path) -> int:
    """What a notebook does: json_normalize, attributes to columns, one table."""
    import pandas as pd  # noqa: PLC0415

    spans = []
    with Path(paths[0]).open(encoding="utf-8") as lines:
        for line in lines:
            for around in json.loads(line)["resourceSpans"]:
                found = pd.json_normalize(around["scopeSpans"], record_path="spans", max_level=1)
                found["resource.attributes"] = [around["resource"]["attributes"]] * len(found)
                spans.append(found)
    frame = pd.concat(spans, ignore_index=True)

    def keyed(pairs: list[dict[str, dict[str, object]]]) -> dict[str, object]:
        return {str(pair["key"]): next(iter(pair["value"].values())) for pair in pairs}

    named = pd.json_normalize(frame["attributes"].map(keyed).tolist(), max_level=0)
    around = pd.json_normalize(frame["resource.attributes"].map(keyed).tolist(), max_level=0)
    whole = pd.concat([frame.drop(columns=["attributes", "resource.attributes"]), named, around], axis=1)
    whole["gen_ai.response.finish_reasons"] = whole["gen_ai.response.finish_reasons"].map(json.dumps)
    whole.to_parquet(scratch / "frame.parquet", compression="zstd")
    return len(whole)


def bare_langfuse(paths: list[str], scratch: Path) -> int:
    """Langfuse's lines, read by DuckDB as they are and inserted into one table of the same columns."""
    import duckdb  # noqa: PLC0415

    with duckdb.connect(scratch / "bare.duckdb", config={"memory_limit": _MEMORY}) as connection:
        connection.execute(f"CREATE TABLE observations AS SELECT * FROM read_ndjson('{paths[0]}')")  # noqa: S608  our own paths
        return int(connection.execute("SELECT count(*) FROM observations").fetchall()[0][0])


def searched_langfuse(paths: list[str], scratch: Path) -> int:
    """The same, and the least that a load may not leave out: the hash of the file, and a look for secrets at every text."""
    import hashlib  # noqa: PLC0415

    import duckdb  # noqa: PLC0415

    from blameline.store.protection import protection  # noqa: PLC0415

    with Path(paths[0]).open("rb") as file:
        hashlib.file_digest(file, "sha256")
    with duckdb.connect(scratch / "bare.duckdb", config={"memory_limit": _MEMORY}) as connection:
        sensitive = str(protection("redacted").sensitive).replace("'", "''")
        connection.execute(
            f"CREATE TABLE observations AS SELECT *, regexp_matches(o::VARCHAR, '{sensitive}') AS sensitive FROM read_ndjson('{paths[0]}') AS o"  # noqa: S608, E501  our own
        )
        return int(connection.execute("SELECT count(*) FROM observations").fetchall()[0][0])


ROUTES = {
    "load": load, "parquet": parquet, "pandas": pandas, "bare-langfuse": bare_langfuse, "searched-langfuse": searched_langfuse,
}  # fmt: skip

if __name__ == "__main__":
    route, scratch, *paths = sys.argv[1:]
    print(json.dumps({"rows": ROUTES[route](paths, Path(scratch))}))
