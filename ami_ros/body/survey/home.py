# SPDX-License-Identifier: Apache-2.0
"""A home for an arm: the middle of its limits where that is useful, else a posture found by sampling."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.link_shapes import LinkShapes
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.survey.self_contact import SelfContact
from ami_ros.errors import KinematicsError
from ami_ros.types import FloatArray

# Where a tip is most useful, in front of the base and over a table, as shares of the arm's reach.
FORWARD, HEIGHT = 0.55, 0.3
# The worst acceptable values of a home; beyond them the middle of the limits is not used.
OFF = 0.2  # of the reach: how far the tip is from there
TILT_DEG = {"kept": 10.0, "free": 40.0}  # by orientation: how far it is from pointing straight down
DEXTEROUS = (
    0.2  # smallest singular value of the Jacobian, lengths in reaches: with less it is nearly stretched
)
CLEAR = 0.03  # m: least height of parts behind the second joint above the table
SIDEWAYS = 0.04  # of the reach: how far, on average, the links are from the plane y = 0
HANGING = 0.15  # of the reach: how far any part is below the tip
NEAR_LIMIT = 0.7  # of the way from the middle to a limit: where a joint is
CONTACT = 100.0  # cost of a posture in which the arm touches itself
# The search.
POSTURES = 500  # drawn first
STARTS, CHOICE = 10, 3  # of them to continue from, and postures that remain as candidates
ROUNDS, DRAWS = 50, 20  # from each start
WIDEST, NARROWER = 0.12, 0.85  # spread of draws as share of the range, and its factor without success
APART = 0.7  # rad or m: postures with no joint that far apart count as the same
PLAIN = 0.02  # cost: a joint with less effect stays in the middle
NEARLY = 2.0  # cost: postures worse by more are no candidates
HALF_TURN = np.pi  # rad
NOWHERE = 0.02  # m: a chain that reaches no further is no arm


@dataclass(frozen=True, eq=False)
class Home:
    """A posture, and how good it is.

    Attributes:
        joints: (J,) rad or m.
        is_middle: whether it is the middle of the limits.
        touching: links whose hulls touch there nevertheless, as pairs.
        tilt_deg: how far the tip is from pointing straight down.
        reach: how far from the base the tip can get, seen from above, m.
    """

    joints: FloatArray
    is_middle: bool
    touching: tuple[tuple[str, str], ...]
    tilt_deg: float
    reach: float


def position_range(spec: RobotSpec) -> FloatArray:
    """Return lower and upper limits (2, J) of the joints; an unlimited joint gets half a turn both ways."""
    limits, count = spec.limits, len(spec.joint_names)
    lower = np.full(count, -np.inf) if limits.lower is None else limits.lower
    upper = np.full(count, np.inf) if limits.upper is None else limits.upper
    return np.stack(
        [np.where(np.isinf(lower), -HALF_TURN, lower), np.where(np.isinf(upper), HALF_TURN, upper)]
    )


def random_postures(spec: RobotSpec, count: int, generator: np.random.Generator) -> FloatArray:
    """Return postures (count, J), uniform between the limits."""
    lower, upper = position_range(spec)
    drawn: FloatArray = generator.uniform(lower, upper, size=(count, len(lower)))
    return drawn


class HomeSearch:
    """Looks for a home.

    Args:
        spec: the robot; its own home does not count.
        outward: (3,) axis of the tip's frame to point down.
        table: height of the surface under the arm, base frame, m.
        contact: between its parts.
        generator: draws postures.

    Attributes:
        shapes: of the links.
        reach: how far from the base the tip can get, seen from above, m.

    Raises:
        KinematicsError: the URDF does not fit, or its tip does not get away from the base.
    """

    def __init__(
        self,
        spec: RobotSpec,
        outward: FloatArray,
        table: float,
        contact: SelfContact,
        generator: np.random.Generator,
    ) -> None:
        self._kinematics, self.shapes = Kinematics(spec), LinkShapes(spec)
        self._outward, self._table, self._contact, self._generator = outward, table, contact, generator
        lower, upper = position_range(spec)
        self._middle: FloatArray = 0.5 * (lower + upper)
        self._to_limit = upper - self._middle
        # Joints that turn further are drawn from one turn: the postures beyond are the same.
        span = np.minimum(self._to_limit, HALF_TURN)
        self._lower, self._upper = self._middle - span, self._middle + span
        self._names = spec.joint_names
        # Parts moved only by the first two joints stand on the table itself. The tip comes first.
        behind = np.flatnonzero(self.shapes.reach[:, min(2, len(self._names) - 1)] > 0.0)
        self._late = np.union1d(0, behind)
        tips = [self._kinematics.forward(q)[0] for q in random_postures(spec, POSTURES, generator)]
        self.reach = float(np.hypot(*np.array(tips)[:, :2].T).max())
        if self.reach < NOWHERE:
            raise KinematicsError(
                f"{spec.urdf}: {spec.tip_frame} reaches at most {self.reach:.3f} m from the base, expected "
                "a longer reach; name another tip"
            )
        self._tilt_limit = TILT_DEG[spec.orientation]

    def find(self) -> list[Home]:
        """Return the middle of the limits if the tip is useful there, else the postures found, best first.

        Source: adaptive random search from several starts; Schumer and Steiglitz, "Adaptive step size random
        search" (1968).
        """
        if self._is_of_use(self._middle):
            return [self._home(self._middle, True)]
        drawn = self._generator.uniform(self._lower, self._upper, size=(POSTURES, len(self._middle)))
        drawn = np.where(self._generator.random(drawn.shape) < 0.5, self._middle, drawn)
        likely = drawn[np.argsort(self._costs(drawn), kind="stable")]
        found = sorted(map(self._improved, _apart([self._middle, *likely], STARTS)), key=lambda pair: pair[0])
        good = [joints for cost, joints in found if cost <= found[0][0] + NEARLY]
        return [self._home(joints, False) for joints in _apart(good, CHOICE)]

    def _improved(self, joints: FloatArray) -> tuple[float, FloatArray]:
        """Return a posture's cost, contact included, and the posture, after descent from `joints` (J,)."""
        least = float(self._costs(joints[None])[0]) + self._contact_cost(joints)
        std = WIDEST * (self._upper - self._lower)
        for _ in range(ROUNDS):
            draws = self._generator.normal(joints, std, size=(DRAWS, len(joints)))
            # Half of the joints stay, and a quarter return to the middle: no joint turns needlessly.
            fate = self._generator.random(draws.shape)
            draws = np.where(fate < 0.5, joints, np.where(fate < 0.75, self._middle, draws))
            draws = draws.clip(self._lower, self._upper)
            costs = self._costs(draws)
            best = int(costs.argmin())
            if costs[best] < least and (cost := float(costs[best]) + self._contact_cost(draws[best])) < least:
                joints, least = draws[best], cost
            else:
                std = std * NARROWER
        for joint, middle in enumerate(self._middle):
            plainer = joints.copy()
            plainer[joint] = middle
            if float(self._costs(plainer[None])[0]) + self._contact_cost(plainer) < least + PLAIN:
                joints = plainer
        return least, joints

    def _contact_cost(self, joints: FloatArray) -> float:
        return CONTACT if self._contact.touching(joints) else 0.0

    def is_clear(self, joints: FloatArray) -> bool:
        """Whether an arm in a posture (J,) touches neither itself nor the table."""
        is_above = self._low(self.shapes.centres(joints[None]))[0] > self._table
        return bool(is_above) and not self._contact.touching(joints)

    def _home(self, joints: FloatArray, is_middle: bool) -> Home:
        # Half a digit inside the limits, which may have more digits. No -0.
        rounded = np.round(joints, 2).clip(self._lower + 0.005, self._upper - 0.005) + 0.0
        return Home(rounded, is_middle, self._contact.touching(rounded), self._tip(rounded)[1], self.reach)

    def _tip(self, joints: FloatArray) -> tuple[float, float]:
        """Return how far the tip is from its best place, in reaches, and from pointing down, in degrees."""
        place, turn = self._kinematics.forward(joints)
        best = np.array([FORWARD * self.reach, 0.0, HEIGHT * self.reach])
        down = -float((turn @ self._outward)[2])
        return (
            float(np.linalg.norm(place - best)) / self.reach,
            float(np.degrees(np.arccos(np.clip(down, -1.0, 1.0)))),
        )

    def _is_of_use(self, joints: FloatArray) -> bool:
        off, tilt_deg = self._tip(joints)
        is_apt = off <= OFF and tilt_deg <= self._tilt_limit and self._dexterity(joints) >= DEXTEROUS
        return is_apt and self.is_clear(joints)

    def _dexterity(self, joints: FloatArray) -> float:
        """Return the Jacobian's smallest singular value, lengths in reaches; 0 where a direction is lost."""
        jacobian = self._kinematics.jacobian(joints)[: self._kinematics.rows].copy()
        jacobian[:3] /= self.reach
        values = np.linalg.svd(jacobian, compute_uv=False)
        return float(values[-1]) if len(self._names) >= self._kinematics.rows else 1.0

    def _low(self, centres: FloatArray) -> FloatArray:
        """Return the lowest height behind the second joint, (S,), m, for sphere centres (S, P, 3)."""
        lowest: FloatArray = (centres[:, self._late, 2] - self.shapes.radii[self._late]).min(axis=1)
        return lowest

    def _costs(self, postures: FloatArray) -> FloatArray:
        """Return how far postures (S, J) are from a useful one, (S,): a term is 1 at what is just bad."""
        centres = self.shapes.centres(postures)
        buried = np.maximum(self._table + CLEAR - self._low(centres), 0.0) / CLEAR
        sideways = np.abs(centres[:, :, 1]).mean(axis=1) / (SIDEWAYS * self.reach)
        bent = np.abs(postures - self._middle)
        near_limit = (bent / (NEAR_LIMIT * self._to_limit)) ** 6
        of_joints = (bent / (self._upper - self._middle)).mean(axis=1) + near_limit.sum(axis=1)
        # The tip reaches objects first, from above: no elbow hangs below it.
        hanging = np.maximum(centres[:, 0, 2] - self._low(centres), 0.0) / (HANGING * self.reach)
        of_tip = np.array([self._tip_cost(joints) for joints in postures])
        total: FloatArray = buried**2 + sideways**2 + hanging**2 + of_joints + of_tip
        return total

    def _tip_cost(self, joints: FloatArray) -> float:
        off, tilt_deg = self._tip(joints)
        lost = max(0.0, 1.0 - self._dexterity(joints) / DEXTEROUS)
        return (off / OFF) ** 2 + (tilt_deg / self._tilt_limit) ** 2 + (2.0 * lost) ** 2


def _apart(postures: Iterable[FloatArray], most: int) -> list[FloatArray]:
    """Return the first distinct postures, at most `most`."""
    kept: list[FloatArray] = []
    for joints in postures:
        if len(kept) < most and all(np.abs(joints - other).max() > APART for other in kept):
            kept.append(joints)
    return kept
