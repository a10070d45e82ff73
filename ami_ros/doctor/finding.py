# SPDX-License-Identifier: Apache-2.0
"""The result of one check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        name: of the check.
        level: ok, warn or fail.
        found: the state found.
        advice: how to fix it; empty when ok.
        figures: what was measured, by name with unit.
    """

    name: str
    level: str
    found: str
    advice: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
