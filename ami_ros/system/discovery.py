# SPDX-License-Identifier: Apache-2.0
"""Wait for DDS discovery. DDS never reports completion, so a stable graph counts as complete."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LOOK_S = 0.1


def wait_for_others(
    look: Callable[[], T], is_known: Callable[[T, float, float], bool], longest_s: float
) -> None:
    """Poll the graph until discovery is complete, or the timeout passes.

    Args:
        look: returns the relevant part of the graph, to compare with `==`.
        is_known: whether that is complete, given what `look` returned, for how long it has not changed, s,
            and the time since the start, s.
        longest_s: timeout, even if the graph still changes.
    """
    begun_s = changed_s = time.monotonic()
    seen: T | None = None
    while time.monotonic() < begun_s + longest_s:
        time.sleep(LOOK_S)
        before, seen, now_s = seen, look(), time.monotonic()
        changed_s = now_s if seen != before else changed_s
        if is_known(seen, now_s - changed_s, now_s - begun_s):
            return
