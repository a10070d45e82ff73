# SPDX-License-Identifier: Apache-2.0
"""Records pictures next to the episodes of a data set, by several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ami_ros.episodes.double_exposure import DOUBLE_EXPOSURE_FILES, SCENES, DoubleExposure
from ami_ros.episodes.manifest import claim
from ami_ros.episodes.numbered_files import NumberedFiles
from ami_ros.episodes.oddity import ODDITY_FILES
from ami_ros.sim.camera.variation import NAMES, draw_variation, varied_kinds
from ami_ros.sim.collect.episodes import made_with
from ami_ros.sim.collect.oddities import OddityRecorder
from ami_ros.sim.collect.recorder import record_all
from ami_ros.sim.collect.scene_recorder import SceneRecorder

if TYPE_CHECKING:
    from ami_ros.configuration import Configuration


STREAM = 96  # keeps these draws apart from those of the training data and of other pictures


class DoubleExposureRecorder(SceneRecorder):
    """Takes pictures of scattered scenes; they do not depend on the process that takes them."""

    def record(self, index: int) -> DoubleExposure:
        """Record SCENES scenes in look `index`."""
        generator = np.random.default_rng([self._settings.seed, STREAM, index])
        varied = varied_kinds(self._variation, generator)
        # At least one kind varies, and each is the first in equally many looks.
        kinds, cameras = [NAMES[index % len(NAMES)], *varied], len(self._spec.images)
        look = draw_variation(self._variation, generator, kinds, cameras=cameras)
        scenes = [self._task.scatter(generator) for _ in range(SCENES)]
        sides = []
        for shown in (look, None):
            self._scene.vary(shown, int(generator.integers(2**31)))
            seen = [self._scene.images_at(scene.start, scene.start_objects) for scene in scenes]
            sides.append(
                {
                    camera.name: np.stack([self._small(images[camera.name]) for images in seen])
                    for camera in self._spec.images
                }
            )
        return DoubleExposure(*sides)


@dataclass(frozen=True)
class Pictures:
    """One kind of pictures.

    Attributes:
        name: of the kind, of the setting with the number of pictures, and of the folder.
        recorder: made from a configuration; its `record` takes a number.
        files: their paths.
    """

    name: str
    recorder: Callable[[Configuration], Any]
    files: NumberedFiles[Any]

    def missing(self, configuration: Configuration, folder: Path) -> list[int]:
        """Return the numbers still to be recorded; none of a body without cameras."""
        if not configuration.spec.images:
            return []
        count: int = getattr(configuration.collect, self.name)
        return [i for i in range(count) if not self.files.path(folder, i).is_file()]

    def record(self, folder: Path, recorder: Any, index: int) -> int:
        """Record number `index`, write it, and return the number."""
        self.files.write(folder, index, recorder.record(index))
        return index


ODDITIES = Pictures("oddities", OddityRecorder, ODDITY_FILES)
DOUBLE_EXPOSURES = Pictures("double_exposures", DoubleExposureRecorder, DOUBLE_EXPOSURE_FILES)
ALL_PICTURES = (ODDITIES, DOUBLE_EXPOSURES)


def collect_pictures(kind: Pictures, configuration: Configuration, folder: Path) -> Iterator[int]:
    """Record what is missing of `kind`, yielding the number of each finished picture.

    Raises:
        EpisodeError: the folder holds pictures made with other settings.
        OutputError: a picture cannot be written.
        ProcessError: a worker died.
    """
    missing = kind.missing(configuration, folder)
    if not missing:
        return
    claim(folder / kind.name, made_with(configuration, unused="event_steps"))
    yield from record_all(kind.recorder, configuration, partial(kind.record, folder), missing)
