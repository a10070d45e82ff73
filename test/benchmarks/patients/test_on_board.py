# SPDX-License-Identifier: Apache-2.0
"""What is on the way enters, acts, and leaves: two compartments, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.patients.on_board import INSULIN_MIN, MEAL_MIN, Chain, OnBoard
from benchmarks.patients.world import STEP_MIN, Patient, Seen

PATIENT = Patient("adult#001", basal=0.02, cr=10.0, cf=9.0, weight=80.0)
BASAL = PATIENT.basal * STEP_MIN  # U in a control step
AMOUNT = 7.0


def test_a_chain_is_the_curve_of_two_compartments():
    chain, steps = Chain(MEAL_MIN), 9
    chain.add(AMOUNT)
    for _ in range(steps):
        chain.advance()
    share = steps * STEP_MIN / MEAL_MIN
    assert chain.amounts == pytest.approx([AMOUNT * math.exp(-share), AMOUNT * share * math.exp(-share)])


def test_what_leaves_a_chain_is_largest_after_its_time_constant():
    chain, held = Chain(60.0), []
    chain.add(AMOUNT)
    for _ in range(40):
        held.append(chain.amounts.sum())
        chain.advance()
    assert np.argmax(-np.diff(held)) * STEP_MIN == pytest.approx(60.0, abs=STEP_MIN)


def test_the_basal_rate_leaves_nothing_on_board_and_none_leaves_less():
    board = OnBoard(PATIENT)
    board.begin(Seen(120.0, BASAL, 0.0))
    for _ in range(30):
        board.see(Seen(120.0, BASAL, 0.0))
    assert board.insulin == pytest.approx([0.0, 0.0], abs=1e-9)
    board.see(Seen(120.0, 0.0, 0.0))
    assert board.insulin.sum() < 0.0


def test_a_bolus_is_on_board_in_mg_per_dl_and_decays():
    board = OnBoard(PATIENT)
    board.begin(Seen(120.0, BASAL, 0.0))
    board.see(Seen(120.0, BASAL + 2.0, 0.0))
    share = STEP_MIN / INSULIN_MIN
    assert board.insulin.sum() == pytest.approx(2.0 * PATIENT.cf * (1.0 + share) * math.exp(-share))
    for _ in range(100):
        board.see(Seen(120.0, BASAL, 0.0))
    assert board.insulin.sum() < 0.01


def test_a_meal_is_in_the_stomach_with_the_reading_that_announces_it():
    board = OnBoard(PATIENT)
    board.begin(Seen(120.0, BASAL, 30.0))
    assert board.carbs == pytest.approx([30.0, 0.0])
    board.see(Seen(120.0, BASAL, 10.0))
    assert board.carbs[0] == pytest.approx(30.0 * math.exp(-STEP_MIN / MEAL_MIN) + 10.0)
    assert board.carbs[1] > 0.0


def lived(carbs_effect: float, insulin_effect: float, rise_per_h: float = 0.0, meals: int = 4) -> OnBoard:
    """Return what is known after meals of somebody whose ratios are wrong by these factors."""
    board, truth, glucose = OnBoard(PATIENT), OnBoard(PATIENT), 140.0
    board.begin(Seen(glucose, BASAL, 0.0))
    truth.begin(Seen(glucose, BASAL, 0.0))
    for step in range(40 * meals):
        carbs = 60.0 if step % 40 == 5 else 0.0
        insulin = BASAL + (3.0 if step % 40 == 20 else 0.0)
        on_the_way = PATIENT.rise * truth.carbs.sum(), truth.insulin.sum() + PATIENT.cf * (insulin - BASAL)
        truth.see(Seen(0.0, insulin, carbs))
        raised = on_the_way[0] - PATIENT.rise * (truth.carbs.sum() - carbs)
        lowered = on_the_way[1] - truth.insulin.sum()
        glucose += carbs_effect * raised - insulin_effect * lowered + rise_per_h * STEP_MIN / 60.0
        board.see(Seen(glucose, insulin, carbs))
    return board


def test_right_ratios_leave_nothing_unexplained():
    board = lived(1.0, 1.0)
    assert board.effects == pytest.approx([1.0, 1.0])
    assert board.unexplained == pytest.approx([0.0, 0.0], abs=1e-6)


@pytest.mark.parametrize(("carbs", "insulin"), [(1.4, 1.0), (1.0, 0.6), (0.7, 1.3)])
def test_wrong_ratios_show_in_the_effects_by_their_sign(carbs, insulin):
    found = lived(carbs, insulin).effects
    for effect, true in zip(found, (carbs, insulin), strict=True):
        assert (effect - 1.0) * (true - 1.0) > 0.0 or (true == 1.0 and abs(effect - 1.0) < 0.1)
        assert abs(effect - 1.0) < abs(true - 1.0) + 0.1, "a prior holds it back"


def test_a_rise_that_nothing_explains_is_told_by_its_rate():
    quick, slow = lived(1.0, 1.0, rise_per_h=20.0).unexplained
    assert quick == pytest.approx(20.0, rel=0.2)
    assert 0.0 < slow < quick + 1.0
