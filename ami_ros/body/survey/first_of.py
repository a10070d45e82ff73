# SPDX-License-Identifier: Apache-2.0
"""Names of links or joints in one line of bounded length."""

from __future__ import annotations

from collections.abc import Sequence

MOST_NAMED = 8  # of other tips, or of joints held still


def first_of(names: Sequence[str]) -> str:
    """Return the first names as one text, and the number of the others; empty without any."""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{', '.join(names[:MOST_NAMED])}{more}"
