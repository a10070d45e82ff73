# SPDX-License-Identifier: Apache-2.0
"""How set points show a plant: around what operators do now, in steps and multi-sines, away from borders."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from bodies.yaml_bodies import process_body, vector_sensor

from ami_ros.body.robot_spec import RobotSpec, load_robot
from ami_ros.body.sensors import ANY_RATE, Band
from ami_ros.exploration.planner import ExploringPlanner
from ami_ros.exploration.settings import load_explorer_settings
from ami_ros.sim.world.process import Process
from ami_ros.types import Command, Observation, Reading

STEPS, STEP_NS = 900, 200_000_000


def banded(spec: RobotSpec, high: float) -> RobotSpec:
    """Return the plant with a band of its first value."""
    sensor = spec.sensors["temperatures"]
    band = Band(sensor.names[0], -100.0, high, turn_s=1.0, rate=ANY_RATE)
    return dataclasses.replace(
        spec, sensors={**spec.sensors, sensor.name: dataclasses.replace(sensor, envelope=(band,))}
    )


def explored(spec: RobotSpec, steps: int = STEPS, **settings: object):
    """Explore a simulated plant without gate; return set points (steps, A), first values (steps,), planner."""
    few = {"minutes": STEPS / 300.0, "least_growth": 0.0, "cells": 4, **settings}
    planner = ExploringPlanner(spec, load_explorer_settings(few))
    plant, set_points, values = Process(spec, seed=1), [], []
    for _ in range(steps):
        now = planner.plan(plant.observe()).actions.reshape(-1, spec.action_size)[0]
        plant.advance(Command(now, np.zeros_like(now), plant.time_ns), STEP_NS)
        set_points.append(now)
        values.append(float(plant.truth()["temperatures"][0]))
    return np.array(set_points), np.array(values), planner


@pytest.fixture
def spec(tmp_path) -> RobotSpec:
    return load_robot(process_body(tmp_path))


def test_it_begins_at_the_set_points_in_force_and_goes_further_the_more_it_knows(tmp_path):
    """A sensor measures the set points: those of the operators, far from where the plant rests."""

    def measured(values):
        channels = values["actions"]["channels"]
        units = {name: channel["unit"] for name, channel in channels.items()}
        values["sensors"]["in_force"] = vector_sensor("Float64MultiArray", "in_force", units)
        values["simulation"] = {"kind": "none"}

    spec = load_robot(process_body(tmp_path, measured))
    begun = spec.actions.in_units(np.array([0.2, -0.3]))
    planner = ExploringPlanner(
        spec,
        load_explorer_settings({"minutes": STEPS / 300.0, "least_growth": 0.0, "cells": 4, "speed": 1.0}),
    )
    now, away = begun, []
    for step in range(STEPS):
        values = {sensor.name: np.zeros(sensor.size) for sensor in spec.vectors} | {"in_force": now}
        seen = {name: Reading(value, step * STEP_NS, step * STEP_NS) for name, value in values.items()}
        now = planner.plan(Observation(seen)).actions.reshape(-1, spec.action_size)[0]
        away.append(np.abs(now - begun) / (2.0 * spec.actions.half_range))
    assert away[0].max() <= 0.4 + 1e-9, "from there, within its velocity"
    early, late = np.max(away[:60]), np.max(away[-300:])
    assert 0.0 < early < 0.45 < 0.55 < late


def test_steps_are_kept_and_every_other_one_has_a_multi_sine(spec):
    set_points, _, _ = explored(spec, speed=1.0)
    still = np.abs(np.diff(set_points, axis=0)).max(axis=1) < 1e-9
    lengths = [len(run) for run in "".join("s" if one else "m" for one in still).split("m") if run]
    kept = [length for length in lengths if length >= 15]
    assert len(kept) >= 8, "steps of at least two seconds"
    assert 0.3 < still.mean() < 0.7, "the other half moves"


def test_near_a_border_it_leads_back_and_the_border_is_not_reached(spec):
    free, values, _ = explored(spec)
    top = 0.7 * values.max() + 0.3 * values[0]
    narrow = banded(spec, high=float(top))
    _, inside, planner = explored(narrow)
    assert inside.max() < top < values.max(), "it would have gone there"
    assert planner.progress.contacts > 0
    assert free.std(axis=0).min() > 0.0


def test_where_readings_are_missing_it_goes_back(spec):
    narrow = banded(spec, high=1000.0)
    _, _, planner = explored(narrow, steps=100, speed=1.0)
    plant = Process(narrow, seed=1)
    plant.advance(None, 100 * STEP_NS)
    for _ in range(60):
        plant.advance(None, STEP_NS)
        seen = plant.observe()
        del seen.readings["temperatures"]
        last = planner.plan(seen).actions.reshape(-1, narrow.action_size)[0]
    np.testing.assert_allclose(last, narrow.home, atol=1e-6)


def test_a_plant_of_slow_steps_moves_too(spec):
    """Control steps of a minute: the time between two observations is no interruption."""
    slow = dataclasses.replace(
        spec.groups[0], actions=dataclasses.replace(spec.groups[0].actions, rate_hz=1.0 / 60.0)
    )
    planner = ExploringPlanner(
        dataclasses.replace(spec, groups=(slow,)), load_explorer_settings({"minutes": 1000.0})
    )
    plant = Process(spec, seed=1)
    for _ in range(50):
        planner.plan(plant.observe())
        plant.advance(None, 60_000_000_000)
    assert planner.progress.moved_s == pytest.approx(49 * 60.0)
