# SPDX-License-Identifier: Apache-2.0
"""Grasping with access to the truth: for training data and the upper baseline, not for planning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ami_ros.body.fingers import Fingers
from ami_ros.body.groups import GripperGroup
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.simulation import ArmSimulation
from ami_ros.errors import ConfigError
from ami_ros.sim.tasks.blocks import Block
from ami_ros.sim.tasks.channel_motion import ChannelMotion
from ami_ros.sim.tasks.collect_settings import CollectSettings
from ami_ros.sim.tasks.random_motion import RandomMotion
from ami_ros.sim.world.world import Stage
from ami_ros.types import FloatArray

ALIGNED = 0.006  # m beside the block's middle: the hand descends
LEFT_BEHIND = 0.02  # m from the tip to the middle of a block that is no longer in the hand
CLEAR = 0.09  # m, of the tip above a block that it passes
FUNNEL = 2.5  # m of height for each m beside the place below: a hand that comes down late is learned badly
THERE = 0.005  # m
SPARE = 0.03  # m, wider than the block: how far the fingers open to let go
SETTLED = 1e-3  # m per control step: fingers that close more slowly have met something
PULL = 0.7  # share of the way to a place in a control step: the arm follows with a delay
# While data is recorded: often in contact, never the same way twice, and not always with success.
NOISE_SHARE = (0.0, 0.4)  # of the aimless motion, added to a scripted grasp
SPEED_SHARE = 0.85  # of the channels' range
LAPSE_SHARE = 0.015  # per step: a lapse begins
LAPSE_STEPS = (3, 8)  # control steps
DRIFT_SHARE = 0.7  # of the channels' range
FINGERS_SHARE = 0.5  # of the lapses open or close the fingers
ATTRACTION_HZ = (0.5, 2.0)  # pull toward the block, per metre of distance
TOGGLE_SHARE = 0.08  # per step: a hand near the block opens or closes


@dataclass(frozen=True, eq=False)
class Grip:
    """What a hand does with the channels of a robot.

    Args:
        spec: the robot.

    Openings are widths between the fingertips, m, whatever the unit of the channel.

    Raises:
        ConfigError: not an arm with Cartesian channels x, y, z and one gripper with one channel, in m or of
            known width.
    """

    spec: RobotSpec

    def __post_init__(self) -> None:
        arms = [group.actions.names for group in self.spec.arms]
        grippers = [(group.actions.size, group.gripper.width_per_unit) for group in self._grippers]
        if arms != [("x", "y", "z")] or len(grippers) != 1 or grippers[0][0] != 1 or not grippers[0][1]:
            raise ConfigError(
                f"{self.spec.name} has action channels {list(self.spec.actions.names)}, expected x, y, z "
                "of an arm and one channel of a gripper, in m or with its width_per_unit; such a robot is "
                "--robot panda_hand"
            )

    @property
    def _grippers(self) -> list[GripperGroup]:
        return [group for group in self.spec.groups if isinstance(group, GripperGroup)]

    @property
    def _gripper(self) -> GripperGroup:
        return self._grippers[0]

    @property
    def widest(self) -> float:
        """The widest opening, m."""
        return self.width(self._gripper.actions.high)

    def width(self, channel: FloatArray) -> float:
        """Return the opening, m, of the gripper's channel (1,), in its unit."""
        return float(self._per_unit * (channel[0] - self._gripper.actions.low[0]))

    def _channel(self, width: float) -> FloatArray:
        return np.array([float(self._gripper.actions.low[0]) + width / self._per_unit])

    @property
    def _per_unit(self) -> float:
        return float(self._gripper.gripper.width_per_unit)

    def tight(self, width: float) -> float:
        """Return the command, m, that grips something `width` wide."""
        gripper = self._gripper
        return self.width(gripper.gripper.pressing(self._channel(width), gripper.actions.low))

    def loose(self, width: float) -> float:
        """Return the command, m, that lets go of something `width` wide."""
        return min(self.widest, width + SPARE)

    def action(self, velocity: FloatArray, opening: float) -> FloatArray:
        """Return the action (A,) of a tip's velocity (3,), m/s, and an opening, m, within their ranges."""
        parts = {self.spec.arms[0].name: velocity, self._gripper.name: self._channel(opening)}
        whole = np.concatenate([parts[group.name] for group in self.spec.groups])
        clipped: FloatArray = np.clip(whole, self.spec.actions.low, self.spec.actions.high)
        return clipped

    def channels(self, joints: FloatArray, opening: float) -> FloatArray:
        """Return the commanded channels (C,) of joints (J,) and an opening, m."""
        parts = {self.spec.arms[0].name: joints, self._gripper.name: self._channel(opening)}
        return np.concatenate([parts[group.name] for group in self.spec.groups])

    def split(self, action: FloatArray) -> tuple[FloatArray, float]:
        """Return the velocity (3,), m/s, and the opening, m, of an action (A,)."""
        of_gripper = self.spec.actions.names.index(self._gripper.actions.names[0])
        return np.delete(action, of_gripper), self.width(action[[of_gripper]])

    def seat(self, turn: FloatArray, width: float) -> FloatArray:
        """Return where something `width` wide is in the hand: (4,) from the tip, m, and its yaw, rad.

        Args:
            turn: (3, 3) rotation of the tip, base frame.
            width: between the fingers, m.
        """
        simulation = self.spec.simulation
        fingers = simulation.fingers if isinstance(simulation, ArmSimulation) else None
        fixed = turn @ np.array(Fingers.fixed if fingers is None else fingers.fixed)
        far = float(np.linalg.norm(fixed))
        if far == 0.0:  # fingers that all move meet at the tip
            return np.zeros(4)
        yaw = np.arctan2(fixed[1], fixed[0]) - 0.5 * np.pi
        return np.array([*(fixed * (1.0 - 0.5 * width / far)), (yaw + 0.5 * np.pi) % np.pi - 0.5 * np.pi])

    def aimless(self, settings: CollectSettings, generator: np.random.Generator) -> Aimless:
        """Return motion of tip and fingers without aim."""
        return Aimless(self, self._gripper, settings, generator)


