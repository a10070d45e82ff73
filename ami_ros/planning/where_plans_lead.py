# SPDX-License-Identifier: Apache-2.0
"""Where the channels of a body are some time into a plan: as its actions mean, or as the model expects."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ami_ros.body.meanings.by_name import meaning_of
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.model.contract import Contract
from ami_ros.types import FloatArray, Observation, Plan

# Maps a plan, control steps from now, and the present observation to where the channels (C,) are then.
Led = Callable[[Plan, int, Observation], FloatArray]


def where_plans_lead(contract: Contract, spec: RobotSpec) -> Led:
    """Return `expected_readings` where there are some, else `proposed`."""
    return expected_readings(contract, spec) or proposed(spec)


def proposed(spec: RobotSpec) -> Led:
    """Return where plans lead by the meaning of their actions."""
    meaning = meaning_of(spec)

    def led(plan: Plan, steps: int, now: Observation) -> FloatArray:
        meaning.forget()
        positions = meaning.proposal(plan.actions, now).positions
        place: FloatArray = positions[min(steps, len(positions) - 1)]
        return place

    return led


def expected_readings(contract: Contract, spec: RobotSpec) -> Led | None:
    """Return where the model expects a plan to lead set points that a sensor measures; None for other bodies.

    A set point is where a channel should go. What holds the channel back, such as the bottle in a hand, keeps
    it away from there, which the model has learned.
    """
    if [group.actions.meaning for group in spec.groups] != ["setpoint"] or not spec.feedback[0]:
        return None
    sensor, columns = spec.feedback
    at = len(contract.cameras) * contract.latent_size
    for vector in contract.vectors:
        if vector.name == sensor:
            mean, std = (np.array(numbers)[columns] for numbers in (vector.mean, vector.std))
            return partial(_expected, np.array(columns) + at, contract.block, mean, std)
        at += len(vector.units)
    return None


def _expected(
    places: NDArray[np.int64],
    block: int,
    mean: FloatArray,
    std: FloatArray,
    plan: Plan,
    steps: int,
    now: Observation,
) -> FloatArray:
    blocks = min(-(-steps // block), len(plan.predicted))
    expected: FloatArray = plan.predicted[blocks - 1, places] * std + mean
    return expected
