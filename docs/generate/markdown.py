# SPDX-License-Identifier: Apache-2.0
"""Markdown from rows and text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# What Markdown or HTML would read as its own, outside of code.
ESCAPED = {"<": "&lt;", "*": "\\*", "|": "\\|", "[": "\\[", "]": "\\]"}


def plain(text: str) -> str:
    """Return text of the code as Markdown that shows it character by character; `code` stays code."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(
        part if part.startswith("`") else re.sub(r"[<*|\[\]]", lambda found: ESCAPED[found[0]], part)
        for part in parts
    )


def code(text: object) -> str:
    """Return text as inline code, also in a table; nothing for nothing."""
    shown = str(text).replace("|", "\\|")
    return f"`{shown}`" if shown else ""


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells are Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
