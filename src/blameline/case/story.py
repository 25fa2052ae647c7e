"""From what was found to what a renderer is handed: headline, timeline, version snapshot, series."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from math import sqrt
from typing import TYPE_CHECKING

from blameline.candidates import summary_of
from blameline.cells import Clock, measured
from blameline.records import (
    Alert,
    Entry,
    EvalRun,
    Investigation,
    Layer,
    LedgerLine,
    SeriesPoint,
    Shift,
    Snapshot,
    Story,
    TimelineRow,
)
from blameline.records.scale import factor, logged
from blameline.runbooks import fitting
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.candidates import Candidate
    from blameline.case.inquiry import Inquiry
    from blameline.store import Store

STAMPED: tuple[Layer, ...] = (
    "prompt",
    "model",
    "retrieval",
    "router",
    "tools",
    "sampling",
    "judge",
    "deploy",
    "context",
    "guardrail",
)
"""Layers whose version a request can carry."""
MOST_VALUES = 4
POINTS = 180
FEW = 10
"""With fewer measurements than this, a bucket's own spread is not trusted to be small."""


def headline(inquiry: Inquiry) -> str:
    """One sentence: what moved, since when, and where the blame falls."""
    main = next((shift for shift in inquiry.shifts if shift.direction == "worse"), None)
    if main is None:
        return _quiet(inquiry)
    if inquiry.outcome == "no_shift":
        return f"No answer was shown to be worse: {_since(main)}, and no quality fell with it."
    lines = [line for line in inquiry.ledger if line.shift == main.id]
    top = lines[0]
    moved = _since(main)
    if inquiry.outcome == "attributed":
        held = [line for line in lines if line.verdict in {"supported", "confirmed"}]
        least = min(held, key=lambda line: (line.involved, line.candidate))
        return f"{moved}; the blame falls on {' and '.join(map(_named, held))} ({_odds(least)}){_beside(held, lines)}."
    if inquiry.outcome == "tied":
        group = [top.candidate, *top.tied_with]
        return f"{moved}; {' and '.join(group)} cannot be told apart with this data."
    if inquiry.outcome == "ruler":
        return f"{moved}, but the measuring moved and not the app: {_named(top)} ({_odds(top)})."
    if inquiry.outcome == "mix":
        alike = _alike(main)
        verb = "did that" if alike else "moved"
        return f"{moved}, but the traffic {verb} and not the app: {_named(top)} ({_odds(top)}){alike}."
    if inquiry.outcome == "artefact":
        return f"{moved}, but the records moved and not the app: {_named(top)} ({_odds(top)})."
    if top.candidate in {"unknown", "chance"}:
        return f"{moved}; no change on record or in the traces accounts for it."
    return f"{moved}; {_named(top)} is the likeliest ({_odds(top)}), but it has not earned the blame."


def _quiet(inquiry: Inquiry) -> str:
    looked = f"{len(inquiry.signals)} signals" if len(inquiry.signals) != 1 else "one signal"
    if inquiry.cannot_tell:
        return f"It cannot be told whether quality moved, and nothing is cleared: {inquiry.cannot_tell}."
    brief = "".join(f"; {dip.because}" for dip in inquiry.dips[:1])
    how = "for long" if brief else "by more than chance would move it"
    return f"No signal got worse {how} ({looked} looked at{_seen(inquiry)}){brief}."


def _since(main: Shift) -> str:
    """What moved, how far, from when on, and whether the scores hide it."""
    slowly = ", slowly," if main.plain and main.gradual else ""
    moved = f"{called(main)}{_where(main)} {_went(main)}{slowly} from about {_minute(main.onset.estimate)}"
    if main.linked and main.bridge and main.bridge.hides:
        moved += f", which the scores hide ({main.bridge.because})"
    return moved


def _seen(inquiry: Inquiry) -> str:
    """How small a lasting fall would have been found, for the first signal."""
    for name, size in inquiry.detectable:
        if size < 1:
            return f"; a fall of {100 * size:.0f} points in {name} that lasted three days would have been found"
    return ""


def _where(shift: Shift) -> str:
    return f" in {', '.join(f'{k}={v}' for k, v in sorted(shift.segment.items()))}" if shift.segment else ""


def called(shift: Shift) -> str:
    """The signal's name, and what it counts where that says more."""
    return f"{shift.signal} ({shift.title})" if shift.title else shift.signal


def _went(shift: Shift) -> str:
    change = shift.after - shift.before
    if logged(shift.unit):
        return f"{'fell' if change < 0 else 'rose'} to {factor(change).removeprefix('×')} times what it was"
    share = min(shift.before, shift.after) >= 0 and max(shift.before, shift.after) <= 1
    size = f"{abs(100 * change):.1f} points" if share else f"{abs(change):.3g}"
    return f"{'fell' if change < 0 else 'rose'} by {size}"


def _alike(shift: Shift) -> str:
    """That answers to like requests got better, where they did while the mean fell."""
    if not shift.plain or shift.mix is None or shift.mix.verdict != "offset":
        return ""
    within, share = abs(shift.mix.within.estimate), 0 <= shift.before <= 1
    return f"; on like requests it got better by {f'{100 * within:.1f} points' if share else f'{within:.3g}'}"


