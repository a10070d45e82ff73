# SPDX-License-Identifier: Apache-2.0
"""Settings: what does not belong is refused, by name, with the alternatives."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import pytest
import yaml

from ami_ros.config import load_settings, read_yaml, setting
from ami_ros.errors import ConfigError
from ami_ros.share import config_path, share_dir

GOOD = {"count": 3, "rate_hz": 2.5, "solver": "cem", "sizes": [1, 2], "on": True}


@dataclass(frozen=True)
class Settings:
    count: int = setting("how many", ge=1, le=10)
    rate_hz: float = setting("how often", gt=0.0, lt=100.0, unit="Hz")
    solver: str = setting("which", choices=("cem", "mppi"))
    sizes: tuple[int, ...] = setting("how large", ge=1)
    on: bool = setting("whether")


def refused(values: dict, key: str) -> str:
    with pytest.raises(ConfigError, match=key) as caught:
        load_settings(Settings, values)
    return str(caught.value)


def test_good_settings_load_and_whole_numbers_become_floats():
    loaded = load_settings(Settings, {**GOOD, "rate_hz": 2})
    assert loaded == Settings(3, 2.0, "cem", (1, 2), True)
    assert type(loaded.rate_hz) is float


def test_overrides_win_and_none_means_not_given():
    loaded = load_settings(Settings, GOOD, {"count": 7, "solver": None})
    assert (loaded.count, loaded.solver) == (7, "cem")


def test_unknown_keys_are_named_with_the_valid_ones():
    message = refused({**GOOD, "cuont": 1, "zzz": 2}, "unknown keys")
    assert "['cuont', 'zzz']" in message
    assert "['count', 'on', 'rate_hz', 'sizes', 'solver']" in message


def test_an_unknown_override_is_refused_too():
    with pytest.raises(ConfigError, match="unknown keys"):
        load_settings(Settings, GOOD, {"speed": 1})


def test_missing_keys_are_named():
    assert "['rate_hz', 'sizes']" in refused({k: GOOD[k] for k in ("count", "solver", "on")}, "missing keys")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("count", 2.0, "int"),
        ("count", True, "int"),
        ("count", "3", "int"),
        ("count", None, "int"),
        ("rate_hz", "fast", "float"),
        ("rate_hz", True, "float"),
        ("rate_hz", [1.0], "float"),
        ("rate_hz", float("nan"), "finite"),
        ("rate_hz", float("inf"), "finite"),
        ("solver", 1, "str"),
        ("sizes", 3, "list of int"),
        ("sizes", [1, 2.5], "int"),
        ("sizes", "12", "list of int"),
        ("on", 1, "bool"),
        ("on", "yes", "bool"),
    ],
)
def test_wrong_types_are_refused_with_both_sides(key, value, expected):
    message = refused({**GOOD, key: value}, f"Settings: {key}")
    assert f"got {value!r}" in message or isinstance(value, list)
    assert expected in message


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("count", 0, ">= 1"),
        ("count", 11, "<= 10"),
        ("rate_hz", 0.0, "> 0.0"),
        ("rate_hz", 100.0, "< 100.0"),
        ("sizes", [4, 0], ">= 1"),
        ("solver", "cma", r"one of \['cem', 'mppi'\]"),
    ],
)
def test_values_out_of_range_are_refused(key, value, expected):
    refused({**GOOD, key: value}, f"Settings: {key}: got .*expected {expected}")


@pytest.mark.parametrize(("key", "value"), [("count", 1), ("count", 10), ("sizes", [])])
def test_boundaries_are_inside(key, value):
    load_settings(Settings, {**GOOD, key: value})


def test_messages_name_the_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({**GOOD, "count": -1}))
    with pytest.raises(ConfigError, match=f"{path}: count"):
        load_settings(Settings, path)
    with pytest.raises(ConfigError, match="robot.yaml: camera: count"):
        load_settings(Settings, {**GOOD, "count": -1}, where="robot.yaml: camera")


def test_a_missing_file_names_its_neighbours(tmp_path):
    (tmp_path / "planner.yaml").write_text("a: 1")
    with pytest.raises(ConfigError, match=r"plan.yaml: no such file; available there: \['planner.yaml'\]"):
        read_yaml(tmp_path / "plan.yaml")
    with pytest.raises(ConfigError, match="nothing"):
        read_yaml(tmp_path / "nowhere" / "plan.yaml")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: [1, 2", "not valid YAML"),
        (b"\xff\xfe\x00", "not valid YAML"),
        (b"- 1\n- 2", "got list, expected a mapping"),
        (b"", "got NoneType, expected a mapping"),
        (b"!!python/object/apply:os.system ['false']", "not valid YAML"),
        (
            b"a: 1\nb: {c: 2,\n    c: 3}",
            "not valid YAML: line 3, column 5: key 'c' is given twice, first in line 2",
        ),
        (b"a: " + b"[" * 100_000, "not valid YAML: nested too deeply"),
        (b"a: 2001-99-99", "not valid YAML: line 1"),
    ],
    ids=["unclosed", "binary", "list", "empty", "code", "twice", "deep", "no date"],
)
def test_files_that_are_no_settings(tmp_path, content, message):
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message) as caught:
        read_yaml(path)
    assert "\n" not in str(caught.value)


def test_paths_that_cannot_be_files(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        read_yaml(tmp_path)
    with pytest.raises(ConfigError, match="cannot be read: File name too long"):
        read_yaml(tmp_path / ("a" * 5000))


def test_a_message_stays_short_whatever_the_file_says(tmp_path):
    """A few references to references, and the value is a list of a billion."""
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join([*lines, "sizes: *a9"]))
    bomb = read_yaml(path)["sizes"]
    assert len(refused({**GOOD, "count": bomb}, "count: got .*expected int")) < 3000
    assert len(refused({**GOOD, "count": "x" * 10**6}, "count: got 'xx.*expected int")) < 300


def test_settings_carry_what_a_ros_parameter_needs():
    assert {field.name: field.metadata["doc"] for field in fields(Settings)}["count"] == "how many"
    assert next(f for f in fields(Settings) if f.name == "rate_hz").metadata["unit"] == "Hz"


@pytest.mark.parametrize("path", sorted(share_dir().joinpath("config").rglob("*.yaml")), ids=lambda p: p.name)
def test_shipped_files_are_mappings(path: Path):
    assert read_yaml(path) == yaml.safe_load(path.read_text())


def test_config_path_lies_below_the_share_directory():
    assert config_path("robots", "panda.yaml") == share_dir() / "config" / "robots" / "panda.yaml"
