# SPDX-License-Identifier: Apache-2.0
"""The integrator's table names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in (ROOT / "docs" / "integrate.md").read_text().split("\n## ")[0].splitlines()
    if line.startswith("| ") and not line.startswith("| expected")
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_row_has_a_test_that_shows_it(row):
    named = re.findall(r"`(test/[\w/]+\.py)::(test_\w+)`", row[-1])
    assert named
    for file, name in named:
        assert f"def {name}(" in (ROOT / file).read_text(), f"{file}::{name}"


def test_the_table_is_whole():
    assert len(ROWS) >= 22
