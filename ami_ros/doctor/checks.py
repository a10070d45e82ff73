# SPDX-License-Identifier: Apache-2.0
"""The checks of `ami-ros doctor`, except for live topics: each returns a finding, none raises."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from ami_ros.doctor import installation, machine
from ami_ros.doctor import robot as files
from ami_ros.doctor.finding import Finding
from ami_ros.doctor.standing import standing

Check = Callable[[], Finding]


def all_checks(
    robot: str | None, task: str | None, model: Path | None, prepare: files.Prepare, live: bool = False
) -> list[Check]:
    """Return the checks in the order people fix things.

    Args:
        robot: as for `Configuration.load`.
        task: as for `Configuration.load`.
        model: a model.pt; None for the shipped one.
        prepare: loads robot, task and model together; raises AmiError.
        live: for a machine that runs a real robot, which neither simulates nor trains.
    """
    tried: list[Check] = [installation.round_trip]
    makes: list[Check] = [
        installation.simulator,
        partial(installation.packages, "report and training", "train"),
    ]
    stands: list[Check] = [partial(standing, robot, task)]
    return [
        installation.python,
        installation.torch,
        installation.rclpy,
        installation.plugins,
        machine.domain,
        machine.dds_profile,
        machine.shared_memory,
        partial(machine.disk, robot, task),
        partial(machine.threads, robot, task),
        *([] if live else makes),
        partial(files.limits, robot, task),
        partial(files.workspace, robot, task),
        *([] if live else stands),
        partial(files.shipped, robot, task, model, prepare),
        *([] if live else tried),
    ]
