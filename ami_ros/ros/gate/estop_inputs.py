# SPDX-License-Identifier: Apache-2.0
"""The emergency stop's ways in, a service and topics, and the topics that tell of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message
from std_msgs.msg import Bool, String
from std_srvs.srv import SetBool

from ami_ros.ros.gate.inputs import GateInputs
from ami_ros.ros.wire.guard import ErrorLog, guarded_timer
from ami_ros.ros.wire.latched_or_not import LOOK_S, latches
from ami_ros.ros.wire.message_limits import FLAG
from ami_ros.ros.wire.qos import LATCHED, STATE, UNSURE, is_unsure
from ami_ros.types import Verdict

SERVICE, TOPIC = "service", "topic"


class EstopInputs:
    """Pressed as long as either way says so: a button that reports "not pressed" releases no one else's.

    Whoever is pressed tells every gate that hears `estop_relay`: a stop is a stop of all of them. Each is
    released and re-armed by itself.

    Args:
        node: owns services and publishers.
        inputs: hears the topics.
        press: tells the gate, and returns what it says.
        errors: takes what the middleware raises.
        pressed_by: ways that say so from the beginning.

    Attributes:
        pressed_by: ways that say so now.
    """

    def __init__(
        self,
        node: Node,
        inputs: GateInputs,
        press: Callable[[bool], Verdict],
        errors: ErrorLog,
        pressed_by: frozenset[str] = frozenset(),
    ) -> None:
        self._node, self._inputs, self._press = node, inputs, press
        self.pressed_by = set(pressed_by)
        if self.pressed_by:
            press(True)
        self._own = uuid.uuid4().hex
        self._told = node.create_publisher(Bool, "~/estop_pressed", LATCHED)
        self._told.publish(Bool(data=bool(self.pressed_by)))
        self._relay = node.create_publisher(String, "estop_relay", STATE)
        self._receiver = inputs.receiver("estop")  # of its own: no other topic's messages delay it
        self._heard = [STATE]
        self._hear(STATE)
        inputs.subscribe(
            self._receiver, String, "estop_relay", self._on_relay, STATE, FLAG, on_dropped=self._latch
        )
        node.create_service(SetBool, "~/estop", self._on_service)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        node.create_timer(LOOK_S, guarded_timer(errors, self._look), clock=steady)

    def _hear(self, qos: QoSProfile) -> None:
        self._inputs.subscribe(
            self._receiver, Bool, "estop", self._on_topic, qos, FLAG, on_dropped=self._on_garbage
        )

    def _look(self) -> None:
        """Hear a button that sends without knowing whether it was heard, and what one latched before.

        Those that do not would complain of it.
        """
        buttons = self._node.get_publishers_info_by_topic(self._node.resolve_topic_name("estop"))
        for qos, is_needed in ((LATCHED, latches), (UNSURE, is_unsure)):
            if qos not in self._heard and any(map(is_needed, buttons)):
                self._heard.append(qos)
                self._hear(qos)

    def _on_topic(self, messages: list[bytes]) -> None:
        for message in messages:  # all of them: a press counts, however soon it is released
            try:
                pressed = bool(deserialize_message(message, Bool).data)
            except Exception:  # whatever the middleware makes of bytes that are no Bool
                pressed = True
            self._take(TOPIC, pressed)

    def _on_garbage(self) -> None:
        """Take what is no message of this topic for a press: a broken button must not go unheard."""
        self._take(TOPIC, True)

    def _on_relay(self, messages: list[bytes]) -> None:
        for message in messages:
            try:
                own = deserialize_message(message, String).data == self._own
            except Exception:  # garbage: see _on_garbage
                own = False
            if not own:
                self._latch()

    def _latch(self) -> None:
        """Stop because some gate was pressed; to release that one is not our business."""
        self._press(True)
        self._press(bool(self.pressed_by))

    def _on_service(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        verdict = self._take(SERVICE, bool(request.data))
        pressed = f"; still pressed by {' and '.join(sorted(self.pressed_by))}" if self.pressed_by else ""
        response.success = True
        response.message = f"{verdict.level.name} {'; '.join(map(str, verdict.reasons))}{pressed}".strip()
        return response

    def _take(self, way: str, pressed: bool) -> Verdict:
        before = bool(self.pressed_by)
        is_new = pressed and (way == SERVICE or way not in self.pressed_by)
        if pressed:
            self.pressed_by.add(way)
        else:
            self.pressed_by.discard(way)
        verdict = self._press(bool(self.pressed_by))
        if before != bool(self.pressed_by):
            self._told.publish(Bool(data=bool(self.pressed_by)))
        if is_new:
            self._relay.publish(String(data=self._own))
        return verdict
