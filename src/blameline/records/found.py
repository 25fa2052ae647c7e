"""What is found out: signals, shifts, evidence, ledger lines, guards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from blameline.records.brought import Contract
from blameline.records.experiments import Experiment
from blameline.records.unrecorded import Part
from blameline.records.weighed import Partner, Sensitivity
from blameline.records.words import (
    Answer,
    Better,
    Direction,
    Family,
    Finding,
    Interval,
    Keeping,
    Layer,
    Moment,
    Moved,
    Onset,
    Record,
    Segment,
    Standing,
)


class Signal(Record):
    """What is measured: one score found in the data, or one derived from the spans."""

    name: str
    better: Better | None
    """``null``: no direction is known, so it can never be a shift for the worse."""
    unit: str = "score"
    family: Family = "quality"
    control: bool = False
    """A signal that the suspected changes cannot touch."""
    judged: bool = False
    """Scored by a versioned judge, so that a judge change can move it."""
    bounded: bool = True
    """True when the values lie in [0, 1]."""
    title: str = ""
    """What it counts in a few words, where its name does not say; of a contract what it asks."""
    bias: str = ""
    """How it is known to mislead; empty where nothing is known."""
    context: bool = False
    """Told beside a shift, and never one, unless the manifest lists it under ``signals``."""
    measured: bool = True
    """Whether this data holds it; what is not measured is never 0 and never fine."""
    why: str = ""
    """Why it is not measured: what is not on record."""
    n: int = 0
    """Requests that it was measured on."""
    mean: float | None = None
    """Over the window; ``null`` where it is not measured."""
    now: float | None = None
    """Mean over the last tenth of the window; ``null`` where it was not measured there."""


class Bridge(Record):
    """How far the ruler moved by itself at the onset of a shift, on what no change of the app can touch."""

    estimate: Interval
    """New minus old, in the signal's unit, with its 90% interval."""
    n: int
    """Answers that were scored on both sides; of controls, their measurements after the onset."""
    kind: Literal["rescored", "anchors", "controls"]
    """The same answer scored again, requests that came again with the same words, or signals that only the ruler can move."""
    because: str
    """One sentence with the numbers."""
    hides: bool = False
    """The ruler moved the other way than the shift, so that the answers moved further than the scores."""


class SliceEffect(Record):
    """How one segment moved in a shift."""

    segment: Segment
    delta: Interval
    n: int
    """Requests measured in it after the onset."""


MixVerdict = Literal["mix", "within", "both", "offset", "unclear"]
SliceVerdict = Literal["everywhere", "slice", "elsewhere", "unclear"]


class MixPart(Record):
    """What the change of traffic between the values of some segment attributes makes of the change of the plain mean."""

    attributes: tuple[str, ...]
    mix: Interval
    within: Interval
    """What is left of the raw change."""
    groups: int
    """Combinations of values that were seen."""


class MixSplit(Record):
    """Whether other traffic came in, or the same traffic came out otherwise: ``raw`` is ``mix`` plus ``within``."""

    raw: Interval
    """Change of the plain mean over the whole of either side."""
    mix: Interval
    """What the change of traffic between all combinations of segment values makes by itself (Kitagawa's midpoint)."""
    within: Interval
    """What the combinations' own changes make."""
    interaction: Interval
    """What both make together; half of it is counted in ``mix``, half in ``within``."""
    verdict: MixVerdict
    """``offset``: traffic and answers pulled to different sides; ``unclear``: noise hides which of them it was."""
    mostly: tuple[str, ...] = ()
    """The fewest attributes that show nearly all of the mix by themselves; empty where there is none to speak of."""
    parts: tuple[MixPart, ...] = ()
    """The same by single attributes and by pairs of them, the largest mix first."""
    sentence: str = ""
    """The split in words."""


