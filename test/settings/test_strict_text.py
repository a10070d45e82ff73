# SPDX-License-Identifier: Apache-2.0
"""YAML and JSON that a lenient reader would take, half of it lost, are refused with the key and the line."""

from __future__ import annotations

import time

import pytest

from ami_ros.settings.strict_text import parse_json, parse_yaml

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
        ValueError, match=rf"^line {line}, column \d+: got key {key} twice, first in line {first}; "
    ):
        parse_yaml(text)


def test_what_is_merged_may_be_given_again():
    text = "base: &b {x: 1, y: 2}\nin: {deep: &d {<<: *b, x: 3}}\nout: {<<: *d, y: 4}\n"
    found = parse_yaml(text)
    assert found == {"base": {"x": 1, "y": 2}, "in": {"deep": {"x": 3, "y": 2}}, "out": {"x": 3, "y": 4}}


def test_of_several_that_are_merged_the_first_wins_and_own_keys_before_all():
    """Source: yaml.org/type/merge.html."""
    text = "- &a {one: 1, two: 1}\n- &b {two: 2, three: 2}\n- {<<: [*a, *b], three: 3}\n- &c {<<: *c, x: 1}"
    assert parse_yaml(text)[2:] == [{"one": 1, "two": 1, "three": 3}, {"x": 1}]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("10", 10),
        ("-10", -10),
        ("0", 0),
        ("0x1F", 31),
        ("0.5", 0.5),
        ("-.5", -0.5),
        ("1.", 1.0),
        ("1e-3", 0.001),
        ("2.5E3", 2500.0),
        (".inf", float("inf")),
    ],
)
def test_a_number_that_is_one_to_everybody(text, number):
    assert parse_yaml(f"a: {text}") == {"a": number}


@pytest.mark.parametrize(
    "text",
    [
        "010",
        "-010",
        "00",
        "08",
        "007.5",
        "1:30",
        "12:30:45.5",
        "1_000",
        "0b11",
        "!!int 010",
        "!!float 1:30.5",
    ],
)
def test_a_number_that_is_another_one_to_others_is_refused(text):
    with pytest.raises(
        ValueError,
        match="line 2, column 4: .* means different things to different YAML readers; expected a number",
    ):
        parse_yaml(f"b: 1\na: {text}")
    assert parse_yaml(f"a: '{text}'") == {"a": text}


@pytest.mark.parametrize("text", ["yes", "No", "ON", "off"])
def test_a_truth_that_is_a_text_to_others_is_refused(text):
    with pytest.raises(ValueError, match="expected true or false, or a quoted text"):
        parse_yaml(f"a: {text}")
    with pytest.raises(ValueError, match="expected true or false"):
        parse_yaml(f"{text}: a")
    assert parse_yaml(f"a: '{text}'\nb: True\nc: false") == {"a": text, "b": True, "c": False}


def test_what_is_named_again_and_again_cannot_grow_without_end():
    lists = "\n".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10))
    mappings = "\n".join(
        f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 10)}], k{i}: 1}}" for i in range(1, 40)
    )
    with pytest.raises(ValueError, match=r"got \d{10} values, including aliases, expected at most 65536"):
        parse_yaml(f"a0: &a0 [1]\n{lists}")
    assert len(parse_yaml(f"a0: &a0 {{k0: 1}}\n{mappings}")["a39"]) == 40
    with pytest.raises(ValueError, match="contains itself"):
        parse_yaml("a: &a {b: *a}")


def test_a_text_that_nobody_wrote_by_hand_is_not_read():
    with pytest.raises(ValueError, match="got a text of 262144 characters, expected at most 131072"):
        parse_yaml("#" * 2**18)


def test_ten_thousand_keys_given_twice_are_told_at_once():
    text = "{" + ", ".join(f'"k{i // 2}": 1' for i in range(40_000)) + "}"
    begun = time.monotonic()
    with pytest.raises(ValueError, match="twice") as caught:
        parse_json(text)
    assert time.monotonic() - begun < 5.0 and len(str(caught.value)) < 1000


@pytest.mark.parametrize("text", ['"\\ud800"', '{"\\uDC00": 1}', b'["\\ud83d x"]'])
def test_half_a_letter_is_none(text):
    with pytest.raises(ValueError, match="surrogates"):
        parse_json(text)
    assert parse_json('"\\ud83d\\ude42 \\\\ud800"') == "🙂 \\ud800"


def test_half_a_letter_is_none_in_yaml():
    with pytest.raises(ValueError, match="line 1, column 4: .*surrogates"):
        parse_yaml('a: "\\ud800"')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * DEEP, "nested too deeply"),
        ("a: [1, 2", "line 1, column 9: "),
        ("a: {", "line 1, "),
        ("a: 2001-99-99", "line 1, column 4: '2001-99-99' is not a valid timestamp: month must be in 1..12"),
        ("a: !!int x", "line 1, column 4: 'x' is not a valid int"),
        ("a: !!bool x", "'x' is not a valid bool"),
        ("a: !!timestamp x", "'x' is not a valid timestamp"),
        ("a: " + "1" * 5000, "is not a valid int"),
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
        ('{"a": 1, "b": 2, "a": 3}', r"got keys \['a'\] twice"),
        ('{"a": {"b": 1, "b": 1}}', r"got keys \['b'\] twice"),
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
