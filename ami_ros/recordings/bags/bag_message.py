# SPDX-License-Identifier: Apache-2.0
"""Messages and topics of a recording, independent of its file format."""

from __future__ import annotations

from typing import NamedTuple

MOST_MESSAGE_BYTES = 2**28  # one raw picture of MOST_PIXELS with 4 channels


class BagMessage(NamedTuple):
    """One message.

    Attributes:
        topic: its name.
        type: as in sensor_msgs/msg/Image.
        log_ns: when it was received.
        data: CDR.
    """

    topic: str
    type: str
    log_ns: int
    data: bytes


class FoundTopic(NamedTuple):
    """A topic of a recording, with the number of its messages."""

    name: str
    type: str
    messages: int

    def __str__(self) -> str:
        return f"{self.name} ({self.type}, {self.messages} messages)"
