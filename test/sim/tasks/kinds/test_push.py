# SPDX-License-Identifier: Apache-2.0
"""Task push: seeded, far enough, solvable through the gate, and the same whatever was before."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)
from part_settings import load_collect_settings
from robots import changed

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import RobotSpec, load_robot
from ami_ros.errors import ConfigError
from ami_ros.safety.settings import load_safety_settings
from ami_ros.settings.fields import load_settings
from ami_ros.settings.task_file import read_task
from ami_ros.sim.loop.closed_loop import ClosedLoop, EpisodeResult
from ami_ros.sim.loop.oracle import Oracle
from ami_ros.sim.pybullet.scene import Scene
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.tasks.kinds.push import Settings, Task, area

SPEC = load_robot("panda", "push")
SETTINGS = load_settings(Settings, read_task("push").own)
AREA = area(SPEC, SETTINGS)
PUSH = load_task("push", SPEC)
EPISODES, SOLVED = 60, 5
NEAR = 4e-3  # m: postures are solved to 2 mm
HALF = SETTINGS.block_half_size[2]


# The oracle needs no camera, and most of the time goes into drawing.
BLIND = changed(SPEC, camera=dataclasses.replace(SPEC.camera, width=16, height=16))


def furnished(spec: RobotSpec) -> Iterator[Scene]:
    world = Scene(spec, 200.0)
    PUSH.furnish(world)
    yield world
    world.close()


@pytest.fixture
def scene() -> Iterator[Scene]:
    yield from furnished(SPEC)


@pytest.fixture
def blind() -> Iterator[Scene]:
    yield from furnished(BLIND)


def run(scene: Scene, seed: int, steps: int) -> EpisodeResult:
    """Push with the truth in sight."""
    task = copy.copy(PUSH)
    task.episode_steps = steps
    oracle = Oracle(scene, SPEC, task.oracle(task.episode(seed)))
    return ClosedLoop(scene, SPEC, load_safety_settings()).run(oracle, seed, task)


def test_a_seed_is_an_episode():
    again = load_task("push", SPEC)
    for seed in (3, 1, 3):
        episode, expected = again.episode(seed), PUSH.episode(seed)
        for field in dataclasses.fields(episode):
            np.testing.assert_equal(getattr(episode, field.name), getattr(expected, field.name))
    assert not np.array_equal(PUSH.episode(1).goal_position, PUSH.episode(2).goal_position)


def test_blocks_start_and_end_in_their_area_at_least_8_cm_apart():
    assert SETTINGS.minimum_travel >= 0.08
    for episode in map(PUSH.episode, range(EPISODES)):
        start, goal = episode.start_objects["block"], episode.goal_objects["block"]
        assert SETTINGS.minimum_travel <= np.linalg.norm(goal[:2] - start[:2]) <= SETTINGS.maximum_travel
        np.testing.assert_array_equal(goal[:3], episode.goal_position)
        for place in (start, goal):
            assert (place[:2] >= AREA[0]).all() and (place[:2] <= AREA[1]).all()
            assert place[2] == HALF and abs(place[3]) <= np.pi / 4


def test_the_rod_starts_and_ends_clear_of_the_block():
    kinematics = Kinematics(SPEC)
    corner = np.hypot(*SETTINGS.block_half_size[:2])
    for episode in map(PUSH.episode, range(EPISODES)):
        for joints, objects in (
            (episode.start, episode.start_objects),
            (episode.goal, episode.goal_objects),
        ):
            block = objects["block"]
            tip = kinematics.forward(joints)[0]
            assert np.linalg.norm(tip[:2] - block[:2]) > corner + SPEC.tool.radius - NEAR
            rod_end = tip[2] - SPEC.tool.length
            assert 0.0 < rod_end < 2 * HALF, "above the table, and low enough to push"


def test_the_camera_sees_where_the_block_shall_be(scene):
    episode = PUSH.episode(1)
    scene.reset(episode.start, episode.start_objects)
    goal, start = scene.image_at(episode.goal, episode.goal_objects), scene.image()
    red = [(image[..., 0] > 120) & (image[..., 1] < 80) for image in (start, goal)]
    assert min(mask.sum() for mask in red) > 30
    assert not (red[0] & red[1]).sum() > 0.7 * red[0].sum()
    np.testing.assert_array_equal(scene.image(), start)  # and everything is back


def test_the_oracle_pushes_through_the_gate_to_within_2_cm(blind):
    results = [run(blind, seed, PUSH.episode_steps) for seed in range(SOLVED)]
    assert [result.error[0] >= SETTINGS.minimum_travel - 1e-3 for result in results] == [True] * SOLVED
    assert max(result.error[-1] for result in results) < 0.02
    for result in results:
        assert result.arrived_step is not None
        assert result.poses.shape == (PUSH.episode_steps + 1, 1, 7)
        moved = np.linalg.norm(result.poses[-1, 0, :2] - result.poses[0, 0, :2])
        assert moved > SETTINGS.minimum_travel - 0.02


def test_an_episode_with_contacts_does_not_depend_on_what_was_before(blind):
    """PyBullet keeps contact forces: blocks that begin near where the last one ended would inherit them."""
    steps = 40
    first = run(blind, 1, steps)
    assert np.linalg.norm(first.poses[-1, 0, :2] - first.poses[0, 0, :2]) > 0.01, "it did push"
    for seed, before in ((1, 2), (2, steps), (1, 5)):
        run(blind, seed, before)
        again = run(blind, 1, steps)
        for name in ("joints", "poses", "error", "goal_image", "final_image"):
            np.testing.assert_array_equal(getattr(again, name), getattr(first, name))
    assert again.levels == first.levels


def test_what_was_seen_can_be_shown_again(scene):
    result = run(scene, 1, 40)
    scene.reset(SPEC.home, PUSH.episode(2).start_objects)
    scene.show({name: values[-1] for name, values in result.moments.items()})
    np.testing.assert_allclose(scene.poses(), result.poses[-1], atol=1e-12)
    difference = np.abs(scene.image().astype(int) - result.final_image).max(axis=2)
    assert (difference > 10).mean() < 0.002


def test_training_episodes_begin_everywhere_and_touch_the_block(scene):
    generator, settings = np.random.default_rng(0), load_collect_settings("push")
    scattered = [PUSH.scatter(generator) for _ in range(40)]
    blocks = np.array([episode.start_objects["block"][:2] for episode in scattered])
    assert (np.ptp(blocks, axis=0) > 0.7 * (AREA[1] - AREA[0])).all()
    kinds = {type(PUSH.motion(episode, settings, generator)).__name__ for episode in scattered}
    assert len(kinds) == 3, "pushes, leaning and aimless motion"
    for episode in scattered[:10]:
        scene.reset(episode.start, episode.start_objects)
        motion = PUSH.motion(episode, settings, generator)
        action = motion.next(scene)
        assert action.shape == (2,) and np.abs(action).max() <= SPEC.max_tip_speed


def test_a_robot_without_a_tool_cannot_push():
    with pytest.raises(ConfigError, match=r"push: panda has tool None .*expected a tool and \[x, y\]"):
        Task(load_robot("panda"), SETTINGS)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("block_half_size", [0.03, 0.03]),
        ("block_colour", [1.0]),
        ("minimum_travel", 0.3),
        ("scripted_share", 0.9),
        ("block_mass", 0.0),
        ("speed", 1),
    ],
)
def test_wrong_settings_are_refused(key, value):
    with pytest.raises(ConfigError, match=r"travel" if key == "minimum_travel" else key):
        changed = load_settings(Settings, {**dataclasses.asdict(SETTINGS), key: value})
        Task(SPEC, changed)


def test_the_area_of_the_blocks_is_where_the_shipped_model_learnt_it():
    np.testing.assert_array_equal(AREA, [[0.41, -0.12], [0.6, 0.12]])
