# SPDX-License-Identifier: Apache-2.0
"""Pictures of one episode after the other, from the videos that hold them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ami_ros.data.lerobot.dataset_input import DatasetInput
from ami_ros.data.lerobot.video_input import VideoInput
from ami_ros.types import ImageArray


class EpisodeVideos:
    """The videos of a data set.

    Args:
        dataset: whose.
        features: which of its videos.
        most_pixels: width times height of a picture may be no more.
    """

    def __init__(self, dataset: DatasetInput, features: Sequence[str], most_pixels: int) -> None:
        self._dataset, self._features, self._most_pixels = dataset, features, most_pixels
        self._open: dict[str, tuple[str, float, VideoInput]] = {}  # feature -> file, begin, video
        self._unknown: Counter[str] = Counter()
        self._lost: Counter[tuple[str, str]] = Counter()

    def begin(self, episode: int) -> None:
        """Go to the beginning of an episode."""
        self.close()
        place = self._dataset.episodes.get(episode)
        for name in self._features:
            if place is None or name not in place.videos:
                continue
            file, from_s = place.videos[name]
            video = VideoInput(
                self._dataset.path / file, from_s, 1.0 / self._dataset.info.fps, self._most_pixels
            )
            self._open[name] = file, from_s, video

    def picture(self, feature: str, time_s: float) -> ImageArray | None:
        """Return what was seen so long after the beginning (H, W, 3); None if it cannot be read."""
        if feature not in self._open:
            self._unknown[feature] += 1
            return None
        file, from_s, video = self._open[feature]
        picture = video.at(from_s + time_s)
        if picture is None:
            self._lost[file, video.failure or "they are not in it"] += 1
        return picture

    def close(self) -> None:
        """Let go of the files."""
        for _, _, video in self._open.values():
            video.close()
        self._open.clear()

    def problems(self) -> list[str]:
        """Return what could not be read, for people."""
        lost = [f"{file}: {count} pictures are lost: {why}" for (file, why), count in self._lost.items()]
        unknown = [
            f"{feature}: {count} pictures are lost: meta/episodes does not say where they are"
            for feature, count in self._unknown.items()
        ]
        return sorted([*lost, *unknown])
