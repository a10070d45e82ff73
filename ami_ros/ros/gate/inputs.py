# SPDX-License-Identifier: Apache-2.0
"""The gate's inputs: messages, however many and however large; from the planner, proposals and reports."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile
from trajectory_msgs.msg import JointTrajectory

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ObservationError, ProposalError
from ami_ros.ros.gate.serialised import stamp_of_serialised
from ami_ros.ros.wire.bounded_take import Taken, taken_by_rclpy
from ami_ros.ros.wire.bounded_type import bounded_type
from ami_ros.ros.wire.guard import ErrorLog, guarded, guarded_timer
from ami_ros.ros.wire.leavers import LOOK_S, Leavers
from ami_ros.ros.wire.message_limits import proposal_limit, report_limit
from ami_ros.ros.wire.messages import decoded, trajectory_from_ros
from ami_ros.ros.wire.qos import PROPOSALS, STATE
from ami_ros.ros.wire.receiver import Receiver
from ami_ros.ros.wire.verdicts import values_of
from ami_ros.safety.gate.gate import Gate
from ami_ros.safety.model_report import ModelReport

MOST = 50  # messages per topic and tick, so that a flood ends
FEW = 3  # proposals per tick that are all judged; if there are more, only the one from the newest observation
REPORTS = 3  # the newest ones: a report about nothing proposed may follow one about a proposal
PATIENCE_S = 0.003  # of a tick, for the receivers to hand over messages: usually they need a tenth of that
Handler = Callable[[list[Taken]], None]


class GateInputs:
    """Subscriptions, and the handling of their messages.

    Messages stay serialised until it is clear that they count. Those larger than the robot can need are
    dropped. The newest images and reports count, and of many proposals also the newest.

    Args:
        node: owns the subscriptions.
        spec: the robot.
        gate: receives what arrives.
        now_ns: returns the time of arrival.
        errors: receives malformed messages.
        polled: take messages in `poll`, by threads; else handle each message on arrival.
    """

    def __init__(
        self,
        node: Node,
        spec: RobotSpec,
        gate: Gate,
        now_ns: Callable[[], int],
        errors: ErrorLog,
        polled: bool,
    ) -> None:
        self._node, self._spec, self._gate = node, spec, gate
        self._now_ns, self._errors, self._is_polled = now_ns, errors, polled
        self._receivers: list[Receiver] = []
        self._turns: list[Callable[[], None]] = []
        self._renewals: list[tuple[Leavers, Callable[[], None]]] = []
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        node.create_timer(LOOK_S, guarded_timer(errors, self._look), clock=steady)

    def listen(self, receiver: Receiver | None) -> None:
        """Subscribe to the planner, by way of `receiver`."""
        self.subscribe(
            receiver, DiagnosticArray, "planner/goal_status", self._on_reports, STATE, report_limit()
        )
        limit = proposal_limit(self._spec)
        self.subscribe(receiver, JointTrajectory, "planner/proposed", self._on_proposals, PROPOSALS, limit)

    def receiver(self, name: str) -> Receiver | None:
        """Return a thread for some topics; None if messages are handled on arrival."""
        if not self._is_polled:
            return None
        self._receivers.append(Receiver(name, partial(self._errors.report, "take")))
        return self._receivers[-1]

    def subscribe(
        self,
        receiver: Receiver | None,
        kind: Any,
        topic: str,
        handler: Handler,
        qos: QoSProfile,
        limit: int,
        most: int = MOST,
        key: Callable[[Taken], Hashable] | None = None,
        on_dropped: Callable[[], None] = lambda: None,
        is_large: bool = False,
    ) -> None:
        """Pass the serialised messages of a topic to `handler`, oldest first.

        Args:
            receiver: takes them.
            kind: message type.
            topic: its name.
            handler: receives them.
            qos: quality of service.
            limit: largest message, bytes.
            most: messages per tick.
            key: of the messages with the same key the last is enough, so that no number of others hides one.
            on_dropped: called for each message above `limit`.
            is_large: messages may be large: subscribe again when a publisher has left, and let the
                middleware store none above the limit, see `leavers` and `bounded_type`.
        """
        safe: Handler = guarded(self._errors, handler)

        def drop(size: int) -> None:
            self._gate.see_oversized(topic, size, limit, self._now_ns())
            on_dropped()

        if is_large:
            kind = bounded_type(self._node, kind, topic, limit)
        if receiver is not None:
            inlet = receiver.add(self._node, kind, topic, qos, limit, most, key)
            if is_large:
                renew = partial(receiver.renew, self._node, inlet, kind, topic, qos)
                self._renewals.append((Leavers(self._node, topic), renew))

            def turn() -> None:
                messages, dropped = inlet.empty()
                for size in dropped:
                    drop(size)
                if messages:
                    safe(messages)

            self._turns.append(turn)
            return

        def one(message: bytes, info: Any) -> None:
            if len(message) > limit:
                drop(len(message))
            else:
                safe([taken_by_rclpy(message, info)])

        self._node.create_subscription(kind, topic, one, qos, raw=True)

    def poll(self) -> None:
        """Handle what has arrived; never raises."""
        deadline = time.monotonic() + PATIENCE_S
        for receiver in self._receivers:
            receiver.poll(max(0.0, deadline - time.monotonic()))
        for turn in self._turns:
            turn()

    def _look(self) -> None:
        for leavers, renew in self._renewals:
            if leavers.look():
                renew()

    def close(self) -> None:
        """End the threads, before the node is destroyed."""
        for receiver in self._receivers:
            receiver.close()

    def _on_reports(self, messages: list[Taken]) -> None:
        now = self._now_ns()
        for message in messages[-REPORTS:]:
            try:
                self._see_report(values_of(decoded(message.data, DiagnosticArray)), now)
            except ObservationError as error:
                self._errors.report("goal status", error)
        self._gate.judge_waiting(now)

    def _see_report(self, values: dict[str, str], now_ns: int) -> None:
        if "state" not in values:
            raise ObservationError(f"got keys {sorted(values)}, expected these to include state")
        numbers = (_number(name, values) for name in ("surprise", "surprise_at_rest", "disagreement"))
        self._gate.see_report(ModelReport(*numbers), _stamp("proposal_stamp_ns", values), now_ns)

    def _on_proposals(self, messages: list[Taken]) -> None:
        now = self._now_ns()
        self._gate.see_proposals(len(messages), now)
        proposals = []
        for message in messages if len(messages) <= FEW else [_newest(messages)]:
            try:
                proposals.append(trajectory_from_ros(decoded(message.data, JointTrajectory)))
            except (ObservationError, ProposalError) as error:
                self._gate.refuse(str(error), _stamp_of(message), now)
        self._gate.put(proposals, now)


def _newest(messages: list[Taken]) -> Taken:
    """Return the message from the newest observation; of equals, the last."""
    return max(reversed(messages), key=_stamp_of)


def _stamp_of(message: Taken) -> int:
    """Return the stamp of a message; 0 if it is too short to have one."""
    try:
        return stamp_of_serialised(message.data)
    except ObservationError:
        return 0


def _stamp(name: str, values: dict[str, str]) -> int:
    """Return a report's stamp, ns; 0 if it has none."""
    try:
        return int(values.get(name, "0"))
    except ValueError as error:
        raise ObservationError(f"{name}: got {values[name]!r}, expected a whole number of ns") from error


def _number(name: str, values: dict[str, str]) -> float | None:
    """Return a report's number; None if it has none. NaN stays NaN: the gate judges it."""
    if name not in values:
        return None
    try:
        return float(values[name])
    except ValueError as error:
        raise ObservationError(f"{name}: got {values[name]!r}, expected a number") from error
