"""The cases of one eval run: what each is about and whether it passed come in; slices by segment go out.

No case is kept: only how many there are of each kind, and there is a limit to the kinds.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from blameline.records import EvalRun, Manifest, Problem, Slice, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from blameline.sources.heads import File

_LIKE_A_SEGMENT = frozenset(
    {"segment", "task", "task_type", "use_case", "usecase", "intent", "topic", "category", "scenario", "feature", "skill",
     "product", "region", "country", "market", "locale", "language", "lang", "tenant", "customer", "plan", "tier",
     "channel", "cohort", "domain"}
)  # fmt: skip
_FEW = 24
"""Values of a name that was only guessed to be a segment: with more of them it is likelier a question of its own."""
_MOST = 500
"""Values of a name that the manifest gives, and slices of a run."""
_LONGEST = 64
_DATES = frozenset({"case_date", "case_added", "added_at", "date_added"})
"""Names under which a case says when it was added to its suite."""
_PAIR = re.compile(r"^([\w.-]+)\s*[:=]\s*(\S.{0,63})$")
_IN_NAME = re.compile(r"(?<!\d)(20\d\d)-?([01]\d)-?([0-3]\d)(?:[T_ -]?([0-2]\d)[-:]?([0-5]\d)[-:]?([0-5]\d))?(?!\d)")


class ExportedRun(EvalRun):
    """An eval run as an export tells it, with what decides between several records of one run; only the store sees that."""

    same: Text | None = None
    """The id that a record of the same results has which does not know the run's own."""
    time_from: Literal["name", "file"] | None = None
    """Where the time was taken from when the export holds none: the file's name, or the file itself."""


class Cases:
    """Counts the cases of one run by their segments."""

    def __init__(self, manifest: Manifest) -> None:
        self.n = 0
        """Cases that were judged, or that only have a number for a result."""
        self.passed: int | None = 0
        """``None`` once a case has no verdict: then there is no pass rate."""
        self.faults: Counter[str] = Counter()
        """Why cases were left out, and how many."""
        self.dates: set[str] = set()
        """When cases were added to the suite, where they say so."""
        self._wanted = {name: name for name in manifest.segments} | {_last(name): name for name in manifest.segments}
        self._values: dict[str, set[str]] = {}
        self._dropped: set[str] = set()
        self._kinds: Counter[tuple[tuple[tuple[str, str], ...], bool | None]] = Counter()

    def add(self, about: Mapping[str, Any], *, passed: bool | None) -> None:
        """Count one case; ``about`` holds its variables, metadata and tags."""
        self.n += 1
        self.passed = None if self.passed is None or passed is None else self.passed + passed
        marks: dict[str, str] = {}
        for given, value in _flat(about):
            if _last(given).lower() in _DATES and len(self.dates) < 10_000:
                self.dates.add(value[:10])
            name = self._named(given)
            if name and name not in self._dropped and name not in marks:
                marks[name] = value
                known = self._values.setdefault(name, set())
                known.add(value)
                if len(known) > (_MOST if name in self._wanted.values() else _FEW):
                    del marks[name]
                    self._drop(name)
        self._kinds[tuple(sorted(marks.items())), passed] += 1
        if len(self._kinds) > 20 * _MOST:
            self._drop(max(self._values, key=lambda name: (len(self._values[name]), name)))

    def fault(self, why: str) -> None:
        """Leave one case out: it says nothing about the answer."""
        self.faults[why] += 1

    def slices(self) -> tuple[Slice, ...]:
        """One slice a segment, in a fixed order; what the manifest names goes before what looks like a segment."""
        if not self.n:
            return ()
        names = set(self._values) & set(self._wanted.values()) or set(self._values)
        while True:
            found: dict[tuple[tuple[str, str], ...], list[int]] = {}
            for (marks, passed), count in self._kinds.items():
                one = found.setdefault(tuple(mark for mark in marks if mark[0] in names), [0, 0, 0])
                one[0] += count
                one[1] += count if passed else 0
                one[2] += count if passed is None else 0
            if len(found) <= _MOST:
                break
            largest = max(names, key=lambda name: (len(self._values[name]), name))
            names.discard(largest)
            self._dropped.add(largest)
        return tuple(
            Slice(segment=dict(marks), n=n, passed=None if unjudged else passed)
            for marks, (n, passed, unjudged) in sorted(found.items())
        )

    def left_out(self) -> list[str]:
        """What the slices do not count, in words."""
        told = [f"{count} {'case' if count == 1 else 'cases'} left out: {why}" for why, count in self.faults.items()]
        given = sorted(self._dropped & set(self._wanted.values()))
        return [*told, *(f"not split by {name}: it has too many values" for name in given)]

    def _named(self, given: str) -> str:
        """The segment that a name of a case stands for; nothing when it stands for none."""
        last = _last(given)
        return self._wanted.get(given) or self._wanted.get(last) or (given if last.lower() in _LIKE_A_SEGMENT else "")

    def _drop(self, name: str) -> None:
        self._dropped.add(name)
        del self._values[name]
        merged: Counter[tuple[tuple[tuple[str, str], ...], bool | None]] = Counter()
        for (marks, passed), count in self._kinds.items():
            merged[tuple(mark for mark in marks if mark[0] != name), passed] += count
        self._kinds = merged


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _flat(about: Mapping[str, Any], above: str = "", deep: int = 0) -> Iterator[tuple[str, str]]:
    """The short single values under their dotted names; a tag ``region:eu`` is such a value too."""
    for key, value in about.items():
        name = f"{above}.{key}" if above else str(key)
        if isinstance(value, dict) and deep < 3:
            yield from _flat(value, name, deep + 1)
        elif isinstance(value, list) and str(key) == "tags":
            pairs = (_PAIR.match(tag) for tag in value[:100] if isinstance(tag, str))
            yield from ((pair.group(1), pair.group(2)) for pair in pairs if pair)
        elif isinstance(value, bool):
            yield name, "true" if value else "false"
        elif isinstance(value, (str, int)):
            said = text(value) if isinstance(value, str) else str(value) if abs(value) < 10**18 else ""
            if 0 < len(said) <= _LONGEST:
                yield text(name), said


