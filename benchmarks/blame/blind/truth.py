"""The truth beside a case: outcome, guilt, size, onset, and whether this data can show it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from exposure import in_population
from oracle import OracleView, look, rivals
from plan import Fault
from quality import FaultTruth, sigmoid
from surface import Surface, stamp_text, undeclared_ids

if TYPE_CHECKING:
    from simulate import Case

THRESHOLD = 5.0


def names_of(case: Case, surface: Surface, ident: str) -> list[str]:
    """The ids under which a plan id may be named."""
    if ident.startswith("undeclared:"):
        change = next(change for change in case.plan.changes if change.id == ident.split(":", 1)[1])
        return undeclared_ids(case, surface, change)
    if any(change.id == ident and not change.declared for change in case.plan.changes):
        return names_of(case, surface, f"undeclared:{ident}")
    return surface.records.get(ident, [ident])


def _visible(case: Case, surface: Surface, fault: Fault) -> bool:
    """True if the records show who was exposed."""
    for ident in fault.changes:
        change = next(change for change in case.plan.changes if change.id == ident)
        stamped = change.key in case.stamps or (change.key == "scorer" and "judge" in case.stamps)
        by_scope = (
            change.declared
            and not change.stages
            and not change.windows
            and (bool(change.scope) or (bool(change.region_stages) and surface.split_regions))
        )
        if not stamped and not by_scope and not change.everywhere_at_once:
            return False
    return bool(fault.changes)


def _fault_view(case: Case, surface: Surface, truth: FaultTruth) -> dict[str, Any]:
    """Oracle numbers and verdict for one app or judge fault."""
    plan, traffic, cast, quality = case.plan, case.traffic, case.cast, case.quality
    fault = truth.fault
    rows = np.flatnonzero(case.scored & case.kept & ~case.root_only & ~case.stamp_missing)
    current = quality.app_logit if fault.where == "app" else quality.seen_logit
    moved = (sigmoid(current) - sigmoid(current + truth.shift * truth.weight))[rows] * (1 - quality.glitch)
    visible = _visible(case, surface, fault)
    population = np.ones(traffic.size, dtype=bool)
    for ident in fault.changes:
        population &= in_population(next(change for change in plan.changes if change.id == ident), cast, traffic)
    seen = truth
    if not visible:
        population = np.ones(traffic.size, dtype=bool)
        window = (traffic.time >= truth.onset) & (traffic.time < (truth.end if truth.end is not None else np.inf))
        seen = replace(truth, mask=window)
    elif fault.slice is not None:
        inside = truth.mask | (population & _in_slice(case, fault.slice))
        population = inside
    if fault.drift:
        seen = replace(seen, onset=cast.hours * 0.5)
    view: OracleView = look(
        seen,
        moved,
        population,
        rows,
        traffic,
        quality,
        cast,
        alternating=any(change.windows for change in plan.changes if change.id in fault.changes),
    )
    guilty = list(fault.changes) + (plan.groups[0] if plan.outcome == "tied" else [])
    mates = [ident for ident in plan.guilty if ident in {change.id for change in plan.changes}]
    found = rivals(seen if not fault.drift else replace(seen, onset=fault.onset), view, plan, visible, guilty + mates)
    bridged = fault.where == "judge" and bool(plan.records.bridge or plan.records.daily_rescore)
    if fault.drift or bridged:
        found = []
    reasons = []
    if fault.where == "judge" and not fault.changes and not bridged:
        reasons.append("a silent judge without re-scored answers shows only against users' sparse thumbs")
    score = view.best if visible else view.timing
    if score < THRESHOLD:
        reasons.append(f"oracle z {score:.1f} below {THRESHOLD:.0f}")
    if found:
        reasons.append("innocent changes that data cannot part: " + ", ".join(found))
    stamped = all(
        next(change for change in plan.changes if change.id == ident).key in case.stamps for ident in fault.changes
    )
    if plan.needs_stamp and not (stamped and fault.changes):
        reasons.append("the changelog's time is wrong and no stamp shows the true one")
    culprits = [change for change in plan.changes if change.id in fault.changes]
    if any(change.key == "model" for change in culprits) and not stamped and view.contrast < THRESHOLD:
        reasons.append("a model change without an identity in the traces or a contrast cannot be supported")
    if any(not change.declared for change in culprits) and not stamped:
        reasons.append("undeclared and not stamped")
    timing_only = bool(culprits) and not (visible and view.contrast >= THRESHOLD)
    active = (traffic.time >= truth.onset) & (traffic.time < (truth.end if truth.end is not None else np.inf))
    ids = sorted({name for ident in fault.changes for name in names_of(case, surface, ident)})
    return {
        "ids": ids,
        "where": fault.where,
        "onset": _when(case, truth.onset),
        "end": _when(case, truth.end),
        "effect_on_exposed": round(truth.exposed_effect, 4),
        "fall_of_overall_mean": round(truth.overall_fall, 4),
        "exposed_share": round(float(truth.mask[active].mean()), 4) if active.any() else 0.0,
        "lag_hours": round(fault.lag, 2),
        "slice": {fault.slice[0]: fault.slice[1]} if fault.slice else {},
        "gradual": bool(fault.drift or fault.ramp),
        "exposure_visible": visible,
        "timing_only": timing_only,
        "oracle_contrast_z": round(view.contrast, 2),
        "oracle_timing_z": round(view.timing, 2),
        "onset_halfwidth_hours": round(view.halfwidth, 1),
        "rivals": found,
        "identifiable": not reasons,
        "reasons": reasons,
    }


def _in_slice(case: Case, chosen: tuple[str, str]) -> np.ndarray:
    """Requests of a slice."""
    return np.array(case.cast.tasks)[case.traffic.task] == chosen[1]


def _when(case: Case, hour: float | None) -> str | None:
    """An hour as text."""
    return None if hour is None else stamp_text(case.cast.when(hour))


def _records_view(case: Case) -> dict[str, Any]:
    """Oracle numbers where mix or records moved: before against after of everything scored."""
    plan, traffic, cast, quality = case.plan, case.traffic, case.cast, case.quality
    rows = np.flatnonzero(case.scored & case.kept & ~case.root_only)
    onset = cast.hours * 0.5 if plan.growth else float(plan.onset or 0.0)
    time = traffic.time[rows]
    copies = 1 + case.repeats[rows]
    if plan.outcome == "mix":
        moved = sigmoid(quality.fixed[rows]) * (1 - quality.glitch)
        settled = onset + (plan.mix.ramp if plan.mix is not None else 0)
    else:
        moved, settled = np.zeros(len(rows)), onset
        score = quality.score[rows]
        if (time < onset).any() and (time >= onset).any():
            moved = np.where(
                time >= onset,
                np.average(score[time >= onset], weights=copies[time >= onset]) - score[time < onset].mean(),
                0,
            )
    settled = min(settled, cast.hours * 0.9)
    dummy = FaultTruth(fault=Fault(effect=0.0), mask=traffic.time >= onset, weight=np.ones(traffic.size), onset=onset)
    view = look(dummy, moved, np.ones(traffic.size, dtype=bool), rows, traffic, quality, cast)
    early, late = time < onset, time >= settled
    fall = float(moved[early].mean() - moved[late].mean()) if early.any() and late.any() else 0.0
    reasons = [] if view.timing >= THRESHOLD else [f"oracle z {view.timing:.1f} below {THRESHOLD:.0f}"]
    if fall <= 0:
        reasons.append("the mean did not fall")
    return {"fall": fall, "z": view.timing, "reasons": reasons}


def build_truth(case: Case, surface: Surface, spans: int) -> dict[str, Any]:
    """The whole truth.json."""
    plan, quality, cast = case.plan, case.quality, case.cast
    known = {change.id for change in plan.changes}
    worse = [truth for truth in quality.faults if truth.fault.effect > 0]
    faults = [_fault_view(case, surface, truth) for truth in worse]
    guilty = sorted({name for ident in plan.guilty for name in names_of(case, surface, ident)})
    if plan.null:
        guilty = ["chance"]
    groups = [
        sorted(
            {
                name
                for ident in group
                for name in (names_of(case, surface, ident) if _is_change(ident, known) else [ident])
            }
        )
        for group in plan.groups
    ]
    rows = np.flatnonzero(case.scored & case.kept & ~case.root_only)
    reasons: list[str] = []
    main = max(zip(worse, faults, strict=False), key=lambda pair: pair[0].overall_fall, default=None)
    onset, end = _when(case, plan.onset), _when(case, plan.end)
    effect, fall, z = 0.0, 0.0, 0.0
    if main is not None:
        onset, end = main[1]["onset"], main[1]["end"]
        effect, fall = main[1]["effect_on_exposed"], main[1]["fall_of_overall_mean"]
        reasons = [f"{'+'.join(view['ids']) or 'unknown'}: {reason}" for view in faults for reason in view["reasons"]]
        z = max(main[1]["oracle_contrast_z"], main[1]["oracle_timing_z"])
    elif not plan.null:
        records = _records_view(case)
        effect, fall, z = 0.0 if plan.outcome == "mix" else records["fall"], records["fall"], records["z"]
        reasons = records["reasons"]
    identifiable = not reasons
    also = list(plan.also_outcomes)
    if not identifiable:
        also += [word for word in ("unattributed", "tied", "no_shift") if word not in also and word != plan.outcome]
    affected = dict(plan.affected or {})
    for truth in worse:
        if truth.fault.slice:
            affected[truth.fault.slice[0]] = truth.fault.slice[1]
        for change in plan.changes:
            if change.id in truth.fault.changes:
                affected.update(change.scope)
    hours = case.traffic.time[rows]
    split = case.plan.onset if main is None else main[0].onset
    before, after = hours < (split or cast.hours / 2), hours >= (split or cast.hours / 2)
    return {
        "class": case.class_name,
        "seed": case.seed,
        "outcome": plan.outcome,
        "also_acceptable_outcomes": also,
        "guilty": guilty,
        "acceptable_groups": groups,
        "signal": quality.name,
        "signal_kind": quality.kind,
        "better": "higher",
        "onset": onset,
        "end": end,
        "effect_on_exposed": round(effect, 4),
        "fall_of_overall_mean": round(fall, 4),
        "affected": affected,
        "identifiable": identifiable,
        "not_identifiable_because": reasons,
        "oracle_z": round(z, 2),
        "timing_only": bool(faults) and all(view["timing_only"] for view in faults),
        "faults": faults,
        "observed_before": round(float(quality.score[rows][before].mean()), 4) if before.any() else None,
        "observed_after": round(float(quality.score[rows][after].mean()), 4) if after.any() else None,
        "innocent": sorted(
            {
                name
                for change in plan.changes
                if change.declared and change.id not in plan.guilty
                for name in surface.records.get(change.id, [])
            }
            - {name for group in groups for name in group}
        ),
        "guards": plan.guards,
        "counts": {
            "requests": case.traffic.size,
            "scored": len(rows),
            "spans": spans,
            "hours": cast.hours,
            "changes": len(plan.changes),
        },
        "forms": {
            "layout": cast.layout,
            "dialect": surface.dialect,
            "score_form": surface.score_form,
            "identity": surface.identity,
            "stamps": case.stamps,
        },
        "notes": plan.notes,
        "why": plan.why,
    }


def _is_change(ident: str, known: set[str]) -> bool:
    """True if the id stands for a change of the plan."""
    return ident in known or ident.startswith("undeclared:")
