# SPDX-License-Identifier: Apache-2.0
"""Records pictures from beyond the training range beside a data set, by several processes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ami_ros.data.manifest import claim
from ami_ros.data.oddity import oddity_path, write_oddity
from ami_ros.embodiment import load_robot
from ami_ros.sim.collect import made_with
from ami_ros.sim.collect_settings import CollectSettings
from ami_ros.sim.oddities import OddityRecorder
from ami_ros.sim.recording_pool import record_all
from ami_ros.sim.tasks.known import load_task

# Settings that change no picture.
NOT_IN_A_PICTURE = ("episodes", "workers", "event_pairs", "event_steps", "oddities")


def missing_oddities(settings: CollectSettings, folder: Path) -> list[int]:
    """Return the number of each moment that is still to be recorded."""
    return [i for i in range(settings.oddities) if not oddity_path(folder, i).is_file()]


def _record(folder: Path, recorder: OddityRecorder, index: int) -> None:
    write_oddity(folder, index, recorder.record(index))


def collect_oddities(robot: str, task: str, settings: CollectSettings, folder: Path) -> Iterator[int]:
    """Record what is missing in `folder`/oddities, yielding the number of each finished moment.

    Raises:
        EpisodeError: the folder holds pictures made with other settings.
    """
    missing = missing_oddities(settings, folder)
    if not missing:
        return
    load_task(task, load_robot(robot, task))  # a bad name fails here
    claim(folder / "oddities", made_with(robot, task, settings, NOT_IN_A_PICTURE))
    work = partial(_record, folder)
    yield from record_all(OddityRecorder, (robot, task, settings), work, missing, settings.workers, chunk=4)