def short(about: Mapping[str, Any]) -> dict[str, str]:
    """Only those values of a case that can stand for a segment, for where many cases are held."""
    return dict(_flat(about))


def run_of(
    cases: Cases, *, notes: list[str], why: str = "", slices: tuple[Slice, ...] | None = None, **said: object
) -> EvalRun:
    """The run that these cases are of: when none could be judged it is an error, and the reason says all that is known.

    ``slices`` takes the place of the cases where an export holds counts alone. Raises pydantic's ``ValidationError``.
    """
    status = said.pop("status", "completed")
    told = [why] if why else []
    if status == "completed" and not cases.n and cases.faults:
        status = "error"
        told.insert(0, "no case could be judged")
    reason = text("; ".join([*told, *cases.left_out(), *notes]))
    said = {name: text(value) if isinstance(value, str) else value for name, value in said.items()}
    counted = cases.slices() if slices is None else slices
    dates = tuple(sorted(cases.dates))
    kind = ExportedRun if said.get("same") or said.get("time_from") else EvalRun
    return kind.model_validate(
        {**said, "status": status, "slices": counted, "reason": reason or None, "case_dates": dates}
    )


OWN_TIME = "the export holds no time of the run"


def own_time(file: File) -> tuple[dict[str, Any], str, Problem]:
    """``at`` and ``time_from`` of a run whose export holds no time: that in the file's name, else when it was last written.

    With them comes what to say of it; it is never used silently.
    """
    found = _IN_NAME.search(file.path.name)
    if found:
        year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
        try:
            at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            pass
        else:
            note = f"{OWN_TIME}: the time is the one in the file's name, taken as UTC"
            return {"at": at, "time_from": "name"}, note, Problem(source=file.source, message=note)
    note = f"{OWN_TIME}: the time is that of the file itself, and wrong if the file was copied or edited"
    at = datetime.fromtimestamp(int(file.path.stat().st_mtime), tz=UTC)
    return {"at": at, "time_from": "file"}, note, Problem(source=file.source, message=note)


def time_around(file: File, *names: str) -> tuple[str, ...]:
    """What the time of a run depends on besides the bytes: nothing where the start of the file gives it under a name."""
    for name in file.head.paths.intersection(names):
        if not re.search(rf'"{_last(name)}"\s*:\s*(null|false|0\b|""|[\[{{])', file.head.text):
            return ()
    return tuple(map(str, own_time(file)[0].values()))


def text(value: object) -> str:
    """The value when it is text, else nothing; halves of characters, which JSON can hold, are replaced."""
    if not isinstance(value, str):
        return ""
    return value.strip() if value.isascii() else value.strip().encode(errors="replace").decode()


def content(value: object) -> bytes:
    """All that a record says, always in the same order, to make an id from."""
    try:
        return json.dumps(value, sort_keys=True).encode()
    except RecursionError:
        return b"nested too deeply"


def mapping(value: object) -> dict[str, Any]:
    """The value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}
