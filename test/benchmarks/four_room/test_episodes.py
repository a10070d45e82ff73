# SPDX-License-Identifier: Apache-2.0
"""The yardstick as its authors set it: what a view shows, who can reach the goals, and one whole small run."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import yaml
from quick_task import QUICK

from ami_ros.configuration import Configuration
from ami_ros.episodes.episode import read_episode
from benchmarks import four_room
from benchmarks.four_room.behaviour import Explorer
from benchmarks.four_room.episodes import BASELINES, play
from benchmarks.four_room.recording import RoomRecorder
from benchmarks.four_room.rows import Rows, summarised
from benchmarks.four_room.tasks import LONGEST, MOST_STEPS, fixed_tasks
from benchmarks.four_room.view import control_step, goal_view
from benchmarks.four_room.world import OPEN, SIDE, FourRoom, room_of

AGENT, TASK = (Path(four_room.__file__).with_name(f"{name}.yaml") for name in ("agent", "four_room"))


def brightest(plane: np.ndarray) -> np.ndarray:
    """Return the middle of what is bright in a plane, px of the full picture."""
    rows, columns = np.nonzero(plane > 0.5 * plane.max())
    return (np.array([columns.mean(), rows.mean()]) + 0.5) * SIDE / len(plane)


def test_only_the_agent_is_where_it_was_asked_to_be():
    generator = np.random.default_rng(0)
    world = FourRoom(np.array([50.0, 50.0]), np.array([160.0, 160.0]), OPEN)
    view = control_step(world, np.array([1.0, -0.5]), Explorer(generator), generator)
    both = np.minimum(*np.moveaxis(view.image(SIDE)[..., :2], 2, 0))
    np.testing.assert_allclose(brightest(both), world.agent, atol=2.0)
    assert both[round(world.double[1]), round(world.double[0])] == 0
    np.testing.assert_allclose(world.agent, [62.5, 43.75])


def test_a_goal_shows_an_agent_that_stands_still():
    view = goal_view(np.array([60.0, 150.0]), 2, np.random.default_rng(0))
    both = np.minimum(*np.moveaxis(view.image(64)[..., :2], 2, 0))
    np.testing.assert_allclose(brightest(both), [60.0, 150.0], atol=4.0)
    assert (view.done == 0.0).all()


def test_the_tasks_are_fixed_and_lead_two_rooms_away():
    tasks, again = fixed_tasks(), fixed_tasks()
    assert len(tasks) == 50
    for one, other in zip(tasks, again, strict=True):
        np.testing.assert_array_equal([*one.start, *one.goal], [*other.start, *other.goal])
        (column, row), (other_column, other_row) = room_of(one.start), room_of(one.goal)
        assert column != other_column and row != other_row
    closed = sum(task.closed != OPEN for task in tasks)
    assert 15 <= closed <= 35  # half of them, but for those that are too far then


def test_who_knows_the_truth_reaches_all_and_who_does_anything_nothing():
    tasks = fixed_tasks()
    expert = [play(BASELINES["expert"](), task) for task in tasks]
    assert all(result.reached and result.steps <= LONGEST + 35.0 for result in expert)
    anything = [play(BASELINES["random"](), task) for task in tasks[:10]]
    assert not any(result.reached for result in anything)
    assert all(result.steps == MOST_STEPS for result in anything)


def test_the_same_number_gives_the_same_episode(tmp_path):
    spec = Configuration.load(str(AGENT), str(TASK)).spec
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        recorder = RoomRecorder(tmp_path / folder, spec, 3, 64)
        for number in recorder.missing(2):
            recorder.record(number)
        assert recorder.missing(3) == [2]
    for number in range(2):
        one, other = (read_episode(tmp_path / f / f"episode_{number:06d}.npz") for f in ("one", "other"))
        np.testing.assert_array_equal(one.images["camera"], other.images["camera"])
        assert one.images["camera"].shape == (80, 64, 64, 3) and one.actions.shape == (79, 2)
        moved = np.diff(one.truth["agent"], axis=0) / 12.5
        free = np.isclose(moved, one.actions, atol=1e-5).all(axis=1)
        assert free.mean() > 0.5  # walls stop it now and then


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Recordings, and a model that was trained for a moment."""
    from ami_ros.cli.train import train

    folder = tmp_path_factory.mktemp("four_room")
    values = yaml.safe_load(TASK.read_text())
    values["training"] |= {**QUICK, "batch_windows": 16, "steps": 3}
    values["planner"] |= {
        "num_samples": 16,
        "num_iterations": 1,
        "horizon": 3,
        "routes": {"learned": {"most": 50}},
    }
    values["model"] |= {"macros": 4}
    task = folder / "four_room.yaml"
    task.write_text(yaml.safe_dump(values))
    (folder / "episodes").mkdir()
    configuration = Configuration.load(str(AGENT), str(task))
    recorder = RoomRecorder(folder / "episodes", configuration.spec, 1, 64)
    for number in recorder.missing(6):
        recorder.record(number)
    train(data=folder / "episodes", out=folder / "model.pt", robot=str(AGENT), task=str(task), threads=1)
    return folder, configuration


@pytest.mark.slow
def test_a_run_counts_its_arithmetic_and_goes_on_where_it_was(small):
    folder, configuration = small

    def rows() -> Rows:
        return Rows(configuration, folder / "model.pt", folder / "episodes", folder / "rows.json", 1)

    first = rows()
    names = list(itertools.islice(first.play(), 2))
    assert names[0] == "routes, imagined"
    again = rows()
    assert again.missing == first.missing == 7 - 2
    assert len(list(again.play())) == 5 and again.missing == 0
    found = summarised([again.results])
    assert found["expert"]["success"] == 1.0 and found["random"]["success"] == 0.0
    assert found["expert"]["tflop_per_episode"] is None
    assert 0.0 < found["flat"]["tflop_per_episode"] < 0.1
    assert all(len(row["seeds"]) == 1 for row in found.values())
