"""What stands behind the odds of a bid: who may have acted with it, and what would overturn its verdict."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from blameline.records.words import Moved, Outcome, Record, Standing

Share = Annotated[float, Field(ge=0, le=1)]


class Partner(Record):
    """Another bid that may have had a part in the same shift."""

    candidate: str
    how: Literal["both", "together", "masked"]
    """``both`` did harm; ``together``: the one does harm where the other is; ``masked``: the one hid part of the other's harm."""
    probability: Share
    """Of just these two having made the shift in just this way."""


class Hidden(Record):
    """What a cause that nobody recorded would have to be to overturn the verdict."""

    overlap: Share
    """Share of the exposed requests, weighted as the fit does, that it would have to act on at least, and on few others."""
    hours: float | None
    """By so many hours at most it may come earlier or later than the candidate; ``null`` where time does not tell them apart."""
    effect: float
    """Change of the signal on what it acts on, in the signal's unit, that it would at least have to make."""
    robustness: Share
    """Share of the residual variance, of exposure and signal alike, that it would have to explain (Cinelli and Hazlett 2020)."""


class Removal(Record):
    """One thing left out, and what the verdict is without it."""

    kind: Literal["change", "version", "signal", "evidence", "check", "segment", "day"]
    what: str
    first: str
    """Who leads the ledger then."""
    probability: Share
    """Probability then that the candidate had a part in the shift."""
    verdict: Standing | None
    """The candidate's; ``null`` where it is the candidate that was left out."""
    outcome: Outcome
    moved: Moved


class Sensitivity(Record):
    """How much it would take to overturn the verdict of the leading bid."""

    hidden: Hidden | None = None
    """``null`` where no effect was estimated, or the verdict does not rest on one."""
    flip_prior: float | None = None
    """The prior at which the verdict would be another; ``null`` where no prior changes it."""
    tried: int = 0
    """How many things were left out, one at a time."""
    changes: tuple[Removal, ...] = ()
    """Those without which the verdict or the outcome is another one, by kind; the candidate's own record is told apart."""
    without: Removal | None = None
    """The candidate's own record left out: whether the blame would then fall on another."""
    because: str
    """Two or three sentences."""
