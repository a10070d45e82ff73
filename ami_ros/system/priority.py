# SPDX-License-Identifier: Apache-2.0
"""Let everybody else go first."""

from __future__ import annotations

import os
import sys
import threading

NICEST = 19  # the least urgent priority


def step_back() -> None:
    """Give this thread the least urgent priority, where that is possible for a thread alone: on Linux."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICEST)
