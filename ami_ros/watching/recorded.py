# SPDX-License-Identifier: Apache-2.0
"""Shows a recording, from its first message to its last."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ConfigError
from ami_ros.recordings.bags.bag import Bag
from ami_ros.recordings.bags.bag_topic import types
from ami_ros.watching.topics import find, watched_topics
from ami_ros.watching.watcher import Watcher


class RecordedTopics:
    """What there is to watch in a recording.

    Args:
        spec: the robot.
        path: a rosbag2 folder or file.

    Raises:
        EpisodeError: there is no recording.
        ConfigError: nothing in it is of this robot; lists what there is.
    """

    def __init__(self, spec: RobotSpec, path: Path) -> None:
        self._bag, watched = Bag(path), watched_topics(spec)
        there = self._bag.topics()
        self._topics = {one.name: found for one in there if (found := find(one.name, watched))}
        if not self._topics:
            raise ConfigError(
                f"{path}: got {', '.join(map(str, there)) or 'no topics'}, expected some of "
                f"{', '.join(topic.name for topic in watched)}; is it of another --robot?"
            )
        self.messages = sum(one.messages for one in there)

    @property
    def problems(self) -> list[str]:
        """What could not be read so far."""
        return self._bag.problems

    def show(self, watcher: Watcher, on_read: Callable[[int], object]) -> None:
        """Show every message; `on_read` receives how many were read."""
        for message in self._bag.messages():
            on_read(1)
            topic = self._topics.get(message.topic)
            if topic is None or topic.type != message.type:
                continue
            try:
                unpacked: Any = types().deserialize_cdr(message.data, message.type)
            except Exception as error:  # rosbags trusts the bytes: garbage raises a dozen kinds
                watcher.refuse(topic, error)
                continue
            watcher.see(topic, unpacked, message.log_ns)
