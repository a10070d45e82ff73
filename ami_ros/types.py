# SPDX-License-Identifier: Apache-2.0
"""The nouns of ami_ros, as frozen dataclasses.

Letters in shapes: J joints, A action size, K control steps per action block,
T blocks in the horizon, N trajectory points, D latent size.
Times are integer nanoseconds; angles rad, lengths m.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.errors import AmiError, GoalError, ImageError, JointStateError, ObservationError

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


def checked_vector(
    values: Any, what: str, count: int | None = None, error: type[AmiError] = ObservationError
) -> FloatArray:
    """Return `values` as a finite float64 vector (n,).

    Args:
        values: the candidate.
        what: its name in messages.
        count: how many there must be; None: any number.
        error: what to raise: wrong number of dimensions, wrong length, NaN or Inf.
    """
    try:
        vector = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as problem:
        raise error(f"{what}: got {values!r}, expected numbers") from problem
    if vector.ndim != 1 or (count is not None and vector.shape[0] != count):
        expected = "a vector" if count is None else f"a vector of {count} numbers"
        raise error(f"{what}: got shape {vector.shape}, expected {expected}")
    if not np.isfinite(vector).all():
        bad = np.flatnonzero(~np.isfinite(vector)).tolist()
        raise error(f"{what}: non-finite at index {bad}: {vector.tolist()}; expected finite numbers")
    return vector


def checked_joints(values: Any, what: str, count: int | None = None) -> FloatArray:
    """Return `values` as a finite float64 vector (J,). Raises JointStateError: see `checked_vector`."""
    return checked_vector(values, what, count, JointStateError)


@dataclass(frozen=True, eq=False)
class Reading:
    """One reading of a sensor.

    Attributes:
        value: an image (H, W, 3) uint8 RGB, or a vector (n,) in the sensor's units.
        stamp_ns: when it was measured.
        arrival_ns: when it reached us.
    """

    value: NDArray[Any]
    stamp_ns: int
    arrival_ns: int

    @property
    def is_image(self) -> bool:
        """Whether the value is an image."""
        return self.value.ndim == 3


@dataclass(frozen=True, eq=False)
class Observation:
    """What the robot senses at one control step.

    Attributes:
        readings: by the name of the sensor.
        squared: images are square, as a model sees them, whatever the shape of the camera's.
    """

    readings: Mapping[str, Reading]
    squared: bool = False

    def __post_init__(self) -> None:
        if not self.readings:
            raise ObservationError("observation: got no readings, expected one per sensor")
        for name, reading in self.readings.items():
            if getattr(reading.value, "dtype", None) == np.uint8:
                checked_image(reading.value, f"observation {name}")
            else:
                checked_vector(reading.value, f"observation {name}")

    def __getitem__(self, name: str) -> Reading:
        """Return the reading of the sensor `name`.

        Raises:
            ObservationError: there is none.
        """
        if name not in self.readings:
            raise ObservationError(f"observation: got {sorted(self.readings)}, expected {name!r} as well")
        return self.readings[name]

    @property
    def stamp_ns(self) -> int:
        """The stamp of the oldest image, or of the newest vector if there is no image."""
        images = [reading.stamp_ns for reading in self.readings.values() if reading.is_image]
        return min(images) if images else max(reading.stamp_ns for reading in self.readings.values())


@dataclass(frozen=True, eq=False)
class Profile:
    """What vector sensors shall measure over time, with straight lines between the points.

    Attributes:
        start_ns: time zero of the points; 0: the first observation that is planned from.
        times_ns: (N,) of the points, increasing.
        values: sensor -> (N, n).
    """

    start_ns: int
    times_ns: NDArray[np.int64]
    values: Mapping[str, FloatArray]

    def at(self, since_ns: NDArray[np.int64]) -> dict[str, FloatArray]:
        """Return sensor -> values (M, n) at times (M,) after time zero; beyond its ends the nearest point."""
        return {
            name: np.stack([np.interp(since_ns, self.times_ns, column) for column in points.T], axis=1)
            for name, points in self.values.items()
        }


@dataclass(frozen=True, eq=False)
class Goal:
    """The wanted state: either images or vectors, by sensor.

    Attributes:
        images: camera -> (H, W, 3) uint8 RGB of the world as it should look.
        vectors: sensor -> what it should measure; for joints the positions (J,), rad or m.
        label: a name for people and logs.
        squared: images are square, as a model sees them, whatever the shape of the camera's.
        stamp_ns: stamp of its message, which names it; 0 if there is none.
        profile: the way of the vectors over time, which ends at `vectors`; None where they do not change.
    """

    images: Mapping[str, ImageArray] = field(default_factory=dict)
    vectors: Mapping[str, FloatArray] = field(default_factory=dict)
    label: str = ""
    squared: bool = False
    stamp_ns: int = 0
    profile: Profile | None = None

    def __post_init__(self) -> None:
        if bool(self.images) == bool(self.vectors):
            got = [*self.images, *self.vectors] or "nothing"
            raise GoalError(f"goal: got {got}, expected exactly one of images, vectors")
        for name, image in self.images.items():
            checked_image(image, f"goal image of {name}")
        for name, vector in self.vectors.items():
            checked_vector(vector, f"goal {name}")

    @property
    def sensors(self) -> tuple[str, ...]:
        """Names of the sensors that it is about."""
        return (*self.images, *self.vectors)


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


# The planner pursues a goal within reach directly and follows a route to others. While it looks for a route,
# and where it knows none, it stays where it is.
DIRECT, ROUTE, SEARCHING, NO_WAY = ("direct", "route", "searching", "no_way")


@dataclass(frozen=True, eq=False)
class Alternative:
    """Actions that the planner considered and turned down.

    Attributes:
        actions: (T, K, A) action blocks in robot units.
        cost_terms: cost by term name.
    """

    actions: FloatArray
    cost_terms: Mapping[str, float]

    def costliest(self, chosen: Mapping[str, float]) -> tuple[str, float]:
        """Return the term that cost it most beyond the `chosen` plan's cost by term, and how much that is."""
        more = {name: cost - chosen[name] for name, cost in self.cost_terms.items()}
        return max(more.items(), key=lambda term: term[1])


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
        predicted: (T, Z) states that the model expects along the plan.
        iterations: solver iterations done before the deadline.
        deadline_met: False when the solver was stopped early.
        observation_stamp_ns: stamp of the image planned from.
        proposal: where the winner came from (warm_start, hold, inverse_model, random).
        disagreement: how unsure the model is of `predicted`: 1 is usual. None when nothing was predicted.
        surprise: how far the world, and the effect of the last action blocks, differ from the model's
            predictions: above 1 is rare. None where nothing judges it.
        surprise_terms: surprise by cause; the largest is `surprise`.
        surprise_at_rest: the largest of those that need no motion to be judged.
        left_out: cameras that the plan does not use: missing, or unlike the training data.
        way: how it moves to the goal: one of WAYS; empty where no routes are searched.
        state: (Z,) the model's encoding of the observation; None where there is no model.
        recalled: first candidates that came from a memory.
        route_at: index of the pursued state of a route, and the number of its states; None off routes.
        alternatives: returns some of the candidates that were turned down, at most as many as requested. It
            computes them when called, may take as long as the plan did, and may be called in any thread. None
            where the solver has none to show.
        foreseen: what a body without cameras will measure after the first action block, by ``sensor.value``,
            each in its unit.
    """

    actions: FloatArray
    step_ns: int
    cost: float
    cost_terms: dict[str, float]
    distance: float
    arrived: bool
    predicted: NDArray[np.float32]
    iterations: int
    deadline_met: bool
    observation_stamp_ns: int
    proposal: str
    disagreement: float | None = None
    surprise: float | None = None
    surprise_terms: dict[str, float] = field(default_factory=dict)
    surprise_at_rest: float | None = None
    left_out: tuple[str, ...] = ()
    way: str = ""
    state: NDArray[np.float32] | None = None
    recalled: int = 0
    route_at: tuple[int, int] | None = None
    alternatives: Callable[[int], tuple[Alternative, ...]] | None = None
    foreseen: Mapping[str, float] = field(default_factory=dict)


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

    @property
    def sensor(self) -> str | None:
        """Name of the sensor concerned, where the gate reports it."""
        name = self.numbers.get("sensor")
        return None if name is None else str(name)

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
    """What the controller receives at one gate tick.

    Attributes:
        position: (J,) rad or m.
        velocity: (J,) rad/s or m/s.
        stamp_ns: the tick's time.
        acceleration: (J,) rad/s^2 or m/s^2. None where it is unknown: controller interfaces carry none.
    """

    position: FloatArray
    velocity: FloatArray
    stamp_ns: int
    acceleration: FloatArray | None = None
