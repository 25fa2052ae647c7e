"""One incident's case file and all that can be done with it: the only place where the rooms are wired together.

Each method is a verb of the command line under the same name. What a verb prints is what its method returns.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from threadpoolctl import threadpool_limits

from blameline import gaps, intake, ledger, report
from blameline.case.marked import keep, marked
from blameline.case.story import headline, story, timeline
from blameline.cells import clock, derive, every, volume
from blameline.contracts import stated
from blameline.errors import NotFound
from blameline.records import (
    Change,
    ChangeState,
    ContractState,
    Entry,
    Guard,
    Investigation,
    LearnedContracts,
    Loaded,
    Problem,
    ReplayPlan,
    Shift,
    Signal,
    Story,
    TimelineRow,
    View,
    Window,
)
from blameline.store import Result, Store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from blameline.case.inquiry import Inquiry

__all__ = ["Case", "open_case"]


def open_case(path: str | Path = "incident.duckdb", *, read_only: bool = False) -> Case:
    """Open a case file, or begin a new one where there is none.

    Raises ``StoreError`` when the file cannot be used, and ``NotFound`` when it is to be read and is not there.
    """
    return Case(Store.open(Path(path), read_only=read_only))


UNMEASURED = Problem(
    source="traces",
    message="no signal was measured often enough to be looked at, so this is no finding that nothing moved",
)
UNFINISHED = Problem(source="case file", message="the last load did not finish: run it again")


class Case:
    """An open case file; use it as a context manager."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._inquiries: dict[tuple[int, str], Inquiry] = {}
        self._changes: tuple[ChangeState, ...] | None = None

    def close(self) -> None:
        """Close the case file."""
        self.store.close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the case file, whatever happened."""
        self.close()

    def load(
        self, *paths: str | Path, content: intake.Content | None = None, progress: intake.Progress | None = None
    ) -> Loaded:
        """Bring files and folders in; what came in, what was passed over, and what is wrong with it.

        ``content`` says what is kept of questions and answers, for the whole case file: ``redacted`` where nothing is said.
        Loading the same files again changes nothing. Raises ``NotFound`` for a path that does not exist, and ``StoreError``
        when the case file was made with another ``content``.
        """
        found: dict[str, tuple[Any, ...]] = {}

        def then() -> None:
            found["problems"] = derive(self.store)
            found["gaps"] = gaps.find(self.store)

        self._forget()
        where = [Path(path) for path in paths]
        loaded = intake.load(self.store, where, content=content, progress=progress, then=then)
        problems = (*loaded.problems, *found["problems"])
        return loaded.model_copy(update={"problems": problems, "gaps": found["gaps"]})

    def shifts(self, *, signal: str | None = None, detector: str = "steps", seed: int = 0) -> tuple[Shift, ...]:
        """When, where and how far quality moved, by the named detector; of one signal, or of all."""
        found = self._inquired(seed, detector).shifts
        return tuple(shift for shift in found if signal in {None, shift.signal})

    def signals(self) -> tuple[Signal, ...]:
        """Every score found and every signal that is known: how it is measured here, or why it is not."""
        return every(self.store, clock(self.store))

    def timeline(self, *, seed: int = 0) -> tuple[TimelineRow, ...]:
        """Changes, shifts, eval runs, reports and notes in one aligned view, oldest first."""
        return timeline(self.store, self._inquired(seed), ledger.entries(self.store))

    def changes(self) -> tuple[ChangeState, ...]:
        """What the changelog says against what the traces show of each change, the dark ones first."""
        from blameline.candidates import change_states, without_traces  # noqa: PLC0415  a load asks for no statistics
        from blameline.case.inquiry import candidates_of  # noqa: PLC0415

        if self._changes is None:
            window = clock(self.store)
            found = candidates_of(self.store, window) if window else ()
            self._changes = change_states(self.store, window, found) if window else without_traces(self.store.changes())
        return self._changes

    def view(self, *, signal: str | None = None, detector: str = "steps", seed: int = 0) -> View:
        """What the plots of ``shifts`` and ``timeline`` show: curves with intervals, requests, and a lane a kind of mark.

        Of one signal, moved or not, or of the shifts for the worse. Raises ``NotFound`` for a signal that nobody measured.
        """
        from blameline.case.view import view  # noqa: PLC0415  a load asks for no statistics

        rows = timeline(self.store, self._inquired(seed, detector), ledger.entries(self.store))
        return view(self.store, self._inquired(seed, detector), rows, signal=signal)

    def blame(self, *, seed: int = 0) -> Investigation:
        """The contract's object: outcome, shifts, ledger, guards, problems."""
        from blameline.case.replaying import replayed  # noqa: PLC0415  a load asks for no statistics
        from blameline.coverage import guards  # noqa: PLC0415

        inquiry = self._inquired(seed)
        manifest = self.store.manifest()
        main = next((shift for shift in inquiry.shifts if shift.direction == "worse"), None)
        found: tuple[Guard, ...] = ()
        if main is not None and inquiry.window is not None and inquiry.outcome not in {"ruler", "artefact", "no_shift"}:
            found = guards(self.store.eval_runs(), main, volume(self.store, inquiry.window))
        window = inquiry.window
        unfinished = (UNFINISHED,) if "loading" in self.store.settings() else ()
        return Investigation(
            outcome=inquiry.outcome,
            headline=headline(inquiry),
            service=manifest.service,
            window=Window(from_=window.since, to=window.until) if window else Window(),
            seed=seed,
            version=self._version,
            shifts=inquiry.shifts,
            ledger=inquiry.ledger,
            guards=found,
            replays=replayed(self.store, inquiry, seed=seed),
            problems=(*unfinished, *self.store.problems(), *((UNMEASURED,) if inquiry.cannot_tell else ())),
            gaps=gaps.stored(self.store),
            context=inquiry.context,
            disagreements=inquiry.disagreements,
            dips=inquiry.dips,
            changes=self.changes(),
            signatures=inquiry.signatures,
            no_signature=inquiry.no_signature,
            cannot_tell=inquiry.cannot_tell,
        )

    def story(self, *, seed: int = 0) -> Story:
        """All that a renderer needs."""
        return story(self.store, self._inquired(seed), self.blame(seed=seed), ledger.entries(self.store))

    def report(self, *, as_: str = "markdown", templates: Path | None = None, seed: int = 0) -> str:
        """The post-mortem, in the form that the named renderer gives it."""
        return report.render(self.story(seed=seed), as_, templates)

    def mark(
        self,
        text: str,
        *,
        kind: str,
        at: str | datetime,
        layer: str | None = None,
        component: str | None = None,
        from_: str | None = None,
        to: str | None = None,
        scope: Mapping[str, str] | None = None,
        uncertainty: str | timedelta | None = None,
        id_: str | None = None,
        team: str | None = None,
        now: datetime | None = None,
    ) -> Change:
        """Write one change into the case file by hand; marking the same one twice changes nothing.

        ``at`` is ISO 8601, UTC where it names no zone, or ``now``. Raises ``NotFound`` for a kind or layer that nobody
        knows, and ``BlamelineError`` for anything else that cannot be used.
        """
        said: dict[str, object] = {
            "kind": kind,
            "at": at,
            "layer": layer,
            "component": component,
            "from": from_,
            "to": to,
        }
        said |= {"scope": scope, "uncertainty": uncertainty, "id": id_, "team": team, "summary": text}
        change = keep(self.store, marked(said, now=now or datetime.now(UTC)))
        self._forget()
        return change

    def contracts(
        self, *, since: str | datetime | None = None, until: str | datetime | None = None, seed: int = 0
    ) -> tuple[ContractState, ...]:
        """How every behavioural contract fares in a period against all before it, by id; none where none is stated.

        Without ``since`` the period is that since the onset of the main shift, and where nothing got worse the second half.
        Raises ``BlamelineError`` for times that cannot be used, and ``NotFound`` where there are no requests.
        """
        from blameline.case.contracted import compared  # noqa: PLC0415  a load asks for no statistics
        from blameline.contracts.check import check  # noqa: PLC0415

        if not stated(self.store):
            return ()
        return check(self.store, compared(clock(self.store), lambda: self._inquired(seed), since, until))

    def plan_replay(
        self,
        shift: str | None = None,
        *,
        factors: Sequence[str] = (),
        runs: int | None = None,
        fresh: bool = False,
        seed: int = 0,
    ) -> ReplayPlan:
        """The experiment that would settle the blame, a line a run in its ``text``: of the main shift if none is named.

        ``factors`` are bids or layers to swap, ``runs`` the most runs there may be; with ``fresh`` what was served is called
        again although its answers are on record. Raises ``NotFound`` where there is nothing to replay.
        """
        from blameline.case.replaying import planned  # noqa: PLC0415  a load asks for no statistics

        return planned(self.store, self._inquired(seed), shift, factors, runs, fresh=fresh, seed=seed)

    def learn_contracts(
        self,
        *,
        since: str | datetime | None = None,
        until: str | datetime | None = None,
        segment: Mapping[str, str] | None = None,
        seed: int = 0,
    ) -> LearnedContracts:
        """Contracts that a quiet period would have kept, of one segment or of all traffic; its ``text`` is a ``contracts.yaml``.

        Without ``until`` the period ends where anything got worse. Raises ``BlamelineError`` where too little is there to tell.
        """
        from blameline.case.contracted import quiet  # noqa: PLC0415  a load asks for no statistics
        from blameline.contracts.learn import learn  # noqa: PLC0415

        return learn(self.store, *quiet(clock(self.store), lambda: self._inquired(seed), since, until), segment or {})

    def investigate(
        self,
        *paths: str | Path,
        seed: int = 0,
        now: datetime | None = None,
        content: intake.Content | None = None,
        progress: intake.Progress | None = None,
    ) -> Investigation:
        """Load, find out, and write the verdicts into the ledger."""
        loaded = self.load(*paths, content=content, progress=progress)
        if not loaded.files and not self.store.loaded().files:
            raise NotFound("nothing was found that could be read", hint="hand in a folder with traces and a changelog")
        found = self.blame(seed=seed)
        ledger.record(self.store, found, at=now or datetime.now(UTC))
        return found

    def note(self, text: str, *, by: str = "", on: str | None = None, now: datetime | None = None) -> Entry:
        """Add a note to the ledger, on the whole case or on one candidate or shift."""
        body = {"text": text, "on": on} if on else {"text": text}
        return ledger.append(self.store, "note", body, at=now or datetime.now(UTC), by=by)

    def sql(self, query: str) -> Result:
        """The rows that a query of your own answers; it can change nothing."""
        return self.store.sql(query)

    def _forget(self) -> None:
        """What was found out holds no longer: something was loaded or marked."""
        self._inquiries.clear()
        self._changes = None

    def _inquired(self, seed: int, detector: str = "steps") -> Inquiry:
        from blameline.case.inquiry import inquire  # noqa: PLC0415  a load asks for no statistics

        asked = (seed, detector)
        if asked not in self._inquiries:
            with threadpool_limits(limits=1):  # the matrices are small: more threads cost time and change the last bits
                self._inquiries[asked] = inquire(self.store, seed=seed, detector=detector)
        return self._inquiries[asked]

    @cached_property
    def _version(self) -> str:
        from importlib.metadata import version  # noqa: PLC0415  only where it is written down

        return version("blameline")
