"""Declared against observed: each state planted, its innocent cleared, too little data told, and order without effect."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from traced import CLOCK, DAYS, INDEX, JUDGE, PROMPT, Request, Traced, change, day, only, states, steady, switched

from blameline.candidates import list_candidates, versions_seen, without_traces

MODEL = "model:gen_ai.response.model"


def test_what_is_declared_and_seen_at_its_time_is_declared() -> None:
    one = only([change("c", 6, **{"from": "v1", "to": "v2"})], steady(switched(6.001)))
    assert (one.state, one.id, one.attribute, one.from_, one.to) == (
        "declared",
        "c",
        "gen_ai.prompt.version",
        "v1",
        "v2",
    )
    assert one.observed_at is not None
    assert one.not_before is not None
    assert day(6) < one.observed_at < day(6.05)
    assert one.observed_at - one.not_before <= timedelta(days=0.021), "it came between two requests"
    assert one.requests == one.of == 300
    assert one.requests_a_day == pytest.approx(50, abs=1)


@pytest.mark.parametrize(("off", "way"), [(-0.5, "before"), (0.5, "after"), (-3, "before"), (3, "after")])
def test_what_acted_at_another_time_is_at_the_wrong_time(off: float, way: str) -> None:
    one = only([change("c", 6, to="v2")], steady(switched(6 + off)))
    assert one.state == "wrong time"
    assert one.off_seconds == pytest.approx(off * 86400, abs=2000)
    assert f"{way} the time of its record" in one.because


def test_a_time_within_its_uncertainty_is_not_wrong() -> None:
    one = only([change("c", 6, to="v2", uncertainty="P1D")], steady(switched(5.5)))
    assert one.state == "declared"
    assert "may be off by 1 d" in one.because


def test_a_small_share_is_not_late_for_its_first_sight() -> None:
    """One request in forty carries it: an hour without it is no sign that it came an hour later."""
    requests = steady({PROMPT: "v1"})
    few = [one for place, one in enumerate(requests) if one.at > 6.3 and place % 40 == 0]
    sparse = [Request(one.at, {PROMPT: "v2"}) if one in few else one for one in requests]
    one = only([change("c", 6, to="v2")], sparse)
    assert one.state == "declared"
    assert "need not have shown it sooner" in one.because


def test_a_first_stage_of_a_hundredth_may_pass_unseen() -> None:
    rollout = [{"at": day(5), "percent": 1}, {"at": day(7), "percent": 50}]
    requests = steady(lambda at: {PROMPT: "v2" if at > 6.5 and round(at * 50) % 2 else "v1"})
    assert only([change("c", 5, to="v2", rollout=rollout)], requests).state == "declared"
    assert only([change("c", 5, to="v2")], requests).state == "wrong time"


def test_a_stage_after_the_traces_is_not_visible() -> None:
    found = states([change("a", 6, to="v2"), change("b", 14, to="v2")], Traced(steady(switched(6))))
    assert {one.id: one.state for one in found} == {"a": "declared", "b": "not visible"}


def test_no_request_between_its_time_and_its_first_sight_is_no_delay() -> None:
    requests = [one for one in steady(switched(6.4)) if not 6 < one.at < 6.5]
    assert only([change("c", 6, to="v2")], requests).state == "declared"


def test_one_who_tries_it_out_does_not_make_its_time_wrong() -> None:
    one = only([change("c", 6, to="v2")], [*steady(switched(6)), Request(4.123, {PROMPT: "v2"})])
    assert one.state == "declared"
    assert "after 1 request with it before" in one.because


def test_what_was_written_down_after_it_acted_is_late() -> None:
    one = only([change("c", 6, to="v2", recorded_at=day(6.5))], steady(switched(6.001)))
    assert (one.state, one.late_seconds) == ("late", pytest.approx(0.5 * 86400, abs=2000))
    assert "written down 11 h 59 min after that" in one.because
    assert "when 25 requests had carried it" in one.because
    assert only([change("c", 6, to="v2", recorded_at=day(6.01))], steady(switched(6))).state == "declared"


def test_a_stamp_that_stayed_says_that_the_record_had_no_effect() -> None:
    one = only([change("c", 6, **{"from": "v1", "to": "v2"})], steady({PROMPT: "v1"}))
    assert one.state == "declared without effect"
    assert "never was 'v2'" in one.because
    assert "still carried 'v1'" in one.because
    assert one.of > 200


def test_the_names_of_a_file_are_known_by_its_other_records() -> None:
    declared = [change("a", 3, to="v2", component="p"), change("b", 6, to="v3", component="p")]
    found = {one.id: one.state for one in states(declared, Traced(steady(switched(3))))}
    assert found == {"a": "declared", "b": "declared without effect"}


def test_a_record_in_another_language_is_not_visible() -> None:
    one = only([change("c", 6, to="44bcc011ba")], steady({PROMPT: "v1"}))
    assert one.state == "not visible"
    assert only([change("c", 6)], steady({PROMPT: "v1"})).state == "not visible"
    assert only([change("c", 6, "index_refresh", to="i-2")], steady({PROMPT: "v1"})).state == "not visible"
    assert (
        only([change("c", 6, "flag_change", to="on")], steady({"deploy:service.version": "1"})).state == "not visible"
    )
    assert only([change("c", -3, to="v9", **{"from": "v1"})], steady({PROMPT: "v1"})).state == "not visible"
    assert only([change("c", 30, to="v9", **{"from": "v1"})], steady({PROMPT: "v1"})).state == "not visible"


def test_too_few_requests_cannot_tell_and_say_how_many_would() -> None:
    one = only([change("c", DAYS - 0.3, **{"from": "v1", "to": "v2"})], steady({PROMPT: "v1"}))
    assert (one.state, one.enough) == ("cannot tell", 20)
    assert "too few" in one.because


def test_another_name_at_that_time_cannot_be_told_from_it() -> None:
    found = states([change("c", 6, **{"from": "v1", "to": "v2"})], Traced(steady(switched(6.2, new="v2-final"))))
    assert {one.id: one.state for one in found} == {
        "c": "cannot tell",
        "undeclared:prompt:gen_ai.prompt.version=v2-final": "undeclared",
    }


def test_a_new_version_on_no_record_is_undeclared() -> None:
    one = only([], steady(switched(6), segment={"region": "eu"}) + steady({PROMPT: "v1"}, segment={"region": "us"}))
    assert (one.state, one.declared, one.from_, one.to) == ("undeclared", False, "v1", "v2")
    assert one.id == "undeclared:prompt:gen_ai.prompt.version=v2"
    assert one.seen_in == {"region": "eu"}
    assert "all of it in region = eu" in one.because


def test_what_came_at_the_same_time_is_named_beside_it() -> None:
    def both(at):
        return {PROMPT: "v2" if at > 6 else "v1", "deploy:service.version": "2" if at > 6 else "1"}

    found = states([change("d", 6, "deploy", to="2")], Traced(steady(both)))
    dark = next(one for one in found if one.state == "undeclared")
    assert "d (deploy) came at that time" in dark.because


def test_attributes_that_move_together_are_one_change() -> None:
    def both(at):
        return {PROMPT: "v2" if at > 6 else "v1", "prompt:app.prompt.hash": "b" if at > 6 else "a"}

    assert len(only([], steady(both)).also) == 1
    assert only([change("c", 6, to="v2")], steady(both)).also == ("app.prompt.hash",)


def test_a_version_too_rare_to_bid_is_there_all_the_same() -> None:
    one = only([], steady(lambda at: {PROMPT: "hotfix" if 6 < at < 6.3 else "v1"}))
    assert (one.state, one.id, one.requests) == ("undeclared", None, 15)
    assert "too few for it to bid (20 are needed)" in one.because


def test_a_trial_days_before_does_not_hide_that_a_version_is_new() -> None:
    one = only([], [*steady(switched(6)), Request(4.123, {PROMPT: "v2"})])
    assert (one.state, one.requests) == ("undeclared", 300)
    assert "(and 1 that tried it)" in one.because


def test_a_rare_version_need_not_be_new() -> None:
    requests = [*steady({PROMPT: "v1"}), Request(6.003, {PROMPT: "odd"}), Request(9.003, {PROMPT: "odd"})]
    one = only([], requests)
    assert one.state == "cannot tell"
    assert one.enough is not None
    assert one.enough > 300
    more = only([], [*requests, *(Request(3 + n, {PROMPT: f"odd-{n}"}) for n in range(5))])
    assert "6 values of gen_ai.prompt.version came up for the first time" in more.because, "never a row each"


def test_a_version_of_the_first_hours_may_have_been_there_before() -> None:
    one = only([], steady(switched(0.4)))
    assert (one.state, one.id) == ("cannot tell", None)
    assert "may have been in use before" in one.because
    assert one.enough == 50
    assert not states([], Traced(steady(switched(0.05)))), "after two requests nobody can say that it is new"


def test_a_declared_return_is_seen_where_its_share_rises() -> None:
    def back(at):
        return {PROMPT: "v2" if 4 < at < 7 else "v1"}

    declared = [change("a", 4, to="v2"), change("b", 7, to="v1", reverts="a")]
    found = {one.id: one for one in states(declared, Traced(steady(back)))}
    assert {one.state for one in found.values()} == {"declared"}
    assert found["b"].observed_at is not None
    assert abs(found["b"].observed_at - day(7)) < timedelta(hours=1)
    bare = {one.id: one for one in states([declared[0], change("b", 7, reverts="a")], Traced(steady(back)))}
    assert bare["b"].state == "declared", "a revert that names no version is seen where the other one goes"
    late = {one.id: one for one in states([declared[0], change("b", 9, to="v1", reverts="a")], Traced(steady(back)))}
    assert late["b"].state == "wrong time"


def test_an_undeclared_return_is_dark() -> None:
    def back(at):
        return {PROMPT: "v2" if 4 < at < 7 else "v1"}

    found = states([change("a", 4, to="v2")], Traced(steady(back)))
    dark = next(one for one in found if one.state == "undeclared")
    assert (dark.id, dark.from_, dark.to) == (None, "v2", "v1")
    assert "went back from 'v2' to 'v1'" in dark.because
    assert len(found) == 2


def test_a_share_that_rose_for_good_is_dark_and_night_and_day_are_not() -> None:
    flag = "deploy:feature_flag.result.variant"

    def rose(at):
        return {flag: "on" if round(at * 50) % 10 < (6 if at > 6 else 1) else "off"}

    one = only([], steady(rose))
    assert (one.state, one.to, one.id) == ("undeclared", "on", None)
    assert "rose from 10%" in one.because

    def nightly(at):
        return {flag: "on" if at % 1 < 0.4 else "off"}

    def weekend(at):
        return {flag: "on" if at > DAYS - 2 and round(at * 50) % 2 else ("on" if round(at * 50) % 10 == 1 else "off")}

    assert {one.state for one in states([], Traced(steady(nightly)))} == {"cannot tell"}, "seen in the first hours only"
    assert not states([], Traced(steady(weekend)))
    declared = change("f", 6, "flag_change", to="on", **{"from": "off"})
    assert only([declared], steady(rose)).state == "declared"


def test_stages_of_several_records_are_each_seen() -> None:
    def shares(at):
        return 0 if at < 3 else 2 if at < 5 else 5 if at < 7 else 10

    def staged(at):
        return {PROMPT: "v2" if round(at * 50) % 10 < shares(at) else "v1"}

    declared = [change(name, at, to="v2", **{"from": "v1"}) for name, at in (("a", 3), ("b", 5), ("c", 7))]
    assert {one.id: one.state for one in states(declared, Traced(steady(staged)))} == dict.fromkeys("abc", "declared")

    def never(at):
        return {PROMPT: "v2" if at >= 3 and round(at * 50) % 10 < 2 else "v1"}

    found = {one.id: one.state for one in states(declared[:2], Traced(steady(never)))}
    assert found == {"a": "declared", "b": "declared without effect"}


def test_a_rollout_is_held_against_its_stages() -> None:
    rollout = [{"at": day(6), "percent": 20}, {"at": day(8), "percent": 100}]

    def as_said(at):
        return {PROMPT: "v2" if at > 8 or (at > 6 and round(at * 50) % 5 == 0) else "v1"}

    one = only([change("c", 6, to="v2", rollout=rollout)], steady(as_said))
    assert (one.state, one.rollout_differs, len(one.stages)) == ("declared", False, 2)
    other = only([change("c", 6, to="v2", rollout=rollout)], steady(switched(6)))
    assert (other.state, other.rollout_differs) == ("declared", True)
    assert "all of" in other.because
    assert "where 20% was declared" in other.because
    few = only([change("c", 6, to="v2", rollout=rollout)], steady(switched(6), every=0.2))
    assert not few.rollout_differs, "a handful of requests is no share"


def test_a_scope_is_held_against_where_it_was_seen() -> None:
    eu, us = {"region": "eu"}, {"region": "us"}
    kept = steady(switched(6), segment=eu) + steady({PROMPT: "v1"}, segment=us)
    left = steady(switched(6), segment=eu) + steady(switched(6), segment=us)
    assert not only([change("c", 6, to="v2", scope=eu)], kept).scope_differs
    one = only([change("c", 6, to="v2", scope=eu)], left)
    assert (one.state, one.scope_differs) == ("declared", True)
    assert "outside of its scope" in one.because


def test_a_judge_is_looked_at_for_each_score() -> None:
    judged = [
        Request(one.at, {}, judges={"a": "j2" if one.at > 5 else "j1", "b": "j2" if one.at > 8 else "j1"})
        for one in steady({})
    ]
    found = states([change("j", 5, "judge_change", to="j2", **{"from": "j1"})], Traced(judged))
    assert [(one.state, one.id) for one in found] == [("undeclared", None), ("declared", "j")]
    assert "(score 'b')" in found[0].because
    together = [Request(one.at, {}, judges=dict.fromkeys("ab", "j2" if one.at > 5 else "j1")) for one in judged]
    one = only([change("j", 5, "judge_change", to="j2")], together)
    assert (one.state, one.also) == ("declared", ("b",))
    assert one.attribute == JUDGE.partition(":")[2]


def test_an_attribute_that_changes_with_every_request_is_said_once() -> None:
    one = only([], steady({}), crowded={"app.prompt.hash": (590, 600), "gen_ai.conversation.id": (600, 600)})
    assert (one.state, one.attribute, one.id) == ("not visible", "app.prompt.hash", None)
    assert "changes with every request" in one.because
    many = only([], steady({}), crowded={"app.prompt.hash": (90, 600)})
    assert "too many values to be a version" in many.because


@pytest.mark.parametrize(("hours", "way"), [(2, "2 h behind"), (-2, "2 h ahead of"), (5.5, "5.5 h behind")])
def test_a_file_that_is_off_by_a_zone_is_told_as_such(hours: float, way: str) -> None:
    keys = {PROMPT: 3.0, INDEX: 5.0, MODEL: 7.0}

    def moved(at):
        return {key: "new" if at >= when + hours / 24 else "old" for key, when in keys.items()}

    kinds = dict(zip(keys, ("prompt_edit", "index_refresh", "model_swap"), strict=True))
    declared = [change(key, keys[key], kinds[key], to="new") for key in keys]
    found = states(declared, Traced(steady(moved, every=0.004)))
    assert {one.state for one in found} == {"wrong time"}
    assert all(f"all 3 records of changes.yaml that the traces show are about {way}" in one.because for one in found)
    apart = [one.model_copy(update={"source": f"{place}.yaml"}) for place, one in enumerate(declared)]
    assert not any("time zone" in one.because for one in states(apart, Traced(steady(moved, every=0.004))))


def test_records_that_are_wrong_each_in_its_own_way_are_no_zone() -> None:
    keys = {PROMPT: (3.0, 2), INDEX: (5.0, -4), MODEL: (7.0, 7)}

    def moved(at):
        return {key: "new" if at >= when + off / 24 else "old" for key, (when, off) in keys.items()}

    kinds = dict(zip(keys, ("prompt_edit", "index_refresh", "model_swap"), strict=True))
    declared = [change(key, keys[key][0], kinds[key], to="new") for key in keys]
    found = states(declared, Traced(steady(moved, every=0.004)))
    assert {one.state for one in found} == {"wrong time"}
    assert not any("time zone" in one.because for one in found)


def test_a_link_by_time_alone_is_never_sure_of_a_wrong_time() -> None:
    one = only([change("c", 6)], steady(switched(7)))
    assert one.state == "cannot tell"
    assert "may be another change" in one.because
    assert only([change("c", 6)], steady(switched(6.01))).state == "declared"


def test_without_traces_nothing_is_visible() -> None:
    found = without_traces([change("b", 6), change("a", 5)])
    assert [(one.id, one.state) for one in found] == [("a", "not visible"), ("b", "not visible")]
    assert not states([], Traced([]))


def test_the_dark_ones_come_first_and_order_does_not_matter() -> None:
    def both(at):
        return {PROMPT: "v2" if at > 6 else "v1", INDEX: "i-2" if at > 4 else "i-1"}

    requests, declared = steady(both), [change("p", 8, to="v2"), change("q", 6, "upstream_data"), change("r", 6.1)]
    wanted = states(declared, Traced(requests))
    assert [one.state for one in wanted] == ["undeclared", "wrong time", "not visible", "not visible"]
    assert states(declared[::-1], Traced(requests[::-1])) == wanted


@pytest.mark.parametrize(
    "value", ["<script>alert(1)</script>", "\x1b[31mred", "`|`", "v" * 10_000, "\u202eevil", "a + b"]
)
def test_hostile_values_stay_short_in_sentences(value: str) -> None:
    found = states([], Traced(steady(switched(6, new=value))))
    assert all(len(one.because) < 600 for one in found)
    assert all(one.state == "undeclared" for one in found)


@settings(max_examples=25, deadline=None)
@given(
    moves=st.lists(
        st.tuples(st.floats(0.6, 11.4), st.floats(-1, 1), st.sampled_from(["v2", "v3", None]), st.booleans()),
        max_size=4,
    ),
    every=st.sampled_from([0.02, 0.1, 1.0]),
    seed=st.integers(0, 99),
)
def test_whatever_is_declared_each_record_has_one_state(moves: Any, every: float, seed: int) -> None:
    """Every candidate on record is told once, nothing fails, and shuffled rows and records give the same."""
    declared = [
        change(f"c{n}", at + off, to=to, **({"recorded_at": day(at + 1)} if noted else {}))
        for n, (at, off, to, noted) in enumerate(moves)
    ]
    times = sorted((at, f"v{n % 3 + 2}") for n, (at, *_) in enumerate(moves))

    def carried(moment):
        return {PROMPT: next((value for at, value in reversed(times) if at <= moment), "v1")}

    requests = steady(carried, every=every)
    wanted = states(declared, Traced(requests))
    assert sorted(one.id or "" for one in wanted if one.declared) == sorted(one.id for one in declared)
    assert all(one.because and (one.state != "cannot tell" or one.enough or "another" in one.because) for one in wanted)
    mixed = np.random.default_rng(seed).permutation(len(requests))
    assert states(declared[::-1], Traced([requests[place] for place in mixed])) == wanted


def test_every_undeclared_bid_is_told() -> None:
    def both(at):
        return {PROMPT: "v2" if at > 6 else "v1", INDEX: "i-2" if at > 4 else "i-1"}

    store = Traced(steady(both))
    bids = list_candidates([], versions_seen(store, CLOCK), CLOCK)  # type: ignore[arg-type]
    assert {one.id for one in bids if not one.standing} == {one.id for one in states([], store)}
