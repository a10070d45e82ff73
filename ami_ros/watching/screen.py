# SPDX-License-Identifier: Apache-2.0
"""What is shown, in the words of Rerun: the only file that knows the viewer's data model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rerun as rr
from numpy.typing import NDArray

from ami_ros.types import FloatArray, ImageArray
from ami_ros.watching.layout import layout

TIMELINE = "stamp"
APPLICATION = "ami_ros"
SINCE_1970_NS = 10**17  # stamps below it are of a clock that began with the run
POINT_M = 0.025
Colour = tuple[int, int, int]


class Screen:
    """Takes what is to be seen, each with its time.

    Args:
        cameras: names of the cameras, for the layout.
        live: what is shown happens now.
        channels: names of channels whose curves are shown instead of paths.
    """

    def __init__(self, cameras: Sequence[str], live: bool, channels: Sequence[str] = ()) -> None:
        self._stream = rr.RecordingStream(APPLICATION)
        self._stream.set_log_time_enabled(False)
        self._stream.set_log_tick_enabled(False)
        self._layout = layout(cameras, live, channels)
        self._begun_ns: int | None = None

    def save(self, path: Path) -> None:
        """Write everything to a file of the viewer from now on."""
        self._stream.save(path, default_blueprint=self._layout)

    def connect(self, address: str) -> None:
        """Send everything to a viewer from now on."""
        self._stream.connect_grpc(address, default_blueprint=self._layout)

    def close(self) -> None:
        """Send what is left."""
        self._stream.flush()
        self._stream.disconnect()

    def at(self, stamp_ns: int) -> None:
        """Set the time of what is shown next: wall time, or seconds of a clock that began with the run."""
        if self._begun_ns is None:
            self._begun_ns = stamp_ns
        if self._begun_ns > SINCE_1970_NS:
            self._stream.set_time(TIMELINE, timestamp=np.datetime64(stamp_ns, "ns"))
        else:
            self._stream.set_time(TIMELINE, duration=np.timedelta64(stamp_ns, "ns"))

    def picture(self, where: str, pixels: ImageArray) -> None:
        """Show a picture (H, W, 3) uint8 RGB."""
        self._stream.log(where, rr.Image(pixels))

    def point(self, where: str, place: FloatArray, colour: Colour) -> None:
        """Show a point (3,), m."""
        self._stream.log(where, rr.Points3D([place], radii=POINT_M, colors=[colour]))

    def lines(
        self,
        where: str,
        paths: Sequence[NDArray[Any]],
        colours: Sequence[Colour],
        labels: Sequence[str] = (),
        *,
        width: float,
    ) -> None:
        """Show paths, each (N, 3), m, with a colour and, if given, a label each, instead of the last ones.

        `width` is half the width of a line, m.
        """
        named = list(labels) if labels else None
        self._stream.log(where, rr.LineStrips3D(paths, radii=width, colors=colours, labels=named))

    def number(self, where: str, value: float) -> None:
        """Add a value to a curve."""
        self._stream.log(where, rr.Scalars(value))

    def numbers(self, where: str, values: Mapping[str, float]) -> None:
        """Add a value to each of the curves below a place."""
        for name, value in values.items():
            self.number(f"{where}/{name}", value)

    def sentence(self, where: str, text: str, level: str) -> None:
        """Add a sentence to a log; `level` is INFO, WARN or ERROR."""
        self._stream.log(where, rr.TextLog(text, level=level))

    def text(self, where: str, markdown: str) -> None:
        """Show a text until another replaces it."""
        self._stream.log(where, rr.TextDocument(markdown, media_type="text/markdown"))
