# SPDX-License-Identifier: Apache-2.0
"""Where episodes, runs and models lie if nobody says otherwise."""

from __future__ import annotations

from pathlib import Path

from ami_ros.body.robot_spec import load_robot


def folder_name(robot: str, task: str) -> str:
    """Return <robot>_<task>. Raises AmiError for an unknown robot or task."""
    return f"{load_robot(robot, task).name}_{task}"


def episodes_folder(robot: str, task: str) -> Path:
    """Return the folder of recorded episodes."""
    return Path("data", folder_name(robot, task))


def run_folder(robot: str, task: str) -> Path:
    """Return the folder of training runs."""
    return Path("runs", folder_name(robot, task))
