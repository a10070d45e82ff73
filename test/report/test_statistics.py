# SPDX-License-Identifier: Apache-2.0
"""Intervals and summaries, against values worked out elsewhere."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

from ami_ros.errors import AmiError
from ami_ros.report.statistics import episode_figures, steps_to_reach, summarise, wilson

STEP_S = 0.1


@pytest.mark.parametrize(
    ("successes", "trials", "lower", "upper"),
    [
        # Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_published_values(successes, trials, lower, upper):
    assert wilson(successes, trials) == pytest.approx((lower, upper), abs=5e-5)


def test_wilson_is_symmetric_and_exact_at_the_ends():
    assert wilson(20, 20) == pytest.approx((1 - wilson(0, 20)[1], 1.0))
    assert wilson(20, 20)[1] == 1.0
    assert wilson(0, 20)[0] == 0.0
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("counts", [(-1, 5), (6, 5)])
def test_wilson_refuses_impossible_counts(counts):
    with pytest.raises(AmiError, match=r"expected 0 <= successes <= trials"):
        wilson(*counts)


@pytest.mark.parametrize(
    ("error", "steps"),
    [
        ([0.2, 0.1, 0.04, 0.03], 2),
        ([0.2, 0.04, 0.1, 0.04], 3),  # passing by is not reaching
        ([0.2, 0.04, 0.03, 0.06], None),
        ([0.05, 0.05], 0),  # at the boundary is within
        ([0.2, math.nan, 0.01], 2),
        ([0.2, 0.01, math.nan], None),
    ],
)
def test_steps_to_reach_counts_until_it_stays(error, steps):
    assert steps_to_reach(np.array(error), 0.05) == steps


def test_summary_of_known_episodes(made_up):
    results = [
        made_up(1, 0.01, arrived=7, plan_ms=2.0),
        made_up(2, 0.04, plan_ms=4.0),
        made_up(3, 0.10, arrived=9, plan_ms=6.0),
        made_up(4, 0.30),
    ]
    summary = summarise(results, STEP_S)
    assert summary["episodes"] == 4
    assert (summary["success_5cm"], summary["success_2cm"]) == (0.5, 0.25)
    assert summary["success_3cm"] == 0.25
    assert summary["success_5cm_ci"] == pytest.approx(list(wilson(2, 4)))
    assert summary["success_3cm_ci"] == pytest.approx(list(wilson(1, 4)))
    # 0.30 m falls linearly to 0.01 in 11 steps: below 0.05 after 10; to 0.04: after 11.
    assert summary["steps_to_5cm_median"] == 10.5
    assert summary["seconds_to_5cm_median"] == pytest.approx(1.05)
    assert (summary["plan_ms_p50"], summary["plan_ms_p99"]) == (4.0, 6.0)
    assert summary["loop_hz"] == pytest.approx(4 * 11 / 8.0)
    assert (summary["arrived_share"], summary["false_arrivals"]) == (0.5, 1)
    assert summary["final_error_mean"] == pytest.approx(0.1125)
    json.dumps(summary, allow_nan=False)


def test_summary_without_a_success_says_none_not_zero(made_up):
    summary = summarise([made_up(1, 0.3)], STEP_S)
    assert summary["steps_to_5cm_median"] is None
    assert summary["seconds_to_5cm_median"] is None


def test_a_lost_robot_is_no_success(made_up):
    summary = summarise([made_up(1, math.nan, arrived=3)], STEP_S)
    assert (summary["success_5cm"], summary["false_arrivals"]) == (0.0, 1)


def test_an_episode_is_surprised_when_most_of_its_steps_are(made_up):
    steps = ([0.2, 0.3, 1.4], [math.nan, 1.2, 1.3], [math.nan] * 3)
    results = [dataclasses.replace(made_up(i, 0.01), surprise=np.array(s)) for i, s in enumerate(steps)]
    summary = summarise(results, STEP_S)
    assert summary["surprised_share"] == pytest.approx(3 / 5)
    assert summary["surprised_episodes"] == pytest.approx(1 / 2)
    assert summarise(results[2:], STEP_S)["surprised_episodes"] is None


def test_contacts_are_counted_and_how_long_each_lasts(made_up):
    touches = ([0, 1, 1, 0], [1, 2, 3, 0, 1, 0], [0, 0])
    results = [
        dataclasses.replace(made_up(i, 0.01), moments={"contacts": np.array(t, dtype=float)[:, None]})
        for i, t in enumerate(touches)
    ]
    summary = summarise(results, STEP_S)
    assert summary["contact_share"] == pytest.approx(6 / 12)
    assert summary["longest_contact_s_median"] == pytest.approx(2 * STEP_S)
    assert summary["longest_contact_s_max"] == pytest.approx(3 * STEP_S)
    assert [episode_figures(it)["longest_contact_steps"] for it in results] == [2, 3, 0]
    no_walls = summarise([made_up(1, 0.01)], STEP_S)
    assert no_walls["contact_share"] is None and no_walls["longest_contact_s_max"] is None


def test_what_a_hand_did_is_summarised_where_there_is_one(made_up):
    tip, opening = np.zeros((4, 3)), np.array([[0.08], [0.05], [0.08], [0.05]])
    block = np.zeros((4, 1, 7))
    hand = {"tip": tip, "opening": opening, "objects": block}
    results = [
        dataclasses.replace(made_up(1, 0.01), moments=hand),
        dataclasses.replace(
            made_up(2, 0.01), moments={**hand, "opening": opening[:2], "tip": tip[:2], "objects": block[:2]}
        ),
    ]
    summary = summarise(results, STEP_S)
    assert summary["dropped"] == 0.0 and summary["retried"] == 0.5
    assert [(it["drops"], it["closings"]) for it in map(episode_figures, results)] == [(0, 2), (0, 1)]
    assert "dropped" not in summarise([made_up(1, 0.01)], STEP_S)


def test_no_episodes_is_an_error():
    with pytest.raises(AmiError, match="no episodes"):
        summarise([], STEP_S)


def test_figures_of_one_episode_are_json(made_up):
    figures = episode_figures(made_up(5, 0.03, arrived=4))
    assert json.loads(json.dumps(figures)) == figures
    assert figures["reached_5cm"]
    assert not figures["reached_2cm"]
    assert figures["steps_to_5cm"] == 11
