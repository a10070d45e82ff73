# SPDX-License-Identifier: Apache-2.0
"""Tasks with blocks for a hand of which one jaw moves, by an angle, and which turns with its base: the SO-101."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import yaml

pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)
from robots import blind, skip_without_robots_of_others

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import RobotSpec, load_robot
from ami_ros.errors import ConfigError
from ami_ros.safety.settings import load_safety_settings
from ami_ros.settings.share import config_path
from ami_ros.sim.loop.closed_loop import ClosedLoop
from ami_ros.sim.loop.oracle import Oracle
from ami_ros.sim.tasks.block_task import BlockTask
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.world.open_world import open_world
from ami_ros.sim.world.world import Stage, as_stage
from ami_ros.types import Command

SEEDS = (70001, 70002)
STRAIGHT = 0.12  # rad: `largest_yaw` of the task, and how far the hand turns on its way down


@pytest.fixture(scope="module")
def spec() -> RobotSpec:
    skip_without_robots_of_others()
    return blind("so101_hand", "pick")


@pytest.fixture(scope="module")
def task(spec: RobotSpec) -> BlockTask:
    found = load_task("pick", spec)
    assert isinstance(found, BlockTask)
    return found


@pytest.fixture(scope="module")
def stage(spec: RobotSpec, task: BlockTask) -> Iterator[Stage]:
    world = as_stage(open_world(spec, 200.0))
    task.furnish(world)
    yield world
    world.close()


def test_openings_are_widths_whatever_the_channel(spec, task):
    gripper = spec.groups[1]
    assert task.grip.widest == pytest.approx(0.0725 * (0.9 + 0.14))
    for opening in (0.0, 0.03, task.grip.widest):
        action = task.grip.action(np.array([0.1, 0.0, -0.1]), opening)
        assert gripper.actions.low[0] <= action[3] <= gripper.actions.high[0]
        velocity, back = task.grip.split(action)
        assert back == pytest.approx(opening) and velocity == pytest.approx([0.1, 0.0, -0.1])
    assert task.grip.tight(0.03) == pytest.approx(0.03 - 0.0725 * spec.groups[1].gripper.press)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_jaws_meet_blocks_straight_and_goals_stand_by_themselves(spec, task, stage, seed):
    episode = task.episode(seed)
    place = episode.start_objects["block"]
    kinematics = Kinematics(spec)
    turn = kinematics.forward(kinematics.solve(place[:3]))[1]
    assert abs(task.grip.seat(turn, 0.03)[3] - place[3]) < STRAIGHT
    stage.reset(episode.goal, episode.goal_objects)
    command = episode.goal.copy()
    command[-1] = spec.groups[1].actions.low[0]
    stage.advance(Command(command, np.zeros_like(command), stage.time_ns), 2_000_000_000)
    assert np.linalg.norm(stage.objects()["block"] - episode.goal_objects["block"][:3]) < 0.01


def test_the_hand_turns_with_its_base(task):
    right, middle, left = (task.facing(np.array([0.25, y])) for y in (-0.1, 0.0, 0.1))
    assert right + 0.2 < middle < left - 0.2


@pytest.mark.parametrize("seed", SEEDS)
def test_the_script_picks_through_the_gate(spec, task, stage, seed):
    oracle = Oracle(stage, spec, task.oracle(task.episode(seed)))
    result = ClosedLoop(stage, spec, load_safety_settings()).run(oracle, seed, task)
    assert result.error[-1] <= result.yardstick.strictest.error and result.levels["STOP"] == 0


def test_a_jaw_of_unknown_width_is_refused(tmp_path):
    skip_without_robots_of_others()
    values = yaml.safe_load(config_path("robots", "so101_hand.yaml").read_text())
    del values["groups"]["gripper"]["gripper"]["width_per_unit"]
    path = tmp_path / "jaw.yaml"
    path.write_text(yaml.safe_dump(values))
    with pytest.raises(ConfigError, match="one gripper channel, in m or with width_per_unit"):
        load_task("pick", load_robot(path, "pick"))
