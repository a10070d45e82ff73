# SPDX-License-Identifier: Apache-2.0
"""Small pictures of one camera in a temporary file: an hour of them need not fit into memory."""

from __future__ import annotations

import hashlib
import itertools
import tempfile
from collections import Counter
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ami_ros.recordings.importing.track import Times, in_order
from ami_ros.system.temporary_space import temporary_space
from ami_ros.types import ImageArray

BLOCK = 256  # pictures compared at once


@dataclass(frozen=True, eq=False)
class Frames:
    """Pictures over time.

    Attributes:
        times: (N,) int64 ns, strictly increasing.
        pictures: (N, H, W, 3) uint8 RGB, in order of arrival.
        rows: (N,) index in `pictures` for each time.
        repeats: (N,) whether it equals the one before to the last bit, at the camera's own size.
    """

    times: Times
    pictures: ImageArray
    rows: NDArray[np.int64]
    repeats: NDArray[np.bool_]

    def take(self, indices: NDArray[np.int64]) -> ImageArray:
        """Return some pictures (M, H, W, 3), by their indices in time."""
        return np.asarray(self.pictures[self.rows[indices]])

    def changes(self) -> NDArray[np.float64]:
        """Return the mean absolute difference of each picture from the one before (N - 1,), 0 to 255."""
        differences = []
        for begin in range(0, len(self.times) - 1, BLOCK):
            some = self.take(np.arange(begin, min(begin + BLOCK + 1, len(self.times)))).astype(np.int16)
            differences.append(np.abs(np.diff(some, axis=0)).mean(axis=(1, 2, 3)))
        return np.concatenate(differences) if differences else np.zeros(0)


class FrameSpool:
    """Takes the pictures of one camera.

    A camera has one size: that of most of its pictures. Pictures of other sizes show another part of the
    scene, or the same part distorted, and are left out.

    Args:
        side: of the square that they are resized to, px.
    """

    def __init__(self, side: int) -> None:
        self._side = side
        self._file = tempfile.TemporaryFile(prefix="ami_ros_")  # noqa: SIM115, lives as long as its pictures
        self._digests: list[bytes] = []
        self._sizes: list[tuple[int, int]] = []
        self._times: list[int] = []

    def add(self, time_ns: int, data: bytes | memoryview, picture: ImageArray) -> None:
        """Take a picture (H, W, 3), and the data of its message, which identifies repeats.

        Raises:
            OutputError: there is no space for it.
        """
        small = cv2.resize(picture, (self._side, self._side), interpolation=cv2.INTER_AREA)
        with temporary_space():
            self._file.write(np.ascontiguousarray(small, dtype=np.uint8).data)
        self._digests.append(hashlib.blake2b(data, digest_size=16).digest())
        self._sizes.append((picture.shape[1], picture.shape[0]))
        self._times.append(time_ns)

    @property
    def times(self) -> Times:
        """Stamps of the pictures of its size, in order of arrival (N,), ns."""
        return np.asarray(self._times, dtype=np.int64)[self._fitting]

    @property
    def _fitting(self) -> NDArray[np.int64]:
        size = self.size
        return np.flatnonzero([one == size for one in self._sizes])

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of most pictures, px; zeros before the first."""
        return Counter(self._sizes).most_common(1)[0][0] if self._sizes else (0, 0)

    @property
    def other_sizes(self) -> dict[tuple[int, int], int]:
        """Number of pictures by other width and height."""
        kept = self.size
        return {size: count for size, count in Counter(self._sizes).items() if size != kept}

    def frames(self) -> Frames:
        """Return the pictures of its size, in the order of time.

        Raises:
            OutputError: there is no space for them.
        """
        shape = (len(self._times), self._side, self._side, 3)
        with temporary_space():
            self._file.flush()
        pictures = (
            np.memmap(self._file, np.uint8, "r", shape=shape) if self._times else np.zeros(shape, np.uint8)
        )
        times, places = in_order(self.times)
        rows = self._fitting[places]
        ordered = [self._digests[row] for row in rows]
        repeats = np.array([False, *(a == b for a, b in itertools.pairwise(ordered))], dtype=bool)
        return Frames(times, pictures, rows, repeats[: len(times)])