class Location(Record):
    """Where a shift sits: the smallest set of segment values that holds it."""

    verdict: SliceVerdict
    """``elsewhere``: it follows a version that only some requests carry, in every segment alike, so no segment holds it."""
    parts: tuple[Segment, ...] = ()
    """The segments that hold it, each one value or a pair of values of two attributes; empty unless ``slice``."""
    share: Interval | None = None
    """Share of the shift that these parts explain; ``null`` where noise elsewhere hides it, as beside a small slice."""
    traffic: float = 1.0
    """Share of the requests after the onset that these parts are."""
    probability: float = 0.0
    """Odds of the verdict, with the number of slices that there are priced in."""
    looked_at: int = 0
    """Slices that were fitted."""
    of: int = 0
    """Slices that there are: single values, and pairs of values of two attributes."""
    because: str


class Shift(Record):
    """One lasting move of one signal."""

    id: str
    signal: str
    title: str = ""
    """What the signal counts in a few words, where its name does not say."""
    unit: str = ""
    """The signal's unit; where it is a log, levels and changes are logs too."""
    segment: Segment = Field(default_factory=dict)
    """The slice that moved; empty means all traffic."""
    direction: Direction
    moved: Moved
    onset: Onset
    ended: Moment | None = None
    """When the quality came back, if it did."""
    ended_range: Onset | None = None
    """The same with its 90% range."""
    before: float
    after: float
    delta: Interval
    """Change of the mean in the signal's own unit: at an equal traffic mix, or of the plain mean where ``plain``."""
    plain: bool = False
    """Only the plain mean got worse; at an equal traffic mix it changed by ``mix.within``."""
    raw_delta: float = 0.0
    """Change of the plain mean, traffic mix included."""
    mix_delta: float = 0.0
    """The part of ``raw_delta`` that the change of traffic explains by itself."""
    n_before: int = 0
    n_after: int = 0
    gradual: bool = False
    """The move is a ramp and not a step."""
    settled: Onset | None = None
    """When a gradual move was all there; ``null`` where it was a step, or still under way when the data ends."""
    by_segment: tuple[SliceEffect, ...] = ()
    """The same move in each single segment."""
    slice: Location | None = None
    """The smallest set of segment values that holds the move."""
    mix: MixSplit | None = None
    """How much of the change of the plain mean is other traffic; ``null`` where no segment attribute was recorded."""
    bridge: Bridge | None = None
    """How far the ruler moved by itself; ``null`` where nothing tells."""
    linked: bool = False
    """Its ledger weighs what is left when the ruler's own move, known from the bridge, is taken out of the scores."""


class Context(Record):
    """How a signal that is no shift of its own moved since the main shift's onset, or over the last quarter of the window."""

    signal: str
    family: Family
    unit: str
    since: Moment
    segment: Segment = Field(default_factory=dict)
    """The main shift's own; empty means all traffic."""
    moved: bool | None
    """More than chance would move one of all these signals; ``null``: it cannot be told."""
    before: float | None = None
    after: float | None = None
    """``before`` and the change; both at the mix of segments that there was."""
    delta: Interval | None = None
    """Change of the mean in the signal's unit, days as clusters; ``null`` where it cannot be told."""
    n_before: int = 0
    n_after: int = 0
    because: str
    """One sentence."""


class Dip(Record):
    """A few hours far below their surroundings: too short to be a shift, so it is told and never blamed."""

    signal: str
    since: Moment
    until: Moment
    """To the bucket."""
    level: float
    """Mean of the signal meanwhile."""
    usual: float
    """Mean in the half days before and after."""
    n: int
    """Measurements meanwhile."""
    because: str
    """One sentence."""


class Disagreement(Record):
    """Users' clicks went one way and graded truth the other, over one onset."""

    feedback: str
    """The signal of clicks; like ``graded`` it has a curve in the story's series, under its name."""
    graded: str
    """The signal that code, people or judges graded."""
    since: Moment
    feedback_delta: Interval
    graded_delta: Interval
    because: str
    """One sentence."""


