# SPDX-License-Identifier: Apache-2.0
"""stable-worldmodel itself: its rooms, its expert, and what both rules make of them."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import yaml
from quick_task import QUICK

pytest.importorskip("stable_worldmodel", reason="needs the extra 'bench'", exc_type=ImportError)
pytest.importorskip("torchvision", reason="needs the extra 'bench'", exc_type=ImportError)
pytest.importorskip("imageio", reason="needs the extra 'bench'", exc_type=ImportError)

from ami_ros.body.robot_spec import load_robot
from ami_ros.configuration import Configuration
from ami_ros.episodes.episode import list_episodes, read_episode
from benchmarks.two_room import command
from benchmarks.two_room.expert import DATA, HELD_OUT, MOST_STEPS, NOISE, REPEATED, Expert
from benchmarks.two_room.recording import HELD, PIECE, pieces, record
from benchmarks.two_room.rows import OURS, outcomes, players, row
from benchmarks.two_room.rules import AHEAD, BUDGET, RULES
from benchmarks.two_room.tasks import audited, tasks
from benchmarks.two_room.world import World

pytestmark = pytest.mark.filterwarnings("ignore")  # of gymnasium, about spaces
DOT, TASK = (Path(command.__file__).with_name(f"{name}.yaml") for name in ("dot", "two_room"))
SIDE, SPEED = 32, 5.0
RIGHT = np.array([1.0, 0.0])


@pytest.fixture(scope="module")
def expert() -> Expert:
    return Expert(World(SIDE))


def test_a_picture_shows_where_the_agent_is():
    world = World(SIDE)
    world.begin(np.array([60.0, 150.0]), np.array([164.0, 40.0]))
    for picture, (x, y) in ((world.picture(), world.place), (world.picture(world.goal), world.goal)):
        assert picture.shape == (SIDE, SIDE, 3) and picture.dtype == np.uint8
        red = picture[..., 0].astype(float) - picture[..., 1]
        rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
        seen = np.array([(red * columns).sum(), (red * rows).sum()]) / red.sum() * 224 / SIDE
        np.testing.assert_allclose(seen, [x, y], atol=1.5)


def test_the_usual_rules_count_16_px_and_the_strict_ones_8():
    ends = {}
    for name, rules in RULES.items():
        world = World(SIDE, rules)
        world.begin(np.array([90.0, 49.0]), np.array([160.0, 49.0]))
        while not world.ends:
            world.act(RIGHT)
        assert world.reached
        ends[name] = world.place[0]
    assert 144.0 < ends["usual"] <= 144.0 + SPEED and 152.0 < ends["strict"] <= 152.0 + SPEED


def test_only_the_strict_rules_look_at_the_way():
    """The environment lets the agent's middle pass 1 px beside the opening."""
    start, goal = np.array([90.0, 64.0]), np.array([160.0, 64.0])
    usual, strict = World(SIDE, RULES["usual"]), World(SIDE, RULES["strict"])
    for world in (usual, strict):
        world.begin(start, goal)
        while not world.ends:
            world.act(RIGHT)
    assert usual.reached and usual.step < BUDGET
    assert (strict.reached, strict.step) == (False, BUDGET)
    assert strict.place[0] < 112.0 and not strict.crosses(start, strict.place)


def test_the_other_side_of_the_wall_does_not_count_as_the_goal():
    world = World(SIDE, RULES["strict"])
    world.begin(np.array([100.0, 49.0]), np.array([113.0, 49.0]))
    world.act(RIGHT)
    assert world.place[0] == 105.0 and not world.reached  # 8 px away
    world.act(RIGHT)
    assert world.place[0] == 110.0 and not world.reached  # 3 px away, in the other room
    world.act(RIGHT)
    assert world.reached


