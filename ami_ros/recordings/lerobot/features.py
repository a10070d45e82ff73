# SPDX-License-Identifier: Apache-2.0
"""The description of a LeRobotDataset: its rate and its features, from meta/info.json."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ami_ros.errors import EpisodeError, shown
from ami_ros.recordings.lerobot.layout import (
    ACTIONS,
    BOOKKEEPING,
    DATA,
    FILES_PER_CHUNK,
    INFO_FILE,
    OLD_DATA,
    OLD_VIDEOS,
    READABLE,
    STATES,
    V3,
    VIDEOS,
    Layout,
)
from ami_ros.recordings.lerobot.lfs_pointer import ADVICE, is_pointer
from ami_ros.settings.strict_text import parse_json
from ami_ros.system.regular_file import read_regular

PICTURES = ("image", "video")
COLOURS = ("height", "width", "channels")  # names of the dimensions of a picture
LEAST_FPS, MOST_FPS = 1e-3, 2000.0
MOST_SIZE, MOST_DIMENSIONS = 2**16, 4  # of a value; LeRobot has pictures of 3
MOST_INFO_BYTES = 2**22  # of meta/info.json; a robot with 1000 named joints needs 1 % of it
MOST_COUNT = 2**40  # of episodes or frames
MOST_SHOWN = 30  # names, or features, in a message


@dataclass(frozen=True)
class Feature:
    """One column of a data set, or its videos.

    Attributes:
        name: as in observation.state.
        dtype: "image", "video", or that of numbers.
        shape: of each value.
        names: of its numbers; () if not given.
        units: of its numbers; () if not given. Only ami_ros writes them.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    names: tuple[str, ...] = ()
    units: tuple[str, ...] = ()

    @property
    def is_picture(self) -> bool:
        """Whether it is a camera picture."""
        return self.dtype in PICTURES

    @property
    def size(self) -> int:
        """How many numbers it has; 0 unless they form one row."""
        return self.shape[0] if len(self.shape) == 1 and self.dtype not in (*PICTURES, "string") else 0

    @cached_property
    def columns(self) -> Mapping[str, Sequence[int]]:
        """Name or label -> indices of its numbers: a name may be given twice."""
        columns: dict[str, list[int]] = {}
        for column, name in enumerate(self.names):
            columns.setdefault(name, []).append(column)
        if self.size:
            for column, label in enumerate(self.labels):
                columns.setdefault(label, [column])
        return columns

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """One label for each number, all different: its name; name_3 if given twice; value_3 if not given."""
        count = Counter(self.names)
        names = self.names or ("value",) * self.size
        taken = {name for name in self.names if count[name] == 1}
        labels: list[str] = []
        for column, name in enumerate(names):
            label = name if count[name] == 1 else f"{name}_{column}"
            while count[name] != 1 and label in taken:
                label += "_"
            taken.add(label)
            labels.append(label)
        return tuple(labels)

    @property
    def kind(self) -> str:
        """Its type and shape, as in "float32 7"."""
        return f"{self.dtype} {'x'.join(map(str, self.shape))}"

    def __str__(self) -> str:
        return f"{self.name} ({self.kind}{': ' if self.names else ''}{_some(self.names)})"


@dataclass(frozen=True)
class DatasetInfo:
    """The content of meta/info.json.

    Attributes:
        fps: frames per second.
        features: by name, without bookkeeping.
        episodes: expected number; 0 if not given.
        frames: expected number; 0 if not given.
        problems: invalid entries that are ignored, for people.
        layout: where its files are.
    """

    fps: float
    features: Mapping[str, Feature]
    episodes: int
    frames: int
    problems: Sequence[str] = ()
    layout: Layout = V3

    @property
    def state(self) -> Feature | None:
        """Measured values: by a usual name, else the largest of observation...; None if there are none."""
        return self._usual(STATES, "observation.")

    @property
    def action(self) -> Feature | None:
        """Actions: by a usual name, else the largest of action...; None if there are none."""
        return self._usual(ACTIONS, "action")

    def _usual(self, names: Sequence[str], begin: str) -> Feature | None:
        usual = [self.features[name] for name in names if name in self.features]
        others = [feature for name, feature in self.features.items() if name.startswith(begin)]
        numbers = [feature for feature in usual if feature.size] + sorted(
            (feature for feature in others if feature.size), key=lambda feature: -feature.size
        )
        return numbers[0] if numbers else None

    @property
    def listed(self) -> str:
        """The features, for messages."""
        shown = [str(feature) for feature in list(self.features.values())[:MOST_SHOWN]]
        more = [f"and {len(self.features) - MOST_SHOWN} more"] if len(self.features) > MOST_SHOWN else []
        return "; ".join([*shown, *more]) or "nothing"


