"""GitHub deployments, releases and pushes: webhook deliveries or REST lists in, one ``Change`` a deploy, release or push out.

A deployment took effect when its status became ``success``; the other states change nothing that users see. It and its
statuses may lie in several files. A push counts on the default branch only. Logins, authors and addresses are never kept,
and of a repository only its name.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import Field

from blameline.records import Change, Manifest, Moment, Piece, Problem, Record, Text
from blameline.sources.events import made, mapping, moment, nameless, quoted
from blameline.sources.git import headline, kind_of, shown
from blameline.sources.postings import objects, unfolded, word
from blameline.sources.rows import cut

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from blameline.sources.heads import File, Head
    from blameline.sources.lines import Found

NO_STATUS = timedelta(minutes=30)
"""How far off a deployment's own time may be when no status says when it was done."""
NO_PUSH_TIME = timedelta(hours=1)
"""How far off a commit's time may be from its push."""
_WRAPPERS = ("", "payload.", "body.", "request.payload.", "request.body.")
_KNOWN_BY = (
    {"deployment_status.state", "deployment.environment"},
    {"deployment.sha", "deployment.environment"},
    {"release.tag_name", "release.published_at"},
    {"ref", "before", "after", "commits", "repository.default_branch"},
    {"sha", "ref", "environment", "statuses_url"},
    {"state", "environment", "deployment_url"},
    {"tag_name", "published_at", "target_commitish"},
    {"sender.login", "repository.full_name", "repository.node_id"},
)
_ANY_EVENT = (
    {"actor.login", "repo.name", "payload", "created_at"},
    {"guid", "delivered_at", "event", "request.headers"},
    {"headers.x-github-event"},
    {"request.headers.x-github-event"},
)
_VERSION = re.compile(r"^(?:refs/tags/)?([A-Za-z]*[-_]?v?\d+(?:\.\d+)+\S*)$")
_FAILED = frozenset({"failure", "error"})
_OWN = frozenset({"deployment", "deployment_status", "release", "ref", "tag_name", "state"})
_MAIN = frozenset({"main", "master", "trunk"})
_PUSHED = frozenset({"commits", "head_commit", "push_id"})
"""What a push has one of; the events feed gives no commits since October 2025."""


class _Deployment(Record):
    """What one record says of a deployment: the deployment itself, a status of it, or both."""

    number: Text
    facts: Mapping[str, Any] = Field(default_factory=dict)
    """Of what GitHub keeps of it, what the change needs."""
    repository: str | None = None
    environment: str | None = None
    state: str = ""
    done: Moment | None = None


_FACTS = ("created_at", "description", "environment", "ref", "sha", "task")


class _Told(Record):
    """What one record comes to: a part of a deployment, or a whole change."""

    deployment: _Deployment | None = None
    change: Change | None = None


