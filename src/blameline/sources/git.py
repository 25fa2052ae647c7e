"""Git history as changes: a log's text, a work tree or a bare repository in, one ``Change`` a commit out.

A file is read when it holds what ``git log`` prints, best by ``git log --first-parent -m --date=iso-strict
--format=fuller -p -- prompts/`` (the medium and raw dates, ``--stat``, ``--name-only`` and ``--name-status`` are
understood too). Where it was written otherwise and says less by that, a ``Problem`` says how to write it. A folder is
asked by running ``git log`` itself, for that folder alone where it lies inside a work tree. The time is the
committer's along the first parents, so that work on a branch counts when it was merged: an author's date may be long
before that. The author is never kept, nor the names that merge messages carry.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from blameline.records import LAYER_OF_KIND, Change, Manifest, Problem, as_utc
from blameline.sources.events import moment, nameless
from blameline.sources.git_asked import MOST_COMMITS, ask, bare, cut_off
from blameline.sources.line_by_line import lines
from blameline.sources.rows import clean, cut
from blameline.times import within

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from blameline.sources.heads import File, Head

MOST_DIFF = 20_000
"""Characters of a diff that are kept."""
AUTHORED = timedelta(days=1)
"""How far off the author's date is taken to be, where a log has no other."""
ZONELESS = timedelta(hours=14)
"""How far off a time without a zone may be: the widest zone there is."""
DAY_ALONE = timedelta(hours=12) + ZONELESS
"""How far off the noon of a day is, where a log has no time of day, nor a zone."""
BEST = "git log --first-parent -m --date=iso-strict --format=fuller -p"
"""How a log is best written."""
_ID = 10
_COMMIT = re.compile(r"^commit ([0-9a-f]{7,64})\b(?:.*? \(from ([0-9a-f]{4,64})\))?")
_FIELD = re.compile(r"^(Author|AuthorDate|Commit|CommitDate|Date|Merge): +(.*)$")
_PATHS = re.compile(r'^diff --(?:git "?a/(.+?)"? "?b/(.+?)"?|cc "?(.+?)"?|combined "?(.+?)"?)$')
_STAT = re.compile(r"^ (\S.*?) +\| +(\d+|Bin)\b")
_STATUS = re.compile(r"^(?::[0-7]{6} .*|\d+\t\d+|-\t-|[ACDMRTUX]\d*)\t(.+)$")
_NO_PATH = re.compile(r"Notes\b.*:$|Submodule ")
"""What else begins a line behind a message, beside the paths of ``--name-only``."""
_DAY = re.compile(r"\d{4}-?\d\d-?\d\d")
_ZONED = re.compile(r"(?:Z|[+-]\d\d(?::?\d\d)?)$", re.IGNORECASE)
_PULLED = re.compile(r"^(Merge pull request #\d+) from \S+")
_MERGED = re.compile(r"^(Merge (?:remote-tracking )?(?:branch|branches|tag|commit)\b.*?)(?: of \S.*)?$")
_OWNED = re.compile(r"'(?:[^'/]+/)+([^'/]+)'")
_NO_TITLE = re.compile(r"^(#|Conflicts:|See merge request |[A-Z][a-z]+(-[a-z]+)*-by: )")


class GitLog:
    """Reads what a history says was changed, and when it arrived."""

    name = "git"

    def sniff(self, path: Path, head: Head) -> bool:
        """True for the text of a log, and for a folder that holds a history."""
        if head.folder:
            return (path / ".git").exists() or bare(path)
        start = head.text.lstrip()
        return bool(_COMMIT.match(start)) and bool(
            re.search(r"^(Author|AuthorDate|CommitDate|Date): ", start[:2000], re.MULTILINE)
        )

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Change | Problem]:  # noqa: ARG002  the protocol hands it in
        """One change a commit; a commit without a time is a ``Problem``."""
        if not file.head.folder:
            yield from _text_of(file)
            return
        base = cut_off(file.path)
        if base:
            said = "the history is shallow: its oldest commits, and all before them, are not read"
            yield Problem(source=file.source, message=said)
        for count, part in enumerate(_commits(ask(file))):
            if count == MOST_COMMITS:
                yield Problem(source=file.source, message=f"only the latest {MOST_COMMITS} commits are read")
                return
            if isinstance(part, Problem):
                yield part
            elif part.number not in base:
                yield part.change(file.source)


