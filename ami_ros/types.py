# SPDX-License-Identifier: Apache-2.0
"""The nouns of ami_ros, as frozen dataclasses.

Letters in shapes: J joints, A action size, K control steps per action block,
T blocks in the horizon, N trajectory points, D latent size.
Times are integer nanoseconds; angles rad, lengths m.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.errors import GoalError, ImageError, JointStateError

FloatArray = NDArray[np.float64]
ImageArray = NDArray[np.uint8]


def checked_image(image: Any, what: str = "image") -> ImageArray:
    """Return `image` if it is a non-empty (H, W, 3) uint8 array.

    Raises:
        ImageError: for any other shape or dtype, or when a side is zero.
    """
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        got = f"{getattr(image, 'dtype', type(image).__name__)} {getattr(image, 'shape', '')}"
        raise ImageError(f"{what}: got {got}, expected a uint8 RGB array of shape (H, W, 3)")
    if 0 in image.shape:
        raise ImageError(f"{what}: got an empty image of shape {image.shape}, expected at least one pixel")
    return image


def checked_joints(values: Any, what: str, count: int | None = None) -> FloatArray:
    """Return `values` as a finite float64 vector (J,).

    Raises:
        JointStateError: wrong number of dimensions, wrong length, NaN or Inf.
    """
    try:
        joints = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise JointStateError(f"{what}: got {values!r}, expected numbers") from error
    if joints.ndim != 1 or (count is not None and joints.shape[0] != count):
        expected = "a vector" if count is None else f"a vector of {count} joints"
        raise JointStateError(f"{what}: got shape {joints.shape}, expected {expected}")
    if not np.isfinite(joints).all():
        bad = np.flatnonzero(~np.isfinite(joints)).tolist()
        raise JointStateError(
            f"{what}: non-finite at index {bad}: {joints.tolist()}; expected finite numbers"
        )
    return joints


@dataclass(frozen=True, eq=False)
class Observation:
    """What the robot senses at one control step.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        joint_position: (J,) rad or m, in the order of `RobotSpec.joint_names`.
        joint_velocity: (J,) rad/s or m/s.
        image_stamp_ns: when the camera took the image.
        joint_stamp_ns: when the joints were read.
        image_arrival_ns: when the image reached us.
        joint_arrival_ns: when the joint state reached us.
    """

    image: ImageArray
    joint_position: FloatArray
    joint_velocity: FloatArray
    image_stamp_ns: int
    joint_stamp_ns: int
    image_arrival_ns: int
    joint_arrival_ns: int

    def __post_init__(self) -> None:
        checked_image(self.image, "observation image")
        position = checked_joints(self.joint_position, "observation joint_position")
        checked_joints(self.joint_velocity, "observation joint_velocity", position.shape[0])


@dataclass(frozen=True, eq=False)
class Goal:
    """What is wanted: exactly one of an image or a joint position.

    Attributes:
        image: (H, W, 3) uint8 RGB of the world as it should look, or None.
        joint_position: (J,) rad or m, or None.
        label: a name for people and logs.
    """

    image: ImageArray | None = None
    joint_position: FloatArray | None = None
    label: str = ""

    def __post_init__(self) -> None:
        given = [name for name in ("image", "joint_position") if getattr(self, name) is not None]
        if len(given) != 1:
            raise GoalError(f"goal: got {given or 'nothing'}, expected exactly one of image, joint_position")
        if self.image is not None:
            checked_image(self.image, "goal image")
        if self.joint_position is not None:
            checked_joints(self.joint_position, "goal joint_position")


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Joint positions over time: the planner's proposal.

    Attributes:
        joint_names: (J,) names.
        positions: (N, J) rad or m. Values are *not* checked here: judging them is the gate's job.
        time_from_start_ns: (N,) strictly increasing, first point may be 0.
        stamp_ns: stamp of the observation that the trajectory was planned from; time zero of the points.
    """

    joint_names: tuple[str, ...]
    positions: FloatArray
    time_from_start_ns: NDArray[np.int64]
    stamp_ns: int


# A surprise above it is rare on held-out data, by its definition: see `ami_ros.model.networks.surprise`.
RARE_SURPRISE = 1.0


@dataclass(frozen=True, eq=False)
class Plan:
    """The planner's answer to one observation.

    Attributes:
        actions: (T, K, A) action blocks in robot units (m/s for a Cartesian twist).
        step_ns: duration of one control step.
        cost: the winner's cost, dimensionless, lower is better.
        cost_terms: cost by term name; sums to `cost`.
        distance: estimated distance from now to the goal, in control steps of motion.
        arrived: the planner's own decision that the goal is reached.
        predicted: (T, D) predicted latents along the plan.
        solve_ns: wall time of the solve, 0 when the caller measures no time.
        iterations: solver iterations done before the deadline.
        deadline_met: False when the solver was stopped early.
        observation_stamp_ns: stamp of the image planned from.
        proposal: where the winner came from (warm_start, zero, inverse_model, random).
        disagreement: how unsure the model is of `predicted`: 1 is usual. None when nothing was predicted.
        surprise: how little the world is as the model knows it, and the last action blocks went as predicted:
            above 1 is rare. None where nothing judges it.
        surprise_terms: surprise by what it is about; the largest is `surprise`.
        surprise_at_rest: the largest of those that need no motion to be judged.
    """

    actions: FloatArray
    step_ns: int
    cost: float
    cost_terms: dict[str, float]
    distance: float
    arrived: bool
    predicted: NDArray[np.float32]
    solve_ns: int
    iterations: int
    deadline_met: bool
    observation_stamp_ns: int
    proposal: str
    disagreement: float | None = None
    surprise: float | None = None
    surprise_terms: dict[str, float] = field(default_factory=dict)
    surprise_at_rest: float | None = None


class Level(IntEnum):
    """How far the gate intervened; the worst check wins."""

    PASS = 0
    LIMITED = 1
    HOLD = 2
    STOP = 3


@dataclass(frozen=True)
class Reason:
    """One machine-readable cause of a verdict.

    Attributes:
        code: stable upper-case name, e.g. ``CAMERA_STALE``.
        numbers: the numbers that triggered it, by name with unit.
    """

    code: str
    numbers: Mapping[str, float | int | str] = field(default_factory=dict)

    def __str__(self) -> str:
        numbers = " ".join(f"{name}={value}" for name, value in self.numbers.items())
        return f"{self.code}({numbers})" if numbers else self.code


@dataclass(frozen=True)
class Verdict:
    """The gate's judgement: the worst level and every reason for it."""

    level: Level
    reasons: tuple[Reason, ...] = ()

    def __or__(self, other: Verdict) -> Verdict:
        """Combine two verdicts; the worst level wins and no reason is lost."""
        return Verdict(max(self.level, other.level), self.reasons + other.reasons)


PASS = Verdict(Level.PASS)


@dataclass(frozen=True, eq=False)
class Command:
    """What actually goes to the controller at one gate tick.

    Attributes:
        position: (J,) rad or m.
        velocity: (J,) rad/s or m/s.
        stamp_ns: the tick's time.
        acceleration: (J,) rad/s^2 or m/s^2. None where it is not known: interfaces of controllers carry none.
    """

    position: FloatArray
    velocity: FloatArray
    stamp_ns: int
    acceleration: FloatArray | None = None
