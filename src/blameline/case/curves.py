"""Curves and traffic in buckets that a reader can follow.

The buckets are as fine as the noise lets them be: the finest ones in which the usual 90% interval reaches no farther than half
of the shift, but at least ``FEWEST_BUCKETS`` of them, because a plot must still show when it moved, and at most
``MOST_BUCKETS``, which is what a terminal of 80 columns can show.
"""

from __future__ import annotations

from datetime import timedelta
from math import ceil, isfinite
from statistics import median
from typing import TYPE_CHECKING

from blameline.case.story import series
from blameline.cells import Clock, volume
from blameline.cells.grid import sums
from blameline.records import Curve, Quiet, Shift, Signal, Volume

if TYPE_CHECKING:
    from blameline.case.inquiry import Inquiry
    from blameline.store import Store

MOST_BUCKETS = 66
FEWEST_BUCKETS = 20
HOURS = (1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 168)
"""Widths of a bucket that people can follow."""


def curves(
    store: Store, inquiry: Inquiry, known: dict[str, Signal], quiet: tuple[Quiet, ...], signal: str | None
) -> tuple[Curve, ...]:
    """Those of the shifts for the worse, or of the signal that was asked for; with neither, of the first signal."""
    moved = [shift for shift in inquiry.shifts if shift.direction == "worse"]
    if signal is None and not moved:
        signal = next((name for name, _ in inquiry.detectable if name in known), None) or min(known, default=None)
    if signal is not None:
        moved = [shift for shift in inquiry.shifts if shift.signal == signal]
    curves = tuple(_curve(store, inquiry, known[shift.signal], shift) for shift in moved if shift.signal in known)
    if curves or signal is None:
        return curves
    reason = next((one.because for one in quiet if one.signal == signal), "")
    return (_curve(store, inquiry, known[signal], None).model_copy(update={"blind": reason}),)


def _curve(store: Store, inquiry: Inquiry, signal: Signal, shift: Shift | None) -> Curve:
    window = inquiry.window
    assert window is not None, "there is no curve without traces"
    segment = shift.segment if shift else {}
    reach = abs(shift.delta.estimate) if shift else dict(inquiry.detectable).get(signal.name, 0.0)
    widths = _widths(window)
    width = widths[0] if isfinite(reach) and reach > 0 else widths[-1]
    points = series(store, window, signal.name, segment, width=width)
    if points and width != widths[-1]:
        now = median((point.high or 0) - (point.low or 0) for point in points) / 2
        needed = width * (now / (reach / 2)) ** 2
        best = next((one for one in widths if one >= needed), widths[-1])
        if best != width:
            width, points = best, series(store, window, signal.name, segment, width=best)
    return Curve(
        signal=signal.name,
        segment=segment,
        better=signal.better,
        unit=signal.unit,
        bounded=signal.bounded,
        width=width,
        points=points,
        shift=shift.model_copy(update={"by_segment": ()}) if shift else None,
    )


def _widths(window: Clock) -> list[int]:
    """Seconds a bucket, the finest first; never empty. Whole multiples of the clock's own buckets."""
    seconds = (window.until - window.since).total_seconds()
    whole = [3600 * hours for hours in HOURS if 3600 * hours % window.width == 0]
    fine = [width for width in whole if seconds / width <= MOST_BUCKETS]
    fine = fine or [ceil(seconds / MOST_BUCKETS / window.width) * window.width]
    return [width for width in fine if seconds / width >= FEWEST_BUCKETS] or fine[:1]


def requests(store: Store, window: Clock, curve: Curve) -> tuple[Volume, ...]:
    """Requests in the curve's slice and buckets; a bucket without any is one with none."""
    cells = volume(store, window)
    inside = cells.inside(dict(curve.segment))
    buckets = int(-(-(window.until - window.since).total_seconds() // curve.width))
    counts = sums(cells.bucket[inside] * window.width // curve.width, cells.n[inside], buckets)
    return tuple(
        Volume(at=window.since + timedelta(seconds=number * curve.width), n=int(n))
        for number, n in enumerate(counts[:buckets])
    )
