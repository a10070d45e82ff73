# SPDX-License-Identifier: Apache-2.0
"""Pictures of a video by their time."""

from __future__ import annotations

from collections.abc import Generator
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np

from ami_ros.data.image_header import checked_size
from ami_ros.errors import ImageError
from ami_ros.types import ImageArray


class VideoInput:
    """Walks along a video, from some time on.

    Args:
        path: of the file.
        from_s: where to begin.
        period_s: between pictures.
        most_pixels: width times height may be no more.

    Attributes:
        failure: why nothing more can be read; "" while it can.
    """

    def __init__(self, path: Path, from_s: float, period_s: float, most_pixels: int) -> None:
        self.failure = ""
        self._path, self._from_s, self._near_s = path, from_s, period_s / 2
        self._most_pixels = most_pixels
        self._frames = self._decode()
        self._next: tuple[float, av.VideoFrame] | None = None

    def at(self, time_s: float) -> ImageArray | None:
        """Return the picture of a time (H, W, 3); None where there is none. Times never go back."""
        while self._next is None or self._next[0] < time_s - self._near_s:
            self._next = next(self._frames, None)
            if self._next is None:
                return None
        if self._next[0] > time_s + self._near_s:
            return None
        return np.asarray(self._next[1].to_ndarray(format="rgb24"), dtype=np.uint8)

    def close(self) -> None:
        """Let go of the file."""
        self._frames.close()

    def _decode(self) -> Generator[tuple[float, av.VideoFrame], None, None]:
        try:
            with av.open(str(self._path)) as container:
                stream = container.streams.video[0]
                checked_size(stream.width, stream.height, self._most_pixels, "video")
                base = stream.time_base or Fraction(1, av.time_base)
                begin = max(self._from_s - self._near_s, 0.0)
                container.seek(int(begin / base), stream=stream)  # to the picture before that can stand alone
                for frame in container.decode(stream):
                    if frame.pts is not None:
                        yield float(frame.pts * base), frame
        except (av.error.FFmpegError, OSError, IndexError, ImageError, ValueError) as error:
            self.failure = " ".join(str(error).split())
