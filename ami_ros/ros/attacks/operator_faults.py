# SPDX-License-Identifier: Apache-2.0
"""Operator actions in mid-motion: an e-stop press during a flood, and tighter limits. For tests only."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.srv import SetParametersAtomically
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_msgs.msg import Bool

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.ros.wire.qos import LATCHED
from ami_ros.sim.faults.catalogue import STREAM

CHANGES, CHANGE_S = 10, 0.05  # number of restriction changes, and their period
BOXES = 10_000
SIZES = (1e-4, 1.0)  # of the robot's own limits, and any in between
LIMITS = ("velocity", "acceleration", "jerk")


class OperatorFaults:
    """Presses and releases the e-stop by its topic, and sets restrictions without waiting for an answer.

    Args:
        node: owns publisher and client.
        spec: the robot.
        spin: lets time pass, handling callbacks.
    """

    def __init__(self, node: Node, spec: RobotSpec, spin: Callable[[], None]) -> None:
        self._node, self._spec, self._spin = node, spec, spin
        # Latched: gates that restart after a kill receive that it is not pressed.
        self._button: Any = node.create_publisher(Bool, "estop", LATCHED)
        self._limits: Any = node.create_client(SetParametersAtomically, "safety/set_parameters_atomically")
        self.press(False)

    def press(self, pressed: bool) -> None:
        """Press or release the button."""
        self._button.publish(Bool(data=pressed))

    def restrict_again_and_again(self, seed: int) -> None:
        """Tighten limits many times, each time different ones to a different size."""
        generator = np.random.default_rng([seed, STREAM, 3])
        own = {name: values for name in LIMITS if (values := getattr(self._spec.limits, name)) is not None}
        for _ in range(CHANGES):
            size = float(np.exp(generator.uniform(*np.log(SIZES))))
            drawn = [name for name in own if generator.random() < 0.7]
            values = {name: size * own[name] if name in drawn else () for name in own}
            self._set({f"limit_{name}": list(map(float, values[name])) for name in own})
            self._wait()

    def ask_for_many_boxes(self) -> None:
        """Request more boxes than the gate can check in a tick, far from the robot, again and again."""
        boxes = np.tile([5.0, 5.0, 5.0, 5.1, 5.1, 5.1], BOXES).tolist()
        for _ in range(CHANGES):
            self._set({"forbidden_boxes": boxes})
            self._wait()

    def _wait(self) -> None:
        due = time.monotonic() + CHANGE_S
        while time.monotonic() < due:
            self._spin()

    def lift(self) -> None:
        """Lift all restrictions."""
        self._set({f"limit_{name}": [] for name in LIMITS})

    def _set(self, lists: Mapping[str, Sequence[float]]) -> None:
        request = SetParametersAtomically.Request()
        request.parameters = [_doubles(name, values) for name, values in lists.items()]
        self._limits.call_async(request)


def _doubles(name: str, values: Sequence[float]) -> ParameterMessage:
    return Parameter(name, Parameter.Type.DOUBLE_ARRAY, list(values)).to_parameter_msg()
