"""LaunchDarkly's audit log: entries of flags, segments and AI configs in, one ``Change`` an entry out.

An entry is from the list or the detail endpoint, or what the webhook delivers. Where it holds the versions before and
after, ``from`` and ``to`` are what was served by default, and a percentage rollout is a stage. An edit of an AI config
is told apart by what it touched: messages, model, parameters or tools. Who did it is never kept.
"""

from __future__ import annotations

import difflib
import json
import re
from typing import TYPE_CHECKING, Any

from blameline.records import Change, Manifest, Problem
from blameline.sources.events import made, mapping, moment, nameless, quoted
from blameline.sources.git import MOST_DIFF
from blameline.sources.postings import objects, unfolded, word
from blameline.sources.rows import cut

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from blameline.sources.heads import File, Head
    from blameline.sources.lines import Found

_MARKS = ("accesses", "titleVerb", "_accountId", "shortDescription", "member", "target")
_RESOURCE = re.compile(r"^proj/[^:]*(?::env/(?P<env>[^:;]+)[^:]*)?:(?P<kind>[\w-]+)/(?P<key>[^:;]+)")
_SERVING = frozenset({"flag", "segment", "experiment"})
_NO_EFFECT = frozenset(
    {"updateName", "updateDescription", "updateTags", "updateMaintainer", "updateTemporary", "updateFlagCustomProperties",
     "updateFlagDefaultVariations", "createFlagLink", "deleteFlagLink", "updateFlagLink", "updateAttachedGoals",
     "updateDeprecated", "updateSegmentName"}
)  # fmt: skip
_FROM_TO = re.compile(r"\bfrom [`*_]+([^`*]+)[`*_]+ to [`*_]+([^`*]+)[`*_]+")
_MOST_LINES = 2_000
_WHOLE = 100_000
"""LaunchDarkly's weights are thousandths of a percent."""
_TOUCHED = {
    "prompt_edit": re.compile(r"message|instruction|prompt|system"),
    "sampling_change": re.compile(r"param|temperature|top_?p|max_?tokens"),
    "model_swap": re.compile(r"modelname|modelconfigkey|provider|\bmodel\b"),
    "tool_schema": re.compile(r"\btools?\b"),
    "judge_change": re.compile(r"judge"),
}


class LaunchDarklyAudit:
    """Reads which flags and AI configs were changed, where and when."""

    name = "launchdarkly"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True for entries of the audit log, alone, in a list or in the API's answer."""
        paths = head.paths
        return any(
            {before + "_id", before + "date", before + "kind"} <= paths
            and sum(before + mark in paths for mark in _MARKS) >= 2
            for before in ("", "items.")
        )

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Change | Problem]:  # noqa: ARG002  the protocol hands it in
        """One change an entry, or one for each layer that an edit of an AI config touched."""
        for found in unfolded(file, "items"):
            if isinstance(found, Problem):
                yield found
            else:
                yield from _entry(found[0].record, found[0], file)


def _entry(entry: Mapping[str, Any], part: Found, file: File) -> Iterator[Change | Problem]:
    resources = [found for found in map(_RESOURCE.match, _resources(entry)) if found]
    actions = {word(access.get("action")) for access in objects(entry.get("accesses"))}
    kind = (word(entry.get("kind")) or "").lower().replace("-", "").replace("_", "")
    clever = kind.startswith(("ai", "agent")) or isinstance(entry.get("relatedAIConfig"), dict)
    if not (clever or kind in _SERVING) or (actions and actions <= _NO_EFFECT):
        return  # members, tokens, names and tags: nothing that is served
    number, at = word(entry.get("_id")), moment(entry.get("date"))
    if number is None or at is None:
        lacks = "'_id'" if at is not None else f"time that can be read: {quoted(entry.get('date'))}"
        yield Problem(source=file.source, line=part.line, message=f"the entry of the audit log has no {lacks}")
        return
    places = {found.group("env") for found in resources}
    place = places.pop() if len(places) == 1 and "*" not in places else None
    before, after = mapping(entry.get("previousVersion")), mapping(entry.get("currentVersion"))
    said = {
        "id": f"launchdarkly-{number}",
        "at": at,
        "kind": "flag_change",
        "component": resources[0].group("key")
        if resources
        else word(entry.get("name")) or word(mapping(entry.get("target")).get("name")),
        "scope": {"deployment.environment.name": place} if place else {},
        "summary": _summary(entry),
        **_served(before, after, place, at),
    }
    described = _FROM_TO.findall(word(entry.get("description")) or "")
    if "to" not in said and len(described) == 1:
        said |= {"from": described[0][0], "to": described[0][1]}
    touched = _touched(entry, before, after) if clever else []
    for count, one in enumerate(touched or [said]):
        whole = {**said, **one, "id": said["id"] if count == 0 else f"{said['id']}-{one['kind']}"}
        yield made(file, part.line, whole)


