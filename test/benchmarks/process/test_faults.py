# SPDX-License-Identifier: Apache-2.0
"""A broken sensor of a plant reaches the gate as it would, and the gate says so; an intact one says nothing."""

from __future__ import annotations

import numpy as np
import pytest

from ami_ros.bench.faults import FaultRun
from ami_ros.body.robot_spec import load_robot
from benchmarks.process.faults import SILENT, FaultyPlant, faults_of
from benchmarks.process.plants import PLANTS

SPEC = load_robot(str(PLANTS["cstr"].robot))
FAULTS = {fault.name: fault for fault in faults_of(SPEC)}
STEPS = 8


def run(fault: str, planned: bool = True) -> tuple[FaultyPlant, FaultRun]:
    """Move the coolant up and down over noisy readings; the fault begins after a few steps."""
    plant, generator = FaultyPlant(SPEC), np.random.default_rng(1)
    plant.begin()
    for step in range(2 * STEPS):
        if step == STEPS and fault:
            plant.break_down(FAULTS[fault], seed=3)
        seen = np.array([0.85, 325.0, 350.0]) * (1.0 + 1e-3 * generator.standard_normal(3))
        inputs = np.zeros(0)
        if planned or step < STEPS:
            wanted = np.full((2, 1, 1), 300.0 if step % 2 else 297.0)
            plant.inputs(wanted, plant.sense(seen, inputs))
        else:
            plant.unplanned(seen, inputs)
    found = FAULTS.get(fault, FAULTS[SILENT])
    return plant, FaultRun(found, found.name, 3, plant.since_ns, tuple(plant.told), {}, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("fault", [name for name in FAULTS if name != SILENT])
def test_each_fault_of_a_sensor_is_named_and_leads_to_rest(fault):
    plant, found = run(fault)
    assert found.problem() == ""
    assert plant.at_rest and plant.unsafe == 0


def test_a_silent_planner_is_named_and_leads_to_rest():
    plant, found = run(SILENT, planned=False)
    assert found.problem() == ""
    assert plant.at_rest and plant.unsafe == 0


def test_a_sound_plant_is_not_at_rest_and_nothing_is_told():
    plant, found = run("")
    assert plant.told == [] and not plant.at_rest
    assert found.problem() == "it had no effect"


def test_all_kinds_that_a_sensor_can_have_are_there():
    kinds = {fault.kind for fault in FAULTS.values()}
    assert kinds >= {"vector_silent", "vector_repeated", "vector_nan", "vector_outside", "vector_drifting"}
    assert {fault.sensor for fault in FAULTS.values()} >= set(SPEC.sensors)
