"""What must hold whatever the data: hypothesis looks for a counter-example, with the same few examples in every run."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from threadpoolctl import threadpool_limits

from blameline.cells import Cells
from blameline.evidence.odds import bounded
from blameline.evidence.questions import tidy
from blameline.evidence.shares import told
from blameline.fit import Fit
from blameline.records import (
    LAYER_OF_KIND,
    Change,
    Entry,
    EvalRun,
    Evidence,
    Interval,
    LedgerLine,
    Manifest,
    Problem,
    Query,
    Record,
    Replay,
    Signal,
    Stage,
    stamp,
)
from blameline.shifts import describe, find
from blameline.shifts.moves import highest_density
from blameline.times import LONGEST

if TYPE_CHECKING:
    from collections.abc import Iterator

settings.register_profile(
    "steady",
    max_examples=25,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
steady = settings.get_profile("steady")
quick = settings(steady, phases=(Phase.explicit, Phase.generate))
"""Where one example costs a fit: a counter-example is shown as it was found."""
START = datetime(2026, 3, 2, tzinfo=UTC)

texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  the zone is given apart
numbers = st.floats(-1e6, 1e6, allow_nan=False)
shares = st.floats(0, 1)
segments = st.dictionaries(texts, texts, max_size=3)
maybe = lambda strategy: st.none() | strategy  # noqa: E731  a word, not a function
changes = st.sampled_from(sorted(LAYER_OF_KIND)).flatmap(
    lambda kind: st.builds(
        Change, id=texts, at=moments, recorded_at=maybe(moments), kind=st.just(kind),
        layer=st.just(LAYER_OF_KIND[kind]),
        uncertainty=maybe(st.integers(0, 10**6).map(lambda s: timedelta(seconds=s))), scope=segments, to=maybe(texts),
        reverts=maybe(texts), summary=maybe(texts), rollout=st.lists(
            st.fixed_dictionaries({"at": moments, "percent": st.floats(0, 100)}), max_size=3).map(tuple),
    )
)  # fmt: skip
intervals = (
    st.lists(numbers, min_size=3, max_size=3).map(sorted).map(lambda v: Interval(low=v[0], estimate=v[1], high=v[2]))
)
evidences = st.builds(
    Evidence, check=texts, asks=texts, because=texts, verdict=st.sampled_from(["supports", "refutes", "inconclusive"]),
    numbers=st.dictionaries(texts, maybe(numbers) | st.integers(-5, 5) | st.booleans() | texts, max_size=3),
    query=st.builds(
        Query, name=texts, sha256=texts, parameters=st.dictionaries(texts, texts | st.integers(), max_size=2)
    ),
)  # fmt: skip
lines = st.builds(
    LedgerLine, candidate=texts, shift=texts, kind=texts,
    layer=maybe(st.sampled_from(sorted(set(LAYER_OF_KIND.values())))),
    declared=st.booleans(), probability=shares, share=intervals, next_test=texts, because=texts, at=maybe(moments),
    verdict=st.sampled_from(["confirmed", "supported", "consistent", "excluded", "untestable"]),
    evidence=st.lists(evidences, max_size=2).map(tuple), effect=maybe(intervals),
)  # fmt: skip
runs = st.builds(
    EvalRun, run_id=texts, suite=texts, at=moments, judge=maybe(texts), gating=st.booleans(),
    case_dates=st.lists(texts, max_size=2).map(tuple),
    slices=st.lists(st.fixed_dictionaries({"segment": segments, "n": st.integers(0, 99)}), max_size=2).map(tuple),
)  # fmt: skip
records: st.SearchStrategy[Record] = st.one_of(
    changes, intervals, evidences, lines, runs,
    st.builds(Replay, case_id=texts, signal=texts, score=numbers, config=segments),
    st.builds(Problem, source=texts, line=maybe(st.integers(1, 10**9)), message=texts),
    st.builds(Entry, id=texts, parent=maybe(texts), at=moments, by=texts, kind=st.just("note"), body=segments),
    st.builds(Manifest, service=maybe(texts), reported_at=maybe(moments),
              controls=st.lists(texts, max_size=2).map(tuple),
              segments=st.lists(texts, max_size=2).map(tuple)),
)  # fmt: skip


@settings(steady, max_examples=200)
@given(records)
def test_what_is_written_is_what_is_read(record: Record) -> None:
    text = record.model_dump_json()
    again = type(record).model_validate_json(text)
    assert again == record
    assert again.model_dump_json() == text


@settings(steady)
@given(moments)
def test_a_stamp_reads_back(moment: datetime) -> None:
    assert stamp(moment).endswith("Z")
    assert datetime.fromisoformat(stamp(moment)) == moment


units = st.sampled_from(["", "ms", "s", " sec", "m", " minutes", "h", "d", " weeks", "M", " months"])
durations = st.one_of(
    st.timedeltas(), st.floats(), st.integers(-(10**9), 10**9), st.text("-+.0123456789PTDHMSW: ", max_size=9),
    st.builds("{}{}".format, st.decimals(-100, 5000, places=1), units),
)  # fmt: skip


@settings(steady, max_examples=300)
@given(durations)
@example("-PT30M")
@example("P999999999D")
@example("PT0.2S")
@example(timedelta(milliseconds=-100))
def test_an_uncertainty_that_passes_reads_back(said: object) -> None:
    try:
        change = Change.model_validate(
            {"id": "c", "at": START, "kind": "deploy", "layer": "deploy", "uncertainty": said}
        )
    except ValidationError:
        return
    assert change.uncertainty is not None
    assert timedelta(0) <= change.uncertainty <= LONGEST
    assert Change.model_validate_json(change.model_dump_json()) == change


@settings(steady, max_examples=300)
@given(st.one_of(st.datetimes(), st.floats(), st.integers(), st.text("-+.0123456789TZ: ", max_size=20)))
@example("20260314")
@example("2026")
@example(202603140912)
@example("0001-01-01T00:00+14:00")
def test_a_moment_that_passes_reads_back(said: object) -> None:
    try:
        stage = Stage.model_validate({"at": said, "percent": 5})
    except ValidationError:
        return
    assert 1970 <= stage.at.year <= 2200
    assert Stage.model_validate_json(stage.model_dump_json()) == stage


@settings(steady, max_examples=100)
@given(st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1, max_size=40))
def test_shares_are_intervals_within_nought_and_one_that_sum_to_one(raw: list[list[float]]) -> None:
    drawn = np.array(raw)
    drawn /= np.maximum(drawn.sum(axis=1, keepdims=True), 1.0)
    parts = {"a": drawn[:, 0], "b": drawn[:, 1], "c": drawn[:, 2], "unknown": np.maximum(1 - drawn.sum(axis=1), 0.0)}
    found = told(parts, ["a", "b", "c", "chance", "unknown"])
    assert all(0 <= one.low <= one.estimate <= one.high <= 1 for one in found.values())
    assert round(sum(one.estimate for one in found.values()), 6) == 1
    assert found["chance"].high == 0


@settings(steady, max_examples=100)
@given(st.floats(-500, 500), st.floats(0.001, 0.999), st.floats(0.001, 0.999))
def test_a_bounded_ratio_keeps_its_bounds(log_factor: float, guilty: float, by_itself: float) -> None:
    low, high = sorted((math.log(guilty / by_itself), math.log((1 - guilty) / (1 - by_itself))))
    assert low - 1e-9 <= bounded(log_factor, guilty, by_itself) <= high + 1e-9
    assert math.isclose(bounded(0.0, guilty, by_itself), 0.0, abs_tol=1e-12)


@settings(steady, max_examples=100)
@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_kept_number_is_json(value: float) -> None:
    kept = tidy(np.float64(value))
    assert kept is None or (isinstance(kept, float) and math.isfinite(kept))
    assert tidy(kept) == kept


@settings(steady, max_examples=100)
@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_highest_density_holds_its_level_in_any_order(raw: list[float], random: Any) -> None:
    weights = np.array(raw) / sum(raw)
    where = np.arange(float(len(weights)))
    mode, low, high = highest_density(where, weights)
    assert low <= mode <= high
    assert weights[(where >= low) & (where <= high)].sum() >= 0.9 - 1e-9
    order = list(range(len(weights)))
    random.shuffle(order)
    mixed_mode, _, _ = highest_density(where[order], weights[order])
    assert weights[int(mixed_mode)] == weights[int(mode)]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """As ``Case`` does it: on small matrices more threads cost time and change the last bits."""
    with threadpool_limits(limits=1):
        yield


def made(seed: int, loss: float, at: float, rate: float, gaps: float) -> Cells:
    rng = np.random.default_rng(seed)
    bucket, segment = np.repeat(np.arange(80), 3), np.tile(np.arange(3), 80)
    n = rng.poisson(rate, 240) * (rng.random(240) > gaps)
    kept = n > 0
    bucket, segment, n = bucket[kept], segment[kept], n[kept]
    total = rng.binomial(n, np.clip(0.85 - loss * (bucket > at), 0.02, 0.98)).astype(float)
    return Cells(
        signal=Signal(name="q", better="higher"), origin=START, width=10_800, buckets=80,
        bucket=bucket, segment=segment,
        version=np.zeros(len(n), dtype=np.int64), n=n.astype(float), total=total, square=total.copy(),
        segments=({"r": "a"}, {"r": "b"}, {"r": "c"}), versions=({},),
    )  # fmt: skip


worlds = st.builds(
    made,
    st.integers(0, 10**6),
    st.floats(-0.1, 0.4),
    st.integers(5, 75),
    st.floats(2, 40),
    st.sampled_from([0.0, 0.1, 0.4]),
)


@settings(quick)
@given(worlds)
def test_every_shift_is_in_order(cells: Cells) -> None:
    fit = Fit(cells)
    for number, move in enumerate(find(fit, better="higher", seed=0), start=1):
        shift = describe(number, fit, move, within=True)
        assert shift.onset.low <= shift.onset.estimate <= shift.onset.high
        assert shift.delta.low <= shift.delta.estimate <= shift.delta.high
        assert (shift.delta.estimate < 0) == (shift.direction == "worse")
        assert 0 <= shift.before <= 1
        assert 0 <= shift.after <= 1
        assert shift.ended is None or shift.onset.estimate < shift.ended
        assert type(shift).model_validate_json(shift.model_dump_json()) == shift


@settings(quick)
@given(worlds, st.integers(0, 10**6))
def test_the_order_of_cells_never_matters(cells: Cells, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(cells.n))
    mixed = replace(
        cells, _memory={},
        **{name: getattr(cells, name)[order] for name in ("bucket", "segment", "version", "n", "total", "square")},
    )  # fmt: skip
    first, second = (find(Fit(one), better="higher", seed=0) for one in (cells, mixed))
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        assert one.segment == other.segment
        assert one.moments[np.argmax(one.weights)] == other.moments[np.argmax(other.weights)]
        assert math.isclose(one.effect, other.effect, rel_tol=1e-6)


@settings(quick)
@given(worlds, st.sampled_from([-6.0, -3.0, 3.0, 6.0]))
def test_the_unit_never_matters(cells: Cells, power: float) -> None:
    scale = 10**power
    scaled = replace(cells, _memory={}, total=cells.total * scale, square=cells.square * scale**2)
    first, second = (find(Fit(one), better="higher", seed=0) for one in (cells, scaled))
    assert [(move.segment, move.worse, move.gradual) for move in first] == [
        (move.segment, move.worse, move.gradual) for move in second
    ]
    for one, other in zip(first, second, strict=True):
        assert math.isclose(one.evidence, other.evidence, rel_tol=1e-3, abs_tol=1e-2)
        assert math.isclose(one.effect * scale, other.effect, rel_tol=1e-3)