class GitHubEvents:
    """Reads what GitHub says was deployed, released or pushed, and when."""

    name = "github"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True for deliveries of webhooks, the events feed, and lists of deployments, their statuses, or releases."""
        paths = head.paths
        if any(names <= paths or names <= {path.lower() for path in paths} for names in _ANY_EVENT):
            return True
        return any(paths >= {before + name for name in names} for before in _WRAPPERS for names in _KNOWN_BY)

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Piece | Problem]:  # noqa: ARG002  the protocol hands it in
        """What each record says: a part of a deployment, a release that is out, a push to the default branch."""
        for found in unfolded(file, "deployments", "releases"):
            if isinstance(found, Problem):
                yield found
                continue
            part = found[0]
            for told in _read(part, file):
                match told:
                    case Problem():
                        yield told
                    case Change():
                        yield _piece(_Told(change=told), part, file)
                    case _Deployment():
                        yield _piece(_Told(deployment=told), part, file)

    def put_together(self, pieces: Sequence[Piece]) -> Iterator[Change | Problem]:
        """One change a deployment that succeeded, a release that is out, and a push to the default branch."""
        deployments: dict[str, list[tuple[_Deployment, Piece]]] = defaultdict(list)
        for piece in pieces:
            told = _Told.model_validate_json(piece.text)
            if told.deployment:
                deployments[told.deployment.number].append((told.deployment, piece))
            if told.change:
                yield told.change.model_copy(update={"source": piece.source})
        yield from _deploys(deployments)


def _piece(told: _Told, part: Found, file: File) -> Piece:
    return Piece(text=told.model_dump_json(), line=part.line, source=file.source)


def _read(part: Found, file: File) -> Iterator[_Deployment | Change | Problem]:
    payload, arrived = _opened(part.record)
    if isinstance(payload.get("deployment_status"), dict) or _is_status(payload):
        yield _status(payload, part, file)
    elif isinstance(payload.get("deployment"), dict) or {"sha", "environment"} <= payload.keys():
        yield from _deployment(payload, part, file)
    elif isinstance(payload.get("release"), dict) or "tag_name" in payload:
        yield from _release(payload, part, file)
    elif isinstance(payload.get("ref"), str) and payload.keys() & _PUSHED:
        yield from _push(payload, arrived, part, file)
    elif not {"sender", "repository", "zen", "actor"} & (payload.keys() | part.record.keys()):
        said = "not a GitHub event: no deployment, release or push"
        yield Problem(source=file.source, line=part.line, message=said)


def _opened(record: Mapping[str, Any]) -> tuple[Mapping[str, Any], object]:
    """The payload inside what a proxy, the deliveries API or the events feed put around it, and when that was."""
    arrived = (
        record.get("delivered_at") or record.get("created_at") if "payload" in record else record.get("delivered_at")
    )
    payload: Any = record
    for _ in range(2):
        inner = next((payload[key] for key in ("request", "payload", "body") if _holds(payload.get(key))), None)
        if inner is None or payload.keys() & _OWN:  # a deployment has a payload of its own, and a release a body
            break
        payload = _parsed(inner)
    if payload is not record and isinstance(record.get("repo"), dict):
        payload = {"repository": record["repo"], **payload}
    return payload, arrived


def _holds(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, str) and value.lstrip().startswith("{"))


def _parsed(value: Any) -> Mapping[str, Any]:  # noqa: ANN401  JSON of any shape
    if isinstance(value, dict):
        return value
    try:
        read = json.loads(value)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _is_status(payload: Mapping[str, Any]) -> bool:
    return "state" in payload and "deployment_url" in payload


def _status(payload: Mapping[str, Any], part: Found, file: File) -> _Deployment | Problem:
    status = mapping(payload.get("deployment_status")) or payload
    facts = mapping(payload.get("deployment"))
    number = word(facts.get("id")) or _tail(status.get("deployment_url"))
    if not number:
        return Problem(
            source=file.source, line=part.line, message="the deployment status does not say of which deployment"
        )
    state, at = word(status.get("state")) or "", moment(status.get("created_at"))
    if state == "success" and at is None:
        said = f"the deployment status has no time that can be read: {quoted(status.get('created_at'))}"
        return Problem(source=file.source, line=part.line, message=said)
    return _Deployment(
        number=number,
        facts=_kept(facts),
        repository=_repository(payload, status),
        environment=word(status.get("environment")) if state == "success" else None,
        state=state,
        done=at if state == "success" else None,
    )


def _deployment(payload: Mapping[str, Any], part: Found, file: File) -> Iterator[_Deployment | Problem]:
    facts = mapping(payload.get("deployment")) or payload
    number = word(facts.get("id"))
    if not number:
        yield Problem(source=file.source, line=part.line, message="the deployment has no 'id'")
        return
    yield _Deployment(number=number, facts=_kept(facts), repository=_repository(payload, facts))
    for status in objects(payload.get("statuses", facts.get("statuses"))):
        yield _status(
            {"deployment_status": status, "deployment": facts, "repository": payload.get("repository")}, part, file
        )


def _kept(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the change needs of a deployment, without people."""
    kept: dict[str, Any] = {key: said for key in _FACTS if (said := word(facts.get(key)))}
    if "description" in kept:
        kept["description"] = nameless(kept["description"])
    return kept | ({"transient_environment": True} if facts.get("transient_environment") is True else {})


def _deploys(deployments: Mapping[str, list[tuple[_Deployment, Piece]]]) -> Iterator[Change | Problem]:
    """The deployments as changes by time; one that puts back what ran before the last one reverts that."""
    ready: list[tuple[tuple[str, ...], Change]] = []
    for number, parts in deployments.items():
        facts = max((one.facts for one, _ in parts), key=lambda facts: (len(facts), repr(sorted(facts.items()))))
        done = sorted((one.done, piece.text, one, piece) for one, piece in parts if one.done)
        states = {one.state for one, _ in parts}
        if not done and (states & (_FAILED | {"inactive", "success"}) or not facts):
            continue
        piece = done[0][3] if done else parts[0][1]
        repository = next((one.repository for one, _ in parts if one.repository), None)
        succeeded = next((one.environment for _, _, one, _ in done if one.environment), None)
        environment = succeeded or word(facts.get("environment")) or ""
        ref = word(facts.get("ref")) or ""
        preview = ", a preview environment" if facts.get("transient_environment") is True else ""
        version = _VERSION.match(ref)
        described = word(facts.get("description"))
        what = f"{word(facts.get('task')) or 'deploy'}{f' of {_last(ref)}' if ref else ''}"
        change = _made(
            piece.line,
            piece,
            id=f"github-deployment-{number}",
            at=done[0][0] if done else facts.get("created_at"),
            uncertainty=None if done else NO_STATUS,
            kind="deploy",
            component=repository,
            to=version.group(1) if version else (word(facts.get("sha")) or "")[:10] or None,
            scope={"deployment.environment.name": environment} if environment else {},
            summary=nameless(
                f"{what}{f' to {environment}' if environment else ''}{preview}"
                f"{f': {cut(described, 200)}' if described else ''}{'' if done else ' (no status is on record)'}"
            ),
        )
        if isinstance(change, Problem):
            yield change
        else:
            ready.append(((repository or "", environment, word(facts.get("task")) or ""), change))
    ran: dict[tuple[str, ...], list[Change]] = defaultdict(list)
    for place, change in sorted(ready, key=lambda pair: (pair[1].at, pair[1].id)):
        before = ran[place]
        last = before[-1] if before else None
        back = last is not None and last.to != change.to and any(old.to == change.to for old in before)
        before.append(change)
        yield change.model_copy(update={"reverts": last.id}) if back and last and change.to else change


