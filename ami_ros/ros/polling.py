# SPDX-License-Identifier: Apache-2.0
"""Subscriptions that are emptied when their owner finds the time, not when messages come.

An executor runs a callback per message, so whoever floods a topic decides how busy the node is. What is
polled costs at most its queue's depth, once per tick.
"""

from __future__ import annotations

from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.subscription import Subscription


class Polled(CallbackGroup):
    """A callback group whose entities no executor ever runs."""

    def can_execute(self, entity: Any) -> bool:
        """Return False."""
        return False

    def beginning_execution(self, entity: Any) -> bool:
        """Return False."""
        return False

    def ending_execution(self, entity: Any) -> None:
        """Do nothing: nothing has begun."""


def take_all(subscription: Subscription, most: int) -> list[Any]:
    """Take what has arrived, oldest first.

    Args:
        subscription: of the group `Polled`.
        most: messages at most, so that a flood ends.
    """
    messages: list[Any] = []
    handle: Any = subscription.handle
    with handle:
        while len(messages) < most:
            taken = handle.take_message(subscription.msg_type, subscription.raw)
            if taken is None:
                break
            messages.append(taken[0])
    return messages
