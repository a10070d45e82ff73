# SPDX-License-Identifier: Apache-2.0
"""The box that the tip stays in, and the boxes that neither tip nor links may enter."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ami_ros.body.link_shapes import LinkShapes
from ami_ros.safety.limit import Limit, LimitContext
from ami_ros.safety.motion.brake import Brake
from ami_ros.safety.motion.step_limit import Step
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.restrictions import Restrictions
from ami_ros.settings.fields import setting
from ami_ros.types import FloatArray, Reason

ANYWHERE = np.array([[-np.inf] * 3, [np.inf] * 3])
ROUNDING = 1e-9
SAMPLE_S = 0.04  # between sampled postures on the way to the stop: at 1 m/s they are 4 cm apart
MOST_SAMPLES = 8


@dataclass(frozen=True)
class Settings:
    """How exactly the robot's workspace is kept."""

    workspace_margin: float = setting(
        "distance beyond the robot's workspace up to which the gate lets the tip move",
        ge=0.0,
        le=0.5,
        unit="m",
    )


class Zones:
    """Measures by how much a posture is outside the workspace or inside a forbidden box.

    Args:
        shapes: where tip and links are.
        workspace: (2, 3) where the planner keeps the tip, base frame, m; None is anywhere.
        restrictions: a smaller workspace, and forbidden boxes.
        margin: how much further than the workspace the gate lets the tip go, m.
    """

    def __init__(
        self,
        shapes: LinkShapes,
        workspace: FloatArray | None,
        restrictions: Restrictions,
        margin: float,
    ) -> None:
        workspace = workspace if restrictions.workspace is None else restrictions.workspace
        workspace = ANYWHERE if workspace is None else workspace
        self._lower, self._upper = workspace[0] - margin, workspace[1] + margin
        self._shapes = shapes
        self._boxes = np.zeros((0, 2, 3)) if restrictions.forbidden is None else restrictions.forbidden
        self._centres = self._boxes.mean(axis=1)
        self._half_sizes = 0.5 * (self._boxes[:, 1] - self._boxes[:, 0])

        tip_first = np.zeros(1, dtype=np.int64)
        spheres = np.tile(np.arange(len(shapes.radii)), len(self._boxes))
        self._reach = shapes.reach[np.concatenate([tip_first, spheres])]
        self._seen: FloatArray | None = None
        self._excess = np.zeros(0)

    def excess(self, positions: FloatArray) -> FloatArray:
        """Return how far beyond each zone postures (S, J) are, (S, 1 + M P) in m; 0 or less keeps the rules.

        First the tip and its workspace, then each of the P spheres of the robot in each of the M boxes. A
        sphere that is always in a box, as a shoulder at table height, must not hide another that enters.
        """
        if not len(self._boxes):
            tips = np.stack([self._shapes.tip(position) for position in positions])
            return self._outside(tips)
        points = self._shapes.centres(positions)
        beyond = np.abs(points[:, None] - self._centres[:, None]) - self._half_sizes[:, None]
        # The signed distance from a box: the usual one outside, minus the way to the nearest face inside.
        apart = np.maximum(beyond, 0.0)
        distance = np.sqrt((apart * apart).sum(axis=3)) + np.minimum(beyond.max(axis=3), 0.0)
        inside = (self._shapes.radii - distance).reshape(len(positions), -1)
        return np.concatenate([self._outside(points[:, 0]), inside], axis=1)

    def _outside(self, tips: FloatArray) -> FloatArray:
        beyond: FloatArray = np.maximum(self._lower - tips, tips - self._upper).max(axis=1, keepdims=True)
        return beyond

    def describe(self, column: int) -> tuple[ReasonCode, dict[str, float | int | str]]:
        """Return the reason's code, the box and the link of one column of `excess`."""
        if column == 0:
            return ReasonCode.WORKSPACE, {}
        box, sphere = divmod(column - 1, len(self._shapes.radii))
        return ReasonCode.FORBIDDEN_BOX, {"box": box, "link": self._shapes.links[sphere]}

    def look(self, position: FloatArray) -> FloatArray:
        """Return the excess (1 + M P,) of one posture (J,), and remember it for `far_from`."""
        self._seen, self._excess = position, self.excess(position[None])[0]
        return self._excess

    def far_from(self, low: FloatArray, high: FloatArray) -> bool:
        """Whether no posture between `low` and `high` (J,) can be worse in a zone than at the last `look`.

        Nothing on the robot moves further than the sum of each joint's turn times its reach.
        """
        if self._seen is None:
            return False
        turns = np.maximum(high - self._seen, self._seen - low)
        nearest = self._excess + self._reach @ turns
        return bool((nearest <= np.maximum(self._excess, 0.0)).all())


class ZoneLimit(Limit):
    """Refuses a step after which the robot could not stop inside its workspace and outside forbidden boxes.

    It checks postures on the way to each stop that could follow.
    """

    def __init__(self, zones: Zones) -> None:
        self._zones = zones

    def problem(self, step: Step, slack_m: float = 0.0) -> Reason | None:
        """Return the zone that the stop after the step would get deeper into; None if there is none."""
        zones, low, high = self._zones, step.low, step.high
        if zones.far_from(low, high):
            return None
        here = np.maximum(zones.look(step.before.position), 0.0) + ROUNDING + slack_m
        if zones.far_from(low, high):
            return None
        excess = zones.excess(np.concatenate([_postures(stop) for stop in step.stops]))
        over = excess - here
        if (over <= 0.0).all():  # NaN is not
            return None
        worst = int(over.max(axis=0).argmax())
        code, numbers = zones.describe(worst)
        return code.reason(beyond_m=float(excess[:, worst].max()), **numbers)


def _postures(stop: Brake) -> FloatArray:
    """Return positions (S, J) on the way of a stop, including the first and the last."""
    count = min(1 + math.ceil(stop.duration_s / SAMPLE_S), MOST_SAMPLES)
    times = np.linspace(0.0, stop.duration_s, count) if count > 1 else np.zeros(1)
    return stop.at(times[:, None]).position


def build(context: LimitContext, settings: Settings) -> list[Limit]:
    """Return the limit of a body whose tip and links are known."""
    shapes, workspace = context.body.shapes, context.body.workspace
    if shapes is None:
        return []
    return [ZoneLimit(Zones(shapes, workspace, context.restrictions, settings.workspace_margin))]