def _named(line: LedgerLine) -> str:
    known = {"mix": "the traffic mix", "ruler": "the measuring", "artefact": "lost, doubled or sampled records"}
    if line.candidate in known:
        return known[line.candidate]
    if line.candidate.startswith("undeclared:"):
        attribute, _, value = line.candidate.partition(":")[2].partition(":")[2].partition("=")
        if line.kind == "staleness":
            return f"{attribute} = {value}, which was not renewed"
        return f"an undeclared move of {attribute} to {value}"
    return f"{line.candidate} ({line.kind.replace('_', ' ')})"


def _beside(held: Sequence[LedgerLine], lines: Sequence[LedgerLine]) -> str:
    """Who had a part in it most probably and has not earned the blame, an improvement that hid some of it left out."""
    names = {one.candidate for one in held}
    acted = {
        partner.candidate
        for one in held
        for partner in one.partners
        if partner.probability > 0.5 and partner.how != "masked" and partner.candidate not in names
    }
    others = [line for line in lines if line.candidate in acted]
    told = [f"{_named(line)} ({_odds(line)})" if line.kind != "unknown" else "something unrecorded" for line in others]
    return f"; {' and '.join(told)} had a part in it too, but has not earned it" if told else ""


def _odds(line: LedgerLine) -> str:
    p = max(line.involved, line.probability)
    return "odds above 99%" if p > 0.99 else f"odds {p:.0%}"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _set_right(candidate: Candidate) -> str:
    """Where the time of a row is not the written one: because the clock of its file is off."""
    if not candidate.off or candidate.at is None or candidate.key is not None:
        return ""
    return (
        f" (written down as {_minute(candidate.at)}; the times of its file are off by about {abs(candidate.off):g} h)"
    )


def timeline(store: Store, inquiry: Inquiry, notes: Sequence[Entry]) -> tuple[TimelineRow, ...]:
    """Changes, shifts, eval runs, alerts, reports and notes, oldest first."""
    rows = [
        TimelineRow(
            at=candidate.starts,
            lane="change" if candidate.declared else "undeclared",
            id=candidate.id,
            what=f"{candidate.kind}: {candidate.summary}{_set_right(candidate)}"
            if candidate.declared
            else candidate.summary,
        )
        for candidate in inquiry.candidates
        if candidate.starts is not None
    ]
    if inquiry.window is None:  # without traces nothing bids, and what was declared still happened
        rows += [
            TimelineRow(at=change.at, lane="change", id=change.id, what=f"{change.kind}: {summary_of(change)}")
            for change in store.changes()
        ]
    for shift in inquiry.shifts:
        what = f"{called(shift)}{_where(shift)} {_went(shift)} ({shift.direction})"
        rows.append(
            TimelineRow(
                at=shift.onset.estimate,
                lane="shift",
                id=shift.id,
                what=what,
                low=shift.onset.low,
                high=shift.onset.high,
            )
        )
        if shift.ended_range:
            ended = shift.ended_range
            rows.append(
                TimelineRow(
                    at=ended.estimate,
                    lane="shift",
                    id=shift.id,
                    what=f"{shift.signal} came back",
                    low=ended.low,
                    high=ended.high,
                )
            )
    rows += [
        TimelineRow(
            at=one.onset.estimate,
            lane="signature",
            id=one.id,
            what=one.because,
            low=one.onset.low,
            high=one.onset.high,
        )
        for one in inquiry.signatures
    ]
    rows += [TimelineRow(at=run.at, lane="eval", id=run.run_id, what=_run(run)) for run in store.eval_runs()]
    rows += [TimelineRow(at=alert.at, lane="alert", id=alert.id, what=_alert(alert)) for alert in store.alerts()]
    reported = store.manifest().reported_at
    if reported:
        rows.append(TimelineRow(at=reported, lane="report", id="reported", what="first human report"))
    rows += [
        TimelineRow(at=note.at, lane="note", id=note.id[:13], what=str(note.body.get("text", "")))
        for note in notes
        if note.kind == "note"
    ]
    return tuple(sorted(rows, key=lambda row: (row.at, row.lane, row.id)))


def _run(run: EvalRun) -> str:
    n = sum(one.n for one in run.slices)
    passed = sum(one.passed or 0 for one in run.slices)
    if run.status != "completed":
        return f"{run.suite}: {run.status}{f' ({run.reason})' if run.reason else ''}"
    return f"{run.suite}: {passed} of {n} passed" if n else f"{run.suite}: completed"


def _alert(alert: Alert) -> str:
    severity = f" ({alert.severity})" if alert.severity else ""
    over = f"resolved {_minute(alert.resolved_at)}" if alert.resolved_at else "not known to be over"
    return f"{alert.system} {alert.kind}: {alert.title or 'without a title'}{severity}, {over}"