class Query(Record):
    """Where a piece of evidence came from: a file under ``sql/``, its hash, and what was bound."""

    name: str
    sha256: str
    parameters: Mapping[str, Any] = Field(default_factory=dict)


class Evidence(Record):
    """One question put to one candidate, and its answer."""

    check: str
    asks: str
    verdict: Answer
    because: str
    numbers: Mapping[str, float | int | str | bool | None] = Field(default_factory=dict)
    query: Query


class LedgerLine(Record):
    """One bid for one shift: how probable, how much of the shift, and why."""

    candidate: str
    shift: str
    kind: str
    layer: Layer | None
    declared: bool
    probability: Annotated[float, Field(ge=0, le=1)]
    prior: Annotated[float, Field(ge=0, le=1)] = 0.0
    share: Interval
    verdict: Standing
    tied_with: tuple[str, ...] = ()
    because: str
    evidence: tuple[Evidence, ...] = ()
    next_test: str
    experiment: Experiment | None = None
    """The same as a plan that can be run (``incident replay plan``); ``null`` where no replay would tell."""
    at: Moment | None = None
    """When the change took effect by its own record, or was first seen where it has none."""
    seen_at: Moment | None = None
    """When the traces first carried it; ``null`` where they do not show it."""
    log_evidence: Mapping[str, float] = Field(default_factory=dict)
    """Natural log of each likelihood ratio that the odds are made of, by its source; ``fit`` is the joint fit's."""
    summary: str = ""
    """The change in a few words, as its own record gives it."""
    effect: Interval | None = None
    """Change of the signal on exposed traffic, in the signal's unit; ``null`` where nothing was estimated."""
    involved: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Probability that it had a part in the shift, alone or as one of two: not split as ``probability`` is, which sums to 1."""
    partners: tuple[Partner, ...] = ()
    """Who may have acted with it, the likeliest first."""
    flip_prior: float | None = None
    """The prior at which the verdict would be another one, all else as it is; ``null`` where no prior changes it."""
    sensitivity: Sensitivity | None = None
    """What would overturn the verdict; on the leading line of a shift."""
    parts: tuple[Part, ...] = ()
    """Slow causes without a change point that may be what the bid is made of."""


class Guard(Record):
    """One thing that should have caught it, and what it did."""

    guard: str
    finding: Finding
    because: str
    shift: str | None = None


class ContractState(Record):
    """How one contract fares: before, in the period that is asked about, and what can be said of the difference."""

    id: str
    signal: str
    asks: str
    """What it asks, in words."""
    scope: Segment = Field(default_factory=dict)
    floor: float | None = None
    """The share of requests that must keep it; ``null`` where the contract sets none."""
    verdict: Keeping
    because: str
    """One sentence with the numbers, or why it was not measured."""
    since: Moment
    until: Moment
    """The period; ``since`` is its start."""
    compared_until: Moment
    """The end of what it is compared with, which is all that came before."""
    requests: int = 0
    """Requests of the period that it is about."""
    n_before: int = 0
    n: int = 0
    """Requests of the period on which it was measured."""
    before: Interval | None = None
    """Share of requests that kept it before, with its 90% interval."""
    rate: Interval | None = None
    """The same in the period."""
    difference: Interval | None = None
    detectable: float | None = None
    """The smallest drop that would have been seen four times in five; ``null``: none."""


class ProposedContract(Record):
    """A contract that a quiet period would have kept, and how it was kept there."""

    contract: Contract
    n: int
    """Requests on which it was measured."""
    days: int
    rate: float
    """Share of them that kept it."""


class LearnedContracts(Record):
    """What callers could rely on in a period, and the ``contracts.yaml`` that says so."""

    since: Moment
    until: Moment
    requests: int
    contracts: tuple[ProposedContract, ...]
    text: str
    """YAML with a comment on each; ``incident load`` reads it."""
