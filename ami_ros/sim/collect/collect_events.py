# SPDX-License-Identifier: Apache-2.0
"""Records pairs of possible and impossible clips next to a data set, by several processes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ami_ros.episodes.event import event_path, write_event
from ami_ros.episodes.manifest import claim
from ami_ros.sim.collect.episodes import made_with
from ami_ros.sim.collect.events import EventRecorder, event_kinds
from ami_ros.sim.collect.recorder import record_all
from ami_ros.sim.tasks.by_name import load_task

if TYPE_CHECKING:
    from ami_ros.configuration import Configuration


def missing_events(configuration: Configuration, folder: Path) -> list[tuple[str, int]]:
    """Return kind and number of each pair still to be recorded; none of a body without arm or camera."""
    if not configuration.spec.images or not configuration.spec.arms:
        return []
    kinds = event_kinds(load_task(configuration.task, configuration.spec))
    pairs = [(kind, pair) for kind in kinds for pair in range(configuration.collect.event_pairs)]
    # The impossible clip is written last.
    return [(kind, pair) for kind, pair in pairs if not event_path(folder, kind, pair, False).is_file()]


def _record(folder: Path, recorder: EventRecorder, kind_and_pair: tuple[str, int]) -> tuple[str, int]:
    for clip in recorder.record(*kind_and_pair):
        write_event(folder, clip)
    return kind_and_pair


def collect_events(configuration: Configuration, folder: Path) -> Iterator[tuple[str, int]]:
    """Record what is missing in `folder`/events, yielding kind and number of each finished pair.

    Raises:
        EpisodeError: the folder holds clips made with other settings.
        OutputError: a clip cannot be written.
        ProcessError: a worker died.
    """
    missing = missing_events(configuration, folder)
    if not missing:
        return
    claim(folder / "events", made_with(configuration, unused="episode_steps"))
    yield from record_all(EventRecorder, configuration, partial(_record, folder), missing)
