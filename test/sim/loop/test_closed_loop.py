# SPDX-License-Identifier: Apache-2.0
"""The loop in one process: deterministic, and nothing reaches the arm but through the gate."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest

pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)

from gate_timeline import Oracle
from straight_line import StraightLine

from ami_ros.body.robot_spec import load_robot
from ami_ros.safety.settings import load_safety_settings
from ami_ros.safety.supervisor import Supervisor
from ami_ros.sim.faults.broken_camera import with_black
from ami_ros.sim.loop.closed_loop import ClosedLoop, EpisodeResult
from ami_ros.sim.pybullet.scene import Scene
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.types import Command, Level, Reason, Trajectory, Verdict

SPEC, SAFETY = load_robot("panda", "reach"), load_safety_settings()
REACH = load_task("reach", SPEC)
STEPS, TICKS = 15, 10  # gate ticks per control step
SEED = 3


@pytest.fixture
def scene() -> Iterator[Scene]:
    world = Scene(SPEC, 200.0)
    yield world
    world.close()


class Listening:
    """A scene that passes everything on and remembers the commands."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.commands: list[Command | None] = []

    def advance(self, command, duration_ns):
        self.commands.append(command)
        self._scene.advance(command, duration_ns)

    def __getattr__(self, name):
        return getattr(self._scene, name)


class Wild(StraightLine):
    """Jumps about: starts its proposals where the robot is and asks for the impossible."""

    def plan(self, observation):
        plan = super().plan(observation)
        plan.actions[:] = np.random.default_rng(observation.stamp_ns).uniform(-50, 50, plan.actions.shape)
        return plan


def run(scene, planner=StraightLine, seed: int = SEED, steps: int = STEPS, **how) -> EpisodeResult:
    task = copy.copy(REACH)
    task.episode_steps = steps
    goal = task.episode(seed).goal_position
    return ClosedLoop(scene, SPEC, SAFETY).run(planner(SPEC, goal), seed, task, **how)


def test_a_planner_that_knows_the_way_arrives(scene):
    result = run(scene, steps=30)
    assert result.error[0] > 0.14
    assert result.error[-1] < 0.02
    assert result.arrived_step is not None
    assert result.error[result.arrived_step] < 0.03


def test_what_a_result_holds(scene):
    result = run(scene)
    assert result.seed == SEED
    assert result.error.shape == (STEPS + 1,)
    assert result.joints.shape == (STEPS + 1, 7)
    assert result.plan_ms.shape == (STEPS,)
    assert result.poses.shape == (STEPS + 1, 0, 7)
    assert result.goal_image.shape == result.final_image.shape == (SPEC.camera.height, SPEC.camera.width, 3)
    assert sum(result.levels.values()) == STEPS * TICKS
    assert result.levels["STOP"] == result.levels["HOLD"] == 0
    np.testing.assert_array_equal(result.joints[0], REACH.episode(SEED).start)


def test_the_same_seed_gives_the_same_episode_whatever_was_before(scene):
    first = run(scene)
    run(scene, Wild, seed=SEED + 1)
    other = Scene(SPEC, 200.0)
    for again in (run(scene), run(other)):
        np.testing.assert_array_equal(again.joints, first.joints)
        np.testing.assert_array_equal(again.error, first.error)
        np.testing.assert_array_equal(again.goal_image, first.goal_image)
        np.testing.assert_array_equal(again.final_image, first.final_image)
        assert again.levels == first.levels
    other.close()


def test_the_goal_may_be_joints(scene):
    seen = []

    class Curious(StraightLine):
        def set_goal(self, goal):
            seen.append(goal)

    run(scene, Curious, steps=1)
    run(scene, Curious, steps=1, by_joints=True)
    assert [not goal.images for goal in seen] == [False, True]
    np.testing.assert_array_equal(seen[1].vectors["joints"], REACH.episode(SEED).goal)


@pytest.mark.parametrize("planner", [StraightLine, Wild])
def test_every_command_is_safe(scene, planner):
    listening = Listening(scene)
    run(listening, planner)
    oracle = Oracle(SPEC, SAFETY)
    oracle.start_at(REACH.episode(SEED).start)
    assert len(listening.commands) == STEPS * TICKS
    for command in listening.commands:
        assert command is not None
        oracle.see(command, stopped=False, measured=None)
    assert oracle.violations == []


def test_a_gate_that_refuses_keeps_the_arm_still(scene, monkeypatch):
    refusal = Verdict(Level.HOLD, (Reason("NO"),))
    monkeypatch.setattr(Supervisor, "submit", lambda self, proposal, now_ns: refusal)
    result = run(scene)
    assert result.levels["HOLD"] == STEPS * TICKS
    np.testing.assert_allclose(result.joints, np.tile(result.joints[0], (STEPS + 1, 1)), atol=2e-3)
    assert result.arrived_step is None


def test_a_proposal_that_is_not_a_number_moves_nothing(scene):
    scene.reset(SPEC.home)
    loop = ClosedLoop(scene, SPEC, SAFETY)
    observation = scene.observe()
    points = np.tile(SPEC.home, (3, 1))
    points[1, 2] = np.nan
    times = np.arange(3, dtype=np.int64) * SPEC.step_ns
    loop.step(Trajectory(SPEC.joint_names, points, times, observation["joints"].stamp_ns), observation)
    assert loop.levels["HOLD"] == TICKS
    np.testing.assert_allclose(scene.joints()[0], SPEC.home, atol=2e-3)


def test_arrival_counts_only_if_it_lasts(scene):
    class Fickle(StraightLine):
        said = iter([False, True, True, False, True, True])

        def plan(self, observation):
            plan = super().plan(observation)
            object.__setattr__(plan, "arrived", next(self.said))
            return plan

    assert run(scene, Fickle, steps=6).arrived_step == 4


class Looking(StraightLine):
    """Remembers how bright what it saw was, and what it was shown as the goal."""

    brightest, goal = 0, None

    def set_goal(self, goal):
        Looking.brightest, Looking.goal = 0, goal.images["camera"]

    def plan(self, observation):
        Looking.brightest = max(Looking.brightest, int(observation["camera"].value.max()))
        return super().plan(observation)


def test_a_covered_camera_is_black_from_the_first_step_on_and_its_goal_was_pictured_before(scene):
    run(scene, Looking, steps=3)
    goal = Looking.goal
    assert Looking.brightest > 0
    run(scene, Looking, steps=3, spoil=partial(with_black, ["camera"]))
    assert Looking.brightest == 0
    np.testing.assert_array_equal(Looking.goal, goal)
