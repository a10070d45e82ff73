# SPDX-License-Identifier: Apache-2.0
"""Every reason that the code gives is in the table, once, and documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ami_ros.safety.reasons import REASONS, number_of

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = re.compile(r'(?:Reason|_reject|_limited)\(\s*"([A-Z][A-Z_]+)"')
AGES = [
    f"{what}_{how}" for what in ("JOINTS", "CAMERA", "PROPOSAL") for how in ("MISSING", "STALE", "FUTURE")
]


def written_codes() -> set[str]:
    files = [*(ROOT / "ami_ros/safety").rglob("*.py"), *(ROOT / "ami_ros/ros").rglob("*.py")]
    return {code for path in files for code in WRITTEN.findall(path.read_text())}


def test_every_code_written_is_in_the_table():
    codes = written_codes() | set(AGES)
    assert len(codes) > 30
    assert codes - set(REASONS) == set()


def test_numbers_are_distinct_and_grouped():
    numbers = [meaning.number for meaning in REASONS.values()]
    assert len(set(numbers)) == len(numbers)
    assert {number // 100 for number in numbers} == set(range(1, 8))
    assert all(meaning.text for meaning in REASONS.values())


def test_a_name_from_outside_has_no_number():
    assert number_of("CAMERA_FROZEN") == 214
    assert number_of("SOMEBODY_ELSES") == 0


def test_every_reason_is_documented():
    page = ROOT / "docs/safety.md"
    if not page.is_file():
        pytest.skip("docs/safety.md is not written yet")
    text = page.read_text()
    assert [code for code in REASONS if code not in text] == []
