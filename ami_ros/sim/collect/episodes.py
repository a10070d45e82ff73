# SPDX-License-Identifier: Apache-2.0
"""Motion through the gate, recorded by sensors that vary: the training data of a world model."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ami_ros.episodes.episode import FORMAT_VERSION, PLAIN_LOOK, EpisodeRecord, episode_path, write_episode
from ami_ros.episodes.manifest import claim
from ami_ros.sim.camera.variation import CLEAN, training_variation
from ami_ros.sim.camera.variation_settings import load_variation_settings
from ami_ros.sim.collect.recorder import Recorder, record_all
from ami_ros.sim.tasks.task import VariedTask

if TYPE_CHECKING:
    from ami_ros.configuration import Configuration

# Settings of how many records are made, and by which processes: they change no record.
AMOUNTS = ("episodes", "event_pairs", "oddities", "double_exposures", "workers", "engine")


class Collector(Recorder):
    """Records episodes in one process; episode i does not depend on the worker that records it."""

    def record(self, index: int) -> EpisodeRecord:
        """Record episode `index` of the data set."""
        seed = [self._settings.seed, index]
        generator = np.random.default_rng(seed)
        # Independent of the motion, which stays the same when the variations change.
        looks = np.random.default_rng([*seed, 1])
        variation = CLEAN
        if self._settings.varied:
            variation = training_variation(self._variation, looks, len(self._spec.images))
        self._world.vary(variation, seed=int(looks.integers(2**31)))
        task = self._task
        if isinstance(task, VariedTask):
            task = task.varied(np.random.default_rng([*seed, 2]))
            task.reshape(self._world)
        episode = task.scatter(generator)
        motion = task.motion(episode, self._settings, generator)
        look = PLAIN_LOOK if variation == CLEAN else index + 1
        return self._film(episode, motion, self._settings.episode_steps, look)


def _record(folder: Path, collector: Collector, index: int) -> int:
    write_episode(episode_path(folder, index), collector.record(index))
    return index


def made_with(configuration: Configuration, unused: str) -> dict[str, object]:
    """Return all settings that determine the records; the setting `unused` is for other kinds of records."""
    task, settings = configuration.task_file, vars(configuration.collect)
    return {
        "format": FORMAT_VERSION,
        "robot": configuration.robot,
        "task": {**task.own_for(configuration.spec.name), **task.embodiment},
        **{name: value for name, value in settings.items() if name not in (*AMOUNTS, "varied", unused)},
        "image_size": configuration.model.image_size,
        "physics_hz": configuration.sim.physics_hz,
        "variation": vars(load_variation_settings()) if configuration.collect.varied else None,
    }


def collect(configuration: Configuration, folder: Path) -> Iterator[int]:
    """Record what is missing in `folder`, yielding the index of each finished episode.

    Existing episodes are kept, so a killed run resumes.

    Raises:
        AmiError: robot, task or simulator do not work; the folder is untouched.
        EpisodeError: the folder holds episodes made with other settings.
        OutputError: an episode cannot be written.
        ProcessError: a worker died.
    """
    missing = [i for i in range(configuration.collect.episodes) if not episode_path(folder, i).is_file()]
    if missing:
        Collector(configuration).close()  # fail before the folder is claimed
    claim(folder, made_with(configuration, unused="event_steps"))
    yield from record_all(Collector, configuration, partial(_record, folder), missing)
