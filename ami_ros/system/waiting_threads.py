# SPDX-License-Identifier: Apache-2.0
"""How the threads of a long computation wait for each other."""

from __future__ import annotations

import os


def let_waiting_threads_sleep() -> None:
    """Call before torch is first imported, which is when OpenMP reads this.

    Waiting threads that spin starve each other as soon as another process runs: 20 times slower on 2 cores.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
