"""A text that is cut is redacted afterwards: what is left at its end must not be half a secret or address."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from blameline.sources.rows import cut

if TYPE_CHECKING:
    from blameline.store import Store

KEY = "sk-ant-api03-plantedAbCdEfGhIjKlMnOpQrStUvWxYz0123456789"
PERSON = "planted.person@example.org"
WORDS = "word " * 500


@pytest.mark.parametrize(
    ("whole", "most", "left"),
    [
        ("short", 10, "short"),
        ("said by jane@example.org", 15, "said by "),
        ("said by jane", 8, "said by "),
        ("said by jane", 7, "said by"),
        ('{"a":"b","token":"sk-abcdef"}', 24, '{"a":"b","token":"'),
        ("https://jane:pw@host/path", 12, "…"),
        ("0123456789abcdef", 10, "0123456789"),
        ("cafe@example.org", 4, "…"),
        ("返金は三十日以内です", 4, "返金は三"),
    ],
)
def test_a_word_that_would_be_cut_is_left_out(whole: str, most: int, left: str) -> None:
    assert cut(whole, most) == left


def _entry(said: str) -> object:
    access = {"action": "updateOn", "resource": "proj/p:env/e:flag/f"}
    return {
        "_id": "1",
        "date": 1773479520000,
        "kind": "flag",
        "titleVerb": "turned on",
        "accesses": [access],
        "comment": said,
    }


def _page(said: str) -> object:
    update = {"status": "resolved", "body": said, "created_at": "2026-03-01T00:00:00Z"}
    incident = {"id": "1", "name": "n", "status": "resolved", "created_at": "2026-03-01T00:00:00Z"}
    return {"page": {"id": "p", "name": "n"}, "incidents": [{**incident, "incident_updates": [update]}]}


def _log(said: str) -> object:
    told = {"task": "t", "model": "m", "run_id": "r", "eval_id": "e", "created": "2026-03-01T00:00:00Z"}
    return {"eval": told, "status": "error", "error": {"message": said}}


@pytest.mark.parametrize("secret", [KEY, PERSON])
@pytest.mark.parametrize(
    ("made", "most"),
    [(_entry, 300), (_page, 1000), (_log, 200), (lambda said: [{"at": said, "kind": "deploy"}], 60)],
)
def test_no_half_of_a_secret_is_kept(store: Store, take, made, most: int, secret: str) -> None:
    files = {f"{kept}.json": json.dumps(made(f"{WORDS[: most - kept]}{secret} {WORDS}")) for kept in range(9, 28, 3)}
    take(files)
    for table in ("changes", "eval_runs", "problems", "pieces"):
        found = repr(store.sql(f"SELECT * FROM {table}").rows)  # noqa: S608  names of tables are ours
        assert "planted" not in found
