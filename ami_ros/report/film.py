# SPDX-License-Identifier: Apache-2.0
"""What the planner expected to see, next to what its camera saw then."""

from __future__ import annotations

import cv2
import numpy as np

from ami_ros.types import ImageArray


class Film:
    """Collects pictures of one episode until a strip of expected ones has come true.

    Args:
        block_ns: duration of an action block.
    """

    def __init__(self, block_ns: int) -> None:
        self._block_ns = block_ns
        self._seen: dict[int, ImageArray] = {}
        self._expected: dict[int, ImageArray] = {}

    def see(self, image: ImageArray, stamp_ns: int) -> None:
        """Take a picture of the camera (H, W, 3)."""
        self._seen[stamp_ns] = image

    def expect(self, strip: ImageArray, stamp_ns: int) -> None:
        """Take square pictures (S, T S, 3) of the action blocks after the observation of that stamp."""
        self._expected[stamp_ns] = strip

    def pair(self) -> tuple[ImageArray, ImageArray] | None:
        """Return the first strip that was due as a whole, and what was seen then, each (S, T S, 3)."""
        stamps = np.array(sorted(self._seen), dtype=np.int64)
        for stamp_ns, strip in sorted(self._expected.items()):
            side = strip.shape[0]
            due = stamp_ns + self._block_ns * np.arange(1, strip.shape[1] // side + 1)
            if not len(stamps) or due[-1] > stamps[-1] + self._block_ns // 2:
                continue
            nearest = [int(stamps[np.abs(stamps - when).argmin()]) for when in due]
            seen = [
                cv2.resize(self._seen[when], (side, side), interpolation=cv2.INTER_AREA) for when in nearest
            ]
            return strip, np.concatenate(seen, axis=1)
        return None
