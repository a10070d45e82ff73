# SPDX-License-Identifier: Apache-2.0
"""The emergency stop's ways in, a service and topics, and the topics that tell of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile
from std_msgs.msg import Bool, String
from std_srvs.srv import SetBool

from ami_ros.errors import ObservationError
from ami_ros.ros.gate.inputs import GateInputs
from ami_ros.ros.wire.bounded_take import Taken, sender_of
from ami_ros.ros.wire.guard import ErrorLog, guarded_timer
from ami_ros.ros.wire.latched_or_not import LOOK_S
from ami_ros.ros.wire.message_limits import FLAG
from ami_ros.ros.wire.messages import decoded
from ami_ros.ros.wire.qos import LATCHED, STATE, UNSURE, is_unsure, latches
from ami_ros.types import Verdict

SERVICE, TOPIC = "service", "topic"
GONE_LOOKS = 10  # without its publisher, after which a button is gone: one look alone may be wrong


class EstopInputs:
    """Pressed as long as any button says so: one that reports "not pressed" releases no one else's.

    A button is the service, or a publisher of the topic. One that has been gone for a while is released by
    any other of these.

    Whoever is pressed tells every gate that hears `estop_relay`: a stop is a stop of all of them. Each is
    released and re-armed by itself.

    Args:
        node: owns services and publishers.
        inputs: hears the topics.
        press: tells the gate, and returns what it says.
        errors: takes what the middleware raises.
        pressed_by: buttons that are pressed from the beginning.

    Attributes:
        pressed_by: buttons that are pressed now.
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
        self._missed: dict[str, int] = {}  # button -> looks in a row that have not found its publisher
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
        publishers = self._node.get_publishers_info_by_topic(self._node.resolve_topic_name("estop"))
        here = {_button(sender_of(it.endpoint_gid)) for it in publishers}
        self._missed = {it: self._missed.get(it, 0) + 1 for it in self.pressed_by - {SERVICE, *here}}
        for qos, is_needed in ((LATCHED, latches), (UNSURE, is_unsure)):
            if qos not in self._heard and any(map(is_needed, publishers)):
                self._heard.append(qos)
                self._hear(qos)

    def _on_topic(self, messages: list[Taken]) -> None:
        for message in messages:  # all of them: a press counts, however soon it is released
            try:
                pressed = bool(decoded(message.data, Bool).data)
            except ObservationError:
                pressed = True
            self._take(_button(message.sender), pressed)

    def _on_garbage(self) -> None:
        """Take what is no message of this topic for a press: a broken button must not go unheard."""
        self._take(TOPIC, True)

    def _on_relay(self, messages: list[Taken]) -> None:
        for message in messages:
            try:
                own = decoded(message.data, String).data == self._own
            except ObservationError:  # garbage: see _on_garbage
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

    def _take(self, button: str, pressed: bool) -> Verdict:
        before = bool(self.pressed_by)
        is_new = pressed and (button == SERVICE or button not in self.pressed_by)
        if pressed:
            self.pressed_by.add(button)
        else:
            self.pressed_by.discard(button)
            if button != SERVICE:
                gone = {it for it, looks in self._missed.items() if looks >= GONE_LOOKS}
                self.pressed_by -= {TOPIC, *gone}
        verdict = self._press(bool(self.pressed_by))
        if before != bool(self.pressed_by):
            self._told.publish(Bool(data=bool(self.pressed_by)))
        if is_new:
            self._relay.publish(String(data=self._own))
        return verdict


def _button(sender: bytes) -> str:
    return f"{TOPIC} {sender.hex()}"
