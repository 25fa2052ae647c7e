"""The front matter: the findings once more as plain YAML, for programs that read post-mortems."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import yaml

from blameline.records import stamp
from blameline.report.escape import Safe, clean
from blameline.report.page import BIDDERS, LEADING

if TYPE_CHECKING:
    from datetime import datetime

    from blameline.records import Interval, Onset, Shift
    from blameline.report.page import Page

_DIGITS = 6


def front_matter(page: Page) -> Safe:
    """The block between ``---`` lines, those included."""
    text = yaml.safe_dump(_plain(_matter(page)), sort_keys=False, allow_unicode=True, width=1000)
    return Safe(f"---\n{text}---")


def _matter(page: Page) -> dict[str, Any]:
    story, found, shift = page.story, page.story.found, page.main
    causes = [
        line
        for line in page.lines
        if line.candidate not in BIDDERS
        and line.verdict not in {"excluded", "untestable"}
        and (line.probability >= LEADING or line in page.suspects)
    ]
    return {
        "id": _identity(page),
        "title": story.title,
        "status": "draft",
        "service": found.service or story.manifest.service,
        "outcome": found.outcome,
        **({"cannot_tell": found.cannot_tell} if found.cannot_tell else {}),
        "window": {"from": _minute(found.window.from_), "to": _minute(found.window.to, up=True)},
        "onset": _moment(shift.onset) if shift else None,
        "ended": _moment(shift.ended_range) if shift and shift.ended_range else None,
        "reported_at": _time(story.manifest.reported_at),
        "detection_lag_minutes": _lag(page),
        "signals": [_signal(one) for one in found.shifts],
        "causes": [
            {
                "id": line.candidate,
                "kind": line.kind,
                "layer": line.layer,
                "declared": line.declared,
                "probability": line.probability,
                "share": _interval(line.share),
                "verdict": line.verdict,
            }
            for line in causes
        ],
        "unknown": {"probability": page.unknown.probability, "share": page.unknown.share.estimate}
        if page.unknown
        else None,
        "exonerated": [line.candidate for line in page.excluded if line.candidate not in BIDDERS],
        "guards": [{"guard": guard.guard, "finding": guard.finding} for guard in page.guards],
        "interval": "90%",
        "blameline": found.version,
        "seed": found.seed,
    }


def _identity(page: Page) -> str:
    """A name made of what is known: the service and the day of the onset."""
    found = page.story.found
    day = page.main.onset.estimate if page.main else found.window.from_
    words = [found.service or page.story.manifest.service or page.story.title, f"{day:%Y-%m-%d}" if day else ""]
    slug = "-".join(re.findall(r"[a-z0-9]+", clean(" ".join(words)).lower()))
    return slug[:60].strip("-") or "incident"


def _signal(shift: Shift) -> dict[str, Any]:
    return {
        "shift": shift.id,
        "signal": shift.signal,
        "segment": dict(sorted(shift.segment.items())),
        "direction": shift.direction,
        "moved": shift.moved,
        "before": shift.before,
        "after": shift.after,
        "delta": _interval(shift.delta),
        "n_before": shift.n_before,
        "n_after": shift.n_after,
    }


def _lag(page: Page) -> dict[str, int] | None:
    reported = page.story.manifest.reported_at
    if page.main is None or reported is None:
        return None
    onset = page.main.onset
    ends = {"estimate": onset.estimate, "low": onset.high, "high": onset.low}
    return {name: round((reported - end).total_seconds() / 60) for name, end in ends.items()}


def _interval(part: Interval) -> dict[str, float]:
    return {"estimate": part.estimate, "low": part.low, "high": part.high}


def _moment(onset: Onset) -> dict[str, str]:
    return {"estimate": stamp(onset.estimate), "low": stamp(onset.low), "high": stamp(onset.high)}


def _time(at: datetime | None) -> str | None:
    return stamp(at) if at else None


def _minute(at: datetime | None, *, up: bool = False) -> str | None:
    """A whole minute: the window's own, or the next one out."""
    if at is None:
        return None
    whole = at.replace(second=0, microsecond=0)
    return stamp(whole + timedelta(minutes=1) if up and whole < at else whole)


def _plain(value: Any) -> Any:  # noqa: ANN401  YAML's own types, nested
    if isinstance(value, dict):
        return {clean(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") + 0.0
    return clean(value) if isinstance(value, str) else value
