# SPDX-License-Identifier: Apache-2.0
"""Times of a table: numbers of some unit, or dates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timezone
from fractions import Fraction

UNITS_NS = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "min": 60_000_000_000,
    "h": 3_600_000_000_000,
}
# Numbers without a unit are seconds, unless that would be after the year 5000.
_LARGEST = (("s", 1e11), ("ms", 1e14), ("us", 1e17), ("ns", math.inf))
_LATEST_NS = 2**62
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def unit_of(values: Sequence[float], named: str) -> str:
    """Return the unit of times: the one that the heading names, else one that fits their size.

    Raises:
        ValueError: the heading names another one.
    """
    if named:
        if named.lower() not in UNITS_NS:
            raise ValueError(f"got times in {named}, expected one of {list(UNITS_NS)}, or dates as ISO 8601")
        return named.lower()
    largest = max(map(abs, values), default=0.0)
    return next(unit for unit, most in _LARGEST if largest < most)


def in_ns(value: float, unit: str) -> int:
    """Return a time in ns. Raises ValueError: no clock shows it."""
    time_ns = round(Fraction(value) * UNITS_NS[unit]) if math.isfinite(value) else _LATEST_NS
    if abs(time_ns) >= _LATEST_NS:
        raise ValueError(f"{value:g} {unit} is no time")
    return time_ns


def date_ns(text: str) -> int:
    """Return a date as ISO 8601 writes it, without a zone UTC, in ns since 1970.

    Raises:
        ValueError: another form.
    """
    found = datetime.fromisoformat(text.strip().replace("Z", "+00:00").replace("z", "+00:00"))
    passed = (found if found.tzinfo else found.replace(tzinfo=timezone.utc)) - _EPOCH
    return ((passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds) * 1_000
