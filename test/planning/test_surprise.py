# SPDX-License-Identifier: Apache-2.0
"""The monitor's timeline: what it compares with what, and when it knows nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from bodies import mobile_base
from observed import observed
from robots import JOINTS, made_up_robot
from small_model import ACTION, LATENT, convex_jepa, in_memory, small_contract

from ami_ros.body.robot_spec import load_robot
from ami_ros.model.networks.surprise import MOTION, SURPRISE_BLOCKS, SURPRISE_NAMES
from ami_ros.model.runtime import Sensed
from ami_ros.planning.surprise import SurpriseMonitor, at_rest
from ami_ros.types import Observation, Reading

SPEC = made_up_robot()
BLOCK, SIZE, STEP_NS = SPEC.action_block, SPEC.action_size, SPEC.step_ns
SPAN = BLOCK * SURPRISE_BLOCKS  # control steps
BLACK = np.zeros((2, 2, 3), np.uint8)
LOOK = set(SURPRISE_NAMES) - {MOTION}  # what is known at once


class Portal:
    """Kinematics of a robot whose first three joints slide along x, y and z."""

    def forward(self, joints):
        return joints[:3], np.eye(3)


class World:
    """An integrator that does exactly as the model predicts: one block moves the latent by its actions.

    `executes`: the share of each action that the arm's tip does.
    """

    def __init__(self, spec=SPEC) -> None:
        model = convex_jepa()
        self.monitor = SurpriseMonitor(in_memory(model, small_contract(model)), spec)
        self.generator = np.random.default_rng(0)
        self.latent, self.stamp_ns, self.done = torch.zeros(LATENT), 1_000, []
        self.spec, self.joints, self.executes = spec, np.zeros(JOINTS), 1.0
        for watch in self.monitor._watches:
            watch._kinematics = Portal()

    def sense(self) -> dict[str, float]:
        state = torch.cat([self.latent, torch.zeros(2 * JOINTS)])
        observation = observed(BLACK, self.joints.copy(), self.stamp_ns)
        return self.monitor.observe(Sensed(state, torch.tensor(0.0)), observation)

    def move(self, action) -> None:
        velocity = self.executes * self.spec.tip_velocity(action * self.spec.max_tip_speed)
        self.joints[:3] += velocity * STEP_NS / 1e9

    def act(self, action=None, passed_ns: int = STEP_NS) -> None:
        action = self.generator.uniform(-1, 1, SIZE) if action is None else action
        self.monitor.act(action)
        self.move(action)
        self.done.append(action)
        self.stamp_ns += passed_ns
        if len(self.done) >= BLOCK:  # the latent after each block, overlapping ones too
            block = np.concatenate(self.done[-BLOCK:])
            start = self.history[-BLOCK] if len(self.history) >= BLOCK else torch.zeros(LATENT)
            self.latent = start.clone()
            self.latent[:ACTION] += torch.from_numpy(block).float()
        self.history.append(self.latent)

    history: list[torch.Tensor]


def run(steps: int) -> tuple[World, list[dict[str, float]]]:
    world = World()
    world.history = [world.latent]
    seen = [world.sense()]
    for _ in range(steps):
        world.act()
        seen.append(world.sense())
    return world, seen


def test_nothing_is_known_of_motion_before_whole_blocks_are_over_and_the_rest_at_once():
    _, seen = run(SPAN + 2)
    assert [set(it) for it in seen] == [LOOK] * SPAN + [{*LOOK, MOTION}] * 3


@pytest.mark.parametrize(("executes", "judged"), [(0.0, False), (0.45, False), (0.55, True), (1.0, True)])
def test_motion_that_was_held_back_is_no_surprise_and_not_judged(executes, judged):
    world, _ = run(SPAN)
    world.executes = executes
    for _ in range(2 * SPAN):
        world.act()
        seen = world.sense()
    assert (MOTION in seen) is judged
    world.executes = 1.0
    for _ in range(SPAN + 1):
        world.act()
        seen = world.sense()
    assert MOTION in seen


@pytest.mark.parametrize(
    ("action", "share", "judged"),
    [
        ((0.8, -0.5), 0.45, False),
        ((0.8, -0.5), 0.55, True),
        ((0.8, -0.5), -1.0, False),
        ((-1 / 3, 0.05), 0.0, True),
    ],
)
def test_a_base_that_was_slowed_down_is_no_surprise_and_not_judged(tmp_path, action, share, judged):
    spec = load_robot(mobile_base(tmp_path))
    monitor = SurpriseMonitor(None, spec)
    odometry = np.zeros(spec.sensors["odometry"].size)
    names = [name for name, _ in spec.sensors["odometry"].values]
    for name, speed in zip(spec.actions.names, spec.actions.in_units(np.array(action)), strict=True):
        odometry[names.index(name)] = share * speed
    seen = Observation({"odometry": Reading(odometry, 1, 1)})
    assert monitor._was_executed(np.array(action), [np.zeros(3)], seen) is judged
    elsewhere = Observation({"other": Reading(odometry, 1, 1)})
    assert monitor._was_executed(np.array(action), [np.zeros(3)], elsewhere), "nothing measures it"


def test_what_one_look_can_judge_is_told_apart():
    assert at_rest({}) is None
    assert at_rest({MOTION: 9.0, "pose": 0.5, "novelty": 2.5}) == 2.5


def test_a_world_that_does_as_predicted_does_not_surprise_at_any_step_of_a_block():
    _, seen = run(3 * SPAN)
    assert max(it[MOTION] for it in seen[SPAN:]) < 1e-5


def test_what_moves_by_itself_surprises_once():
    world, _ = run(3 * SPAN)
    world.act()
    world.latent = world.latent + 3.0
    assert world.sense()["motion"] > 5.0


def test_a_restart_and_a_gap_forget_the_past():
    for disturb in (
        lambda w: w.monitor.restart(),
        lambda w: setattr(w, "stamp_ns", w.stamp_ns + 5 * STEP_NS),
    ):
        world, _ = run(2 * SPAN)
        disturb(world)
        seen = []
        for _ in range(SPAN + 1):
            seen.append(world.sense())
            world.act()
        assert [set(it) for it in seen] == [LOOK] * SPAN + [{*LOOK, MOTION}]


def test_time_that_runs_backwards_forgets_the_past():
    world, _ = run(2 * SPAN)
    world.stamp_ns -= 10 * STEP_NS
    assert set(world.sense()) == LOOK


def test_planning_twice_in_one_control_step_counts_the_mean_action():
    world = World()
    world.history = [world.latent]
    world.sense()
    for _ in range(SPAN):
        first = world.generator.uniform(-1, 1, SIZE)
        world.monitor.act(first)
        world.stamp_ns += STEP_NS // 3
        assert set(world.sense()) == LOOK
        second = world.generator.uniform(-1, 1, SIZE)
        world.monitor.act(second)
        world.stamp_ns += STEP_NS - STEP_NS // 3
        world.done.append((first + second) / 2)
        world.move(world.done[-1])
        if len(world.done) == SPAN:
            world.latent = torch.zeros(LATENT)
            blocks = torch.from_numpy(np.stack(world.done)).float().view(SURPRISE_BLOCKS, ACTION)
            world.latent[:ACTION] = blocks.sum(dim=0)
        surprise = world.sense()
    assert surprise["motion"] < 1e-5