class Aimless:
    """The tip wanders, and the fingers open and close."""

    def __init__(
        self, grip: Grip, gripper: GripperGroup, settings: CollectSettings, generator: np.random.Generator
    ) -> None:
        self._grip, self._tip = grip, RandomMotion(grip.spec.arm_part, settings, generator)
        self._fingers = ChannelMotion(gripper.actions, settings, generator, gripper.actions.high)

    def next(self, scene: Stage) -> FloatArray:
        """Return the next action (A,)."""
        return self._grip.action(self._tip.next(scene), self._grip.width(self._fingers.next(scene)))


class Grasping:
    """Goes above a block, around it, grips it, and carries it to a place; perhaps lets go there.

    It reads the truth at each step, so that it begins again where a block was lost.

    Args:
        grip: of the robot.
        name: of the block.
        block: its size.
        goal: returns where the middle of the block is to go (3,), m.
        lets_go: whether it leaves the block there, and moves away.
        speed: m/s at most.
    """

    def __init__(
        self,
        grip: Grip,
        name: str,
        block: Block,
        goal: Callable[[Stage], FloatArray],
        lets_go: bool,
        speed: float,
    ) -> None:
        self._grip, self._name, self._block, self._goal = grip, name, block, goal
        self._lets_go, self._speed = lets_go, speed
        self._floor = float(grip.spec.workspace[0][2])
        self._ceiling = float(grip.spec.workspace[1][2])
        self._step_s = grip.spec.step_ns / 1e9
        self._closing = self._carrying = self._leaving = False
        self._opening = np.inf  # measured a step ago

    def next(self, scene: Stage) -> FloatArray:
        """Return the next action (A,)."""
        truth, middle = scene.truth(), scene.objects()[self._name]
        tip, opening = truth["tip"], self._grip.width(truth["opening"])
        before, self._opening = self._opening, opening
        goal, width = self._goal(scene), self._block.width
        if self._leaving or (self._lets_go and self._is_there(middle, goal) and not self._carrying):
            return self._leave(tip, middle)
        if self._closing and np.linalg.norm(tip - middle) > LEFT_BEHIND:
            self._closing = self._carrying = False
        if not self._closing:
            return self._approach(tip, middle)
        if not self._carrying:
            has_met = abs(opening - before) < SETTLED and opening < self._grip.loose(width) - SETTLED
            # Fingers that close on nothing creep toward the command that grips.
            self._carrying = has_met and opening > 0.5 * (self._grip.tight(width) + width)
            if has_met and not self._carrying:  # on nothing
                self._closing = False
            return self._grip.action(np.zeros(3), self._grip.tight(width))
        return self._carry(tip, middle, goal)

    def _is_there(self, middle: FloatArray, goal: FloatArray) -> bool:
        return float(np.linalg.norm(middle - goal)) < 2.0 * THERE

    def _approach(self, tip: FloatArray, middle: FloatArray) -> FloatArray:
        """Come from above: at its height only beside its middle."""
        over = middle[:2]
        low = max(float(middle[2]), self._floor)
        apart = float(np.linalg.norm(tip[:2] - over))
        height = low + _funnel(apart)
        if self._opening < self._block.width + 2.0 * SETTLED:  # closed fingers would come down on the block
            height = max(height, low + 0.5 * CLEAR + THERE)
        height = min(height, self._ceiling)
        if apart >= ALIGNED and tip[2] < height - 2.0 * THERE and apart > self._block.reach:
            over = tip[:2]  # first up
        if apart < ALIGNED and tip[2] < low + THERE:
            self._closing = True
        return self._to(tip, np.array([*over, height]), self._grip.widest)

    def _carry(self, tip: FloatArray, middle: FloatArray, goal: FloatArray) -> FloatArray:
        """Go up, across, and down; at the place let go."""
        held, tight = middle - tip, self._grip.tight(self._block.width)
        target = goal - held
        across = float(np.linalg.norm((target - tip)[:2]))
        if across > ALIGNED:
            safe = min(max(float(goal[2]), self._block.half_size[2]) + _funnel(across), self._ceiling)
            place = target[:2] if tip[2] > safe - 2.0 * CLEAR / 3.0 else tip[:2]
            return self._to(tip, np.array([*place, safe]), tight)
        if self._lets_go and float(np.linalg.norm(target - tip)) < THERE:
            self._leaving = True
            return self._leave(tip, middle)
        return self._to(tip, target, tight, slowly=self._lets_go)

    def _leave(self, tip: FloatArray, middle: FloatArray) -> FloatArray:
        """Open, then go up; a block that did not stay is taken again."""
        loose = self._grip.loose(self._block.width)
        if self._opening < self._block.width + 0.5 * (loose - self._block.width):
            return self._grip.action(np.zeros(3), loose)
        if tip[2] - middle[2] > CLEAR:
            self._leaving = self._closing = self._carrying = False
            return self._grip.action(np.zeros(3), self._grip.widest)
        return self._to(tip, tip + np.array([0.0, 0.0, CLEAR]), loose)

    def _to(self, tip: FloatArray, place: FloatArray, opening: float, slowly: bool = False) -> FloatArray:
        velocity = PULL * (place - tip) / self._step_s
        speed = 0.4 * self._speed if slowly else self._speed
        velocity = velocity * min(1.0, speed / max(1e-9, float(np.abs(velocity).max())))
        return self._grip.action(velocity, opening)


