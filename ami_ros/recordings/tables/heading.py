# SPDX-License-Identifier: Apache-2.0
"""What a column's heading says: a name, and perhaps a unit."""

from __future__ import annotations

import re
from typing import NamedTuple

_WITH_UNIT = re.compile(r"^(.*\S)\s*[\[(]([^\[\]()]*)[\])]$")
# Other spellings of a unit that mean the same.
_SAME = {
    "°c": "degc",
    "celsius": "degc",
    "c": "degc",
    "°f": "degf",
    "kelvin": "k",
    "pct": "%",
    "percent": "%",
}


class Heading(NamedTuple):
    """A heading such as ``TI-101 [degC]``.

    Attributes:
        name: without the unit.
        unit: empty where it names none.
    """

    name: str
    unit: str

    @classmethod
    def of(cls, text: str) -> Heading:
        """Return the parts of a heading."""
        text = text.strip()
        found = _WITH_UNIT.match(text)
        return cls(text, "") if found is None else cls(found[1], found[2].strip())


def same_unit(one: str, other: str) -> bool:
    """Return whether two units are the same, however they are spelled."""
    plain = [unit.strip().lower().replace(" ", "").replace("·", "") for unit in (one, other)]
    plain = [_SAME.get(unit, unit) for unit in plain]
    return plain[0] == plain[1]
