# SPDX-License-Identifier: Apache-2.0
"""Pictures of a video by their time."""

from __future__ import annotations

from collections.abc import Generator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from ami_ros.errors import ImageError
from ami_ros.recordings.image_header import checked_size
from ami_ros.recordings.lerobot.video_header import check_video
from ami_ros.system.regular_file import open_regular
from ami_ros.types import ImageArray

MOST_PIXELS = 2**24  # width times height: 4096 x 4096; decoders keep twenty pictures
# Pictures decoded on the way to requested ones: in a video with more of them per second, or with few key
# frames. Encoders write a key frame at least every 250.
SPARE, EACH = 1000, 30
_FORMAT = "mp4"  # any other may make FFmpeg open further files and network addresses


class VideoInput:
    """Reads a video forward from a start time.

    Args:
        path: of the file.
        from_s: start time.
        period_s: between pictures.
        left: how many pictures may be decoded on the way to requested ones.

    Attributes:
        failure: why nothing more can be read; "" while it can.
        left: the rest of these pictures; grows by EACH with each requested one.
    """

    def __init__(self, path: Path, from_s: float, period_s: float, left: int = SPARE) -> None:
        self.failure, self.left = "", left
        self._path, self._from_s, self._near_s = path, from_s, period_s / 2
        self._frames = self._decode()
        self._next: tuple[float, av.VideoFrame] | None = None

    def at(self, time_s: float) -> ImageArray | None:
        """Return the picture at a time (H, W, 3); None if there is none. Times never decrease."""
        self.left += EACH
        while self._next is None or self._next[0] < time_s - self._near_s:
            self._next = next(self._frames, None)
            if self._next is None:
                return None
        if self._next[0] > time_s + self._near_s:
            return None
        try:
            return np.asarray(self._next[1].to_ndarray(format="rgb24"), dtype=np.uint8)
        except Exception as error:  # FFmpeg raises a dozen kinds on damaged files
            self._fail(error)
            return None

    def close(self) -> None:
        """Close the file."""
        self._frames.close()

    def _decode(self) -> Generator[tuple[float, av.VideoFrame], None, None]:
        try:
            with open_regular(self._path) as file:
                check_video(file)
                # In file order: an edit list may show each picture a thousand times.
                options = {"max_pixels": str(MOST_PIXELS), "advanced_editlist": "0"}
                with av.open(file, "r", format=_FORMAT, options=options) as container:
                    stream = container.streams.video[0]
                    checked_size(stream.width, stream.height, MOST_PIXELS, "video")
                    stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
                    base = stream.time_base or Fraction(1, av.time_base)
                    begin = max(self._from_s - self._near_s, 0.0)
                    container.seek(int(begin / base), stream=stream)  # to the key frame before
                    for frame in container.decode(stream):
                        self.left -= 1
                        if self.left < 0:
                            raise ImageError("no key frame is near enough before them")
                        if frame.pts is not None:
                            yield float(frame.pts * base), frame
        except Exception as error:  # FFmpeg raises a dozen kinds on damaged files
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        why = getattr(error, "strerror", None) or str(error) or repr(error)
        self.failure = " ".join(why.split())
