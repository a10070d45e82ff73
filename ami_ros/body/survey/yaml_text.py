# SPDX-License-Identifier: Apache-2.0
"""Numbers and texts as YAML writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from ami_ros.body.resources import PACKAGE

PLAIN = re.compile(r"[A-Za-z_/][\w./-]*")  # plain text in YAML, except for its reserved words
WORDS = ("y", "n", "yes", "no", "on", "off", "true", "false", "null", "none")


def as_numbers(values: Iterable[float | None] | None) -> str:
    """Return a list, or None, as YAML writes it, each number with all its digits."""
    if values is None:
        return "null"
    return f"[{', '.join('null' if value is None else as_number(float(value)) for value in values)}]"


def as_number(value: float) -> str:
    """Return a number as YAML writes it, with all its digits."""
    # All digits: a limit a little looser than the URDF's would be refused. No exponent: 1e-05 is a string.
    text = f"{value:.12f}".rstrip("0")
    return f"{text}0" if text.endswith(".") else text


def as_text(value: str) -> str:
    """Return a text as YAML writes it: in quotes where YAML would read another type."""
    is_plain = PLAIN.fullmatch(value.removeprefix(PACKAGE)) and value.lower() not in WORDS
    return value if is_plain else json.dumps(value, ensure_ascii=False)


def as_line(value: str) -> str:
    """Return a text that fits into a comment."""
    return " ".join(value.split())