def test_the_expert_walks_alike_for_its_keys_and_ends_at_its_goal(expert):
    places, actions = expert.walk(DATA, 3)
    again, _ = expert.walk(DATA, 3)
    other, _ = expert.walk(HELD_OUT, DATA, 3)
    np.testing.assert_array_equal(places, again)
    assert not np.array_equal(places[0], other[0])
    assert len(places) == len(actions) + 1 <= MOST_STEPS + 1
    lengths = [len(expert.walk(DATA, number)[1]) for number in range(20)]
    assert max(lengths) == MOST_STEPS and min(lengths) < MOST_STEPS
    free = np.abs(np.diff(places, axis=0) - SPEED * actions).max(axis=1) < 1e-3
    assert free.mean() > 0.5 and np.abs(actions).max() <= 1.0
    assert (NOISE, REPEATED) == (2.0, 0.05)


def test_walks_become_pieces_of_equal_length(tmp_path, expert):
    spec = load_robot(str(DOT))
    record(tmp_path, spec, SIDE, 4)
    found = [read_episode(path) for path in list_episodes(tmp_path)]
    walks = [expert.walk(DATA, number) for number in range(4)]
    assert len(found) == sum(len(pieces(len(actions) // HELD)) for _, actions in walks) > 0
    for piece in found:
        places, actions = walks[int(piece.run)]
        assert piece.actions.shape == (PIECE, 2)
        seen = np.asarray(piece.truth["place"])
        first = next(at for at in range(0, len(places), HELD) if np.allclose(places[at], seen[0], atol=1e-4))
        np.testing.assert_allclose(seen, places[first : first + HELD * PIECE + 1 : HELD], atol=1e-4)
        done = actions[first : first + HELD * PIECE].reshape(PIECE, HELD, 2).mean(axis=1)
        np.testing.assert_allclose(piece.actions, done, atol=1e-6)


def test_usual_tasks_are_25_steps_of_a_held_out_walk_apart(expert):
    found = tasks(RULES["usual"], 7, SIDE)
    assert len(found) == RULES["usual"].tasks
    assert [task.number for task in found] == list(range(len(found)))
    for task in found[:5]:
        walk, _ = expert.walk(HELD_OUT, 7, task.walk)
        at = next(at for at in range(len(walk)) if np.array_equal(walk[at], task.start))
        np.testing.assert_array_equal(walk[at + AHEAD], task.goal)


def test_strict_tasks_lead_through_the_door_without_touching_it(expert):
    world, rules = World(SIDE), RULES["strict"]
    fits = 0
    for number in range(60):
        walk, _ = expert.walk(HELD_OUT, 7, number)
        for at in audited(world, walk, rules):
            fits += 1
            way = walk[at : at + AHEAD + 1]
            assert world.crosses(way[0], way[-1]) and world.walls.clear(way).all()
            for one, other in itertools.pairwise(way):
                if world.crosses(one, other):
                    y = one[1] + (112.0 - one[0]) / (other[0] - one[0]) * (other[1] - one[1])
                    assert abs(y - 49.0) <= 7.01
    assert fits


def test_a_run_counts_its_arithmetic(tmp_path):
    from ami_ros.cli.train import train

    values = yaml.safe_load(TASK.read_text())
    values["training"] |= {**QUICK, "batch_windows": 16, "steps": 3}
    values["planner"] |= {"num_samples": 16, "num_iterations": 1}
    task, data, model = tmp_path / "two_room.yaml", tmp_path / "episodes", tmp_path / "model.pt"
    task.write_text(yaml.safe_dump(values))
    configuration = Configuration.load(str(DOT), str(task))
    side = configuration.model.image_size
    record(data, configuration.spec, side, 12)
    train(data=data, out=model, robot=str(DOT), task=str(task), threads=1)
    world, drawn = World(side, RULES["usual"]), tasks(RULES["usual"], 7, side)[:2]
    found = {
        name: row(outcomes(world, player, drawn, 7), getattr(player, "plan_s", ()))
        for name, player in players(configuration, model, data).items()
    }
    assert list(found) == [OURS, "ours, flat", "retrieval only", "random"]
    assert 0.0 < found["retrieval only"]["tflop_per_episode"] < found["ours, flat"]["tflop_per_episode"] < 0.1
    assert found["random"]["tflop_per_episode"] is None and found["random"]["plan_ms_p50"] is None
