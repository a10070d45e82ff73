# SPDX-License-Identifier: Apache-2.0
"""Receive from every publisher of a topic, latched or not, and cause no QoS warning on either side.

A volatile subscription matches all publishers, but misses messages from before its start or from a loss of
connection. A transient-local one receives them, but causes warnings at publishers that do not latch. So the
first stays, and the second exists only while a publisher latches: only then can another publisher warn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription

from ami_ros.ros.wire.bounded_take import sender_told
from ami_ros.ros.wire.qos import LATCHED, STATE, latches

LOOK_S = 0.2  # how often `look` is to be called
MOST_SENDERS = 100  # remembered; each `ros2 topic pub` is one

# Whether a message counts, by rclpy's info on it.
Counts = Callable[[Any], bool]


class LatchedOrNot:
    """The subscriptions of one topic.

    Args:
        node: owns them.
        subscribe: makes a subscription with a quality of service. It passes on the messages for whose
            `rclpy.subscription.MessageInfo` the given function returns True: each message once, and none
            older than those received.
        unsubscribe: removes a subscription made by `subscribe`.
    """

    def __init__(
        self,
        node: Node,
        subscribe: Callable[[QoSProfile, Counts], Subscription[Any]],
        unsubscribe: Callable[[Subscription[Any]], object],
    ) -> None:
        self._node, self._subscribe, self._unsubscribe = node, subscribe, unsubscribe
        self._newest: dict[bytes, int] = {}
        self._past: Subscription[Any] | None = None
        self._present = subscribe(STATE, self._is_new)
        self.look()

    def look(self) -> None:
        """Subscribe to latching publishers while there are any. Call it every `LOOK_S`; it takes 0.2 ms."""
        wanted = any(map(latches, self._node.get_publishers_info_by_topic(self._present.topic_name)))
        if wanted and self._past is None:
            self._past = self._subscribe(LATCHED, self._is_past)
        elif self._past is not None and not wanted:
            self._unsubscribe(self._past)
            self._past = None

    def _is_new(self, info: Any) -> bool:
        return self._note(info, info["source_timestamp"] != self._newest.get(sender_told(info)))

    def _is_past(self, info: Any) -> bool:
        return self._note(info, info["source_timestamp"] > self._newest.get(sender_told(info), 0))

    def _note(self, info: Any, counts: bool) -> bool:
        if counts:
            sender = sender_told(info)
            self._newest.pop(sender, None)
            self._newest[sender] = info["source_timestamp"]
            if len(self._newest) > MOST_SENDERS:
                del self._newest[next(iter(self._newest))]
        return counts


def hear(node: Node, kind: Any, topic: str, handler: Callable[[bytes], None]) -> LatchedOrNot:
    """Pass each serialised message of a topic to `handler` once; the caller must call `look`.

    Args:
        node: owns the subscriptions.
        kind: message type.
        topic: its name.
        handler: receives the messages.
    """

    def subscribe(qos: QoSProfile, counts: Counts) -> Subscription[Any]:
        def take(message: bytes, info: Any) -> None:
            if counts(info):
                handler(message)

        return node.create_subscription(kind, topic, take, qos, raw=True)

    return LatchedOrNot(node, subscribe, node.destroy_subscription)
