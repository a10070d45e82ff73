# SPDX-License-Identifier: Apache-2.0
"""Walks are pieces of ways, a memory joins them, and the figures are what they are called."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from small_model import in_memory, small_contract, small_jepa

from ami_ros.configuration import Configuration
from ami_ros.episodes.dataset import EpisodeSet
from ami_ros.episodes.episode import PLAIN_LOOK, EpisodeRecord, episode_path, list_episodes, write_episode
from ami_ros.episodes.recorded_body import recorded_body
from ami_ros.errors import ConfigError
from ami_ros.model.known import inputs_of
from ami_ros.model.points import points_of
from ami_ros.planning.routes.settings import GRAPH
from benchmarks.point_maze import command
from benchmarks.point_maze.mazes import MAZES
from benchmarks.point_maze.players import Random
from benchmarks.point_maze.recording import CELLS, STEPS, Walker
from benchmarks.point_maze.rows import APART, Outcome, outcomes, played, row
from benchmarks.point_maze.world import HELD, TASKS
from benchmarks.recordings_as_memory import measured_moments

HERE = Path(command.__file__).parent
MAP = np.ones((4, 7), dtype=int)
MAP[1, 1:6] = MAP[2, 5] = 0  # a corridor of five cells, and one around the corner


class Corridor:
    """Cells of 4 m without resistance, in place of OGBench's maze."""

    map = MAP

    def begin_between(self, start, goal, seed: int) -> np.ndarray:
        self.start, self.goal_cell, self.seed = start, goal, seed
        self.place, self.goal, self.step = self.middle(start), self.middle(goal), 0
        self.ends, self.reached = False, False
        return self.place

    def begin(self, task: int, seed: int) -> np.ndarray:
        return self.begin_between((1, 1), (1, 2), seed)

    def act(self, action: np.ndarray) -> np.ndarray:
        self.place, self.step = self.place + 0.2 * action, self.step + 1
        self.reached = float(np.linalg.norm(self.place - self.goal)) <= 1.0
        self.ends = self.step == STEPS
        return self.place

    def cell(self, place: np.ndarray) -> tuple[int, int]:
        return round(place[1] / 4.0), round(place[0] / 4.0)

    def middle(self, cell: tuple[int, int]) -> np.ndarray:
        return np.array([4.0 * cell[1], 4.0 * cell[0]])


class Straight:
    """Goes along x."""

    def begin(self, goal: np.ndarray, seed: int) -> None:
        self.asked = 0

    def act(self, place: np.ndarray) -> np.ndarray:
        self.asked += 1
        return np.array([1.0, 0.0])


