# SPDX-License-Identifier: Apache-2.0
"""Messages as a listener remembers them, made up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ami_ros.doctor.live.heard import Endpoint, HeardOutput, HeardRobot, HeardTopic, Sample

MS = 1_000_000
BEGIN_NS = 1_700_000_000 * 10**9
TYPE = "sensor_msgs/msg/JointState"


def samples(
    count: int, period_ms: float, age_ms: float = 1.0, sent_ms: float = 0.5, value: Any = None
) -> list[Sample]:
    """Return messages that come regularly, so old, and sent so long after their stamp; contents differ."""
    made = []
    for number in range(count):
        arrival_ns = BEGIN_NS + round(number * period_ms * MS)
        stamp_ns = arrival_ns - round(age_ms * MS)
        made.append(
            Sample(arrival_ns, stamp_ns + round(sent_ms * MS), arrival_ns, stamp_ns, number + 1, value)
        )
    return made


def heard(messages: Sequence[Sample] = (), name: str = "/joint_states", **more: Any) -> HeardTopic:
    """Return a topic with these messages."""
    topic = HeardTopic(name, TYPE, "reliable, volatile", samples=list(messages))
    for field, value in more.items():
        setattr(topic, field, value)
    return topic


def end(node: str, kind: str = TYPE, fits: bool = True) -> Endpoint:
    """Return a publisher or subscriber."""
    return Endpoint(node, kind, "reliable" if fits else "best_effort", "volatile", fits)


def robot(commands: HeardTopic, *commanding: str, nodes: int = 2) -> HeardRobot:
    """Return what was heard of a robot without sensors."""
    output = HeardOutput(commands, tuple(end(node) for node in commanding))
    return HeardRobot("7", nodes, 1.0, {}, (output,), False)
