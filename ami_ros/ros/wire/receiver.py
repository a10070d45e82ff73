# SPDX-License-Identifier: Apache-2.0
"""A thread that takes messages for a loop that must not wait for them.

An executor runs a callback per message, so a flood on a topic decides how busy the node is, and one large
message decides for how long. A receiver costs the loop only the messages that fit, and at most `most` of
each topic.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription

from ami_ros.ros.wire.bounded_take import BoundedTake, Oversized, Taken
from ami_ros.system.backlog import Backlog


class NeverRun(CallbackGroup):
    """A callback group whose entities no executor ever runs."""

    def can_execute(self, entity: Any) -> bool:
        """Return False."""
        return False

    def beginning_execution(self, entity: Any) -> bool:
        """Return False."""
        return False

    def ending_execution(self, entity: Any) -> None:
        """Do nothing: nothing has begun."""


# Receives a raw message, and the middleware's info on it.
RawHandler = Callable[[bytes, Any], None]


def hand_on(handlers: Mapping[Subscription[Any], RawHandler]) -> None:
    """Pass on messages of raw subscriptions that no executor runs, in order of arrival."""
    come = [
        (received_ns(info), handler, message, info)
        for subscription, handler in handlers.items()
        for message, info in _arrived(subscription)
    ]
    for _, handler, message, info in sorted(come, key=lambda one: one[0]):
        handler(message, info)


def received_ns(info: Any) -> int:
    """Return when a message arrived, from the middleware's info; now, if the info lacks it."""
    return int(info.get("received_timestamp") or time.time_ns())  # rmw_cyclonedds_cpp: always 0


def _arrived(subscription: Subscription[Any]) -> Iterator[tuple[bytes, Any]]:
    handle: Any = subscription.handle
    with handle:
        while (taken := handle.take_message(subscription.msg_type, True)) is not None:
            yield taken


FLOOD = 2000  # messages taken per turn if one of each key is kept: some 20 us each


class Inlet:
    """Messages of one topic that have arrived but are not handled yet.

    Args:
        take: takes the next message; replaced when the subscription is made again.
        most: messages kept and taken per turn; the newest are kept.
        key: if given, the newest message of each key is kept, however many there are.
    """

    def __init__(self, take: BoundedTake, most: int, key: Callable[[Taken], Hashable] | None = None) -> None:
        self.take, self._turn = take, most if key is None else FLOOD
        self._messages: Backlog[Taken] = Backlog(most, key)
        self._dropped: Backlog[int] = Backlog(most)

    def fill(self, failed: Callable[[Exception], None]) -> None:
        """Take the messages that have arrived, in the receiver's thread."""
        for _ in range(self._turn):
            try:
                taken = self.take()
            except RuntimeError as error:  # of the middleware
                failed(error)
                return
            if taken is None:
                return
            if isinstance(taken, Oversized):
                self._dropped.add(taken.size)
                return  # it took long enough: now the next topic
            self._messages.add(taken)

    def empty(self) -> tuple[list[Taken], list[int]]:
        """Return messages, oldest first, and the sizes of those too large; in the loop's thread."""
        return self._messages.empty(), self._dropped.empty()


class Receiver:
    """Fills its inlets once per `poll`, in a separate thread.

    Args:
        name: name of the thread.
        failed: receives what the middleware raises, in that thread.
    """

    def __init__(self, name: str, failed: Callable[[Exception], None]) -> None:
        self._failed, self._group = failed, NeverRun()
        self._inlets: list[Inlet] = []
        self._turn = threading.Lock()  # held while messages are taken
        self._asked, self._done, self._ended = threading.Event(), threading.Event(), False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def add(
        self,
        node: Node,
        kind: Any,
        topic: str,
        qos: QoSProfile,
        limit: int,
        most: int,
        key: Callable[[Taken], Hashable] | None = None,
    ) -> Inlet:
        """Subscribe to a topic; `limit` is that of `BoundedTake`, in bytes, `most` and `key` of `Inlet`."""
        inlet = Inlet(self._take(node, kind, topic, qos, limit), most, key)
        self._inlets = [*self._inlets, inlet]
        return inlet

    def _take(self, node: Node, kind: Any, topic: str, qos: QoSProfile, limit: int) -> BoundedTake:
        subscription = node.create_subscription(
            kind, topic, lambda message: None, qos, raw=True, callback_group=self._group
        )
        return BoundedTake(subscription, limit)

    def renew(self, node: Node, inlet: Inlet, kind: Any, topic: str, qos: QoSProfile) -> None:
        """Make the subscription behind an inlet again: see `leavers`."""
        with self._turn:
            old = inlet.take
            node.destroy_subscription(old.subscription)
            inlet.take = self._take(node, kind, topic, qos, old.limit)

    def poll(self, patience_s: float) -> None:
        """Request the messages that have arrived, and wait for them, at most `patience_s`."""
        self._done.clear()
        self._asked.set()
        self._done.wait(patience_s)

    def close(self) -> None:
        """End the thread; call it before the node's subscriptions are destroyed."""
        self._ended = True
        self._asked.set()
        self._thread.join()

    def _run(self) -> None:
        first = 0
        while True:
            self._asked.wait()
            self._asked.clear()
            if self._ended:
                return
            inlets = self._inlets
            with self._turn:
                for i in range(len(inlets)):
                    # Each turn begins with another topic: none starves behind a topic full of large messages.
                    inlets[(first + i) % len(inlets)].fill(self._failed)
            first += 1
            self._done.set()