def _text_of(file: File) -> Iterator[Change | Problem]:
    """The commits of a log's text; told once each, what its form leaves open."""
    told: set[str] = set()
    numbers: set[str] = set()
    merges: dict[str, int] = {}
    pathless: int | None = None
    paths = False
    for part in _commits(_decoded(file)):
        if isinstance(part, Problem):
            yield part
            continue
        numbers.add(part.number)
        if part.parent:  # git names the parent of a diff only where it does not go along the first ones
            numbers.update(part.parents[1:])
        for parent in part.parents[1:]:
            merges.setdefault(parent, part.line)
        change = part.change(file.source)
        paths = paths or bool(part.paths or part.left)
        if isinstance(change, Change):
            pathless = pathless or part.line
            fresh = [said for said in part.doubts() if said not in told]
            told.update(fresh)
            yield from (Problem(source=file.source, line=part.line, message=said) for said in fresh)
        yield change
    if pathless and not paths:
        said = f"the log does not say which files were touched, so an edit of a prompt looks like a deploy: write it with {BEST}"
        yield Problem(source=file.source, line=pathless, message=said)
    line = _branched(numbers, merges)
    if line is not None:
        said = (
            f"the log has the commits of branches too, at their own time and not at their merge's: write it with {BEST}"
        )
        yield Problem(source=file.source, line=line, message=said)


def _branched(numbers: set[str], merges: Mapping[str, int]) -> int | None:
    """The line of the first merge whose other parent is in the log too: it does not go along the first parents."""
    known = {size: {number[:size] for number in numbers} for size in {len(parent) for parent in merges}}
    return min((line for parent, line in merges.items() if parent in known[len(parent)]), default=None)


def kind_of(paths: Iterable[str]) -> str:
    """What a commit is that touched these paths: an edit of a prompt, or else a deploy."""
    return "prompt_edit" if any("prompt" in path.lower() for path in paths) else "deploy"


def shown(paths: Sequence[str]) -> str | None:
    """The paths as a component: five of them, and how many more."""
    more = f" and {len(paths) - 5} more" if len(paths) > 5 else ""
    return clean(", ".join(paths[:5])) + more if paths else None


def headline(message: Iterable[str]) -> str | None:
    """What a commit says in its first line, or below it where that only names a merge; without the names of people."""
    said = [text.strip() for text in message if text.strip()]
    if not said:
        return None
    pulled, merged = _PULLED.match(said[0]), _MERGED.match(said[0])
    if pulled or merged:
        title = said[1] if len(said) > 1 and not _NO_TITLE.match(said[1]) else ""
        if pulled:
            number = pulled.group(1)
            return nameless(f"{title} ({number.removeprefix('Merge ')})" if title else number)
        if merged:
            return nameless(title or _OWNED.sub(r"'\1'", merged.group(1)))
    return nameless(said[0])


def _moment(said: str) -> tuple[datetime | None, timedelta]:
    """A committer's time in the forms that git prints, and how far off it may be for want of a zone or a time of day.

    They are ISO 8601, its default, e-mail's, and raw with the zone behind.
    """
    raw, zone = said.partition(" ")[0], re.sub(r" ([+-]\d\d:?\d\d)$", r"\1", said)
    if _DAY.fullmatch(said) and (day := moment(said)):
        return day + timedelta(hours=12), DAY_ALONE
    found = moment(raw) if raw.isdigit() else moment(zone)
    if found:
        return found, timedelta(0) if raw.isdigit() or _ZONED.search(zone) else ZONELESS
    for read in (_git_date, parsedate_to_datetime):
        try:
            at = read(said[:64])
            slack = ZONELESS if at.tzinfo is None and not said.endswith("-0000") else timedelta(0)
            return within(as_utc(at)), slack
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None, timedelta(0)


def _git_date(said: str) -> datetime:
    """Git's default: ``Sat Mar 14 09:12:00 2026 +0100``."""
    return datetime.strptime(said, "%a %b %d %H:%M:%S %Y %z")


def _decoded(file: File) -> Iterator[tuple[int, str] | Problem]:
    for part in lines(file):
        yield part if isinstance(part, Problem) else (part[0], part[1].decode("utf-8", errors="replace").rstrip("\r\n"))


