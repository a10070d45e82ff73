# SPDX-License-Identifier: Apache-2.0
"""The messages received on a robot's topics for a while, and the endpoints there."""

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
        fits: whether its quality of service is compatible with that of our nodes.
    """

    node: str
    type: str
    reliability: str
    durability: str
    fits: bool


class Picture(NamedTuple):
    """Content of an image message; blank: all pixels are alike."""

    width: int
    height: int
    encoding: str
    is_blank: bool


class Sample(NamedTuple):
    """One message of a sensor.

    Attributes:
        arrival_ns: when it arrived, by this machine's clock.
        sent_ns: when it was sent, by the sender's clock; 0 if the middleware does not report it.
        now_ns: the nodes' time at arrival: /clock if there is one; None before its first message.
        stamp_ns: None for a message without a stamp.
        content: hash of the content; the same picture with another stamp has the same. None: not computed.
        value: numbers (n,), or the content of the image message; None if unusable.
        error: why it is unusable.
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
        name: of the topic on the graph.
        type: expected message type.
        asked: reliability and durability that our nodes request.
        ends: publishers of a sensor; subscribers of commands.
        similar: other topics with such messages, the likeliest first.
        samples: in order of arrival.
        missed: messages that were sent but did not arrive.
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
        """Stamps (N,) of the messages in their order, ns; arrival times where stamps are no help."""
        stamps = [sample.stamp_ns for sample in self.samples]
        if None not in stamps and len(set(stamps)) > 1:
            return np.array(stamps, dtype=np.int64)
        return np.array([sample.arrival_ns for sample in self.samples], dtype=np.int64)


class HeardOutput(NamedTuple):
    """One topic of commands.

    Attributes:
        commands: the topic, with those that subscribe to it.
        commanding: its publishers.
    """

    commands: HeardTopic
    commanding: tuple[Endpoint, ...]


@dataclass(frozen=True, eq=False)
class HeardRobot:
    """A robot's topics.

    Attributes:
        domain: the ROS_DOMAIN_ID.
        nodes: number of other nodes.
        duration_s: listening time; 0 without any publisher.
        sensors: by name.
        outputs: the topics that the robot's controllers subscribe to.
        has_clock: whether /clock has a publisher.
    """

    domain: str
    nodes: int
    duration_s: float
    sensors: Mapping[str, HeardTopic]
    outputs: tuple[HeardOutput, ...]
    has_clock: bool

    @property
    def is_there(self) -> bool:
        """Whether there is an endpoint on one of its topics, or on one that may be one of them."""
        topics = (*self.sensors.values(), *(output.commands for output in self.outputs))
        return any(topic.ends or topic.similar for topic in topics)
