# SPDX-License-Identifier: Apache-2.0
"""Pushing with access to the truth: for training data and the upper baseline, not for planning."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.sim.tasks.random_motion import RandomMotion
from ami_ros.sim.tasks.task import Motion
from ami_ros.sim.world.world import Stage
from ami_ros.types import FloatArray

BLOCK = "block"  # what is pushed
STANDOFF = 0.025  # m, gap to the block at the start of a push
BESIDE = 0.015  # m, sideways offset up to which a push continues
CLEARANCE = 0.045  # m, added to the block's radius on the way around it
TURN = np.deg2rad(35.0)  # way around the block per step
DONE = 0.004  # m
# While push data is recorded: often in contact, never the same way twice.
ATTRACTION_HZ = (0.5, 3.0)  # pull toward the block, per metre of distance
NOISE_SHARE = (0.0, 0.6)  # of the aimless motion, added to a scripted push
SPEED_SHARE = (0.3, 1.0)  # of max_tip_speed, of a scripted push
NEW_GOAL_SHARE = 0.03  # per step: a push is abandoned for another
NEAR = 0.01  # m: a push is finished


class Pushing:
    """Goes around the block, then pushes it along the line to its goal.

    Args:
        spec: the robot, moving along x and y.
        goal: (2,) m, goal of the block.
        block_radius: m, half the block's side.
        tool_radius: m.
        speed: m/s at most.
    """

    def __init__(
        self, spec: RobotSpec, goal: FloatArray, block_radius: float, tool_radius: float, speed: float
    ) -> None:
        self._step_s, self._actions = spec.step_ns / 1e9, spec.actions
        self._goal, self._touch, self._speed = goal, block_radius + tool_radius, speed

    def next(self, scene: Stage) -> FloatArray:
        """Return the next tip velocity (2,) in m/s."""
        tip, block = scene.truth()["tip"][:2], scene.objects()[BLOCK][:2]
        way = self._goal - block
        left = float(np.linalg.norm(way))
        if left < DONE:
            return np.zeros(2)
        along = way / left
        behind = float((block - tip) @ along)
        aside = (tip - block) - ((tip - block) @ along) * along
        if behind > 0.6 * self._touch and np.linalg.norm(aside) < BESIDE:
            # The more the block drifts sideways, the more the rod steers to the middle of its back.
            wanted = tip + along * min(left, 0.03) - 0.6 * aside
            if behind > self._touch + 0.005:
                wanted = block - along * self._touch
        else:
            wanted = self._around(tip, block, along)
        velocity = (wanted - tip) / self._step_s
        velocity = velocity * min(1.0, self._speed / max(1e-9, float(np.abs(velocity).max())))
        return np.clip(velocity, self._actions.low, self._actions.high)

    def _around(self, tip: FloatArray, block: FloatArray, along: FloatArray) -> FloatArray:
        offset = tip - block
        angle, wanted = np.arctan2(offset[1], offset[0]), np.arctan2(-along[1], -along[0])
        turn = (wanted - angle + np.pi) % (2 * np.pi) - np.pi
        radius = self._touch + (CLEARANCE if abs(turn) > TURN else STANDOFF)
        if np.linalg.norm(offset) < self._touch + STANDOFF and abs(turn) > TURN / 2:
            return block + offset / max(1e-6, float(np.linalg.norm(offset))) * (radius + 0.01)
        angle += np.clip(turn, -TURN, TURN)
        return block + radius * np.array([np.cos(angle), np.sin(angle)])


class Attracted:
    """Aimless motion that leans toward the block."""

    def __init__(self, spec: RobotSpec, aimless: RandomMotion, generator: np.random.Generator) -> None:
        self._actions, self._aimless = spec.actions, aimless
        self._pull_hz = generator.uniform(*ATTRACTION_HZ)

    def next(self, scene: Stage) -> FloatArray:
        """Return the next action (2,) in m/s."""
        pull = self._pull_hz * (scene.objects()[BLOCK][:2] - scene.truth()["tip"][:2])
        return np.clip(pull + self._aimless.next(scene), self._actions.low, self._actions.high)


class NoisyPushing:
    """Scripted pushes to one random place after another, at a random speed, with aimless motion added."""

    def __init__(
        self,
        spec: RobotSpec,
        pushing: Callable[[FloatArray, float], Motion],
        place: Callable[[np.random.Generator], FloatArray],
        aimless: RandomMotion,
        generator: np.random.Generator,
    ) -> None:
        self._spec, self._pushing, self._place = spec, pushing, place
        self._aimless, self._generator = aimless, generator
        self._noise = generator.uniform(*NOISE_SHARE)
        self._begin()

    def _begin(self) -> None:
        self._goal = self._place(self._generator)
        speed = self._generator.uniform(*SPEED_SHARE) * self._spec.max_tip_speed
        self._push = self._pushing(self._goal, speed)

    def next(self, scene: Stage) -> FloatArray:
        """Return the next action (2,) in m/s."""
        near = np.linalg.norm(scene.objects()[BLOCK][:2] - self._goal) < NEAR
        if near or self._generator.random() < NEW_GOAL_SHARE:
            self._begin()
        action = self._push.next(scene) + self._noise * self._aimless.next(scene)
        return np.clip(action, self._spec.actions.low, self._spec.actions.high)