class _Commit:
    """One commit while its lines go by, a merge as its diff from one parent or from all."""

    def __init__(self, number: str, line: int, parent: str | None = None) -> None:
        self.number = number
        self.line = line
        self.parent = parent
        self.dates: dict[str, str] = {}
        self.message: list[str] = []
        self.paths: dict[str, None] = {}
        self.left: set[str] = set()
        self.diff: list[str] = []
        self.size = 0
        self.ended = False

    @property
    def beside(self) -> bool:
        """True for the diff of a merge from another parent than the first: that is what the branch lacked."""
        if self.parent is None or not self.parents:
            return False
        first = self.parents[0]
        return not (self.parent.startswith(first) or first.startswith(self.parent))

    @property
    def said(self) -> str:
        """The time as the log has it."""
        return self.dates.get("CommitDate") or self.dates.get("Date") or self.dates.get("AuthorDate", "")

    @property
    def authored(self) -> bool:
        """True when the only time is the author's."""
        return "CommitDate" not in self.dates

    @property
    def parents(self) -> list[str]:
        """The parents of a merge, perhaps abbreviated; the log does not name those of other commits."""
        return self.dates.get("Merge", "").split()

    def doubts(self) -> Iterator[str]:
        """What the form of the log leaves open, and how to write it instead."""
        if self.authored:
            yield (
                "the log has the authors' dates only, which may be long before the merge: write it with --format=fuller"
            )
        slack = _moment(self.said)[1]
        if slack:
            what = "time of day" if slack == DAY_ALONE else "zone and are taken to be UTC"
            off = f"{slack.total_seconds() / 3600:.0f} hours"
            yield f"the dates have no {what}, so they may be {off} off: write the log with --date=iso-strict"
        if len(self.number) < _ID:
            yield (
                "the hashes are abbreviated, so a commit that a full log or the repository has too counts twice: "
                "write the log with --no-abbrev-commit"
            )
        if self.diff and self.diff[0].startswith(("diff --cc ", "diff --combined ")):
            yield f"a merge has only what differs from all its parents, not what it brought: write the log with {BEST}"

    def add(self, text: str) -> None:
        if self.ended:
            return
        field = _FIELD.match(text) if not self.message and not self.diff else None
        begins = text.startswith("diff --")
        if field:
            self.dates[field.group(1)] = field.group(2).strip()
        elif begins or self.diff:
            if begins:
                self._touched(text)
            if self.size < MOST_DIFF:
                self.diff.append(text[:MOST_DIFF])
            self.size += len(text) + 1
        elif text.startswith("    "):
            if len(self.message) < 100:
                self.message.append(text[4:])
        elif (stat := _STAT.match(text) or _STATUS.match(text)) is not None:
            self.paths[stat.group(1).rpartition("\t")[2]] = None
            self.left.update(stat.group(1).split("\t"))
        elif self.message and text[:1] not in {"", " "} and not _NO_PATH.match(text):
            self.paths[text.strip('"')] = None

    def _touched(self, text: str) -> None:
        """Note the path of a diff, and the one that a rename left."""
        both = text.removeprefix("diff --git ")
        half = len(both) // 2
        same = both[half : half + 1] == " " and both[2:half] == both[half + 3 :]
        found = _PATHS.match(text)
        if same:  # a name may hold " b/" itself
            self.paths[both[2:half]] = None
        elif found:
            names = [name for name in found.groups() if name]
            self.paths[names[-1]] = None
            self.left.update(names)

    def change(self, source: str) -> Change | Problem:
        said = self.said
        at, slack = _moment(said)
        if at is None:
            told = f"commit {self.number[:_ID]} has no time that can be read{f': {cut(said, 40)}' if said else ''}"
            return Problem(source=source, line=self.line, message=told)
        if self.beside:
            self.paths, self.left, self.diff, self.size = {}, set(), [], 0
        kind = kind_of([*self.paths, *self.left])
        diff = "\n".join(self.diff).rstrip("\n")
        longer = self.size > MOST_DIFF
        return Change(
            id=f"git-{self.number[:_ID]}",
            at=at,
            uncertainty=(AUTHORED + slack if self.authored else slack) or None,
            kind=kind,
            layer=LAYER_OF_KIND[kind],
            component=shown(list(self.paths)),
            to=self.number[:_ID],
            summary=headline(self.message),
            diff=(cut(diff, MOST_DIFF) + ("\n… (cut)" if longer else "")) or None,
            source=source,
        )


def _commits(numbered: Iterator[tuple[int, str] | Problem]) -> Iterator[_Commit | Problem]:
    commit: _Commit | None = None
    for part in numbered:
        if isinstance(part, Problem):
            yield part
            continue
        line, text = part
        begins = _COMMIT.match(text)
        if begins:
            number, parent = begins.groups()
            if commit is not None and parent and number == commit.number:
                commit.ended = True  # a merge comes once for each parent, the first one first
                continue
            if commit is not None:
                yield commit
            commit = _Commit(number, line, parent)
        elif commit is not None:
            commit.add(text)
    if commit is not None:
        yield commit
