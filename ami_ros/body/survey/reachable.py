# SPDX-License-Identifier: Apache-2.0
"""A workspace for an arm: the largest box around the tip at home that it can reach entirely."""

from __future__ import annotations

import itertools

import numpy as np

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.survey.home import HomeSearch
from ami_ros.errors import KinematicsError
from ami_ros.types import FloatArray

STEPS = 24  # of the box's growth along the reach
ACROSS = 3  # places along each added side: its corners, edges and middle
# What a camera sees well, in shares of the reach: x from the base, y from the middle, z from the base.
LOWEST = np.array([0.2, -0.35, 0.08])
HIGHEST = np.array([0.85, 0.35, 0.6])


def reachable_box(spec: RobotSpec, search: HomeSearch) -> FloatArray:
    """Return lower and upper corner (2, 3), base frame, m, of a box that the tip can reach.

    It grows from the tip at home, side by side and step by step, while `Kinematics.solve` reaches places on
    the added side, with the orientation at home or a free one, and clear of arm and table.

    Args:
        spec: the robot with its home.
        search: the search that found the home.
    """
    kinematics = Kinematics(spec)
    tip = kinematics.forward(spec.home)[0]
    step = search.reach / STEPS
    bounds = np.stack([LOWEST, HIGHEST]) * search.reach
    box = np.stack([tip, tip])
    growing = list(itertools.product((0, 1), range(3)))
    while growing:
        for end, axis in tuple(growing):
            grown = box.copy()
            grown[end, axis] += step if end else -step
            is_within = bounds[0, axis] <= grown[end, axis] <= bounds[1, axis]
            if is_within and all(_can_reach(kinematics, search, place) for place in _side(grown, end, axis)):
                box = grown
            else:
                growing.remove((end, axis))
    lower, upper = np.ceil(box[0] * 100) / 100, np.floor(box[1] * 100) / 100
    return np.stack([np.minimum(lower, upper - 0.01), upper])


def _side(box: FloatArray, end: int, axis: int) -> list[FloatArray]:
    """Return places (3,) on one side of a box."""
    spans = [np.linspace(low, high, ACROSS) for low, high in box.T]
    spans[axis] = box[end, axis : axis + 1]
    places = np.unique(np.stack(np.meshgrid(*spans, indexing="ij"), axis=-1).reshape(-1, 3), axis=0)
    return list(places)


def _can_reach(kinematics: Kinematics, search: HomeSearch, place: FloatArray) -> bool:
    try:
        return search.is_clear(kinematics.solve(place))
    except KinematicsError:
        return False
