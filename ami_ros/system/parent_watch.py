# SPDX-License-Identifier: Apache-2.0
"""End with the parent process, however it ended: after `kill -9` it cannot end us.

The parent holds the other end of our standard input and never writes. The system closes it when the parent
is gone, even if that happens before we look. PR_SET_PDEATHSIG of Linux would report the end of the thread
that started us, and would miss a parent that was gone before.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Mapping

# Only such parents set it: the input of a node started by hand may be closed from the start.
_VARIABLE = "AMI_ROS_ENDS_WITH_STDIN"
GRACE_S = 10.0  # longer than a gate needs to bring the arm to rest


def watched(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a child that must end with us; its standard input must be a pipe of ours."""
    return {**environment, _VARIABLE: "1"}


def end_with_parent(grace_s: float = GRACE_S) -> None:
    """End by SIGTERM when the parent is gone, and by SIGKILL `grace_s` later.

    Does nothing in a process that was not started with `watched`.
    """
    if os.environ.pop(_VARIABLE, "") == "1":
        threading.Thread(target=_watch, args=(grace_s,), name="parent_watch", daemon=True).start()


def _watch(grace_s: float) -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace_s)
    os.kill(os.getpid(), signal.SIGKILL)
