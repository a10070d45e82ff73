# SPDX-License-Identifier: Apache-2.0
"""Every reason of a verdict."""

from __future__ import annotations

from ami_ros.safety.reasons import ReasonCode
from generate.markdown import plain, table


def reason_table() -> str:
    """Return the numbers, names and meanings."""
    rows = [(str(code.number), f"`{code.name}`", plain(code.text)) for code in ReasonCode]
    return table(("number", "name", "meaning"), rows)
