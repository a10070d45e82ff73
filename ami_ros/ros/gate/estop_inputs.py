# SPDX-License-Identifier: Apache-2.0
"""The emergency stop's inputs, a service and topics, and the topics that report it."""

from __future__ import annotations

import uuid
from collections.abc import Hashable

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile
from std_msgs.msg import Bool, String
from std_srvs.srv import SetBool

from ami_ros.errors import ObservationError
from ami_ros.ros.gate.inputs import GateInputs
from ami_ros.ros.gate.serialised import flag_of_serialised
from ami_ros.ros.wire.bounded_take import Taken, sender_of
from ami_ros.ros.wire.guard import ErrorLog, guarded_timer
from ami_ros.ros.wire.latched_or_not import LOOK_S
from ami_ros.ros.wire.message_limits import FLAG
from ami_ros.ros.wire.messages import decoded
from ami_ros.ros.wire.qos import EVERY, EVERY_LATCHED, EVERY_UNSURE, LATCHED, STATE, is_unsure, latches
from ami_ros.safety.gate.estop_buttons import SERVICE, UNKNOWN, EstopButtons
from ami_ros.types import Verdict


class EstopInputs:
    """Receives every button: by the service, and from each publisher of the topic, whatever the others send.

    A gate whose e-stop is pressed informs every gate on `estop_relay`: one stop stops them all. Each gate is
    released and re-armed by itself.

    Args:
        node: owns services and publishers.
        inputs: subscribes to the topics.
        buttons: receive the presses and releases.
        errors: receives what the middleware raises.
    """

    def __init__(self, node: Node, inputs: GateInputs, buttons: EstopButtons, errors: ErrorLog) -> None:
        self._node, self._inputs, self._buttons = node, inputs, buttons
        self._own = uuid.uuid4().hex
        self._told = node.create_publisher(Bool, "~/estop_pressed", LATCHED)
        self._told.publish(Bool(data=buttons.pressed))
        self._relay = node.create_publisher(String, "estop_relay", STATE)
        self._receiver = inputs.receiver("estop")  # a separate thread: no other topic's messages delay it
        self._heard: list[QoSProfile] = []
        self._here: dict[str, str] = {}  # present buttons, and the names of their nodes
        self._hear(EVERY)
        inputs.subscribe(
            self._receiver,
            String,
            "estop_relay",
            self._on_relay,
            EVERY,
            FLAG,
            key=lambda taken: taken.data,
            on_dropped=buttons.hear_other_gate,
        )
        node.create_service(SetBool, "~/estop", self._on_service)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        node.create_timer(LOOK_S, guarded_timer(errors, self._look), clock=steady)

    def begin(self) -> None:
        """Hold until the present buttons have published; call it when the publishers are known."""
        self._look()
        self._buttons.expect(self._here)

    def _hear(self, qos: QoSProfile) -> None:
        self._heard.append(qos)
        self._inputs.subscribe(
            self._receiver,
            Bool,
            "estop",
            self._on_topic,
            qos,
            FLAG,
            key=_word,
            on_dropped=self._on_garbage,
        )

    def _look(self) -> None:
        """Find the present buttons; subscribe to latched states, and to buttons that wait for no answer.

        Only where such buttons exist: all others would log QoS warnings.
        """
        publishers = self._node.get_publishers_info_by_topic(self._node.resolve_topic_name("estop"))
        self._here = {_button(sender_of(it.endpoint_gid)): it.node_name for it in publishers}
        self._buttons.look(self._here)
        for qos, is_needed in ((EVERY_LATCHED, latches), (EVERY_UNSURE, is_unsure)):
            if qos not in self._heard and any(map(is_needed, publishers)):
                self._hear(qos)

    def _on_topic(self, messages: list[Taken]) -> None:
        for message in messages:  # a press counts, however soon the release follows
            pressed = flag_of_serialised(message.data) is not False
            self._take(_button(message.sender), pressed, message.number)

    def _on_garbage(self) -> None:
        """Treat an invalid message as a press: a broken button must not be ignored."""
        self._take(UNKNOWN, True)

    def _on_relay(self, messages: list[Taken]) -> None:
        for message in messages:
            try:
                own = decoded(message.data, String).data == self._own
            except ObservationError:  # garbage: see _on_garbage
                own = False
            if not own:
                self._buttons.hear_other_gate()

    def _on_service(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        verdict = self._take(SERVICE, bool(request.data))
        names = " and ".join(sorted(self._buttons.pressed_by))
        pressed = f"; still pressed by {names}" if names else ""
        response.success = True
        response.message = f"{verdict.level.name} {'; '.join(map(str, verdict.reasons))}{pressed}".strip()
        return response

    def _take(self, button: str, pressed: bool, number: int | None = None) -> Verdict:
        before = self._buttons.pressed
        is_new, verdict = self._buttons.hear(button, pressed, number)
        if before is not self._buttons.pressed:
            self._told.publish(Bool(data=self._buttons.pressed))
        if is_new:
            self._relay.publish(String(data=self._own))
        return verdict


def _word(taken: Taken) -> Hashable:
    """Return publisher and content: in a flood of equal messages of one publisher, the last one is enough."""
    return taken.sender, flag_of_serialised(taken.data)


def _button(sender: bytes) -> str:
    return f"{UNKNOWN} {sender.hex()}"
