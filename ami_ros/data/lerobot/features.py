# SPDX-License-Identifier: Apache-2.0
"""What a LeRobotDataset says of itself: its rate and its features, from meta/info.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ami_ros.data.lerobot.layout import BOOKKEEPING, INFO_FILE, VERSION
from ami_ros.errors import EpisodeError, shown
from ami_ros.strict_text import parse_json

PICTURES = ("image", "video")
COLOURS = ("height", "width", "channels")  # names of the dimensions of a picture
MOST_FPS, MOST_SIZE = 2000.0, 2**16


@dataclass(frozen=True)
class Feature:
    """One column of a data set, or its videos.

    Attributes:
        name: as in observation.state.
        dtype: "image", "video", or that of numbers.
        shape: of each value.
        names: of its numbers; () where it does not say.
        units: of its numbers; () where it does not say. Only ami_ros writes them.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    names: tuple[str, ...] = ()
    units: tuple[str, ...] = ()

    @property
    def is_picture(self) -> bool:
        """Whether it is what a camera saw."""
        return self.dtype in PICTURES

    @property
    def size(self) -> int:
        """How many numbers it has; 0 if it has no numbers in a row."""
        return self.shape[0] if len(self.shape) == 1 and self.dtype not in (*PICTURES, "string") else 0

    @property
    def kind(self) -> str:
        """Its type and shape, as in "float32 7"."""
        return f"{self.dtype} {'x'.join(map(str, self.shape))}"

    def __str__(self) -> str:
        return f"{self.name} ({self.kind}{': ' if self.names else ''}{', '.join(self.names)})"


@dataclass(frozen=True)
class DatasetInfo:
    """What stands in meta/info.json.

    Attributes:
        fps: frames per second.
        features: by name, without bookkeeping.
        episodes: how many there should be.
        frames: how many there should be.
    """

    fps: float
    features: Mapping[str, Feature]
    episodes: int
    frames: int

    @property
    def listed(self) -> str:
        """The features, for messages."""
        return "; ".join(map(str, self.features.values())) or "nothing"


def read_info(folder: Path) -> DatasetInfo:
    """Read what a data set says of itself.

    Raises:
        EpisodeError: it is missing or damaged, or of another version.
    """
    path = folder / INFO_FILE
    try:
        info = parse_json(path.read_bytes())
        if not isinstance(info, dict) or not isinstance(info.get("features"), dict):
            raise ValueError(f"got {shown(info)}, expected a mapping with features")
        version = str(info.get("codebase_version"))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise EpisodeError(
            f"{path}: cannot be read ({why}); without it nobody knows what the columns mean: copy it again"
        ) from error
    if version.partition(".")[0] != VERSION.partition(".")[0]:
        raise EpisodeError(
            f"{folder}: got a LeRobotDataset of version {version}, expected {VERSION}; convert it with "
            "lerobot's convert_dataset_v21_to_v30"
        )
    try:
        features = {str(name): _feature(str(name), about) for name, about in info["features"].items()}
        fps = float(info["fps"])
        if not 0.0 < fps <= MOST_FPS:
            raise ValueError(f"fps: got {fps}, expected at most {MOST_FPS:g}")
        counts = [int(info.get(f"total_{what}", 0)) for what in ("episodes", "frames")]
    except (KeyError, TypeError, ValueError) as error:
        raise EpisodeError(f"{path}: {error!r}; expected what lerobot writes") from error
    return DatasetInfo(fps, {k: v for k, v in features.items() if k not in BOOKKEEPING}, *counts)


def _feature(name: str, about: Any) -> Feature:
    if "/" in name or name.startswith("."):
        raise ValueError(f"feature {name!r}: expected a name that can be a folder's")
    shape = tuple(int(size) for size in about["shape"])
    if not shape or not all(0 < size <= MOST_SIZE for size in shape):
        raise ValueError(f"feature {name!r}: got shape {shape}, expected sizes of 1 to {MOST_SIZE}")
    # Labels that are not one for each number would lead to the wrong column.
    labels = [_texts(about.get(what)) for what in ("names", "units")]
    names, units = (some if len(some) == shape[0] else () for some in labels)
    return Feature(name, str(about["dtype"]), shape, names, units)


def _texts(names: Any) -> tuple[str, ...]:
    """Return names, which some data sets group, as in {"motors": ["waist", "shoulder"]}."""
    if isinstance(names, Mapping):
        groups = list(names.values())
        names = [name for group in groups for name in (group if isinstance(group, list) else [group])]
    return tuple(str(name) for name in names) if isinstance(names, list) else ()
