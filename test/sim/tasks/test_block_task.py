# SPDX-License-Identifier: Apache-2.0
"""Tasks pick, place and stack: seeded, solvable through the gate, with goals that stand by themselves."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml

pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)
from part_settings import load_collect_settings
from robots import blind

from ami_ros.body.robot_spec import RobotSpec, load_robot
from ami_ros.errors import ConfigError
from ami_ros.safety.settings import load_safety_settings
from ami_ros.settings.share import config_path
from ami_ros.sim.loop.closed_loop import ClosedLoop, EpisodeResult
from ami_ros.sim.loop.oracle import Oracle
from ami_ros.sim.loop.step_loop import StepLoop
from ami_ros.sim.tasks.block_task import HELD, BlockTask
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.tasks.grasping import CLEAR
from ami_ros.sim.tasks.task import Episode, NoisyMotion
from ami_ros.sim.world.open_world import open_world
from ami_ros.sim.world.world import Stage, as_stage
from ami_ros.types import Command

KINDS = ("pick", "place", "stack")
PHYSICS_HZ, TICK_NS = 200.0, 10_000_000
STARTS = 40
SEEDS = (5, 6)
BLOCKS = {
    "small": {
        "half_size": [0.015, 0.015, 0.02],
        "mass": 0.03,
        "friction": 0.8,
        "colour": [0.9, 0.8, 0.1, 1.0],
    },
    "heavy": {"half_size": [0.02, 0.025, 0.03], "mass": 1.0, "friction": 0.8, "colour": [0.2, 0.2, 0.2, 1.0]},
    "large": {"half_size": [0.03, 0.035, 0.03], "mass": 0.2, "friction": 0.5, "colour": [0.1, 0.6, 0.3, 1.0]},
}

VARIETY = {"share": 0.5, "half_size": [0.015, 0.03], "colours": {"green": [0.1, 0.8, 0.2]}}


@dataclasses.dataclass
class Room:
    """A task in its world."""

    spec: RobotSpec
    task: BlockTask
    stage: Stage

    def solved(self, seed: int) -> EpisodeResult:
        """Let the script solve an episode through the gate."""
        oracle = Oracle(self.stage, self.spec, self.task.oracle(self.task.episode(seed)))
        return ClosedLoop(self.stage, self.spec, load_safety_settings()).run(oracle, seed, self.task)

    def rest(self, command: np.ndarray, seconds: float) -> None:
        """Let time pass at one command."""
        self.stage.advance(Command(command, np.zeros_like(command), self.stage.time_ns), TICK_NS)
        self.stage.advance(None, round(seconds * 1e9))


def opened(task: str | Path) -> Room:
    spec = blind("panda_hand", str(task))
    room = Room(spec, load_task(str(task), spec), as_stage(open_world(spec, PHYSICS_HZ)))
    room.task.furnish(room.stage)
    return room


@pytest.fixture(scope="module", params=KINDS)
def room(request) -> Iterator[Room]:
    found = opened(request.param)
    yield found
    found.stage.close()


@pytest.fixture
def special(tmp_path) -> Iterator[Callable[[str, dict], Room]]:
    """Open a variant of a task."""
    rooms = []

    def make(kind: str, changes: dict) -> Room:
        values = yaml.safe_load(config_path("tasks", f"{kind}.yaml").read_text())
        path = tmp_path / f"{kind}.yaml"
        path.write_text(yaml.safe_dump({**values, **changes}))
        rooms.append(opened(path))
        return rooms[-1]

    yield make
    for made in rooms:
        made.stage.close()


def test_a_seed_is_an_episode(room):
    for seed in (3, 1, 3):
        one, other = room.task.episode(seed), room.task.episode(seed)
        for field in dataclasses.fields(one):
            np.testing.assert_equal(getattr(one, field.name), getattr(other, field.name))
    assert not np.array_equal(room.task.episode(1).goal_position, room.task.episode(2).goal_position)


def test_episodes_start_unsolved_with_an_open_hand_above_the_blocks(room):
    for seed in range(STARTS):
        episode = room.task.episode(seed)
        room.stage.reset(episode.start, episode.start_objects)
        assert room.task.error(room.stage, episode) > room.task.yardstick.loosest.error
        assert room.stage.truth()["tip"][2] > room.stage.objects()[room.task.moved(episode)][2]
        assert not room.stage.touching()


@pytest.mark.parametrize("seed", SEEDS)
def test_goals_stand_by_themselves_and_are_the_goal(room, seed):
    """What the goal picture shows is a state that physics keeps."""
    episode = room.task.episode(seed)
    room.stage.reset(episode.goal, episode.goal_objects)
    command = episode.goal.copy()
    if room.task.oracle(episode)._lets_go is False:
        command[-1] = room.task.grip.tight(command[-1])
    room.task.error(room.stage, episode)
    room.rest(command, 2.0)
    before = np.stack([pose[:3] for pose in episode.goal_objects.values()])
    assert np.abs(np.stack(list(room.stage.objects().values())) - before).max() < 4e-3
    assert room.task.error(room.stage, episode) <= room.task.yardstick.strictest.error


@pytest.mark.quick("*-5")
@pytest.mark.parametrize("seed", SEEDS)
def test_the_script_solves_it_through_the_gate(room, seed):
    result = room.solved(seed)
    assert result.error[-1] <= result.yardstick.strictest.error
    assert result.levels["STOP"] == 0


@pytest.mark.quick("pick")
def test_the_same_episode_is_solved_alike_whatever_was_before(room):
    first = room.solved(SEEDS[0])
    room.solved(SEEDS[1])
    np.testing.assert_array_equal(room.solved(SEEDS[0]).error, first.error)


def lifted(room: Room, episode: Episode, seconds: float) -> float:
    """Return the error of an episode of pick after the block has been in the hand for a time."""
    room.stage.reset(episode.goal, episode.goal_objects)
    command = episode.goal.copy()
    command[-1] = room.task.grip.tight(command[-1])
    error = np.inf
    for _ in range(round(seconds * 10)):
        room.rest(command, 0.1 - 1e-9 * TICK_NS)
        error = room.task.error(room.stage, episode)
    return error


def test_a_block_counts_as_picked_only_while_it_has_been_up_for_a_second(special):
    room = special("pick", {})
    episode = room.task.episode(1)
    room.stage.reset(episode.start, episode.start_objects)
    on_the_table = room.task.error(room.stage, episode)
    assert on_the_table == pytest.approx(0.08, abs=2e-3)
    assert lifted(room, episode, 0.5) == on_the_table, "a moment ago it was down"
    assert lifted(room, episode, 1.5) == 0.0
    command = episode.goal.copy()
    command[-1] = 0.08
    room.rest(command, 0.5)
    assert room.task.error(room.stage, episode) > 0.05, "it fell"
    lifted(room, episode, 1.5)
    assert room.task.error(room.stage, room.task.episode(2)) != 0.0, "another episode begins anew"


@pytest.mark.parametrize("kind", ["place", "stack"])
def test_a_block_in_the_hand_is_not_put_down(special, kind):
    room = special(kind, {})
    episode = room.task.episode(1)
    room.stage.reset(episode.goal, episode.goal_objects)
    assert room.task.error(room.stage, episode) < 2e-3
    at_it = room.stage.objects()[room.task.moved(episode)] + np.array([0.0, 0.0, 0.01])
    room.stage.reset(room.task._stand(at_it, 0.08), episode.goal_objects)
    assert room.task.error(room.stage, episode) == HELD > room.task.yardstick.loosest.error


def test_a_block_beside_the_base_is_not_stacked(special):
    room = special("stack", {})
    episode = room.task.episode(1)
    beside = {name: pose.copy() for name, pose in episode.goal_objects.items()}
    beside["block"][:2] += [0.06, 0.0]
    beside["block"][2] = episode.start_objects["block"][2]
    room.stage.reset(episode.goal, beside)
    assert room.task.error(room.stage, episode) > room.task.yardstick.loosest.error


@pytest.mark.quick("1")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_blocks_of_several_sizes_masses_and_colours_are_picked(special, seed):
    room = special("pick", {"blocks": BLOCKS, "episode_steps": 70})
    assert room.task.moved(room.task.episode(seed)) in BLOCKS
    assert room.solved(seed).error[-1] == 0.0


def test_all_blocks_have_their_turn_and_room_for_the_fingers(special):
    room = special("pick", {"blocks": BLOCKS})
    episodes = [room.task.episode(seed) for seed in range(STARTS)]
    assert {room.task.moved(episode) for episode in episodes} == set(BLOCKS)
    for episode in episodes:
        places = np.stack([pose[:2] for pose in episode.start_objects.values()])
        apart = np.linalg.norm(places[:, None] - places[None], axis=-1) + np.eye(len(places))
        assert apart.min() > 0.08


def test_what_no_hand_can_hold_falls(special):
    """Twice what friction can carry: the script lifts nothing, and the block is still on the table."""
    heavy = {**BLOCKS["heavy"], "mass": 10.0}
    room = special("pick", {"blocks": {"heavy": heavy}})
    assert room.solved(1).error[-1] > 0.07


@pytest.mark.quick("pick")
def test_training_data_begins_with_a_grip_that_holds_and_has_grasps_and_misses(room):
    generator, settings = np.random.default_rng(3), load_collect_settings("pick")
    loop = StepLoop(room.stage, room.spec, load_safety_settings())
    held = moved = 0
    for _ in range(60):
        episode = room.task.scatter(generator)
        name = next(iter(room.task._graspable()))
        tip = room.task._kinematics.forward(episode.start[:7])[0]
        gap = np.linalg.norm(episode.start_objects[name][:3] - tip)
        if gap > 1e-6 or held > 2:
            continue
        held += 1
        room.stage.reset(episode.start, episode.start_objects)
        loop.restart()
        grip = room.task.grip.tight(room.task.blocks[name].width)
        for _ in range(10):
            loop.act(room.task.grip.action(np.zeros(3), grip)[None, None], room.stage.observe())
        assert np.linalg.norm(room.stage.objects()[name] - room.stage.truth()["tip"]) < 0.01
    assert held > 2
    for index in range(16):
        episode = room.task.scatter(generator)
        motion = room.task.motion(episode, settings, np.random.default_rng(index))
        room.stage.reset(episode.start, episode.start_objects)
        loop.restart()
        before = room.stage.places()
        for _ in range(30):
            action = motion.next(room.stage)
            assert (action >= room.spec.actions.low).all() and (action <= room.spec.actions.high).all()
            loop.act(action[None, None], room.stage.observe())
        moved += bool(np.abs(room.stage.places() - before).max() > 0.01)
    assert 2 <= moved < 16, "some move a block, and some miss it"


@pytest.mark.parametrize(
    ("kind", "changes", "says"),
    [
        ("pick", {"blocks": {}}, "pick: blocks: got .*, expected blocks by name, at least one"),
        ("pick", {"shown_lift": 0.01}, "shown_lift: got 0.01 m, expected at least lift"),
        ("pick", {"lower": [0.5]}, "lower: got .*, expected \\[x, y\\]"),
        ("pick", {"lower": [0.6, 0.0], "upper": [0.5, 0.1]}, "lower: got .*, expected less than upper"),
        ("pick", {"scripted_share": 0.95}, "expected a sum of at most 1"),
        ("stack", {"base": "none"}, "base: got 'none', expected one of at least two blocks"),
        ("place", {"minimum_travel": 0.9}, "minimum_travel: got 0.9 m, expected less than"),
        ("place", {"tray": {"centre": [0.5]}}, "tray"),
        (
            "pick",
            {"blocks": {"wide": {**BLOCKS["large"], "half_size": [0.03, 0.04, 0.03]}}},
            "blocks.wide: got 0.08 m between the fingers, expected at most 0.072 m",
        ),
        (
            "pick",
            {"variety": {**VARIETY, "half_size": [0.02, 0.04]}},
            "variety.half_size: got 0.08 m between the fingers, expected at most 0.072 m",
        ),
        (
            "pick",
            {"variety": {**VARIETY, "half_size": [0.03, 0.02]}},
            "half_size: got .* two ends of a range",
        ),
        ("pick", {"variety": {**VARIETY, "colours": {}}}, "colours: got none, expected at least one"),
        (
            "pick",
            {"variety": {**VARIETY, "colours": {"a": [2, 0, 0]}}},
            "colours.a: got .* 3 numbers from 0 to 1",
        ),
        (
            "pick",
            {"blocks": {"odd": {**BLOCKS["large"], "half_size": [0.03]}}},
            "half_size: got .*expected 3",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(special, kind, changes, says):
    with pytest.raises(ConfigError, match=says):
        special(kind, changes)


def test_a_robot_without_hand_is_told_which_has_one():
    with pytest.raises(ConfigError, match="pick: panda has action channels .* --robot panda_hand"):
        load_task("pick", load_robot("panda", "pick"))


def test_blocks_that_do_not_fit_are_refused(special):
    room = special("pick", {"blocks": BLOCKS, "lower": [0.5, 0.0], "upper": [0.52, 0.02]})
    with pytest.raises(ConfigError, match="found no room for"):
        room.task.episode(1)


@pytest.mark.parametrize(
    ("opening", "first", "last"), [(0.0, 4, 14), (0.08, 24, 28)], ids=["misses", "drops"]
)
def test_a_grasp_that_a_lapse_spoils_is_tried_again(special, opening, first, last):
    """The fingers close too early, or open on the way up; the block is at its goal in the end."""
    room = special("pick", {})
    episode = room.task.episode(5)
    grasp = room.task.oracle(episode)
    room.stage.reset(episode.start, episode.start_objects)
    loop = StepLoop(room.stage, room.spec, load_safety_settings())
    loop.restart()
    for step in range(100):
        action = grasp.next(room.stage)
        if first <= step < last:
            action = room.task.grip.action(room.task.grip.split(action)[0], opening)
        loop.act(action[None, None], room.stage.observe())
        if step == last:
            spoiled = np.linalg.norm(room.stage.objects()["block"] - room.stage.truth()["tip"])
            assert spoiled > 0.02, "the hand does not have it"
    assert np.linalg.norm(room.stage.objects()["block"] - episode.goal_position) < 0.02


@pytest.mark.slow
def test_training_data_says_what_was_meant(special):
    """Lapses and noise change what is done; what is meant stays the script's."""
    room = special("pick", {})
    settings = load_collect_settings("pick")
    apart, meant = [], []
    for index in range(12):
        episode = room.task.scatter(np.random.default_rng([3, index]))
        motion = room.task.motion(episode, settings, np.random.default_rng(index))
        if not isinstance(motion, NoisyMotion):
            continue
        room.stage.reset(episode.start, episode.start_objects)
        loop = StepLoop(room.stage, room.spec, load_safety_settings())
        loop.restart()
        for _ in range(24):
            action = motion.next(room.stage)
            meant.append(motion.intended)
            apart.append(np.abs(action - motion.intended)[:3].max())
            loop.act(action[None, None], room.stage.observe())
    actions = room.spec.actions
    assert (np.array(meant) >= actions.low).all() and (np.array(meant) <= actions.high).all()
    assert 0.0 < np.median(apart) < 0.1 < np.max(apart), "usually noise; sometimes a lapse"


