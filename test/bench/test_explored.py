# SPDX-License-Identifier: Apache-2.0
"""An exploration in process: what it covers is told, and what it touches is counted."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)

from ami_ros.cli.benches.explore import explore
from ami_ros.configuration import Configuration
from ami_ros.exploration.planner import ExploringPlanner
from ami_ros.sim.loop.exploring_loop import ExploringLoop
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.world.open_world import open_world
from ami_ros.sim.world.tricks import Tricks


@pytest.mark.slow
def test_both_ways_are_told_and_nothing_is_unsafe_or_touched(tmp_path):
    file, plot = tmp_path / "explored.json", tmp_path / "explored.png"
    explore(minutes=1.1, robot="panda", task="reach", json_file=file, plot=plot)
    rows = json.loads(file.read_text())["rows"]
    assert set(rows) == {"explorer", "plain random motion"}
    for row in rows.values():
        assert row["steps"] >= 660 and row["minutes"] == pytest.approx(1.1, abs=0.02)
        assert (row["unsafe_commands"], row["moved_after_stop"]) == (0, 0)
        assert (row["touched_steps"], row["self_touched_steps"]) == (0, 0)
        assert len(row["cells_by_minute"]) == 1 and 0.0 < row["cells"] < 1.0
    assert plot.read_bytes().startswith(b"\x89PNG")


@pytest.fixture
def opened():
    """Return what opens a Panda on a task: its world, its loop, and an exploration that is under way."""
    worlds = []

    def open_panda(name: str, **explorer):
        configuration = Configuration.load("panda", name, {"explorer": explorer})
        spec, task = configuration.spec, load_task(name, configuration.spec)
        world = open_world(spec, configuration.sim.physics_hz)
        worlds.append(world)
        task.furnish(world)
        loop = ExploringLoop(world, spec, configuration.safety)
        return world, loop, loop.run(ExploringPlanner(spec, configuration.explorer), task.episode(0))

    yield open_panda
    for world in worlds:
        world.close()


@pytest.mark.slow
def test_what_the_arm_touches_is_counted(opened):
    world, loop, steps = opened("push", minutes=0.5, seed=2)
    tricks, before = Tricks(world), 0
    for step, _ in enumerate(steps):
        if step == 20:
            before = loop.touched
            block = [*world.tip()[:2], world.objects()["block"][2], 0.0]
            tricks.jump("block", np.array(block))  # where the rod is
    assert before == 0 < loop.touched


def test_it_ends_when_the_gate_stops_it(opened):
    world, loop, steps = opened("reach", minutes=0.5)
    count = 0
    for _ in steps:
        count += 1
        if count == 10:
            loop._gate.estop(True, world.time_ns)
    assert count == 11 and loop.oracle.moved_after_stop == 0


def test_a_base_touches_nothing_that_is_counted(tmp_path):
    file = tmp_path / "explored.json"
    explore(minutes=0.2, robot="husky", task="drive", plain=False, json_file=file)
    (row,) = json.loads(file.read_text())["rows"].values()
    assert row["touched_steps"] is None and row["unsafe_commands"] == 0
