# SPDX-License-Identifier: Apache-2.0
"""The emergency stop's two ways in, a service and a topic, and the latched topic that tells of it."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.node import Node
from rclpy.serialization import deserialize_message
from std_msgs.msg import Bool
from std_srvs.srv import SetBool

from ami_ros.ros.gate_inputs import GateInputs
from ami_ros.ros.qos import LATCHED, STATE
from ami_ros.types import Verdict

SERVICE, TOPIC = "service", "topic"


class EstopInputs:
    """Pressed as long as either way says so: a button that reports "not pressed" releases no one else's.

    Args:
        node: owns service and publisher.
        inputs: hears the topic.
        press: tells the gate, and returns what it says.
    """

    def __init__(self, node: Node, inputs: GateInputs, press: Callable[[bool], Verdict]) -> None:
        self._press = press
        self._pressed_by: set[str] = set()
        self._told = node.create_publisher(Bool, "~/estop_pressed", LATCHED)
        self._told.publish(Bool(data=False))
        for qos in (LATCHED, STATE):  # latched buttons, and those that do not latch
            inputs.subscribe(Bool, "estop", self._on_topic, qos)
        node.create_service(SetBool, "~/estop", self._on_service)

    def _on_topic(self, messages: list[bytes]) -> None:
        for message in messages:  # all of them: a press counts, however soon it is released
            self._take(TOPIC, bool(deserialize_message(message, Bool).data))

    def _on_service(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        verdict = self._take(SERVICE, bool(request.data))
        pressed = f"; still pressed by {' and '.join(sorted(self._pressed_by))}" if self._pressed_by else ""
        response.success = True
        response.message = f"{verdict.level.name} {'; '.join(map(str, verdict.reasons))}{pressed}".strip()
        return response

    def _take(self, way: str, pressed: bool) -> Verdict:
        before = bool(self._pressed_by)
        if pressed:
            self._pressed_by.add(way)
        else:
            self._pressed_by.discard(way)
        verdict = self._press(bool(self._pressed_by))
        if before != bool(self._pressed_by):
            self._told.publish(Bool(data=bool(self._pressed_by)))
        return verdict
