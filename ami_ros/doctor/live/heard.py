# SPDX-License-Identifier: Apache-2.0
"""What was heard on a robot's topics for a while, and who is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ami_ros.recordings.importing.track import Times
from ami_ros.types import FloatArray


class Endpoint(NamedTuple):
    """A publisher or subscriber.

    Attributes:
        node: with its namespace.
        type: of its messages, as in sensor_msgs/msg/Image.
        reliability: reliable or best_effort.
        durability: volatile or transient_local.
        fits: whether its quality of service goes together with that of our nodes.
    """

    node: str
    type: str
    reliability: str
    durability: str
    fits: bool


class Picture(NamedTuple):
    """What an image message holds; blank: all pixels are alike."""

    width: int
    height: int
    encoding: str
    is_blank: bool


class Sample(NamedTuple):
    """One message of a sensor.

    Attributes:
        arrival_ns: when it came, by this machine's clock.
        sent_ns: when it was sent, by the sender's clock; 0 where the middleware does not tell.
        now_ns: the nodes' time when it came: that of /clock where there is one; None before it came.
        stamp_ns: None of a message without.
        content: hash of what it says; the same picture with another stamp has the same. None: not looked at.
        value: numbers (n,), or what the image message holds; None where it cannot be used.
        error: why it cannot.
    """

    arrival_ns: int
    sent_ns: int
    now_ns: int | None
    stamp_ns: int | None
    content: int | None
    value: FloatArray | Picture | None
    error: str = ""


@dataclass(eq=False)
class HeardTopic:
    """One topic.

    Attributes:
        name: on the graph.
        type: of the messages that it should have.
        asked: reliability and durability of our nodes.
        ends: publishers of a sensor; subscribers of commands.
        similar: other topics with such messages, the likeliest first.
        samples: in the order in which they came.
        missed: messages that were sent and did not come.
        joints: names in the newest joint state.
    """

    name: str
    type: str
    asked: str
    ends: tuple[Endpoint, ...] = ()
    similar: tuple[str, ...] = ()
    samples: list[Sample] = field(default_factory=list)
    missed: int = 0
    joints: tuple[str, ...] = ()

    @property
    def right(self) -> tuple[Endpoint, ...]:
        """Those with the right type of messages."""
        return tuple(end for end in self.ends if end.type == self.type)

    @property
    def times(self) -> Times:
        """Stamps (N,) of the messages in their order, ns; where they are no help, when they came."""
        stamps = [sample.stamp_ns for sample in self.samples]
        if None not in stamps and len(set(stamps)) > 1:
            return np.array(stamps, dtype=np.int64)
        return np.array([sample.arrival_ns for sample in self.samples], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class HeardRobot:
    """A robot's topics.

    Attributes:
        domain: the ROS_DOMAIN_ID.
        nodes: how many others there are.
        duration_s: for how long it was listened; 0 where there was nothing to hear.
        sensors: by name.
        commands: the topic that the robot's controller listens to.
        commanding: who publishes there.
        has_clock: whether somebody publishes /clock.
    """

    domain: str
    nodes: int
    duration_s: float
    sensors: Mapping[str, HeardTopic]
    commands: HeardTopic
    commanding: tuple[Endpoint, ...]
    has_clock: bool

    @property
    def is_there(self) -> bool:
        """Whether there is anybody on one of its topics, or on one that may be one of them."""
        return any(topic.ends or topic.similar for topic in (*self.sensors.values(), self.commands))