def read_info(folder: Path) -> DatasetInfo:
    """Read the description of a data set.

    Raises:
        EpisodeError: it is missing or damaged, or of another version.
    """
    path = folder / INFO_FILE
    try:
        info = parse_json(read_regular(path, MOST_INFO_BYTES))
        if not isinstance(info, dict) or not isinstance(info.get("features"), dict):
            raise ValueError(f"got {shown(info)}, expected a mapping with features")
    except (OSError, ValueError) as error:
        if is_pointer(path):
            raise EpisodeError(f"{path}: {ADVICE}") from error
        why = getattr(error, "strerror", None) or error
        raise EpisodeError(
            f"{path}: cannot be read ({why}); without it, the meaning of the columns is unknown: copy it "
            "again"
        ) from error
    version = str(info.get("codebase_version")).partition(".")[0]
    if version not in {known.partition(".")[0] for known in READABLE}:
        raise EpisodeError(
            f"{folder}: got a LeRobotDataset of version {shown(str(info.get('codebase_version')))[1:-1]}, "
            f"expected {', '.join(READABLE)}; convert it with lerobot's converters"
        )
    try:
        layout = _layout(info, version == "v2")
        features = {name: _feature(name, about) for name, about in info["features"].items()}
        fps = _number(info.get("fps"), LEAST_FPS, MOST_FPS, "fps")
    except ValueError as error:
        raise EpisodeError(f"{path}: {error}; expected a file that lerobot wrote") from error
    problems: list[str] = []
    episodes, frames = (_count(info, f"total_{what}", problems) for what in ("episodes", "frames"))
    features = {name: feature for name, feature in features.items() if name not in BOOKKEEPING}
    return DatasetInfo(fps, features, episodes, frames, problems, layout)


def _layout(info: Mapping[str, Any], is_old: bool) -> Layout:
    """Return where the files are. Raises ValueError: a template leads out of the folder."""
    data, videos = (OLD_DATA, OLD_VIDEOS) if is_old else (DATA, VIDEOS)
    # A set without videos has no template of their paths.
    data, videos = info.get("data_path") or data, info.get("video_path") or videos
    size = (
        int(_number(info.get("chunks_size", FILES_PER_CHUNK), 1, MOST_COUNT, "chunks_size")) if is_old else 0
    )
    return Layout(data, videos, size)


def _count(info: Mapping[str, Any], name: str, problems: list[str]) -> int:
    try:
        return int(_number(info.get(name, 0), 0, MOST_COUNT, name))
    except ValueError as error:
        problems.append(f"{INFO_FILE}: {error}")
        return 0


def _feature(name: str, about: Any) -> Feature:
    """Return one feature. Raises ValueError: its description is invalid."""
    if "/" in name or name.startswith(".") or not name.isprintable():
        raise ValueError(f"feature {shown(name)}: expected a name that is valid for a folder")
    about = about if isinstance(about, dict) else {}
    sizes, dtype = about.get("shape"), about.get("dtype")
    if not isinstance(dtype, str) or not dtype.isprintable():
        raise ValueError(f"feature {name!r}: got dtype {shown(dtype)}, expected text")
    if not isinstance(sizes, list) or not 0 < len(sizes) <= MOST_DIMENSIONS or not all(map(_is_size, sizes)):
        raise ValueError(
            f"feature {name!r}: got shape {shown(sizes)}, expected sizes of 1 to {MOST_SIZE} of up to "
            f"{MOST_DIMENSIONS} dimensions"
        )
    # Labels that do not match the numbers one to one would lead to the wrong column.
    labels = [_texts(about.get(what)) for what in ("names", "units")]
    names, units = (some if len(some) == sizes[0] else () for some in labels)
    return Feature(name, dtype, tuple(sizes), names, units)


def _number(value: Any, least: float, most: float, what: str) -> float:
    if not isinstance(value, (int, float)) or not least <= value <= most:
        raise ValueError(f"{what}: got {shown(value)}, expected {least:g} to {most:g}")
    return float(value)


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and 0 < value <= MOST_SIZE


def _texts(names: Any) -> tuple[str, ...]:
    """Return names, which some data sets group, as in {"motors": ["waist", "shoulder"]}; else ().

    Groups may have no names, as in [["waist", "shoulder"]].
    """
    if isinstance(names, list) and names and all(isinstance(group, list) for group in names):
        names = [name for group in names for name in group]
    if isinstance(names, Mapping):
        groups = list(names.values())
        names = [name for group in groups for name in (group if isinstance(group, list) else [group])]
    is_list = isinstance(names, list) and all(isinstance(name, str) and name.isprintable() for name in names)
    return tuple(names) if is_list else ()


def _some(names: Sequence[str]) -> str:
    return ", ".join([*names[:MOST_SHOWN], *(["..."] if len(names) > MOST_SHOWN else [])])
