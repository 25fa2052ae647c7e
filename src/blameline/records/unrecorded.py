"""What nobody recorded: behaviour that moved by itself, and slow causes that are parts of a bid."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from blameline.records.words import Interval, Onset, Record


class SignatureSignal(Record):
    """How one signal of behaviour moved in a signature."""

    signal: str
    aspect: str
    """What it shows of behaviour: length, refusals, form, manner, language, steps, time or tokens."""
    unit: str
    before: float
    after: float
    """``before`` and the change; where the unit is a log, both are logs."""
    delta: Interval
    """With all visible changes in the mean, and with account taken of the tokens where they are counted."""
    n_before: int
    n_after: int
    log_evidence: float
    """Log Bayes factor of its step at the signature's moment, the toll of noise that drifts taken off."""


class Signature(Record):
    """Behaviour that moved in several ways at one moment, with no recorded change and no new identity near it.

    It says that something changed which nobody recorded, and never what.
    """

    id: str
    onset: Onset
    signals: tuple[SignatureSignal, ...]
    log_evidence: float
    """Log Bayes factor of steps of several aspects at one unknown moment against none."""
    clear_hours: float | None = None
    """Hours from its onset to the nearest recorded change or new identity; ``null`` where there is none."""
    nearest: str | None = None
    """The candidate that this is."""
    because: str
    """One sentence."""


class Part(Record):
    """Something that a bid may be made of: told with its numbers, and never a verdict."""

    name: str
    because: str
    """One sentence with the numbers."""
    estimate: Interval | None = None
    """What it makes of the signal by itself, or its drift a day; ``null`` where nothing was estimated."""
    numbers: Mapping[str, float] = Field(default_factory=dict)
