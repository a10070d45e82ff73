# SPDX-License-Identifier: Apache-2.0
"""Real-time scheduling for a process, where the system allows it."""

from __future__ import annotations

import os
from pathlib import Path


def raise_priority(priority: int) -> str:
    """Run all threads of this process, including the middleware's, before those of ordinary processes.

    Args:
        priority: 1 to 99 for SCHED_FIFO.

    Returns:
        Why it failed; empty on success. On Linux, the permission comes from CAP_SYS_NICE or from an rtprio
        limit, as ros2_control requires.
    """
    try:
        for task in Path("/proc/self/task").iterdir():
            os.sched_setscheduler(int(task.name), os.SCHED_FIFO, os.sched_param(priority))
    except (OSError, AttributeError) as error:
        return str(error)
    return ""
