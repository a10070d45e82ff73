# SPDX-License-Identifier: Apache-2.0
"""What one check found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        name: of the check.
        level: ok, warn or fail.
        found: what is there.
        advice: what to do about it; empty when ok.
        figures: what was measured, by name with unit.
    """

    name: str
    level: str
    found: str
    advice: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
