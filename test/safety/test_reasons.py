# SPDX-License-Identifier: Apache-2.0
"""Every reason that the code gives is a member of the table, once, and documented."""

from __future__ import annotations

import ast
from pathlib import Path

from ami_ros.safety.reasons import ReasonCode, number_of
from ami_ros.types import Level, Reason, Verdict

ROOT = Path(__file__).resolve().parents[2]
GATE = [path for part in ("safety", "ros/gate") for path in (ROOT / "ami_ros" / part).rglob("*.py")]


def nodes(paths: list[Path]) -> list[ast.AST]:
    return [node for path in paths for node in ast.walk(ast.parse(path.read_text()))]


def written_codes() -> set[str]:
    found = nodes([*(ROOT / "ami_ros").rglob("*.py")])
    return {
        node.attr
        for node in found
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "ReasonCode"
    } - {"__members__"}


def test_every_code_written_is_in_the_table_and_every_code_in_the_table_is_written():
    codes = written_codes()
    assert len(codes) > 50
    assert codes - set(ReasonCode.__members__) == set()
    assert set(ReasonCode.__members__) - codes == set()


def test_inside_the_gate_no_reason_is_a_bare_string():
    strings = {node.value for node in nodes(GATE) if isinstance(node, ast.Constant)}
    assert strings & set(ReasonCode.__members__) == set()
    made = [
        node
        for node in nodes(GATE)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Reason"
    ]
    assert len(made) == 1, "only reasons.py makes them"


def test_numbers_are_distinct_and_grouped():
    numbers = [code.number for code in ReasonCode]
    assert len(set(numbers)) == len(numbers) == len(ReasonCode.__members__)
    assert {number // 100 for number in numbers} == set(range(1, 8))
    assert all(code.text for code in ReasonCode)


def test_a_verdict_carries_the_name_and_the_numbers():
    verdict = ReasonCode.CAMERA_STALE.verdict(Level.HOLD, limit_s=0.5)
    assert verdict == Verdict(Level.HOLD, (Reason("CAMERA_STALE", {"limit_s": 0.5}),))


def test_a_name_from_outside_has_no_number():
    assert number_of("CAMERA_FROZEN") == 214
    assert number_of("SOMEBODY_ELSES") == 0
