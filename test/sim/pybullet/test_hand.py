# SPDX-License-Identifier: Apache-2.0
"""The simulated hand of the Panda: what it measures, how fast and hard it closes, and what a grasp holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import RobotSpec, load_robot
from ami_ros.sim.world.open_world import open_world
from ami_ros.sim.world.world import Stage, as_stage
from ami_ros.types import Command, FloatArray

PHYSICS_HZ, TICK_NS = 200.0, 10_000_000
SPEC = load_robot("panda_hand")
KINEMATICS = Kinematics(SPEC)
LOW, HIGH = 0.025, 0.125  # m, heights of the tip: around a block on the table, and 10 cm above that
HALF, PLACE = 0.025, np.array([0.5, 0.0])  # m, of the block
WIDE, TIGHT = 0.08, 0.03  # m: open, and closed on the block
FRICTION = 0.8
ABOVE = 0.08  # m, of a block that has been lifted

# What both fingers can carry: twice their force times the product of the two frictions. Source: Coulomb friction.
CARRIED = 2.0 * 30.0 * 1.0 * FRICTION / 9.81  # kg


def at(height: float, opening: float) -> FloatArray:
    """Return the channels (C,) with the tip above the block."""
    return np.append(KINEMATICS.solve(np.array([*PLACE, height])), opening)


def opened(mass: float, spec: RobotSpec = SPEC, half: float = HALF) -> Stage:
    """Return a stage with the fingers around a block of a mass, kg, and a half size, m."""
    stage = as_stage(open_world(spec, PHYSICS_HZ))
    stage.add_block("block", [half] * 3, mass, FRICTION, [0.8, 0.1, 0.1, 1.0])
    stage.reset(at(LOW, WIDE), {"block": np.array([*PLACE, half, 0.0])})
    return stage


def go(stage: Stage, start: FloatArray, end: FloatArray, seconds: float) -> None:
    """Lead all channels from (C,) to (C,)."""
    ticks = round(seconds * 1e9 / TICK_NS)
    for tick in range(ticks):
        position = start + (end - start) * (tick + 1) / ticks
        stage.advance(Command(position, (end - start) / seconds, stage.time_ns), TICK_NS)
    stage.advance(Command(end, np.zeros_like(end), stage.time_ns), TICK_NS)


def grasp_and_lift(stage: Stage) -> None:
    go(stage, at(LOW, WIDE), at(LOW, TIGHT), 1.0)
    go(stage, at(LOW, TIGHT), at(HIGH, TIGHT), 1.0)


def opening(stage: Stage) -> float:
    return float(stage.vectors()["fingers"][0])


def height(stage: Stage) -> float:
    return float(stage.objects()["block"][2])


def with_force(force: float) -> RobotSpec:
    fingers = dataclasses.replace(SPEC.simulation.fingers, force={"opening": force})
    return dataclasses.replace(SPEC, simulation=dataclasses.replace(SPEC.simulation, fingers=fingers))


@pytest.fixture
def light() -> Iterator[Stage]:
    stage = opened(0.2)
    yield stage
    stage.close()


@pytest.mark.slow
def test_a_grasp_measures_the_block_lifts_it_and_holds_it_for_two_minutes(light):
    grasp_and_lift(light)
    assert opening(light) == pytest.approx(2.0 * HALF, abs=2e-3), "the block keeps the fingers apart"
    before = light.objects()["block"]
    assert before[2] > ABOVE
    light.advance(None, 120_000_000_000)
    moved = np.abs(light.objects()["block"] - before)
    assert moved.max() < 1e-3, "m, in two minutes"
    go(light, at(HIGH, TIGHT), at(HIGH, WIDE), 1.0)
    assert height(light) == pytest.approx(HALF, abs=2e-3), "nothing is glued: it fell to the table"


@pytest.mark.parametrize(
    ("spec", "mass", "is_held"),
    [
        (SPEC, 0.5 * CARRIED, True),
        (SPEC, 1.5 * CARRIED, False),
        (with_force(30.0 * 0.2 / CARRIED * 2.0), 0.2, True),
        (with_force(30.0 * 0.2 / CARRIED / 2.0), 0.2, False),
    ],
    ids=["half_of_what_it_carries", "too_heavy", "twice_the_force_needed", "too_weak"],
)
def test_a_grasp_slips_when_friction_cannot_carry_the_block(spec, mass, is_held):
    stage = opened(mass, spec)
    grasp_and_lift(stage)
    stage.advance(None, 1_000_000_000)
    assert (height(stage) > ABOVE) is is_held
    assert (opening(stage) == pytest.approx(2.0 * HALF, abs=4e-3)) is is_held, "else they closed further"
    stage.close()


def test_the_fingers_are_no_faster_than_their_channel(light):
    light.reset(at(HIGH, WIDE), {"block": np.array([*PLACE, HALF, 0.0])})
    light.advance(Command(at(HIGH, 0.0), np.zeros(8), light.time_ns), TICK_NS)
    seen = [opening(light)]
    for _ in range(100):
        light.advance(None, TICK_NS)
        seen.append(opening(light))
    (speed,) = (channel.velocity for channel in SPEC.groups[1].actions.channels)
    assert 0.9 * speed < max(-np.diff(seen)) / (TICK_NS / 1e9) < 1.1 * speed
    assert seen[-1] == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("half", [0.015, 0.02, 0.035])
def test_blocks_of_several_sizes_are_measured_and_lifted(half):
    stage = opened(0.1, half=half)
    go(stage, at(LOW, WIDE), at(LOW, 2.0 * half - 0.01), 1.0)
    assert opening(stage) == pytest.approx(2.0 * half, abs=2e-3)
    go(stage, at(LOW, 2.0 * half - 0.01), at(HIGH, 2.0 * half - 0.01), 1.0)
    assert height(stage) > ABOVE
    stage.close()


def test_a_picture_of_another_moment_leaves_the_grip_as_it_was(light):
    grasp_and_lift(light)
    before, seen = light.snapshot(), light.image()
    other = light.image_at(at(LOW, WIDE), {"block": np.array([*PLACE, HALF, 0.0])})
    assert (seen != other).any()
    after = light.snapshot()
    assert all(np.allclose(after[name], before[name], atol=1e-9) for name in before)
    light.advance(None, 1_000_000_000)
    assert height(light) > ABOVE, "it still presses"


def test_the_same_commands_lead_to_the_same_place_to_the_bit():
    places = []
    for _ in range(2):
        stage = opened(0.2)
        grasp_and_lift(stage)
        places.append(stage.snapshot())
        stage.close()
    assert all(np.array_equal(places[0][name], places[1][name]) for name in places[0])