def test_training_data_has_other_blocks_and_the_task_itself_has_not(special):
    room = special("pick", {"variety": VARIETY})
    own = room.task.blocks["block"]
    other = [room.task.varied(np.random.default_rng(seed)).blocks["block"] for seed in range(100)]
    different = [block for block in other if block != own]
    assert 30 < len(different) < 70
    sides = np.array([block.half_size for block in different])
    assert 0.015 <= sides.min() < 0.018 and 0.027 < sides.max() <= 0.03
    densities = [block.mass / np.prod(block.half_size) for block in different]
    np.testing.assert_allclose(densities, own.mass / np.prod(own.half_size), rtol=1e-6)
    assert all(block.colour[1] > max(block.colour[0], block.colour[2]) for block in different)
    assert room.task.blocks["block"] == own


def test_other_blocks_stand_as_high_as_they_are_and_the_own_one_comes_back(special):
    room = special("pick", {"variety": {**VARIETY, "share": 1.0, "half_size": [0.03, 0.03]}})
    table, resting = room.task.table.top, []
    for task in (room.task.varied(np.random.default_rng(1)), room.task):
        task.reshape(room.stage)
        episode = task.episode(1)
        room.stage.reset(episode.start, episode.start_objects)
        room.rest(room.task.grip.channels(episode.start[:7], 0.08), 0.5)
        resting.append(float(room.stage.objects()["block"][2]) - table)
    np.testing.assert_allclose(resting, [0.03, 0.025], atol=1e-3)


