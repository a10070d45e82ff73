# SPDX-License-Identifier: Apache-2.0
"""Open recordings of a robot as episodes, and hear what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ami_ros.configuration import Configuration
from ami_ros.episodes.episode import EpisodeRecord
from ami_ros.errors import EpisodeError
from ami_ros.recordings.lerobot.layout import is_lerobot
from ami_ros.recordings.tables.table import is_parquet
from ami_ros.system.extras import require

if TYPE_CHECKING:
    from ami_ros.recordings.importing.import_report import ImportReport
    from ami_ros.recordings.importing.importing import ImportSettings


@dataclass(frozen=True, eq=False)
class Recording:
    """What was recorded, at the robot's control rate.

    Attributes:
        episodes: pictures, readings and actions of each.
        report: what was used, what was left out, and why.
    """

    episodes: tuple[EpisodeRecord, ...]
    report: ImportReport


def extras_of(paths: Sequence[Path]) -> list[str]:
    """Return the extras without which these recordings cannot be read."""
    return ["record", *["lerobot"] * any(is_parquet(path) or is_lerobot(path) for path in paths)]


def import_settings(configuration: Configuration, **given: Any) -> ImportSettings:
    """Return the settings of an import for this robot and task.

    Args:
        configuration: of robot and task.
        given: the other fields of `ImportSettings`.
    """
    from ami_ros.recordings.importing.importing import ImportSettings
    from ami_ros.recordings.importing.place import SensorTrust

    gate = configuration.safety
    joints = gate.checks["place_trust"]
    trust = SensorTrust(joints.joint_jump, gate.pose_jump, joints.joint_settle_s, gate.still_joints_travel)
    return ImportSettings(configuration.model.image_size, configuration.collect.episode_steps, trust, **given)


def open_recording(
    paths: str | Path | Sequence[str | Path],
    robot: str = "panda",
    task: str = "reach",
    topics: Mapping[str, str] | None = None,
    features: Mapping[str, str] | None = None,
    columns: Mapping[str, str] | None = None,
) -> Recording:
    """Read rosbag2 recordings, LeRobot data sets and tables (CSV, Parquet) as `ami-ros import` does.

    Args:
        paths: one recording, or several.
        robot: name of a file in config/robots, or a path.
        task: name of a file in config/tasks, or a path.
        topics: sensor, ``commands``, ``proposals`` or ``verdicts`` -> topic in a bag, where it is another.
        columns: value, channel or ``time`` -> heading in a table, where it is another.
        features: the same, and ``actions`` -> feature of a LeRobot data set.

    Raises:
        EpisodeError: a path holds no recording, or nothing of it can be used.
        ConfigError: a sensor is not there; lists what is.
        ConfigError: also where what reads them is not installed (extras `record`, `lerobot`).
    """
    given = [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]
    require(*extras_of(given))
    from ami_ros.recordings.importing.importing import Import

    configuration = Configuration.load(robot, task)
    settings = import_settings(
        configuration, topics=topics or {}, features=features or {}, columns=columns or {}
    )
    work = Import(configuration.spec, given, settings)
    work.read()
    cut, report = work.cut(), work.report
    report.episodes = len(cut.begins)
    if not report.episodes:
        raise EpisodeError(f"{', '.join(map(str, given))}: got no usable episode: {report.why_nothing()}")
    return Recording(tuple(work.episode(cut, begin) for begin in cut.begins), report)
