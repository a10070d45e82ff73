# SPDX-License-Identifier: Apache-2.0
"""Shakes the gate in a process of its own, and prints what happened as JSON.

What hypothesis draws depends on the constants in all code that is loaded: here that is always the same code.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np

LONGEST = 25  # times as many ticks; ends with the last reason that is looked for


def searched(reasons: set[str]) -> dict[str, Any]:
    """Return what random timelines ran into, until they met all `reasons`.

    Raises:
        AssertionError: something unsafe left the gate; the message is what hypothesis says.
    """
    from child_environment import child_environment  # not loaded by the child: see above

    command = [sys.executable, "-m", "gate_search", *sorted(reasons)]
    done = subprocess.run(command, env=child_environment(), capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Search, for the reasons on the command line, too."""
    from gate_channel_machines import GripperMachine
    from gate_counts import COUNTS
    from gate_machine import SEED, TICKS, search

    reasons = set(sys.argv[1:])
    of_hands = {reason for reason in reasons if reason.startswith("GRIP")}
    with np.errstate(all="ignore"):
        ticks = search(TICKS, SEED)
        more = search(LONGEST * TICKS, SEED + 1000, until=lambda: set(COUNTS.codes) >= reasons - of_hands)
        more += search(
            LONGEST * TICKS, SEED, until=lambda: set(COUNTS.codes) >= reasons, machines=[GripperMachine]
        )
    found = {name: getattr(COUNTS, name) for name in ("levels", "codes", "moving", "rearmed", "restarts")}
    print(json.dumps({"ticks": ticks, "more": more, "seed": SEED, **found}))


if __name__ == "__main__":
    main()