def test_training_data_has_blocks_within_all_of_the_workspace_and_hands_that_lost_them(special):
    room, generator = special("place", {}), np.random.default_rng(3)
    settings, low, high = room.task._settings, 0, 0
    places = []
    for _ in range(200):
        episode = room.task.scatter(generator)
        pose, tip = episode.start_objects["block"], room.task._kinematics.forward(episode.start[:7])[0]
        places.append(pose[:2])
        rise, apart = tip[2] - pose[2], np.linalg.norm(tip[:2] - pose[:2])
        low += bool(rise < 0.07 and apart > 0.09)
        is_closing = episode.start[7] < room.task.blocks["block"].width
        high += bool(0.05 < rise < 0.17 and 0.03 < apart < 0.16 and is_closing)
        if pose[2] < room.task.table.top + 0.026:
            assert room.task.table.has_room(pose[:2], 0.03, room.task.table.top), "not on the rim"
    assert (np.min(places, axis=0) < settings.lower).all() and (np.max(places, axis=0) > settings.upper).all()
    assert low > 30
    assert high > 30


def test_training_data_of_place_has_blocks_in_and_outside_the_tray(special):
    room, generator = special("place", {}), np.random.default_rng(3)
    starts = [room.task.scatter(generator).start_objects["block"] for _ in range(40)]
    lying = [pose for pose in starts if pose[2] < room.task.table.floor + 0.026]
    assert {bool(pose[1] > 0.0) for pose in lying} == {False, True}
    goals = [room.task._random_goal("block", generator) for _ in range(40)]
    in_tray = sum(goal(room.stage)[1] > 0.0 and lets_go for goal, lets_go in goals)
    assert 20 < in_tray < 40, "most are put down where goals are"


def test_the_hand_in_goals_of_place_is_away(special):
    room = special("place", {})
    episode = room.task.episode(1)
    room.stage.reset(episode.goal, episode.goal_objects)
    apart = np.linalg.norm(room.stage.truth()["tip"] - episode.goal_position)
    assert apart == pytest.approx(CLEAR, abs=5e-3)