def _funnel(beside: float) -> float:
    """Return how far above a place, m, a hand is so far beside it, m."""
    return min(CLEAR, FUNNEL * max(0.0, beside - THERE))


class Attracted:
    """Aimless motion that leans toward a block, with fingers that close and open around it."""

    def __init__(self, grip: Grip, name: str, aimless: Aimless, generator: np.random.Generator) -> None:
        self._grip, self._name, self._aimless, self._generator = grip, name, aimless, generator
        self._pull_hz = generator.uniform(*ATTRACTION_HZ)
        self._is_open = bool(generator.random() < 0.5)

    def next(self, scene: Stage) -> FloatArray:
        """Return the next action (A,)."""
        velocity, _ = self._grip.split(self._aimless.next(scene))
        pull = self._pull_hz * (scene.objects()[self._name] - scene.truth()["tip"])
        if self._generator.random() < TOGGLE_SHARE:
            self._is_open = not self._is_open
        return self._grip.action(velocity + pull, self._grip.widest if self._is_open else 0.0)


class NoisyGrasping:
    """A scripted grasp with aimless motion added, and with lapses, after which the script goes on.

    In a lapse the hand drifts, and often opens or closes: it misses blocks, drops them and pushes them away.

    Args:
        grip: of the robot.
        grasping: the grasp.
        aimless: motion that is added.
        generator: random numbers.
    """

    def __init__(
        self, grip: Grip, grasping: Grasping, aimless: Aimless, generator: np.random.Generator
    ) -> None:
        self._grip, self._grasping = grip, grasping
        self._aimless, self._generator = aimless, generator
        self._noise = generator.uniform(*NOISE_SHARE)
        self._lapse: tuple[FloatArray, float | None] = np.zeros(3), None  # added velocity, opening
        self._lapse_steps = 0
        self.intended = grip.action(np.zeros(3), grip.widest)

    def next(self, scene: Stage) -> FloatArray:
        """Return the next action (A,)."""
        self.intended = self._grasping.next(scene)
        velocity, opening = self._grip.split(self.intended)
        added, _ = self._grip.split(self._aimless.next(scene))
        velocity = velocity + self._noise * added
        if self._lapse_steps == 0 and self._generator.random() < LAPSE_SHARE:
            self._begin_lapse()
        if self._lapse_steps > 0:
            self._lapse_steps -= 1
            drift, fingers = self._lapse
            velocity, opening = velocity + drift, opening if fingers is None else fingers
        return self._grip.action(velocity, opening)

    def _begin_lapse(self) -> None:
        generator = self._generator
        self._lapse_steps = int(generator.integers(*LAPSE_STEPS, endpoint=True))
        drift = generator.uniform(-DRIFT_SHARE, DRIFT_SHARE, 3) * self._grip.spec.max_tip_speed
        moves_fingers = generator.random() < FINGERS_SHARE
        self._lapse = drift, generator.uniform(0.0, self._grip.widest) if moves_fingers else None