def story(store: Store, inquiry: Inquiry, found: Investigation, notes: Sequence[Entry]) -> Story:
    """All that a renderer needs, read once."""
    manifest = store.manifest()
    window = inquiry.window
    main = next((shift for shift in found.shifts if shift.direction == "worse"), None)
    snapshots = _snapshots(store, window, main) if window else ()
    present = _stamped(store, window)
    service = manifest.service or "the service"
    quiet = "it cannot be told whether quality moved" if inquiry.cannot_tell else "no shift for the worse"
    subject = f"{main.signal} {_went(main)}" if main else quiet
    return Story(
        title=f"{service}: {subject}",
        found=found,
        manifest=manifest,
        loaded=store.loaded().model_copy(update={"gaps": found.gaps}),
        timeline=timeline(store, inquiry, notes),
        snapshots=snapshots,
        series=_curves(store, window, found) if window else {},
        notes=tuple(note for note in notes if note.kind == "note"),
        traces=window.traces if window else 0,
        unmeasured=tuple(layer for layer in STAMPED if layer not in present),
        signals=measured(store, window) if window else (),
        changes=store.changes(),
        runbooks=fitting(found),
    )


def _stamped(store: Store, window: Clock | None) -> set[str]:
    """The layers whose version the data carries: an attribute of the traces, or a judge's name beside scores."""
    found = {str(row["layer"]) for row in store.rows("cells/roles") if row["layer"]}
    if window is not None:
        bounds = {"since": window.since.replace(tzinfo=None), "until": window.until.replace(tzinfo=None)}
        if any(row["judges"] for row in store.rows("cells/signals", **bounds)):
            found.add("judge")
    return found


def _snapshots(store: Store, window: Clock, shift: Shift | None) -> tuple[Snapshot, ...]:
    """Which versions and which traffic there were before, during and after, as shares; with no shift all is before."""
    ended = shift.ended_range.high if shift and shift.ended_range else window.until
    bounds = {
        "since": window.since.replace(tzinfo=None),
        "until": window.until.replace(tzinfo=None),
        "begin": (shift.onset.low if shift else window.until).replace(tzinfo=None),
        "finish": ended.replace(tzinfo=None),
    }
    found = []
    for name in ("report/versions", "report/segments"):
        counts: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
        for row in store.rows(name, **bounds):
            for part in str(row["value"]).split(" + "):
                counts[row["key"]][row["phase"]][part] += row["n"]
        for key in sorted(counts):
            layer, attribute = key.split(":", 1) if name == "report/versions" else ("traffic", key)
            phases = counts[key]
            during = _shares(phases["during"]) if shift else ""
            after = (_shares(phases["after"]) if shift.ended else "not over") if shift else ""
            found.append(
                Snapshot(layer=layer, attribute=attribute, before=_shares(phases["before"]), during=during, after=after)
            )
    return tuple(found)


def _shares(counts: Mapping[str, int]) -> str:
    whole = sum(counts.values())
    if not whole:
        return "none seen"
    ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    if len(ranked) == 1:
        return ranked[0][0]
    told = [f"{value} {_percent(n / whole)}" for value, n in ranked[:MOST_VALUES]]
    left = len(ranked) - MOST_VALUES
    return ", ".join(told) + (f" and {left} more" if left > 0 else "")


def _percent(share: float) -> str:
    if share < 0.01:
        return "<1%"
    return ">99%" if share > 0.99 else f"{share:.0%}"


def _curves(store: Store, window: Clock, found: Investigation) -> dict[str, tuple[SeriesPoint, ...]]:
    """By shift its signal, and by name both signals of each disagreement, in the segment of the shift that showed it."""
    curves = {shift.id: series(store, window, shift.signal, shift.segment) for shift in found.shifts}
    for apart in found.disagreements:
        pair = (apart.feedback, apart.graded)
        shown = next(one for one in found.shifts if one.signal in pair and one.onset.estimate == apart.since)
        for name in pair:
            curves[name] = series(store, window, name, shown.segment)
    return curves


def series(
    store: Store, window: Clock, signal: str, segment: Mapping[str, str], *, width: int | None = None
) -> tuple[SeriesPoint, ...]:
    """A signal over time in one segment: means with 90% intervals in buckets of ``width`` seconds, at most ``POINTS`` of them."""
    seconds = (window.until - window.since).total_seconds()
    width = width or max(window.width, int(-(-seconds // POINTS // 3600) * 3600) or 3600)
    keys = sorted(segment)
    columns = store.rows(
        "report/series",
        signal=signal,
        since=window.since.replace(tzinfo=None),
        until=window.until.replace(tzinfo=None),
        width=width,
        scope_keys=keys,
        scope_values=[segment[key] for key in keys],
    )
    whole = sum(row["n"] for row in columns)
    usual = sqrt(sum(row["n"] * row["spread"] ** 2 for row in columns) / whole) if whole else 0.0
    points = []
    for row in columns:
        spread = row["spread"] if row["n"] >= FEW else max(row["spread"], usual)  # three equal scores are not certain
        reach = Z90 * spread / sqrt(row["n"])
        points.append(
            SeriesPoint(
                at=window.since + timedelta(seconds=int(row["bucket"]) * width),
                mean=row["mean"],
                low=row["mean"] - reach,
                high=row["mean"] + reach,
                n=row["n"],
            )
        )
    return tuple(points)
