# SPDX-License-Identifier: Apache-2.0
"""Records pictures next to the episodes of a data set, by several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ami_ros.episodes.double_exposure import DOUBLE_EXPOSURE_FILES
from ami_ros.episodes.manifest import claim
from ami_ros.episodes.numbered_files import NumberedFiles
from ami_ros.episodes.oddity import ODDITY_FILES
from ami_ros.sim.collect.double_exposures import DoubleExposureRecorder
from ami_ros.sim.collect.episodes import made_with
from ami_ros.sim.collect.oddities import OddityRecorder
from ami_ros.sim.collect.recorder import record_all

if TYPE_CHECKING:
    from ami_ros.configuration import Configuration


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
