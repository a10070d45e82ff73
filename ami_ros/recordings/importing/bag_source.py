# SPDX-License-Identifier: Apache-2.0
"""rosbag2 recordings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ConfigError, EpisodeError
from ami_ros.recordings.bags.bag import Bag
from ami_ros.recordings.importing.roles import roles_of
from ami_ros.recordings.importing.signals import SignalReader


class BagSource:
    """One bag; a `Source`.

    Args:
        spec: the robot.
        path: of it.
        topics: role -> its topic; see `roles_of`.

    Raises:
        EpisodeError: there is no recording.
        ConfigError: a sensor's topic is missing; lists the available ones.
    """

    def __init__(self, spec: RobotSpec, path: Path, topics: Mapping[str, str]) -> None:
        try:
            self._bag = Bag(path)
        except EpisodeError as error:
            raise EpisodeError(f"{error}, or the folder of a LeRobotDataset v3") from error
        self.path = path
        self.problems, self.notes = self._bag.problems, list[str]()
        found = self._bag.topics()
        try:
            self._roles = roles_of(spec, found, topics)
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from error
        self.count = sum(topic.messages for topic in found)

    def read(self, reader: SignalReader, on_read: Callable[[int], object]) -> None:
        """Pass all messages to the reader."""
        reader.read(self._bag.messages(), self._roles, on_read)
