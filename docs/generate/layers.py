# SPDX-License-Identifier: Apache-2.0
"""The drawing of the layers, from the rule that test/lint/test_architecture.py enforces.

`PYTHONPATH=docs python -m generate.layers` draws it again; a test compares.
"""

from __future__ import annotations

import importlib.util
import textwrap
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "images" / "layers.svg"
WIDTH, MARGIN, GAP, PAD = 480, 10, 10, 18  # px; PAD: between rows
NAME, SMALL, LINE = 16, 13, 17  # px: sizes of text, and height of a line of the smaller one
PER_ROW = 2
BASE = ("types", "errors", "settings")
TOP = "ros, cli and all that is not drawn: may use any part"
Rule = Mapping[str, Set[str]]


def enforced() -> Rule:
    """Return part -> the parts that it may import, as the test has it."""
    path = ROOT / "test" / "lint" / "test_architecture.py"
    spec = importlib.util.spec_from_file_location("architecture", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(f"{path}: no such file, expected the rule of the layers")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rule: Rule = module.OWN
    return rule


def drawn(rule: Rule) -> str:
    """Return the drawing as SVG: each part stands above all that it may import, and names that."""
    uses = {part: sorted(set(others) - {part, *BASE}) for part, others in rule.items() if part not in BASE}
    rows = [row[i : i + PER_ROW] for row in reversed(levels(uses)) for i in range(0, len(row), PER_ROW)]
    top, boxes = MARGIN, []
    whole = WIDTH - 2 * MARGIN
    boxes.append(_box(MARGIN, top, whole, TOP, [], 0))
    top += _height(0) + PAD
    for row in rows:
        wide = (whole - GAP * (len(row) - 1)) // len(row)
        told = {part: textwrap.wrap(", ".join(uses[part]), wide // 7) for part in row}
        lines = max(map(len, told.values()))
        for number, part in enumerate(row):
            boxes.append(_box(MARGIN + number * (wide + GAP), top, wide, part, told[part], lines))
        top += _height(lines) + PAD
    boxes.append(_box(MARGIN, top, whole, f"{', '.join(BASE)}: any part may use them", [], 0))
    height = top + _height(0) + MARGIN
    return "\n".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" '
            f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}">',
            "<title>Layers: each part stands above all that it may import, and names that</title>",
            f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#ffffff"/>',
            *boxes,
            "</svg>\n",
        ]
    )


def levels(uses: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Return the parts from the bottom to the top; parts that use each other stand side by side."""
    found: list[list[str]] = []
    below: set[str] = set()
    while len(below) < len(uses):
        waits = {
            part: {other for other in _drawn(uses[part], uses)} - below for part in uses if part not in below
        }
        row = sorted(
            part for part, others in waits.items() if all(waits[other] <= {part} for other in others)
        )
        if not row:
            raise ValueError(f"got parts that use each other in a circle: {sorted(waits)}; expected layers")
        # Of two in one row that do not use each other alike, the upper one waits.
        row = [part for part in row if all(part in waits[other] for other in waits[part])]
        found.append(row)
        below |= set(row)
    return found


def _drawn(others: Sequence[str], uses: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the boxes that stand for `others`: a folder may be drawn by what is in it."""
    return {part for part in uses for other in others if part == other or part.startswith(f"{other}/")}


def _height(lines: int) -> int:
    return 2 * 11 + NAME + lines * LINE


def _box(left: int, top: int, wide: int, name: str, told: Sequence[str], lines: int) -> str:
    """Return a box with a name, and below it the lines `told`; as high as for `lines` lines."""
    middle, first = left + wide // 2, top + 11 + NAME - 3
    parts = [
        f'<rect x="{left}" y="{top}" width="{wide}" height="{_height(lines)}" rx="6" fill="#e8eaf6" '
        'stroke="#3f51b5"/>',
        _text(middle, first, NAME, "#1a237e", name),
        *(
            _text(middle, first + 4 + LINE * (row + 1), SMALL, "#455a64", text)
            for row, text in enumerate(told)
        ),
    ]
    return "\n".join(parts)


def _text(x: int, y: int, size: int, colour: str, text: str) -> str:
    where = f'x="{x}" y="{y}" font-size="{size}" text-anchor="middle" fill="{colour}"'
    return f"<text {where}>{escape(text)}</text>"


if __name__ == "__main__":
    PICTURE.write_text(drawn(enforced()))
