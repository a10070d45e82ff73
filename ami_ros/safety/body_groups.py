# SPDX-License-Identifier: Apache-2.0
"""The groups of a robot as the gate sees them, and how proposals and restrictions divide among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ConfigError, EmbodimentError
from ami_ros.safety.gate_body import LIMITS, GateBody
from ami_ros.safety.restrictions import Restrictions
from ami_ros.safety.watched_sensor import watched_sensors
from ami_ros.types import FloatArray, Trajectory


@dataclass(frozen=True, eq=False)
class BodyGroups:
    """One or several groups, C channels in all.

    Attributes:
        name: of the robot.
        groups: in the order of its channels.

    Raises:
        EmbodimentError: two groups with one name or one channel.
    """

    name: str
    groups: tuple[GateBody, ...]

    @classmethod
    def of(cls, body: GateBody | BodyGroups) -> BodyGroups:
        """Return a body as groups: one alone is a robot of one group."""
        return body if isinstance(body, BodyGroups) else cls(body.name, (body,))

    @classmethod
    def of_robot(cls, spec: RobotSpec) -> BodyGroups:
        """Return the groups of a robot; sensors that measure no group in particular, each group watches.

        Raises:
            KinematicsError: a URDF is missing or does not fit: without it no zone can be watched.
            EmbodimentError: see `GateBody`.
        """
        if len(spec.groups) == 1:
            return cls.of(GateBody.of_robot(spec))
        owned = {name: group for group in spec.groups for name in group.own_sensors}
        bodies = []
        for part in spec.parts:
            (group,) = part.groups
            sensors = [s for s in watched_sensors(part) if owned.get(s.name, group) is group]
            bodies.append(replace(GateBody.of_robot(part, sensors), name=group.name))
        return cls(spec.name, tuple(bodies))

    def __post_init__(self) -> None:
        for what, names in (("groups", [group.name for group in self.groups]), ("channels", self.channels)):
            if not names or len(set(names)) != len(names):
                raise EmbodimentError(f"{self.name}: {what}: got {list(names)}, expected distinct names")

    @cached_property
    def channels(self) -> tuple[str, ...]:
        """Names of all channels (C,)."""
        return tuple(name for group in self.groups for name in group.channels)

    @property
    def step_s(self) -> float:
        """The longest control step."""
        return max(group.step_s for group in self.groups)

    def divided(self, values: FloatArray) -> list[FloatArray]:
        """Return the part of each group of values (..., C)."""
        return np.split(values, np.cumsum([len(group.channels) for group in self.groups])[:-1], axis=-1)

    def proposals(self, proposal: Trajectory) -> list[Trajectory]:
        """Return the part of each group of a proposal for all channels."""
        if len(self.groups) == 1:
            return [proposal]
        return [
            replace(proposal, joint_names=group.channels, positions=part)
            for group, part in zip(self.groups, self.divided(proposal.positions), strict=True)
        ]

    def restrictions(self, restrictions: Restrictions) -> list[Restrictions]:
        """Return the part of each group of restrictions on all channels; boxes are for groups with links.

        Raises:
            ConfigError: a number is malformed, does not fit the robot or is looser than its own.
        """
        if len(self.groups) == 1:
            restrictions.check(self.groups[0])
            return [restrictions]
        given = {name: getattr(restrictions, name) for name in LIMITS}
        for name, values in given.items():
            if values is not None and values.shape != (len(self.channels),):
                raise ConfigError(
                    f"{name}: got {values.tolist()}, expected {len(self.channels)} numbers, one for each of "
                    f"{list(self.channels)}"
                )
        has_boxes = restrictions.workspace is not None or restrictions.forbidden is not None
        if has_boxes and all(group.shapes is None for group in self.groups):
            raise ConfigError("workspace, forbidden: got boxes, expected none: this body has no links")
        columns: Sequence[dict[str, FloatArray]] = [{} for _ in self.groups]
        for name, values in given.items():
            for part, own in zip(columns, self.divided(values) if values is not None else (), strict=False):
                part[name] = own
        boxes = {"workspace": restrictions.workspace, "forbidden": restrictions.forbidden}
        parts = [
            Restrictions(restrictions.speed_scale, **own, **(boxes if group.shapes is not None else {}))
            for group, own in zip(self.groups, columns, strict=True)
        ]
        for group, own_part in zip(self.groups, parts, strict=True):
            own_part.check(group)
        return parts
