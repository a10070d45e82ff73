# SPDX-License-Identifier: Apache-2.0
"""Listening to a robot, for the verbs that hold its topics against its YAML."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ami_ros.configuration import Configuration
    from ami_ros.doctor.live.heard import HeardRobot


def hear(configuration: Configuration, seconds: float) -> HeardRobot:
    """Return what is heard of a robot in this shell's ROS domain, at once where nothing of it is there.

    Args:
        configuration: whose topics.
        seconds: to listen for.

    Raises:
        AmiError: ROS 2 is not there, or cannot start.
    """
    from ami_ros.errors import ProcessError
    from ami_ros.launching.environment import dds_environment
    from ami_ros.settings.share import config_path
    from ami_ros.system.extras import require
    from ami_ros.system.processes import command_line

    require("ros")
    # Before anything of ROS is there: large images arrive.
    os.environ.update(dds_environment(config_path("dds", "large_data_shm.xml"), os.environ))
    from ami_ros.ros.clients.live_topics import LiveTopics

    try:
        topics = LiveTopics(configuration, command_line(sys.argv)[1])
    except RuntimeError as error:  # rclpy's own: no middleware, arguments that it cannot parse
        raise ProcessError(f"ROS 2 does not start: {error}") from error
    try:
        return topics.hear(seconds)
    finally:
        topics.close()
