# SPDX-License-Identifier: Apache-2.0
"""Pictures of one episode after another, from the videos that hold them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ami_ros.errors import shown
from ami_ros.recordings.lerobot.dataset_input import DatasetInput
from ami_ros.recordings.lerobot.lfs_pointer import PULL, is_pointer
from ami_ros.recordings.lerobot.video_input import SPARE, VideoInput
from ami_ros.types import ImageArray

POINTERS = f"Git LFS pointers ({PULL})"


class EpisodeVideos:
    """The videos of a data set.

    Args:
        dataset: to which they belong.
        features: names of the videos to read.
    """

    def __init__(self, dataset: DatasetInput, features: Sequence[str]) -> None:
        self._dataset, self._features = dataset, features
        self._left = dict.fromkeys(features, SPARE)  # pictures to decode beyond those requested
        self._open: dict[str, tuple[str, float, VideoInput]] = {}  # feature -> file, begin, video
        self._unknown: Counter[str] = Counter()
        self._lost: Counter[tuple[str, str]] = Counter()
        self._without: dict[tuple[str, str], list[int]] = {}  # feature and reason -> episodes

    def has(self, episode: int) -> bool:
        """Return whether the videos of a listed episode are there; the others are counted."""
        place, why = self._dataset.episodes.get(episode), ""
        for name in self._features:
            if place is None or name not in place.videos:
                continue  # counted picture by picture
            file = self._dataset.path / place.videos[name].path
            why = "missing" if not file.exists() else POINTERS if is_pointer(file) else ""
            if why:
                self._without.setdefault((name, why), []).append(episode)
                break
        return not why

    def begin(self, episode: int) -> None:
        """Go to the beginning of an episode."""
        self.close()
        place = self._dataset.episodes.get(episode)
        for name in self._features:
            if place is None or name not in place.videos:
                continue
            file, from_s, _ = place.videos[name]
            period_s = 1.0 / self._dataset.info.fps
            video = VideoInput(self._dataset.path / file, from_s, period_s, self._left[name])
            self._open[name] = file, from_s, video

    def picture(self, feature: str, time_s: float) -> ImageArray | None:
        """Return the picture at a time after the beginning (H, W, 3); None if it cannot be read."""
        if feature not in self._open:
            self._unknown[feature] += 1
            return None
        file, from_s, video = self._open[feature]
        picture = video.at(from_s + time_s)
        if picture is None:
            self._lost[file, video.failure or "the video does not contain them"] += 1
        return picture

    def close(self) -> None:
        """Close the files."""
        for name, (_, _, video) in self._open.items():
            video.close()
            self._left[name] = video.left
        self._open.clear()

    def problems(self) -> list[str]:
        """Return what could not be read, for people."""
        without = [
            f"{len(episodes)} of {len(self._dataset.episodes)} episodes are skipped: their videos of {name} "
            f"are {why}: {shown(episodes)}"
            for (name, why), episodes in self._without.items()
        ]
        lost = [f"{file}: {count} pictures are lost: {why}" for (file, why), count in self._lost.items()]
        unknown = [
            f"{feature}: {count} pictures are lost: meta/episodes does not say where they are, or "
            "contradicts itself"
            for feature, count in self._unknown.items()
        ]
        return [*without, *sorted([*lost, *unknown])]
