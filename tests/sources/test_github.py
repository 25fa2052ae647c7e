from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blameline.intake import load
from blameline.records import Manifest
from blameline.sources import Found, discover
from blameline.sources.github import GitHubEvents
from blameline.sources.heads import File, look

if TYPE_CHECKING:
    from collections.abc import Iterable

    from blameline.store import Store

HERE = Path(__file__).parent / "fixtures" / "github"
FILES = sorted(path.name for path in HERE.iterdir() if path.suffix in {".json", ".jsonl"})
PEOPLE = ("octocat", "Octocat", "Mona", "583231", "github.example")


def text(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def at(day: int, hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, second, tzinfo=UTC)


def test_every_fixture_is_known(tmp_path: Path) -> None:
    found = {part.file.source: part.reader.name for part in discover([HERE]) if isinstance(part, Found)}
    assert found == dict.fromkeys(FILES, "github")


def test_a_status_that_became_success_is_the_deploy(store: Store, take) -> None:
    given = json.loads(text("deployment_status.json"))
    assert take({"a.json": text("deployment_status.json")}).problems == ()
    (change,) = store.changes()
    assert change.at == datetime.fromisoformat(given["deployment_status"]["created_at"])
    assert given["deployment"]["sha"].startswith(str(change.to))
    assert change.scope == {"deployment.environment.name": given["deployment"]["environment"]}
    assert (change.kind, change.layer, change.component, change.uncertainty) == (
        "deploy",
        "deploy",
        "Hello-World",
        None,
    )
    assert change.id == f"github-deployment-{given['deployment']['id']}"


def test_a_deployment_without_a_status_is_uncertain(store: Store, take) -> None:
    take({"a.json": text("deployment.json")})
    (change,) = store.changes()
    assert change.at == datetime(2019, 5, 15, 15, 20, 53, tzinfo=UTC)
    assert change.uncertainty == timedelta(minutes=30)
    assert "no status" in str(change.summary)


def test_a_status_in_the_same_file_is_enough(store: Store, take) -> None:
    both = [json.loads(text(name)) for name in ("deployment.json", "deployment_status.json")]
    take({"a.jsonl": "".join(json.dumps(event) + "\n" for event in both)})
    (change,) = store.changes()
    assert (change.at.second, change.uncertainty) == (55, None)


def test_a_list_of_deployments_with_their_statuses(store: Store, take) -> None:
    given = json.loads(text("rest_deployments.json"))
    succeeded = {one["id"]: one for one in given if any(status["state"] == "success" for status in one["statuses"])}
    assert take({"a.json": text("rest_deployments.json")}).problems == ()
    found = {change.id: change for change in store.changes()}
    assert set(found) == {f"github-deployment-{number}" for number in succeeded}
    for number, one in succeeded.items():
        done = next(status["created_at"] for status in one["statuses"] if status["state"] == "success")
        assert found[f"github-deployment-{number}"].at == datetime.fromisoformat(done)
    assert found["github-deployment-102"].to == "v2.4.0"
    assert found["github-deployment-101"].to == "aaaaaaaaaa"
    assert found["github-deployment-103"].scope == {"deployment.environment.name": "staging"}
    assert "a preview environment" in str(found["github-deployment-105"].summary)


def test_what_ran_before_and_comes_back_reverts_the_last_deploy(store: Store, take) -> None:
    take({"a.json": text("rest_deployments.json")})
    assert {change.id: change.reverts for change in store.changes() if change.reverts} == {
        "github-deployment-104": "github-deployment-102"
    }


def test_deliveries_of_every_kind(store: Store, take) -> None:
    assert take({"a.jsonl": text("deliveries.jsonl")}).problems == ()
    assert [(change.id, change.at) for change in store.changes()] == [
        ("github-deployment-101", at(10, 8, 7, 30)),
        ("github-push-2b3c4d5e6f", at(14, 9, 12)),
        ("github-deployment-106", at(17, 10, 0)),
    ]


def test_a_push_counts_when_it_was_pushed(store: Store, take) -> None:
    take({"a.json": text("push.json")})
    (change,) = store.changes()
    assert (change.kind, change.from_, change.to) == ("prompt_edit", "0f1e2d3c4b", "2b3c4d5e6f")
    assert (change.at, change.recorded_at) == (at(14, 9, 12), at(14, 9, 5))
    assert change.component == "src/app.py, prompts/support.txt"
    assert str(change.summary).startswith("shorten refund policy wording (thanks @…) (pull request #12)")


def test_a_push_without_its_time_is_as_late_as_its_commit(store: Store, take) -> None:
    push = json.loads(text("push.json"))
    del push["repository"]["pushed_at"]
    push["head_commit"]["modified"] = push["commits"][1]["modified"] = ["src/app.py"]
    take({"a.json": json.dumps(push)})
    (change,) = store.changes()
    assert (change.kind, change.at, change.uncertainty) == ("deploy", at(14, 9, 5), timedelta(hours=1))


@pytest.mark.parametrize(
    "edit",
    [{"ref": "refs/heads/side"}, {"ref": "refs/tags/v1"}, {"deleted": True}, {"after": "0" * 40}],
    ids=["branch", "tag", "deleted", "gone"],
)
def test_other_pushes_change_nothing(store: Store, take, edit: dict) -> None:
    found = take(
        {"a.json": json.dumps({**json.loads(text("push.json")), **edit}), "b.json": text("push.tag_deleted.json")}
    )
    assert (found.problems, store.changes()) == ((), ())


def test_releases_that_are_out(store: Store, take) -> None:
    given = [one for one in json.loads(text("rest_releases.json")) if one["published_at"]]
    assert take({"a.json": text("rest_releases.json"), "b.json": text("release.json")}).problems == ()
    changes = store.changes()
    assert len(changes) == len(given) + 1
    assert [(change.to, change.summary) for change in changes] == [
        ("0.0.1", "release 0.0.1"),
        ("v2.4.0", "release v2.4.0"),
        ("v2.5.0-rc.1", "release v2.5.0-rc.1 (a prerelease): Next"),
    ]


def test_the_events_feed(store: Store, take) -> None:
    assert take({"a.json": text("events_feed.json")}).problems == ()
    (change,) = store.changes()
    assert (change.at, change.to, change.component) == (at(19, 7, 0), "4d4d4d4d4d", "support-assistant")


@pytest.mark.parametrize("wrap", ["{event, payload}", "{headers, body}", "{headers, payload as text}"])
def test_wrappers(store: Store, take, wrap: str) -> None:
    push = json.loads(text("push.json"))
    record = {
        "{event, payload}": {"event": "push", "payload": push},
        "{headers, body}": {"headers": {"X-GitHub-Event": "push"}, "body": push},
        "{headers, payload as text}": {"headers": {"x-github-event": "push"}, "payload": json.dumps(push)},
    }[wrap]
    assert take({"a.jsonl": json.dumps(record) + "\n"}).problems == ()
    assert [change.id for change in store.changes()] == ["github-push-2b3c4d5e6f"]


@pytest.mark.parametrize("name", FILES)
def test_nobody_is_kept_and_again_changes_nothing(store: Store, case: Path, take, name: str) -> None:
    take({name: text(name)})
    kept = store.changes()
    assert not [one for one in PEOPLE for change in kept if one in change.model_dump_json()]
    (case / f"zz-again-{name}").write_text(text(name) + "\n")
    assert load(store, [case]).problems == ()
    assert store.changes() == kept


def test_bad_deliveries_are_told_and_the_rest_is_read(store: Store, take) -> None:
    good = json.loads(text("deployment_status.json"))
    late = json.loads(json.dumps(good))
    late["deployment_status"]["created_at"] = "0001-01-01T00:00:00+05:00"
    nameless = {**json.loads(text("deployment.json")), "deployment": {"sha": "x", "environment": "p"}}
    rows = [
        good,
        late,
        nameless,
        {"deployment_status": [], "x": 1},
        {"release": {"tag_name": "v1", "published_at": [1]}},
    ]
    found = take({"a.jsonl": "\n".join(map(json.dumps, rows)) + '\n{"cut'})
    assert [problem.line for problem in found.problems] == [2, 3, 4, 5, 6]
    assert len(store.changes()) == 1


def survives(folder: Path, rows: Iterable[dict]) -> None:
    """Read rows that may hold anything; whatever comes out can be written down."""
    path = folder / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for part in GitHubEvents().read(File(path, path.name, look(path)), Manifest(), lenient=False):
        part.model_dump_json().encode()


@pytest.mark.parametrize("odd", [None, [], {}, "", "\ud800", -1, 2**80, True, [[[]]], {"a": {"b": []}}])
def test_hostile_values_never_raise(tmp_path: Path, odd: object) -> None:
    for name in ("deployment_status.json", "push.json", "release.json"):
        event = json.loads(text(name))
        inner = event.get("deployment_status") or event.get("release") or event
        rows = [{**event, key: odd} for key in event]
        rows += [
            {**event, key: {**event[key], part: odd}}
            for key in event
            if isinstance(event[key], dict)
            for part in event[key]
        ]
        survives(tmp_path, [event, *rows, {**inner, "commits": odd}])


@pytest.mark.parametrize(
    "record",
    [
        {"release": "1.0", "tag_name": "x", "created_at": "2026-03-01T00:00:00Z"},
        {"ref": "a", "sha": "b", "at": "2026-03-01T00:00:00Z", "kind": "deploy"},
        {"payload": {"summary": "x"}, "event_action": "trigger"},
        {"environment": "prod", "trace_id": "t", "start": "2026-03-01T00:00:00Z", "sha": "x"},
    ],
)
def test_a_look_alike_is_left_alone(tmp_path: Path, record: dict) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(record) + "\n")
    assert not [part for part in discover([tmp_path]) if isinstance(part, Found) and part.reader.name == "github"]
