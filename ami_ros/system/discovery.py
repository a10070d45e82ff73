# SPDX-License-Identifier: Apache-2.0
"""Waits until DDS has told of the others: nothing says that it has, but that nobody new comes any more."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LOOK_S = 0.1


def wait_for_others(
    look: Callable[[], T], is_known: Callable[[T, float, float], bool], longest_s: float
) -> None:
    """Look again and again, until all are known.

    Args:
        look: returns what is seen of the others.
        is_known: of what is seen, for how long that has not changed, and how long it was waited, s.
        longest_s: that it waits, however many come and go.
    """
    begun_s = changed_s = time.monotonic()
    seen: T | None = None
    while time.monotonic() < begun_s + longest_s:
        time.sleep(LOOK_S)
        before, seen, now_s = seen, look(), time.monotonic()
        changed_s = now_s if seen != before else changed_s
        if is_known(seen, now_s - changed_s, now_s - begun_s):
            return