def _release(payload: Mapping[str, Any], part: Found, file: File) -> Iterator[Change | Problem]:
    release = mapping(payload.get("release")) or payload
    if release.get("published_at") is None or word(payload.get("action")) in {"deleted", "unpublished"}:
        return  # a draft, or taken back: nothing came out
    tag, title = word(release.get("tag_name")), word(release.get("name"))
    draft = (
        " (a prerelease)" if release.get("prerelease") is True else " (a draft)" if release.get("draft") is True else ""
    )
    yield _made(
        part.line,
        file,
        id=f"github-release-{word(release.get('id')) or tag}",
        at=release["published_at"],
        kind="deploy",
        component=_repository(payload, release),
        to=tag,
        summary=nameless(f"release {tag}{draft}{f': {cut(title, 200)}' if title and title != tag else ''}"),
    )


def _push(payload: Mapping[str, Any], arrived: object, part: Found, file: File) -> Iterator[Change | Problem]:
    repository, ref = mapping(payload.get("repository")), str(payload["ref"])
    after = word(payload.get("after")) or word(payload.get("head")) or ""
    branch = ref.removeprefix("refs/heads/")
    main = word(repository.get("default_branch")) or word(repository.get("master_branch"))
    if not ref.startswith("refs/heads/") or branch not in ({main} if main else _MAIN):
        return
    if payload.get("deleted") is True or not after.strip("0"):
        return
    commits = objects(payload.get("commits"))
    last = mapping(payload.get("head_commit")) or (commits[-1] if commits else {})
    written = moment(last.get("timestamp"))
    pushed = moment(repository.get("pushed_at")) or moment(arrived)
    if pushed is None and written is None:
        said = f"the push of {after[:10]} has no time that can be read"
        yield Problem(source=file.source, line=part.line, message=said)
        return
    names = [
        name
        for commit in commits or (last,)
        for key in ("added", "removed", "modified")
        for name in _names(commit.get(key))
    ]
    paths = list(dict.fromkeys(names))
    before = word(payload.get("before")) or ""
    more = f" (the last of {len(commits)} commits)" if len(commits) > 1 else ""
    forced = " (forced)" if payload.get("forced") is True else ""
    yield _made(
        part.line,
        file,
        id=f"github-push-{after[:10]}",
        at=pushed or written,
        recorded_at=written if pushed else None,
        uncertainty=None if pushed else NO_PUSH_TIME,
        kind=kind_of(paths),
        component=shown(paths) or _repository(payload, {}),
        **{"from": before[:10] if before.strip("0") else None},
        to=after[:10],
        summary=(headline((word(last.get("message")) or "").splitlines()) or f"push to {branch}") + more + forced,
    )


def _made(line: int | None, file: File | Piece, **said: object) -> Change | Problem:
    """A change, unless its time cannot be read."""
    at = said["at"] if isinstance(said["at"], datetime) else moment(said["at"])
    if at is None:
        told = f"{said['id']} has no time that can be read: {quoted(said['at'])}"
        return Problem(source=file.source, line=line, message=told)
    return made(file, line, {**said, "at": at})


def _names(value: object) -> list[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def _repository(payload: Mapping[str, Any], thing: Mapping[str, Any]) -> str | None:
    """The repository's own name: what stands before it may be a person's."""
    named = mapping(payload.get("repository"))
    said = word(named.get("name")) or word(thing.get("repository_url"))
    url = re.search(r"/repos/[^/]+/([^/]+)/", word(thing.get("url")) or "")
    return _last(said) if said else url.group(1) if url else None


def _tail(url: object) -> str | None:
    found = re.search(r"/deployments/(\d+)", word(url) or "")
    return found.group(1) if found else None


def _last(path: str) -> str:
    """The last part of a path: a branch may begin with a person's name."""
    return path.rstrip("/").rsplit("/", 1)[-1]
