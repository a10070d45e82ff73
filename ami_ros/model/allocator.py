# SPDX-License-Identifier: Apache-2.0
"""Keep freed memory for the next plan, instead of giving it back to the system and asking for it again."""

from __future__ import annotations

import ctypes

# Source: malloc.h of the GNU C library.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_NEVER = 2**31 - 1  # bytes: the largest number that mallopt takes
_AHEAD = 64 * 2**20  # bytes


def keep_freed_memory() -> bool:
    """Let this process keep what its tensors free; returns whether the C library understood.

    By default the GNU C library returns each freed block of some hundred KB, and the system has to clear new
    pages for the next one: 1900 page faults and a seventh of the time of a plan, a third of a training step.
    The price is that the process stays as large as it once was. Elsewhere nothing happens.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    wanted = ((_M_MMAP_THRESHOLD, _NEVER), (_M_TRIM_THRESHOLD, _NEVER), (_M_TOP_PAD, _AHEAD))
    return all(bool(mallopt(option, value)) for option, value in wanted)
