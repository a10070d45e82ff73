# SPDX-License-Identifier: Apache-2.0
"""The folder of a commissioning: its record, the goals that the camera took, and the report's pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ami_ros.commissioning.core.record import Commissioning, Subject, commissioning_of
from ami_ros.commissioning.core.spread import TakenGoal
from ami_ros.episodes.npz import check_images, read_npz, split_names, write_npz
from ami_ros.errors import AmiError, ConfigError
from ami_ros.report.pictures import png
from ami_ros.settings.strict_text import parse_json
from ami_ros.system.whole_file import check_writable, write_whole
from ami_ros.types import ImageArray

GOALS_FORMAT = 1


class CommissionFolder:
    """Writes each file atomically.

    Args:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.record, self.report = path / "commission.json", path / "report.html"
        self._goals, self.pictures = path / "goals.npz", path / "pictures"

    def check(self) -> None:
        """Raise OutputError if it cannot be written."""
        check_writable(self.record, self._goals, self.report, self.pictures / "goal.png")

    def read(self, subject: Subject) -> Commissioning:
        """Return the record; the beginning if none is stored.

        Raises:
            ConfigError: the record has another subject, or is damaged; names the file.
        """
        if not self.record.exists():
            return Commissioning(subject)
        try:
            plain = parse_json(self.record.read_bytes())
            if not isinstance(plain, dict):
                raise ConfigError(
                    f"got {type(plain).__name__}, expected a file that ami-ros commission wrote"
                )
            return commissioning_of(plain, subject)
        except OSError as error:
            raise ConfigError(f"{self.record}: cannot be read ({error.strerror})") from error
        except (ValueError, AmiError) as error:
            raise ConfigError(f"{self.record}: {error}") from error

    def keep(self, commissioning: Commissioning) -> None:
        """Write the record. Raises OutputError."""
        write_whole(self.record, json.dumps(commissioning.plain(), indent=1))

    def keep_goals(self, goals: Sequence[TakenGoal]) -> None:
        """Write goals, at least one, and a picture of each. Raises OutputError."""
        cameras = list(goals[0].images)
        arrays = {f"image.{name}": np.stack([goal.images[name] for goal in goals]) for name in cameras}
        write_npz(self._goals, GOALS_FORMAT, {"places": np.stack([goal.place for goal in goals]), **arrays})
        for index, goal in enumerate(goals):
            for name in cameras[:1]:
                self.keep_picture(goal_picture(index), goal.images[name])

    def goals(self) -> tuple[TakenGoal, ...]:
        """Return the goals; none before the shadow step.

        Raises:
            ConfigError: the file is damaged.
        """
        if not self._goals.exists():
            return ()
        try:
            content = read_npz(self._goals, GOALS_FORMAT)
            places, images = content["places"], split_names(content, "image")
            for name, stack in images.items():
                check_images(self._goals, name, stack, len(places))
        except (AmiError, KeyError) as error:
            raise ConfigError(
                f"{self._goals}: damaged ({error}); collect goals again with --steps shadow --again"
            ) from error
        if not len(places) or places.ndim != 2 or not np.isfinite(places).all():
            raise ConfigError(f"{self._goals}: damaged; collect goals again with --steps shadow --again")
        return tuple(
            TakenGoal({name: stack[index] for name, stack in images.items()}, place)
            for index, place in enumerate(places)
        )

    def keep_picture(self, name: str, picture: ImageArray) -> None:
        """Write a picture for the report. Raises OutputError."""
        write_whole(self.pictures / name, png(picture), private=True)

    def picture(self, name: str) -> bytes | None:
        """Return a picture's PNG; None where there is none."""
        path = self.pictures / name
        return path.read_bytes() if path.is_file() else None


def goal_picture(index: int) -> str:
    """Return the file name of a goal's picture."""
    return f"goal_{index:03d}.png"


def end_picture(step: str, number: int) -> str:
    """Return the file name of the camera's picture at the end of a trial; numbers start at 0."""
    return f"{step}_{number:03d}.png"
