# SPDX-License-Identifier: Apache-2.0
"""Export episodes as a LeRobotDataset v3: whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av.error
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.episodes.episode import EpisodeRecord, read_episode
from ami_ros.episodes.recorded_body import check_same_body, recorded_body
from ami_ros.errors import EpisodeError, OutputError
from ami_ros.recordings.lerobot.dataset_output import DatasetOutput
from ami_ros.recordings.lerobot.layout import ACTION, IMAGES, STATE
from ami_ros.recordings.lerobot.robot_features import robot_features
from ami_ros.system.lock_file import only_one
from ami_ros.system.whole_file import PARTIAL, SUFFIX

VERB = "export-data"


@dataclass(frozen=True)
class ExportSettings:
    """How episodes are exported.

    Attributes:
        instruction: what the robot is to do, in words.
        video: store pictures as H.264, which is lossy.
    """

    instruction: str
    video: bool = False


def export(
    spec: RobotSpec,
    episodes: Sequence[Path],
    folder: Path,
    settings: ExportSettings,
    on_episode: Callable[[int], object] = lambda count: None,
) -> int:
    """Write episodes as a LeRobotDataset v3, and return its number of frames.

    An episode of S control steps becomes S + 1 frames. The last frame repeats the action before it, because
    the action after it was not recorded.

    Args:
        spec: the robot that recorded them.
        episodes: their files.
        folder: output; it is missing or empty.
        settings: how they are exported.
        on_episode: called after each.

    Raises:
        EpisodeError: an episode is damaged, of another robot, or has pictures of another size than the first.
        ConfigError: the pictures cannot be stored as requested.
        OutputError: the folder is not empty, or cannot be written.
        InUseError: another process writes there.
    """
    frames, wanted = 0, recorded_body(spec)
    with _whole(folder) as partial:
        output: DatasetOutput | None = None
        sizes: dict[str, tuple[int, int]] = {}
        for path in episodes:
            record = read_episode(path)
            check_same_body(path, record.body, wanted)
            found = {name: (array.shape[1], array.shape[2]) for name, array in record.images.items()}
            if output is None:
                sizes = found
                features = robot_features(spec, sizes, "video" if settings.video else "image")
                rate_hz = spec.actions.rate_hz
                output = DatasetOutput(partial, features, rate_hz, spec.name, settings.instruction)
            if found != sizes:
                raise EpisodeError(
                    f"{path}: got pictures of {found} px, expected {sizes} as in the first episode"
                )
            output.write(_values(spec, record))
            frames += len(record.actions) + 1
            on_episode(1)
        if output is None:
            raise EpisodeError("got no episodes, expected at least one")
        output.close()
    return frames


def _values(spec: RobotSpec, record: EpisodeRecord) -> dict[str, NDArray[np.generic]]:
    values: dict[str, NDArray[np.generic]] = {
        f"{IMAGES}{sensor.name}": record.images[sensor.name] for sensor in spec.images
    }
    if spec.vectors:
        values[STATE] = np.concatenate([record.vectors[sensor.name] for sensor in spec.vectors], axis=1)
    values[ACTION] = np.concatenate([record.actions, record.actions[-1:]])
    return values


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """Yield a folder that replaces `folder` if the block succeeds, and is removed if it does not."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder}: exists already, expected a new or an empty folder; use another one")
    partial = folder.with_name(f"{PARTIAL}{folder.name}{SUFFIX}")
    if partial.is_symlink():
        raise OutputError(f"{partial}: is a link, expected nothing there, or the remains of a killed export")
    try:
        with only_one(VERB, partial):
            _empty(partial)  # left by a killed process
            try:
                yield partial
            except BaseException:
                shutil.rmtree(partial, ignore_errors=True)
                raise
            for lock in partial.glob(".*.lock"):
                lock.unlink()
            partial.replace(folder)
    except (OSError, pa.ArrowException, av.error.FFmpegError) as error:
        why = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise OutputError(
            f"{folder}: cannot be written ({why}); expected a writable folder on a disk with free space"
        ) from error


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.suffix != ".lock":
            path.unlink()