def _resources(entry: Mapping[str, Any]) -> Iterator[str]:
    named = mapping(entry.get("target")).get("resources")
    for said in [access.get("resource") for access in objects(entry.get("accesses"))]:
        yield word(said) or ""
    for said in named if isinstance(named, list) else ():
        yield word(said) or ""


def _summary(entry: Mapping[str, Any]) -> str:
    """What was done, in the log's words: never its title, which begins with a person."""
    words = [str(entry[key]).strip() for key in ("titleVerb", "name") if isinstance(entry.get(key), str)]
    details = [entry.get(key) for key in ("description", "comment") if isinstance(entry.get(key), str)]
    more = [cut(re.sub(r"\s*\n\s*[*-] +", "; ", f"\n{said}").strip("; \n"), 300) for said in details]
    text = " ".join(words) + "".join(f": {said}" for said in more if said)
    member = mapping(entry.get("member"))
    for key in ("email", "firstName", "lastName"):
        person = member.get(key)
        if isinstance(person, str) and person.strip():
            text = re.sub(rf"\b{re.escape(person.strip())}\b", "…", text)
    return nameless(text)


def _served(before: Mapping[str, Any], after: Mapping[str, Any], place: str | None, at: object) -> dict[str, Any]:
    """What a flag served by default before and after, and the share of a rollout."""
    old, new = _shares(before, place), _shares(after, place)
    if not old or not new or old == new:
        return {}
    gained = max(new, key=lambda name: (new[name] - old.get(name, 0), name))
    lost = min(old, key=lambda name: (new.get(name, 0) - old[name], name))
    found: dict[str, Any] = {"from": lost, "to": gained}
    if new[gained] < 100:
        found["rollout"] = [{"at": at, "percent": new[gained]}]
    return found


def _shares(version: Mapping[str, Any], place: str | None) -> dict[str, float]:
    """Variation → percent of the traffic that no rule or target takes, in one environment."""
    here = mapping(mapping(version.get("environments")).get(place or "")) or version
    variations = objects(version.get("variations"))
    if "fallthrough" not in here and "offVariation" not in here:
        return {}
    usual = mapping(here.get("fallthrough"))
    if here.get("on") is False:
        usual = {"variation": here.get("offVariation")}
    weighted = objects(mapping(usual.get("rollout")).get("variations")) or [{**usual, "weight": _WHOLE}]
    shares: dict[str, float] = {}
    for part in weighted:
        index, weight = part.get("variation"), part.get("weight")
        if not isinstance(index, int) or not isinstance(weight, (int, float)) or not 0 < weight <= _WHOLE:
            continue
        name = _called(variations, index)
        shares[name] = shares.get(name, 0) + weight * 100 / _WHOLE
    return {name: round(min(share, 100), 3) for name, share in shares.items()}


def _called(variations: list[Any], index: int) -> str:
    one = variations[index] if 0 <= index < len(variations) else {}
    value = one.get("value")
    said = json.dumps(value) if isinstance(value, (bool, int, float)) else value if isinstance(value, str) else None
    name = one.get("name")
    return name if isinstance(name, str) and name else cut(said, 80) if said else f"variation {index}"


def _touched(entry: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The layers that an edit of an AI config touched: by the two versions, or else by the words of the entry."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    moved = sorted(
        key for key in old.keys() | new.keys() if old.get(key) != new.get(key) and "version" not in key.lower()
    )
    found: dict[str, list[str]] = {}
    for key in moved:
        kind = next((kind for kind, words in _TOUCHED.items() if words.search(key.lower())), None)
        if kind:
            found.setdefault(kind, []).append(key)
    if found:
        return [_edit(kind, keys, old, new) for kind, keys in found.items()]
    said = " ".join(word(entry.get(key)) or "" for key in ("description", "shortDescription", "titleVerb")).lower()
    if moved or re.search(r"target|rollout|default variation|\brule\b", said):
        return []
    return [{"kind": kind} for kind in ("prompt_edit", "model_swap") if _TOUCHED[kind].search(said)][:1]


def _edit(kind: str, keys: list[str], old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, Any]:
    left, right = ("\n".join(f"{key}: {side[key]}" for key in keys if key in side).split("\n") for side in (old, new))
    diff = "\n".join(difflib.unified_diff(left[:_MOST_LINES], right[:_MOST_LINES], lineterm="", n=1))
    found: dict[str, Any] = {
        "kind": kind,
        "diff": cut(diff, MOST_DIFF) + ("\n… (cut)" if len(diff) > MOST_DIFF else ""),
    }
    if kind == "model_swap":
        found |= {"from": old.get(keys[-1]), "to": new.get(keys[-1])}
    return found


def _leaves(value: object, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Every leaf of a version under its dotted path, members of a list by their place."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if pairs is None or depth > 12:
        yield path, value if isinstance(value, str) else json.dumps(value) if pairs is None else "…"
        return
    for key, inner in pairs:
        if key not in {"_links", "_maintainer", "maintainer", "_access", "_maintainerTeam", "lastModified"}:
            yield from _leaves(inner, f"{path}.{key}" if path else str(key), depth + 1)
