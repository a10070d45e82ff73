# SPDX-License-Identifier: Apache-2.0
"""What may be tightened while the gate runs. Tighter than the robot's own limits, never looser."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ami_ros.errors import ConfigError
from ami_ros.safety.gate_body import GateBody
from ami_ros.types import FloatArray

BOX_NUMBERS = 6  # lower corner, upper corner
# Each box costs computing time at every tick. With so many, and a robot of some sixty spheres, a tick takes
# 2 to 6 ms on one core; it has 10.
MOST_BOXES = 32


@dataclass(frozen=True, eq=False)
class Restrictions:
    """Limits in addition to the robot's own; None keeps those alone.

    Attributes:
        speed_scale: share of the velocity limits that may be used, 0 to 1; 0 lets nothing move.
        lower: (C,) rad or m.
        upper: (C,) rad or m.
        velocity: (C,) rad/s or m/s, before `speed_scale`.
        acceleration: (C,) rad/s^2 or m/s^2.
        jerk: (C,) rad/s^3 or m/s^3.
        workspace: (2, 3) lower and upper corner of the tip's box, base frame, m.
        forbidden: (M, 2, 3) lower and upper corners of boxes that neither tip nor links may enter, m; M is at
            most `MOST_BOXES`.
    """

    speed_scale: float | None = None
    lower: FloatArray | None = None
    upper: FloatArray | None = None
    velocity: FloatArray | None = None
    acceleration: FloatArray | None = None
    jerk: FloatArray | None = None
    workspace: FloatArray | None = None
    forbidden: FloatArray | None = None

    def check(self, body: GateBody) -> None:
        """Raise unless every number is finite, fits the robot and is no looser than its own.

        Raises:
            ConfigError: names the limit, the value given and the robot's own.
        """
        count, limits = len(body.channels), body.limits
        if self.speed_scale is not None and not 0.0 <= self.speed_scale <= 1.0:
            raise ConfigError(f"speed_scale: got {self.speed_scale}, expected 0 to 1")
        for name in ("lower", "upper", "velocity", "acceleration", "jerk"):
            given, own = getattr(self, name), getattr(limits, name)
            if given is None:
                continue
            _check_shape(name, given, (count,))
            if name in ("velocity", "acceleration", "jerk") and not (given > 0.0).all():
                raise ConfigError(f"{name}: got {given.tolist()}, expected positive numbers")
            looser = own is not None and (given < own if name == "lower" else given > own).any()
            if looser:
                raise ConfigError(
                    f"{name}: got {given.tolist()}, expected no looser than the robot's {own.tolist()}"
                )
        lower = limits.lower if self.lower is None else self.lower
        upper = limits.upper if self.upper is None else self.upper
        if lower is not None and upper is not None and not (lower < upper).all():
            raise ConfigError(f"lower {lower.tolist()} is not below upper {upper.tolist()}")
        if body.rest is not None:
            for name, limit, sign in (("lower", self.lower, 1.0), ("upper", self.upper, -1.0)):
                if limit is not None and (sign * (limit - body.rest) > 0.0).any():
                    raise ConfigError(
                        f"{name}: got {limit.tolist()}, expected a range that includes standing still at "
                        f"{body.rest.tolist()}"
                    )
        if body.shapes is None and (self.workspace is not None or self.forbidden is not None):
            raise ConfigError("workspace, forbidden: got boxes, expected none: this body has no links")
        if self.workspace is not None:
            _check_shape("workspace", self.workspace, (2, 3))
            _check_corners("workspace", self.workspace[None])
            own = body.workspace
            if own is not None and ((self.workspace[0] < own[0]).any() or (self.workspace[1] > own[1]).any()):
                raise ConfigError(
                    f"workspace: got {self.workspace.tolist()}, "
                    f"expected a box inside the robot's {own.tolist()}"
                )
        if self.forbidden is not None:
            if len(self.forbidden) > MOST_BOXES:
                raise ConfigError(
                    f"forbidden: got {len(self.forbidden)} boxes, expected at most {MOST_BOXES}"
                )
            _check_shape("forbidden", self.forbidden, (len(self.forbidden), 2, 3))
            _check_corners("forbidden", self.forbidden)


def _check_shape(name: str, given: FloatArray, shape: tuple[int, ...]) -> None:
    if given.shape != shape or not np.isfinite(given).all():
        raise ConfigError(f"{name}: got {given.tolist()}, expected finite numbers of shape {shape}")


def _check_corners(name: str, boxes: FloatArray) -> None:
    if not (boxes[:, 0] < boxes[:, 1]).all():
        raise ConfigError(f"{name}: got {boxes.tolist()}, expected every lower corner below its upper one")
