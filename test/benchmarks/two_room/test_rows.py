# SPDX-License-Identifier: Apache-2.0
"""Actions are held, the first tasks are counted, and the figures are what they are called."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from ami_ros.errors import ConfigError
from benchmarks.two_room import command
from benchmarks.two_room.players import Random
from benchmarks.two_room.recording import HELD, PIECE, pieces
from benchmarks.two_room.rows import COUNTED, Outcome, outcomes, played, row
from benchmarks.two_room.rules import BUDGET, RULES
from benchmarks.two_room.tasks import Task

SIDE = 4


class Line:
    """Open space without walls, in place of the two rooms; a picture is full of the agent's x."""

    def begin(self, start: np.ndarray, goal: np.ndarray) -> None:
        self.place, self.goal, self.step = np.array(start), goal, 0
        self.reached = self.ends = False

    def act(self, action: np.ndarray) -> None:
        self.place, self.step = self.place + 5.0 * action, self.step + 1
        self.reached = bool(np.linalg.norm(self.place - self.goal) < 8.0)
        self.ends = self.reached or self.step == BUDGET

    def picture(self, place: np.ndarray | None = None) -> np.ndarray:
        return np.full((SIDE, SIDE, 3), (self.place if place is None else place)[0], dtype=np.uint8)


class Straight:
    """Goes along x, and notes what it sees."""

    def __init__(self) -> None:
        self.goals: list[int] = []
        self.seeds: list[int] = []

    def begin(self, goal: np.ndarray, seed: int) -> None:
        self.goals.append(int(goal[0, 0, 0]))
        self.seeds.append(seed)
        self.seen: list[int] = []

    def act(self, seen: np.ndarray) -> np.ndarray:
        torch.ones(2, 3) @ torch.ones(3, 4)
        self.seen.append(int(seen[0, 0, 0]))
        return np.array([1.0, 0.0])


def task(number: int, goal: float) -> Task:
    return Task(number, 0, np.array([20.0, 30.0]), np.array([goal, 30.0]))


def test_an_action_is_held_for_a_control_step_and_the_first_hit_ends_the_episode():
    player = Straight()
    assert played(Line(), player, task(0, 86.0), 3) == Outcome(True, 12)  # 60 px are 6 px from the goal
    assert player.goals == [86] and player.seen == [20, 45, 70]
    assert played(Line(), player, task(0, 10.0), 3) == Outcome(False, BUDGET)
    assert len(player.seen) == BUDGET // HELD


def test_each_task_has_a_seed_of_its_own_and_the_first_ones_are_counted():
    player, drawn = Straight(), [task(number, 200.0) for number in range(COUNTED + 2)]
    found = outcomes(Line(), player, drawn, 100)
    assert player.seeds == [100 + number for number in range(COUNTED + 2)]
    counted = 2 * 2 * 3 * 4 * 7  # 173 px take 35 steps
    assert [one.flop for one in found] == [counted] * COUNTED + [None, None]


def test_the_figures_of_a_row():
    found = [Outcome(True, 10, 4), Outcome(False, BUDGET, 8), Outcome(True, 30), Outcome(True, 20)]
    figures = row(found, [0.002, 0.004])
    assert (figures["success"], figures["reached"], figures["tasks"]) == (0.75, 3, 4)
    assert (figures["steps_median"], figures["tflop_per_episode"]) == (20.0, 6e-12)
    assert figures["tflop_most"] == 8e-12 and figures["plan_ms_p50"] == pytest.approx(3.0)
    nothing = row([Outcome(False, BUDGET)])
    assert (nothing["steps_median"], nothing["tflop_per_episode"], nothing["plan_ms_p50"]) == (None,) * 3
    json.dumps(figures)


def test_pieces_cover_a_walk_to_its_last_control_step():
    assert pieces(PIECE - 1) == []
    assert pieces(PIECE) == [0]
    assert pieces(PIECE + 1) == [0, 1]
    assert pieces(2 * PIECE) == [0, PIECE]
    for steps in range(PIECE, 21):
        covered = {at for first in pieces(steps) for at in range(first, first + PIECE)}
        assert covered == set(range(steps))


def test_random_actions_of_a_seed_are_alike():
    player, acted, seen = Random(), [], np.zeros((SIDE, SIDE, 3), dtype=np.uint8)
    for seed in (3, 3, 4):
        player.begin(seen, seed)
        acted.append([player.act(seen) for _ in range(20)])
    np.testing.assert_array_equal(acted[0], acted[1])
    assert np.abs(acted).max() <= 1.0 and not np.array_equal(acted[0], acted[2])


def test_rules_that_are_unknown():
    with pytest.raises(ConfigError, match=r"--rules: got 'lax', expected one of \['usual', 'strict'\]"):
        command.two_room("lax")


def test_published_figures_are_shares():
    for rules in RULES.values():
        assert {"LeWM", "random"} <= set(rules.published)
        assert all(0.0 <= success <= 1.0 for success in rules.published.values())
