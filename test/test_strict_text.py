# SPDX-License-Identifier: Apache-2.0
"""YAML and JSON that a lenient reader would take, half of it lost, are refused with the key and the line."""

from __future__ import annotations

import pytest
import yaml

from ami_ros.strict_text import parse_json, parse_yaml

DEEP = 100_000


@pytest.mark.parametrize(
    ("text", "key", "line", "first"),
    [
        ("a: 1\nb: 2\na: 3\n", "'a'", 3, 1),
        ("limits:\n  lower: [1]\n  upper: [2]\n  lower: [3]\n", "'lower'", 4, 2),
        ("list:\n- {a: 1, b: 2}\n- {a: 1,\n   a: 2}\n", "'a'", 4, 3),
        ("a: 1\n'a': 2\n", "'a'", 2, 1),
        ("1: a\n0x1: b\n", "1", 2, 1),
        ("true: a\n1: b\n", "1", 2, 1),  # one key to Python
        ("a: &x {b: 1}\nc: {<<: *x, d: 1, d: 2}\n", "'d'", 2, 2),
    ],
)
def test_a_key_given_twice_is_named_with_both_lines(text, key, line, first):
    with pytest.raises(
        ValueError, match=rf"^line {line}, column \d+: key {key} is given twice, first in line {first}; "
    ):
        parse_yaml(text)


def test_what_is_merged_may_be_given_again():
    text = "base: &b {x: 1, y: 2}\nin: {deep: &d {<<: *b, x: 3}}\nout: {<<: *d, y: 4}\n"
    assert parse_yaml(text) == yaml.safe_load(text)
    assert parse_yaml(text)["in"] == {"deep": {"x": 3, "y": 2}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * DEEP, "nested too deeply"),
        ("a: [1, 2", "line 1, column 9: "),
        ("a: {", "line 1, "),
        ("a: 2001-99-99", "line 1, column 4: '2001-99-99' is no timestamp: month must be in 1..12"),
        ("a: !!int x", "line 1, column 4: 'x' is no int"),
        ("a: !!bool x", "'x' is no bool"),
        ("a: !!timestamp x", "'x' is no timestamp"),
        ("a: " + "1" * 5000, "is no int"),
        ("? [1]\n: 2", "unhashable key"),
        ("a: *x", "undefined alias"),
        ("\x00", "special characters are not allowed"),
        ("!!python/object/apply:os.system ['false']", "could not determine a constructor"),
        ("a: 1\n--- \nb: 2", "expected a single document"),
    ],
)
def test_every_refusal_of_yaml_is_one_line(text, message):
    with pytest.raises(ValueError, match="(?s).+") as caught:
        parse_yaml(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "b": 2, "a": 3}', r"keys \['a'\] are given twice"),
        ('{"a": {"b": 1, "b": 1}}', r"keys \['b'\] are given twice"),
        ("[" * DEEP, "nested too deeply"),
        (b"\xff\xfe\xfd", "codec can't decode"),
        ("{", "line 1"),
        ("1" * 5000, "limit"),
    ],
)
def test_json(text, message):
    with pytest.raises(ValueError, match=message):
        parse_json(text)
    assert parse_json('{"a": {"b": 1}, "c": [{"b": 2}]}') == {"a": {"b": 1}, "c": [{"b": 2}]}
