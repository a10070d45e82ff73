# SPDX-License-Identifier: Apache-2.0
"""Pictures of one camera in numbered H.264 files."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, cast

import av
from av.container import OutputContainer
from av.video.stream import VideoStream

from ami_ros.errors import ConfigError
from ami_ros.recordings.lerobot.layout import VIDEO_MB, VIDEOS, FilePlace
from ami_ros.types import ImageArray

# Half of the pictures are key frames, so that seeking is fast: as in lerobot.
OPTIONS = {"crf": "18", "g": "2", "preset": "veryfast"}
ENCODER, CODEC, PIXELS = "libx264", "h264", "yuv420p"
MOST_DENOMINATOR = 1001


class VideoSpan(NamedTuple):
    """Where an episode's pictures are: a file, and the start and end time in it."""

    place: FilePlace
    from_s: float
    to_s: float


class VideoFiles:
    """Takes the pictures of one episode after another, and begins a new file when one is full.

    Args:
        folder: of the data set.
        feature: of the pictures.
        size: height and width, px.
        fps: frames per second.

    Raises:
        ConfigError: an odd size, which H.264 does not support.
    """

    def __init__(self, folder: Path, feature: str, size: tuple[int, int], fps: float) -> None:
        if any(side % 2 for side in size):
            raise ConfigError(
                f"{feature}: got pictures of {size[1]}x{size[0]} px, expected even sizes for a video; keep "
                "them as images"
            )
        self._folder, self._feature, self._height, self._width = folder, feature, *size
        self._fps = Fraction(fps).limit_denominator(MOST_DENOMINATOR)
        self._place: FilePlace | None = None
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._frames = self._size = 0

    def write(self, pictures: ImageArray) -> VideoSpan:
        """Write the pictures of an episode (N, H, W, 3); return where they are."""
        if self._stream is None or self._size > VIDEO_MB * 2**20:
            self.close()
            self._stream = self._begin()
        begin = self._frames
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = self._frames, 1 / self._fps
            self._frames += 1
            self._mux(self._stream.encode(frame))
        return VideoSpan(
            self._place or FilePlace(), float(begin / self._fps), float(self._frames / self._fps)
        )

    @property
    def info(self) -> dict[str, Any]:
        """The videos' entry in meta/info.json."""
        return {
            "video.height": self._height,
            "video.width": self._width,
            "video.codec": CODEC,
            "video.pix_fmt": PIXELS,
            "is_depth_map": False,
            "video.fps": int(self._fps) if self._fps.denominator == 1 else float(self._fps),
            "video.channels": 3,
            "has_audio": False,
        }

    def close(self) -> None:
        """Finish the file."""
        if self._container is not None and self._stream is not None:
            self._mux(self._stream.encode(None))
            self._container.close()
        self._container = self._stream = None

    def _begin(self) -> VideoStream:
        self._place = FilePlace() if self._place is None else self._place.next
        path = self._folder / self._place.path(VIDEOS, self._feature)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._container = av.open(str(path), "w", options={"movflags": "faststart"})
        stream: Any = self._container.add_stream(ENCODER, rate=self._fps)
        stream.width, stream.height, stream.pix_fmt = self._width, self._height, PIXELS
        stream.options = dict(OPTIONS)
        self._frames = self._size = 0
        return cast(VideoStream, stream)

    def _mux(self, packets: list[av.Packet[Any]]) -> None:
        if self._container is not None:
            self._size += sum(packet.size for packet in packets)
            self._container.mux(packets)
