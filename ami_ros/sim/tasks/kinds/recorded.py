# SPDX-License-Identifier: Apache-2.0
"""Task recorded: of a body that is known from recordings alone; nothing draws its episodes."""

from __future__ import annotations

from dataclasses import dataclass

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ConfigError
from ami_ros.settings.fields import setting


@dataclass(frozen=True)
class Settings:
    """Settings of a task of kind recorded."""

    episode_steps: int = setting("control steps per episode", ge=1, le=10_000)


class Task:
    """Refuses to draw episodes.

    Args:
        spec: the body.
        settings: of the task.

    Raises:
        ConfigError: always; names what works instead.
    """

    def __init__(self, spec: RobotSpec, settings: Settings) -> None:
        raise ConfigError(
            f"task of kind recorded: got a request for episodes of {spec.name}, expected recordings of it: "
            "ami-ros model --data RECORDING; on the robot, ami-ros commission measures success"
        )