def test_a_walk_leads_four_cells_further_and_stays_there():
    world = Corridor()
    walker = Walker(world)
    lengths = set()
    for number in range(8):
        places, actions = walker.walk(number)
        assert places.shape == (STEPS + 1, 2) and actions.shape == (STEPS, 2)
        assert np.abs(actions).max() <= 1.0
        away = sum(abs(one - other) for one, other in zip(world.start, world.goal_cell, strict=True))
        lengths.add(away)
        assert away in (0, CELLS)  # from the middle of so short a corridor, nothing is four cells away
        assert np.linalg.norm(places[STEPS // 2 :] - world.goal, axis=1).max() < 2.0
        again, _ = walker.walk(number)
        np.testing.assert_array_equal(places, again)
    assert lengths == {0, CELLS}


def test_an_action_is_held_for_a_control_step_and_an_episode_ends_where_the_world_says():
    class Ends(Corridor):
        def act(self, action):
            place = super().act(action)
            self.ends |= self.reached
            return place

    player = Straight()
    found = played(Ends(), player, 2, 7)
    assert found == Outcome(2, True, 15)  # 3 m, which is 1 m from the goal
    assert player.asked == 15 // HELD
    assert played(Corridor(), player, 2, 7) == Outcome(2, False, STEPS)


def test_each_episode_has_a_seed_of_its_own_and_one_of_each_task_is_counted():
    class Notes(Straight):
        seeds: list[int] = []  # noqa: RUF012

        def begin(self, goal, seed):
            super().begin(goal, seed)
            self.seeds.append(seed)

        def act(self, place):
            torch.ones(2, 3) @ torch.ones(3, 4)
            return super().act(place)

    found = outcomes(Corridor(), Notes(), 100, 3)
    assert Notes.seeds == [100 + APART * task + number for task in range(TASKS) for number in range(3)]
    assert [one.task for one in found] == [task for task in range(1, TASKS + 1) for _ in range(3)]
    assert [one.flop for one in found[:3]] == [2 * 2 * 3 * 4 * STEPS // HELD, None, None]


def test_the_figures_of_a_row():
    found = [
        Outcome(1, True, 100, 4),
        Outcome(1, False, 1000),
        Outcome(2, True, 300, 8),
        Outcome(2, True, 200),
    ]
    figures = row(found, [0.002, 0.004])
    assert (figures["success"], figures["tasks"], figures["episodes"]) == (0.75, [0.5, 1.0], 4)
    assert (figures["steps_median"], figures["tflop_per_episode"]) == (200.0, 6e-12)
    assert figures["plan_ms_p50"] == pytest.approx(3.0)
    assert row([Outcome(1, False, 9)]) | {"tflop_per_episode": None} == row([Outcome(1, False, 9)])
    json.dumps(figures)


def test_pieces_that_touch_become_a_way(tmp_path):
    configuration = Configuration.load(str(HERE / "point.yaml"), str(HERE / "point_maze.yaml"))
    spec = configuration.spec
    pieces = [np.linspace(start, stop, 41) for start, stop in (((0, 0), (20, 0)), ((20, 0), (20, 20)))]
    for number, places in enumerate(pieces):
        record = EpisodeRecord(
            images={},
            vectors={"position": places.astype(np.float32)},
            actions=(2.0 * np.diff(places, axis=0)).astype(np.float32),
            truth={},
            look=np.asarray(PLAIN_LOOK, dtype=np.int64),
            body=recorded_body(spec),
        )
        write_episode(episode_path(tmp_path, number), record)
    network = small_jepa(inputs=inputs_of(spec), action=2)
    network.vector_mean.zero_()
    network.vector_std.fill_(1.0)
    network.vector_step_distance.fill_(1.0)
    model = in_memory(network, small_contract(network, spec))
    how = configuration.planner.routes[GRAPH]
    known = measured_moments(EpisodeSet(list_episodes(tmp_path)), model, spec, how)
    assert len(known) == 82
    way = known.way(np.array([0.0, 0.0]), np.array([20.0, 20.0]))
    places = points_of(model, torch.from_numpy(known.states_of(way))).numpy()
    np.testing.assert_allclose(places[-1], [20.0, 20.0], atol=how.reach)
    assert np.linalg.norm(places - [20.0, 0.0], axis=1).min() <= how.radius + 0.1
    (actions,) = known.candidates(np.array([0.0, 0.0]), np.array([3.0, 0.0]), 1, 10)
    np.testing.assert_allclose(actions, [[0.5, 0.0]] * 6, atol=1e-3)  # of 2 m/s


def test_random_actions_of_a_seed_are_alike():
    player, acted = Random(), []
    for seed in (3, 3, 4):
        player.begin(np.zeros(2), seed)
        acted.append([player.act(np.zeros(2)) for _ in range(20)])
    np.testing.assert_array_equal(acted[0], acted[1])
    assert np.abs(acted).max() <= 1.0 and not np.array_equal(acted[0], acted[2])


def test_a_maze_that_is_unknown():
    with pytest.raises(
        ConfigError, match=r"--maze: got 'huge', expected one of \['medium', 'large', 'giant'\]"
    ):
        command.point_maze("huge")


def test_published_figures_are_shares():
    for maze in MAZES.values():
        assert {"QRL", "HIQL"} <= set(maze.published)
        assert all(0.0 <= success <= 1.0 for success in maze.published.values())
