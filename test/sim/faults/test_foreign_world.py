# SPDX-License-Identifier: Apache-2.0
"""A robot in a world that its model does not know stays where it is, says why, and moves once the world is known."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from observed import observed
from robots import CAMERA

from ami_ros.body.meanings.by_name import meaning_of
from ami_ros.body.robot_spec import load_robot
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.model_report import ModelReport
from ami_ros.safety.settings import load_safety_settings
from ami_ros.safety.supervisor import Supervisor
from ami_ros.settings.share import shipped_model
from ami_ros.types import Goal, Level

pytest.importorskip("pybullet", reason="pybullet is not installed")
TICK_NS = 10_000_000
STEPS = 30  # 3 s
SEEDS = (11, 12)


@pytest.fixture(scope="module")
def planner():
    torch = pytest.importorskip("torch", reason="needs torch")
    from ami_ros.model.runtime import load_model
    from ami_ros.planning.planner import RecedingHorizonPlanner
    from ami_ros.planning.settings import load_planner_settings

    torch.set_num_threads(1)
    spec = load_robot("panda", "reach")
    model = load_model(shipped_model("panda", "reach"), spec)
    return RecedingHorizonPlanner(model, spec, load_planner_settings(task="reach"), lambda: 0)


@pytest.mark.quick("11")
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_moves_before_the_world_looks_as_the_model_knows_it(planner, seed):
    from ami_ros.sim.faults.foreign_world import ForeignWorld
    from ami_ros.sim.pybullet.scene import Scene
    from ami_ros.sim.tasks.by_name import load_task

    spec = load_robot("panda", "reach")
    task = load_task("reach", spec)
    scene, foreign = Scene(spec, 200.0), ForeignWorld(spec, task, seed)
    episode = task.episode(seed)
    scene.reset(episode.start)
    planner.set_goal(Goal(images={"camera": scene.image_at(episode.goal)}))
    settings = load_safety_settings()
    gate = Supervisor(GateBody.of_robot(spec), settings)

    def step(shown_foreign: bool) -> tuple[Level, set[str], float | None]:
        seen = scene.observe()
        image = foreign.image(scene.snapshot(), "camera") if shown_foreign else seen["camera"].value
        now = scene.time_ns
        observation = observed(image, spec.joint_position(seen), now)
        plan = planner.plan(observation)
        gate.see_joints(spec.joint_position(observation), now, now)
        gate.see_image(CAMERA, zlib.crc32(image.tobytes()), now, now)
        gate.see_planner(ModelReport(plan.surprise, plan.surprise_at_rest, plan.disagreement), now)
        gate.submit(meaning_of(spec).proposal(plan.actions, observation), now)
        for _ in range(spec.step_ns // TICK_NS):
            command, verdict = gate.tick(scene.time_ns + TICK_NS)
            scene.advance(command, TICK_NS)
        return verdict.level, {r.code for r in verdict.reasons}, plan.surprise_at_rest

    start = scene.joints()[0]
    for _ in range(STEPS):
        level, codes, look = step(shown_foreign=True)
        assert level is Level.HOLD and "SURPRISE_HIGH" in codes and look > 1.5
    assert np.abs(scene.joints()[0] - start).max() < 2e-3, "it moved"
    before = task.error(scene, episode)
    levels = [step(shown_foreign=False)[0] for _ in range(STEPS)]
    assert levels[-1] < Level.HOLD and task.error(scene, episode) < 0.5 * before
    scene.close()
    foreign.close()
