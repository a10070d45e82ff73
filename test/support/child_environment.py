# SPDX-License-Identifier: Apache-2.0
"""What a test's child process finds in its environment: all that the test can import, it can import, too."""

from __future__ import annotations

import os
import sys


def child_environment(**more: str) -> dict[str, str]:
    """Return this process' environment with its import path, and `more`."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), **more}
