# SPDX-License-Identifier: Apache-2.0
"""Limits that may be tightened while the gate runs, as ROS parameters; every change is published."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from ami_ros.errors import ConfigError
from ami_ros.node_settings import RestrictionSettings
from ami_ros.ros.wire.parameters import plain
from ami_ros.ros.wire.qos import LATCHED
from ami_ros.ros.wire.verdicts import diagnostic
from ami_ros.safety.body_groups import BodyGroups
from ami_ros.safety.restrictions import BOX_NUMBERS, Restrictions
from ami_ros.settings.fields import load_settings
from ami_ros.types import FloatArray

SPEED_SCALE = "speed_scale"  # declared with the SafetySettings
LIMITS = ("lower", "upper", "velocity", "acceleration", "jerk")


def restrictions_of(settings: RestrictionSettings, speed_scale: float) -> Restrictions:
    """Return the restrictions in `settings`; an empty list is none.

    Args:
        settings: as parameters.
        speed_scale: 0 to 1.

    Raises:
        ConfigError: a list of the wrong length.
    """
    limits = {name: _array(getattr(settings, f"limit_{name}")) for name in LIMITS}
    return Restrictions(
        speed_scale=speed_scale,
        workspace=_workspace(settings),
        forbidden=_boxes(settings.forbidden_boxes),
        **limits,
    )


def _array(values: tuple[float, ...]) -> FloatArray | None:
    return np.array(values, dtype=np.float64) if values else None


def _workspace(settings: RestrictionSettings) -> FloatArray | None:
    lower, upper = settings.workspace_lower, settings.workspace_upper
    if not lower and not upper:
        return None
    if (len(lower), len(upper)) != (3, 3):
        raise ConfigError(
            f"workspace: got lower {list(lower)} and upper {list(upper)}, expected [x, y, z] for both; "
            "set them together (set_parameters_atomically), or give both at the start"
        )
    return np.array([lower, upper], dtype=np.float64)


def _boxes(values: tuple[float, ...]) -> FloatArray | None:
    if len(values) % BOX_NUMBERS:
        raise ConfigError(
            f"forbidden_boxes: got {len(values)} numbers, expected {BOX_NUMBERS} per box: "
            "x, y, z of lower corner, then of upper"
        )
    return np.array(values, dtype=np.float64).reshape(-1, 2, 3) if values else None


class GateParameters:
    """Checks and applies changes of the parameters in `RestrictionSettings`.

    Args:
        node: has declared the parameters.
        body: the groups of the robot; nothing here loosens their limits.
        apply: applies restrictions; raises ConfigError.
        now_ns: returns the time of a change.

    Raises:
        ConfigError: the node's initial values are looser than the robot's.
    """

    def __init__(
        self,
        node: Node,
        body: BodyGroups,
        apply: Callable[[Restrictions], None],
        now_ns: Callable[[], int],
    ) -> None:
        self._node, self._body, self._apply, self._now_ns = node, body, apply, now_ns
        self._lists = [field.name for field in dataclasses.fields(RestrictionSettings)]
        self._names = [SPEED_SCALE, *self._lists]
        self._published = node.create_publisher(DiagnosticArray, "~/restrictions", LATCHED)
        self._put_in_force([])
        node.add_on_set_parameters_callback(self._check)
        # Where ROS 2 has it (from Iron on): after all checks have passed, also those of other parameters.
        self._applies_later = hasattr(node, "add_post_set_parameters_callback")
        if self._applies_later:
            node.add_post_set_parameters_callback(self._changed)

    def parameters(self) -> tuple[Parameter[Any], ...]:
        """Return them as set, in the form in which a node accepts them."""
        # A list that came over the wire is an array, and rclpy finds no type for an empty one.
        values = {name: plain(self._node.get_parameter(name).value) for name in self._names}
        doubles = Parameter.Type.DOUBLE_ARRAY
        return tuple(
            Parameter(name, doubles if isinstance(value, (list, tuple)) else None, value)
            for name, value in values.items()
        )

    def _values(self, changed: list[Parameter[Any]]) -> dict[str, Any]:
        values: dict[str, Any] = {name: self._node.get_parameter(name).value for name in self._names}
        values |= {parameter.name: parameter.value for parameter in changed if parameter.name in values}
        return {name: plain(value) for name, value in values.items()}

    def _restrictions(self, values: dict[str, Any]) -> Restrictions:
        speed_scale = values[SPEED_SCALE]
        if isinstance(speed_scale, bool) or not isinstance(speed_scale, (int, float)):
            raise ConfigError(f"{SPEED_SCALE}: got {speed_scale!r}, expected a number from 0 to 1")
        lists = {name: values[name] for name in self._lists}
        where = self._node.get_fully_qualified_name()
        restrictions = restrictions_of(
            load_settings(RestrictionSettings, lists, where=where), float(speed_scale)
        )
        self._body.restrictions(restrictions)  # refuses what does not fit
        return restrictions

    def _check(self, changed: list[Parameter[Any]]) -> SetParametersResult:
        if not any(parameter.name in self._names for parameter in changed):
            return SetParametersResult(successful=True)
        try:
            self._restrictions(self._values(changed))
            if not self._applies_later:
                self._put_in_force(changed)
        except ConfigError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _changed(self, changed: list[Parameter[Any]]) -> None:
        if any(parameter.name in self._names for parameter in changed):
            self._put_in_force([])

    def _put_in_force(self, changed: list[Parameter[Any]]) -> None:
        values = self._values(changed)
        self._apply(self._restrictions(values))
        given = [name for name in self._lists if values[name]]
        text = f"speed scale {values[SPEED_SCALE]:g}"
        text += f", tightened: {', '.join(given)}" if given else ", otherwise the robot's own limits"
        figures = {
            name: json.dumps(list(value) if name in self._lists else value) for name, value in values.items()
        }
        self._published.publish(
            diagnostic(
                "safety: restrictions", DiagnosticStatus.OK, text, figures, self._now_ns(), self._body.name
            )
        )
        self._node.get_logger().info(f"restrictions: {text}")
