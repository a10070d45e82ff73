# SPDX-License-Identifier: Apache-2.0
"""What the C library does with freed memory: keep it for the next plan, or give it back to the system."""

from __future__ import annotations

import ctypes

# Source: malloc.h of the GNU C library.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_NEVER = 2**31 - 1  # bytes: the largest number that mallopt takes
MIB = 2**20
LARGEST = 8 * MIB  # bytes: no tensor of a plan is as large, but what a stranger sends may be
_AHEAD = 64 * MIB  # bytes


def keep_freed_memory(largest: int = _NEVER) -> bool:
    """Let this process keep what its tensors free; returns whether the C library understood.

    By default the GNU C library returns each freed block of some hundred KB, and the system has to clear new
    pages for the next one: 1900 page faults and a seventh of the time of a plan, a third of a training step.
    The price is that the process stays as large as it once was. Elsewhere nothing happens.

    Args:
        largest: bytes; larger blocks go back. By default none does.
    """
    return _set((_M_MMAP_THRESHOLD, largest), (_M_TRIM_THRESHOLD, _NEVER), (_M_TOP_PAD, _AHEAD))


def give_back(above: int = MIB) -> bool:
    """Let this process give each freed block of more than `above` bytes back at once.

    By default the GNU C library does so until the first one is freed, and then keeps blocks of that size.
    Returns whether the C library understood.
    """
    return _set((_M_MMAP_THRESHOLD, above))


def _set(*options: tuple[int, int]) -> bool:
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return all(bool(mallopt(option, value)) for option, value in options)
